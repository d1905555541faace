//! A lock-free byte ring between one producer and one consumer: an interrupt handler and the main
//! loop on a board, a logger and the link, a socket thread and an emulated core.

use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// A ring of `N` bytes, `N` a power of two. One context pushes, one pops; should two do the same,
/// bytes may be lost or doubled, nothing worse.
pub struct Ring<const N: usize> {
    bytes: [AtomicU8; N],
    /// Bytes ever pushed, modulo 2^width. Written by the producer only.
    pushed: AtomicUsize,
    /// Bytes ever popped, modulo 2^width. Written by the consumer only.
    popped: AtomicUsize,
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Ring<N> {
    const MASK: usize = {
        assert!(N.is_power_of_two(), "a ring's size is a power of two");
        N - 1
    };

    /// An empty ring.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: [const { AtomicU8::new(0) }; N],
            pushed: AtomicUsize::new(0),
            popped: AtomicUsize::new(0),
        }
    }

    /// Bytes waiting to be popped.
    pub fn len(&self) -> usize {
        self.pushed.load(Ordering::Acquire).wrapping_sub(self.popped.load(Ordering::Acquire))
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that can be pushed.
    pub fn space(&self) -> usize {
        N - self.len().min(N)
    }

    /// Producer: appends as many of `bytes` as fit; returns how many.
    pub fn push(&self, bytes: &[u8]) -> usize {
        let start = self.pushed.load(Ordering::Relaxed);
        let count = bytes.len().min(self.space());
        for (index, &byte) in bytes[..count].iter().enumerate() {
            self.bytes[start.wrapping_add(index) & Self::MASK].store(byte, Ordering::Relaxed);
        }
        self.pushed.store(start.wrapping_add(count), Ordering::Release);
        count
    }

    /// Consumer: takes up to `buffer.len()` bytes, oldest first; returns how many.
    pub fn pop(&self, buffer: &mut [u8]) -> usize {
        let start = self.popped.load(Ordering::Relaxed);
        let count = buffer.len().min(self.len());
        for (index, byte) in buffer[..count].iter_mut().enumerate() {
            *byte = self.bytes[start.wrapping_add(index) & Self::MASK].load(Ordering::Relaxed);
        }
        self.popped.store(start.wrapping_add(count), Ordering::Release);
        count
    }

    /// Consumer: the byte `index` behind the oldest one, if it is there.
    pub fn peek(&self, index: usize) -> Option<u8> {
        let at = self.popped.load(Ordering::Relaxed).wrapping_add(index);
        (index < self.len()).then(|| self.bytes[at & Self::MASK].load(Ordering::Relaxed))
    }

    /// Consumer: drops all that waits.
    pub fn clear(&self) {
        self.popped.store(self.pushed.load(Ordering::Acquire), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;

    #[test]
    fn takes_no_more_than_it_holds() {
        let ring = Ring::<8>::new();
        assert_eq!(ring.push(&[1, 2, 3, 4, 5, 6, 7, 8, 9]), 8);
        assert_eq!(ring.space(), 0);
        assert_eq!(ring.push(&[9]), 0);
    }

    #[test]
    fn keeps_the_order_over_many_wraps() {
        let ring = Ring::<16>::new();
        let (mut sent, mut received) = (0u8, 0u8);
        for round in 0..1000usize {
            let chunk: [u8; 11] = core::array::from_fn(|index| sent.wrapping_add(index as u8));
            sent = sent.wrapping_add(ring.push(&chunk[..round % 12]) as u8);
            let mut buffer = [0; 7];
            let count = ring.pop(&mut buffer[..round % 8]);
            for &byte in &buffer[..count] {
                assert_eq!(byte, received);
                received = received.wrapping_add(1);
            }
        }
    }

    #[test]
    fn cleared_holds_nothing_and_takes_its_full_size_again() {
        let ring = Ring::<4>::new();
        ring.push(&[1, 2, 3]);
        ring.clear();
        assert!(ring.is_empty());
        assert_eq!(ring.push(&[4; 9]), 4);
    }
}
