//! The memory that a board hands to the device.
#![allow(unsafe_code)]

use quintet_firmware::Memory;

/// The link's memory.
///
/// # Safety
///
/// Call it once.
pub unsafe fn memory() -> &'static mut Memory {
    static mut MEMORY: Memory = Memory::new();
    let memory = &raw mut MEMORY;
    // SAFETY: this is called once, so this is the only reference to it.
    unsafe { &mut *memory }
}

/// The region `arena` of `board.toml`.
///
/// # Safety
///
/// Call it once, in an image that `boards/build.rs` made the memory map of.
pub unsafe fn arena() -> &'static mut [u32] {
    unsafe extern "C" {
        static mut _arena_start: u32;
        static mut _arena_end: u32;
    }
    let start = &raw mut _arena_start;
    let bytes = (&raw mut _arena_end).addr() - start.addr();
    // SAFETY: the linker script keeps this RAM, word-aligned, free of anything else; any bit
    // pattern is a word; this is called once, so the slice is the only reference to it.
    unsafe { core::slice::from_raw_parts_mut(start, bytes / size_of::<u32>()) }
}
