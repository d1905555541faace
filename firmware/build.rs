//! Tells the kernels whether the core has the DSP extension, which stable Rust does not.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(armv7em_dsp)");
    println!("cargo:rerun-if-changed=build.rs");
    // Armv7E-M always has it; on Armv8-M Mainline it is an option that the target does not name.
    if std::env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv7em")) {
        println!("cargo:rustc-cfg=armv7em_dsp");
    }
}
