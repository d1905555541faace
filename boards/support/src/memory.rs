//! The memory that a board hands to its device: the link's, and the arena that the linker laid out.
#![allow(unsafe_code)]

use core::cell::Cell;

use critical_section::Mutex;
use quintet_firmware::Memory;

/// Whether the memory was taken.
static TAKEN: Mutex<Cell<bool>> = Mutex::new(Cell::new(false));

/// The link's memory, and the RAM between the linker's `_arena_start` and `_arena_end` (see
/// `boards/build.rs`), as words. Once: `None` at every further call.
///
/// The arena keeps over a reset what it holds, as far as the board's RAM does.
#[must_use]
pub fn take_memory() -> Option<(&'static mut Memory, &'static mut [u32])> {
    static mut MEMORY: Memory = Memory::new();
    unsafe extern "C" {
        static mut _arena_start: u32;
        static mut _arena_end: u32;
    }
    if critical_section::with(|section| TAKEN.borrow(section).replace(true)) {
        return None;
    }
    let start = &raw mut _arena_start;
    let words = (&raw mut _arena_end).addr().saturating_sub(start.addr()) / size_of::<u32>();
    let memory = &raw mut MEMORY;
    // SAFETY: the flag lets one call come here, so these are the only references; the linker script
    // keeps the arena, word-aligned, free of anything else, and any bit pattern is a word.
    Some(unsafe { (&mut *memory, core::slice::from_raw_parts_mut(start, words)) })
}
