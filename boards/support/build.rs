//! Tells the build scripts of boards, which ask for `defmt`'s linker script, whether it is needed,
//! and `defmt` which messages are built in.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_LOG").is_some() {
        println!("cargo:logs=yes");
    }
    // Left to itself defmt builds in errors only.
    println!("cargo:rerun-if-env-changed=DEFMT_LOG");
    if std::env::var_os("DEFMT_LOG").is_none() {
        println!("cargo:rustc-env=DEFMT_LOG=debug");
    }
}
