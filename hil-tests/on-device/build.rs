//! The memory of the machine that the tests are linked for, and the host's answers of the kernels.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

#[path = "src/answers.rs"]
mod answers;

/// The STM32F405's (RM0090, section 2.3.1), which is also QEMU's `netduinoplus2`: the same file
/// runs on both. The stack is below the data, so that an overflow faults.
const CORTEX_M: &str = "\
MEMORY
{
  FLASH : ORIGIN = 0x08000000, LENGTH = 1M
  STACK : ORIGIN = 0x20000000, LENGTH = 16K
  RAM : ORIGIN = 0x20004000, LENGTH = 112K
}
_stack_start = ORIGIN(STACK) + LENGTH(STACK);
_stack_end = ORIGIN(STACK);
";

/// QEMU's RISC-V `virt` (hw/riscv/virt.c); there is no such silicon.
const RISC_V: &str = "\
MEMORY
{
  RAM : ORIGIN = 0x80000000, LENGTH = 1M
}
REGION_ALIAS(\"REGION_TEXT\", RAM);
REGION_ALIAS(\"REGION_RODATA\", RAM);
REGION_ALIAS(\"REGION_DATA\", RAM);
REGION_ALIAS(\"REGION_BSS\", RAM);
REGION_ALIAS(\"REGION_HEAP\", RAM);
REGION_ALIAS(\"REGION_STACK\", RAM);
_stack_end = ORIGIN(RAM) + LENGTH(RAM) - 16K;
";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/answers.rs");
    println!("cargo:rustc-check-cfg=cfg(rust_analyzer)");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let is_riscv = env::var("CARGO_CFG_TARGET_ARCH")? == "riscv32";
    fs::write(out.join("memory.x"), if is_riscv { RISC_V } else { CORTEX_M })?;
    fs::write(out.join("answers.rs"), format!("{:?}", answers::all()))?;
    println!("cargo:rustc-link-search={}", out.display());
    let memory = is_riscv.then_some("-Tmemory.x");
    // The runtime's script on Arm asks for the memory itself.
    for script in memory.into_iter().chain(["-Tlink.x", "-Tembedded-test.x"]) {
        println!("cargo:rustc-link-arg-bins={script}");
    }
    println!("cargo:rustc-link-arg-bins=--nmagic");
    Ok(())
}
