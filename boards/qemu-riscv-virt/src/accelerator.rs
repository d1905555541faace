//! The accelerator of this board, if it has one: where it is.

use core::arch::asm;

use quintet_firmware::mmio::Shared;
use quintet_qemu_support::Registers;
use quintet_qemu_support::accelerator::{BASE_RISCV_VIRT, PAGE_REGISTERS, RegisterFile};

unsafe extern "C" {
    static _shared_start: u32;
}

/// Looks for the accelerator.
pub fn detect() -> Option<RegisterFile> {
    let page = (&raw const _shared_start).expose_provenance();
    // SAFETY: the accelerator's registers when it is there; a virtio-mmio slot without a back end,
    // whose identification register reads something else, when it is not.
    let device = unsafe { Registers::new(BASE_RISCV_VIRT as usize) };
    // SAFETY: the end of the page, which belongs to whoever watches it.
    let page = unsafe { Registers::new(page + PAGE_REGISTERS as usize) };
    RegisterFile::detect(device, page, barrier)
}

/// Orders memory and registers against each other.
fn barrier() {
    // SAFETY: only orders accesses, for the compiler too.
    unsafe { asm!("fence iorw, iorw", options(nostack)) };
}

/// What core and accelerator share beside the arena.
pub fn shared() -> &'static Shared {
    // SAFETY: the linker script keeps this page, aligned to its size, free of anything else; its
    // first part is only used here, as atomic words, for which any bit pattern does.
    unsafe { &*(&raw const _shared_start).cast() }
}
