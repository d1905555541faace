//! The vector table of external interrupts, as long as this board needs it: 240 take 1 KB.

use quintet_qemu_support::registers::INTERRUPT_MPS2_AN386;

unsafe extern "C" {
    fn DefaultHandler();
}

/// The UART's is the first. The small image knows no other.
const COUNT: usize = if cfg!(feature = "small") { 1 } else { INTERRUPT_MPS2_AN386 as usize + 1 };

// SAFETY: cortex-m-rt's linker script puts this section behind the exceptions and checks the whole
// table; no interrupt of a higher number is let through.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [unsafe extern "C" fn(); COUNT] = [DefaultHandler; COUNT];
