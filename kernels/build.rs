//! Tells the kernels what assembly the core has: whether the DSP extension, which stable Rust does
//! not. The firmware's build script is told the same. With feature `small` it has none.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(armv7em_dsp)");
    println!("cargo:rustc-check-cfg=cfg(riscv32m)");
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_SMALL").is_some() {
        return;
    }
    // Armv7E-M always has it; on Armv8-M Mainline it is an option that the target does not name.
    let target = std::env::var("TARGET").unwrap_or_default();
    let optional = std::env::var_os("CARGO_FEATURE_ARMV8M_DSP").is_some();
    if target.starts_with("thumbv7em") || target.starts_with("thumbv8m.main") && optional {
        println!("cargo:rustc-cfg=armv7em_dsp");
        println!("cargo:armv7em_dsp=1");
    }
    let variable = |name| std::env::var(name).unwrap_or_default();
    let multiplies = variable("CARGO_CFG_TARGET_FEATURE").split(',').any(|it| it == "m");
    if variable("CARGO_CFG_TARGET_ARCH") == "riscv32" && multiplies {
        println!("cargo:rustc-cfg=riscv32m");
    }
}
