//! Tells the build scripts of boards, which ask for `defmt`'s linker script, whether it is needed.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_LOG").is_some() {
        println!("cargo:logs=yes");
    }
}
