//! Memory that somebody else uses too, as an accelerator reaches it: one piece of an address space.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering, fence};

use crate::memory::Memory;

/// Bytes of a word.
const WORD_BYTES: u32 = 4;

/// The words from an address on. Nothing else of the address space is answered for.
pub struct Window {
    base: u32,
    words: usize,
    first: NonNull<AtomicU32>,
}

// SAFETY: whoever made it promised that the memory is valid from any thread.
unsafe impl Send for Window {}

impl Window {
    /// The words from address `base` on, of which `first` is the first one.
    ///
    /// # Safety
    ///
    /// All the words are valid for reads and writes, from any thread, for as long as the window is.
    /// Others may change them at any time, but not what a command's operands hold while it
    /// executes, as the contract with accelerators has it.
    pub unsafe fn new(base: u32, first: NonNull<u32>, words: usize) -> Self {
        Self { base, words, first: first.cast() }
    }

    /// The place of this address, if there are so many words from there on.
    fn find(&self, address: u32, words: usize) -> Option<NonNull<AtomicU32>> {
        let offset = address.checked_sub(self.base).filter(|it| it.is_multiple_of(WORD_BYTES))?;
        let place = (offset / WORD_BYTES) as usize;
        let fits = self.words.checked_sub(place).is_some_and(|rest| words <= rest);
        // SAFETY: the place is within the words, or just behind the last one.
        fits.then(|| unsafe { self.first.add(place) })
    }

    /// The word at this address.
    pub fn word(&self, address: u32) -> Option<&AtomicU32> {
        // SAFETY: there is a word here, which is valid while the window is.
        self.find(address, 1).map(|word| unsafe { word.as_ref() })
    }
}

impl Memory for Window {
    fn read(&mut self, address: u32) -> Option<u32> {
        Some(self.word(address)?.load(Ordering::Acquire))
    }

    fn write(&mut self, address: u32, value: u32) -> bool {
        self.word(address).map(|word| word.store(value, Ordering::Release)).is_some()
    }

    fn words(&mut self, address: u32, words: usize) -> Option<&mut [u32]> {
        let first = self.find(address, words)?;
        // SAFETY: these words are valid, any bits are a word, and the exclusive borrow of the
        // window keeps this process from a second slice. What others change meanwhile is not looked
        // at.
        Some(unsafe { std::slice::from_raw_parts_mut(first.as_ptr().cast(), words) })
    }

    fn barrier(&mut self) {
        fence(Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(words: &mut [u32]) -> Window {
        // SAFETY: the callers keep the words for longer than the window.
        unsafe { Window::new(0x100, NonNull::new(words.as_mut_ptr()).unwrap(), words.len()) }
    }

    #[test]
    fn words_are_found_by_their_addresses() {
        let mut words = [1, 2, 3, 4];
        let mut window = window(&mut words);
        assert_eq!((window.read(0x100), window.read(0x10c)), (Some(1), Some(4)));
        assert!(window.write(0x104, 20));
        assert_eq!(window.words(0x104, 3), Some(&mut [20, 3, 4][..]));
        assert_eq!(window.words(0x110, 0), Some(&mut [][..]));
    }

    #[test]
    fn nothing_is_answered_for_what_is_outside_or_not_aligned() {
        let mut words = [0; 4];
        let mut window = window(&mut words);
        for address in [0, 0xfc, 0x102, 0x110, u32::MAX] {
            assert_eq!(window.read(address), None, "{address:#x}");
            assert!(!window.write(address, 1), "{address:#x}");
        }
        assert_eq!(window.words(0x104, 4), None);
        assert_eq!(window.words(0x104, usize::MAX), None);
    }
}
