//! The board's memory, as the linker script has it.

use quintet_firmware::Memory;

/// The link's memory. Called once.
pub fn link() -> &'static mut Memory {
    static mut MEMORY: Memory = Memory::new();
    let memory = &raw mut MEMORY;
    // SAFETY: the entry calls this once, so this is the only reference to it.
    unsafe { &mut *memory }
}

/// RAM that is wholly the arena's. Called once.
pub fn arena() -> &'static mut [u32] {
    unsafe extern "C" {
        static mut _arena_start: u32;
        static mut _arena_end: u32;
    }
    let start = &raw mut _arena_start;
    let bytes = (&raw mut _arena_end).addr() - start.addr();
    // SAFETY: the linker script keeps this RAM, word-aligned, free of anything else; any bit
    // pattern is a word; the entry calls this once, so the slice is the only reference to it.
    unsafe { core::slice::from_raw_parts_mut(start, bytes / size_of::<u32>()) }
}
