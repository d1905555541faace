//! The memory that core and accelerator share beside the arena: the queue and the pixel buffer.

use core::sync::atomic::{AtomicU32, Ordering};
use quintet_protocol::accelerator::descriptor::DESCRIPTOR_WORDS;

/// Slots of a core's queue.
pub const QUEUE_SLOTS: usize = 8;
/// Words of its pixel buffer.
pub const PIXEL_WORDS: usize = 512;

/// A word that somebody else may change at any time. Tests put a checker's word in its place.
pub trait Word {
    /// What it is now; what comes later in the program is not done before it.
    fn load_acquire(&self) -> u32;
    /// What it is now.
    fn load(&self) -> u32;
    /// Changes it.
    fn store(&self, value: u32);
    /// Changes it, after all that comes earlier in the program.
    fn store_release(&self, value: u32);
}

impl Word for AtomicU32 {
    fn load_acquire(&self) -> u32 {
        AtomicU32::load(self, Ordering::Acquire)
    }

    fn load(&self) -> u32 {
        AtomicU32::load(self, Ordering::Relaxed)
    }

    fn store(&self, value: u32) {
        AtomicU32::store(self, value, Ordering::Relaxed);
    }

    fn store_release(&self, value: u32) {
        AtomicU32::store(self, value, Ordering::Release);
    }
}

/// Queue and pixel buffer. A board keeps one in a `static`, in memory that the accelerator reaches.
#[repr(C, align(64))]
pub struct Shared {
    /// The descriptors, slot by slot.
    pub queue: [[AtomicU32; DESCRIPTOR_WORDS]; QUEUE_SLOTS],
    /// Where pixels are put that leave the device.
    pub pixels: [AtomicU32; PIXEL_WORDS],
}

impl Shared {
    /// Zeroed memory.
    pub const fn new() -> Self {
        Self {
            queue: [const { [const { AtomicU32::new(0) }; DESCRIPTOR_WORDS] }; QUEUE_SLOTS],
            pixels: [const { AtomicU32::new(0) }; PIXEL_WORDS],
        }
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self::new()
    }
}

/// Copies the first bytes of some words; false if there are fewer.
pub(super) fn copy_bytes(words: &[impl Word], to: &mut [u8]) -> bool {
    let fits = to.len() <= size_of_val(words);
    let mut words = words.iter().map(Word::load);
    let (whole, rest) = to.as_chunks_mut::<4>();
    for (to, word) in whole.iter_mut().zip(&mut words) {
        *to = word.to_le_bytes();
    }
    if let Some(word) = words.next() {
        rest.iter_mut().zip(word.to_le_bytes()).for_each(|(to, byte)| *to = byte);
    }
    fits
}
