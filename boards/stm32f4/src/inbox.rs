//! The ring that received bytes wait in, whether a handler puts them there or a DMA stream.

use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// A ring of `N` bytes, `N` a power of two. One context moves its head, one its tail.
pub struct Inbox<const N: usize> {
    bytes: [AtomicU8; N],
    /// Bytes ever received, modulo 2^32.
    head: AtomicU32,
    /// Bytes ever taken, modulo 2^32.
    tail: AtomicU32,
}

impl<const N: usize> Inbox<N> {
    const MASK: u32 = {
        assert!(N.is_power_of_two() && N <= 1 << 15, "a DMA stream counts a power of two");
        N as u32 - 1
    };

    pub const fn new() -> Self {
        Self {
            bytes: [const { AtomicU8::new(0) }; N],
            head: AtomicU32::new(0),
            tail: AtomicU32::new(0),
        }
    }

    /// Where a DMA stream writes.
    pub fn address(&self) -> u32 {
        self.bytes.as_ptr().expose_provenance() as u32
    }

    /// Bytes that wait.
    pub fn len(&self) -> u32 {
        self.head.load(Ordering::Acquire).wrapping_sub(self.tail.load(Ordering::Acquire))
    }

    /// Handler: appends a byte. There has to be room.
    pub fn push(&self, byte: u8) {
        let head = self.head.load(Ordering::Relaxed);
        self.slot(head).store(byte, Ordering::Relaxed);
        self.head.store(head.wrapping_add(1), Ordering::Release);
    }

    /// Main loop: a DMA stream will write next at this place of the ring. It has come less than a
    /// lap since the last call: a driver sends no more than the window before it is answered, and
    /// what else comes has no checksum.
    pub fn advance_to(&self, place: u32) {
        let head = self.head.load(Ordering::Relaxed);
        let came = place.wrapping_sub(head) & Self::MASK;
        self.head.store(head.wrapping_add(came), Ordering::Release);
    }

    /// Main loop: takes up to `buffer.len()` bytes, oldest first; returns how many.
    pub fn take(&self, buffer: &mut [u8]) -> usize {
        let tail = self.tail.load(Ordering::Relaxed);
        let mut count = 0_u32;
        for (byte, _) in buffer.iter_mut().zip(0..self.len()) {
            *byte = self.slot(tail.wrapping_add(count)).load(Ordering::Relaxed);
            count += 1;
        }
        self.tail.store(tail.wrapping_add(count), Ordering::Release);
        count as usize
    }

    fn slot(&self, number: u32) -> &AtomicU8 {
        // The mask is below the length.
        &self.bytes[(number & Self::MASK) as usize]
    }

    /// What a DMA stream does.
    #[cfg(test)]
    pub fn write(&self, place: u32, bytes: &[u8]) {
        for (number, &byte) in (place..).zip(bytes) {
            self.slot(number).store(byte, Ordering::Relaxed);
        }
    }
}
