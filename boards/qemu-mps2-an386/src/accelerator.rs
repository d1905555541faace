//! The accelerator of this board, if it has one: where it is, and its interrupt.

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use quintet_firmware::mmio::Shared;
use quintet_qemu_support::Registers;
use quintet_qemu_support::accelerator::{
    BASE_MPS2_AN386, INTERRUPT_MPS2_AN386, PAGE_REGISTERS, RegisterFile,
};

/// The NVIC line of the accelerator. It only ends sleeps: it is let through nowhere else, and no
/// handler runs, so that instruction counts repeat.
#[derive(Clone, Copy)]
struct Line;

// SAFETY: the number is constant and one that the machine's NVIC has.
unsafe impl InterruptNumber for Line {
    fn number(self) -> u16 {
        INTERRUPT_MPS2_AN386 as u16
    }
}

unsafe extern "C" {
    static _shared_start: u32;
}

/// Looks for the accelerator.
pub fn detect() -> Option<RegisterFile> {
    let page = (&raw const _shared_start).expose_provenance();
    // SAFETY: the accelerator's registers when it is there; an unimplemented region, which reads
    // zero and ignores writes, when it is not.
    let device = unsafe { Registers::new(BASE_MPS2_AN386 as usize) };
    // SAFETY: the end of the page, which belongs to whoever watches it.
    let page = unsafe { Registers::new(page + PAGE_REGISTERS as usize) };
    RegisterFile::detect(device, page, cortex_m::asm::dsb)
}

/// What core and accelerator share beside the arena.
pub fn shared() -> &'static Shared {
    // SAFETY: the linker script keeps this page, aligned to its size, free of anything else; its
    // first part is only used here, as atomic words, for which any bit pattern does.
    unsafe { &*(&raw const _shared_start).cast() }
}

/// Has the accelerator's interrupt end a sleep. Call it with interrupts held back, and look for
/// news after it: what came earlier is forgotten.
pub fn arm() {
    NVIC::unpend(Line);
    // SAFETY: interrupts are held back until `disarm`, so that it breaks no critical section.
    unsafe { NVIC::unmask(Line) };
}

/// Ends what [`arm`] began.
pub fn disarm() {
    NVIC::mask(Line);
}
