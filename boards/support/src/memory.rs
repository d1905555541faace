//! The memory that a board hands to its device: the link's, and the arena that the linker laid out.
#![allow(unsafe_code)]

use quintet_firmware::Memory;

/// The link's memory, and the RAM between the linker's `_arena_start` and `_arena_end` (see
/// `boards/build.rs`), as words. The arena keeps over a reset what it holds, as far as the board's
/// RAM does.
///
/// # Safety
///
/// Call it once, and have the linker script keep the arena, word-aligned, free of anything else.
#[must_use]
pub unsafe fn take_memory() -> (&'static mut Memory, &'static mut [u32]) {
    static mut MEMORY: Memory = Memory::new();
    unsafe extern "C" {
        static mut _arena_start: u32;
        static mut _arena_end: u32;
    }
    let start = &raw mut _arena_start;
    let words = (&raw mut _arena_end).addr().saturating_sub(start.addr()) / size_of::<u32>();
    let memory = &raw mut MEMORY;
    // SAFETY: this is called once, so these are the only references; the arena is promised, and any
    // bit pattern is a word.
    unsafe { (&mut *memory, core::slice::from_raw_parts_mut(start, words)) }
}
