//! Tells the firmware which kernels there are, and `defmt` which messages are built in.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(armv7em_dsp)");
    println!("cargo:rerun-if-changed=build.rs");
    // What the build script of the kernels found.
    if std::env::var_os("DEP_QUINTET_KERNELS_ARMV7EM_DSP").is_some() {
        println!("cargo:rustc-cfg=armv7em_dsp");
    }
    // Left to itself defmt builds in errors only.
    println!("cargo:rerun-if-env-changed=DEFMT_LOG");
    if std::env::var_os("DEFMT_LOG").is_none() {
        println!("cargo:rustc-env=DEFMT_LOG=debug");
    }
}
