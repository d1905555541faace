//! Tells the kernels whether the core has the DSP extension, which stable Rust does not; and `defmt`
//! which messages are built in.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(armv7em_dsp)");
    println!("cargo:rerun-if-changed=build.rs");
    // Armv7E-M always has it; on Armv8-M Mainline it is an option that the target does not name.
    if std::env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv7em")) {
        println!("cargo:rustc-cfg=armv7em_dsp");
    }
    // Left to itself defmt builds in errors only.
    println!("cargo:rerun-if-env-changed=DEFMT_LOG");
    if std::env::var_os("DEFMT_LOG").is_none() {
        println!("cargo:rustc-env=DEFMT_LOG=debug");
    }
}
