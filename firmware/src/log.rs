//! Logging: macros that become `defmt`'s with the feature of that name and nothing without it, and
//! the ring in which messages wait for the link.
//!
//! Messages are logged from boot on and wait until a driver listens. When the ring is full the
//! oldest are kept, so that the first listener sees the boot; what was lost after them is counted.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::ring::Ring;

/// Bytes of messages that wait, [`HEAD_BYTES`] for each included.
const RING_BYTES: usize = if cfg!(feature = "little-ram") { 1024 } else { 4096 };
/// Before a message in the ring: how many were lost right before it, and its length.
const HEAD_BYTES: usize = 3;
/// Most lost messages that are told at once, as the link can; more are told with the next message.
const LOST_MAX: u32 = 0x7000;
/// Longest message, as encoded, in bytes.
pub const LOG_BYTES_MAX: usize = 128;

/// Messages on their way to the link. One context pushes (a logger, in a critical section), one
/// takes (the device's poll).
pub struct LogRing {
    ring: Ring<RING_BYTES>,
    /// Messages lost since the last one that was kept. Written by the logger only.
    lost: AtomicU32,
}

/// A message taken from a [`LogRing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogMessage<'a> {
    /// Messages lost right before this one.
    pub lost: u16,
    /// The message, as encoded.
    pub bytes: &'a [u8],
}

impl Default for LogRing {
    fn default() -> Self {
        Self::new()
    }
}

impl LogRing {
    /// An empty ring.
    #[must_use]
    pub const fn new() -> Self {
        Self { ring: Ring::new(), lost: AtomicU32::new(0) }
    }

    /// Logger: keeps a message, or counts it as lost when it is too long or there is no room.
    pub fn push(&self, message: &[u8]) {
        let mut record = [0; HEAD_BYTES + LOG_BYTES_MAX];
        let end = HEAD_BYTES + message.len();
        match record.get_mut(..end) {
            Some(record) if end <= self.ring.space() => {
                let lost = self.lost.load(Ordering::Relaxed);
                let told = lost.min(LOST_MAX);
                let (head, bytes) = record.split_at_mut(HEAD_BYTES);
                let [low, high] = (told as u16).to_le_bytes();
                head.copy_from_slice(&[low, high, message.len() as u8]);
                bytes.copy_from_slice(message);
                // In one go: the other end never sees half a message.
                self.ring.push(record);
                self.lost.store(lost - told, Ordering::Relaxed);
            }
            _ => self.lose(),
        }
    }

    /// Logger: counts a message as lost.
    pub fn lose(&self) {
        self.lost.store(self.lost.load(Ordering::Relaxed).saturating_add(1), Ordering::Relaxed);
    }

    /// The oldest message's length in bytes, if there is one.
    pub fn next_len(&self) -> Option<usize> {
        self.ring.peek(HEAD_BYTES - 1).map(usize::from)
    }

    /// Takes the oldest message, if there is one.
    pub fn take<'a>(&self, buffer: &'a mut [u8; LOG_BYTES_MAX]) -> Option<LogMessage<'a>> {
        let mut head = [0; HEAD_BYTES];
        if self.ring.pop(&mut head) < HEAD_BYTES {
            return None;
        }
        let [low, high, length] = head;
        let bytes = buffer.get_mut(..length.into())?;
        self.ring.pop(bytes);
        Some(LogMessage { lost: u16::from_le_bytes([low, high]), bytes })
    }
}

/// `log!(info, "...", arguments)`: logs with `defmt`, or only looks at the arguments.
// A message stands where it is logged, not here.
#[collapse_debuginfo(yes)]
macro_rules! log {
    ($level:ident, $format:literal $(, $argument:expr)* $(,)?) => {{
        #[cfg(feature = "defmt")]
        ::defmt::$level!($format $(, $argument)*);
        #[cfg(not(feature = "defmt"))]
        let _ = ($(&$argument,)*);
    }};
}
pub(crate) use log;

#[cfg(test)]
mod tests {
    use super::{LOG_BYTES_MAX, LogMessage, LogRing};

    fn fill(ring: &LogRing) -> usize {
        let mut kept = 0;
        while ring.ring.space() >= super::HEAD_BYTES + 30 {
            ring.push(&[kept as u8; 30]);
            kept += 1;
        }
        kept
    }

    #[test]
    fn the_oldest_messages_are_kept_and_the_lost_ones_counted_where_they_were() {
        let (ring, mut buffer) = (LogRing::new(), [0; LOG_BYTES_MAX]);
        let kept = fill(&ring);
        for _ in 0..300 {
            ring.push(&[0xee; 30]);
        }
        for number in 0..kept {
            let bytes = &[number as u8; 30][..];
            assert_eq!(ring.next_len(), Some(30));
            assert_eq!(ring.take(&mut buffer), Some(LogMessage { lost: 0, bytes }));
        }
        assert_eq!((ring.next_len(), ring.take(&mut buffer)), (None, None));
        ring.push(&[1]);
        ring.push(&[2]);
        assert_eq!(ring.take(&mut buffer), Some(LogMessage { lost: 300, bytes: &[1] }));
        assert_eq!(ring.take(&mut buffer), Some(LogMessage { lost: 0, bytes: &[2] }));
    }

    #[test]
    fn more_lost_messages_than_a_head_can_tell_are_told_twice() {
        let (ring, mut buffer) = (LogRing::new(), [0; LOG_BYTES_MAX]);
        for _ in 0..50_000 {
            ring.lose();
        }
        ring.push(&[1]);
        ring.push(&[2]);
        assert_eq!(ring.take(&mut buffer).unwrap().lost, 0x7000);
        assert_eq!(ring.take(&mut buffer).unwrap().lost, 50_000 - 0x7000);
    }

    #[test]
    fn a_message_that_is_too_long_is_lost() {
        let (ring, mut buffer) = (LogRing::new(), [0; LOG_BYTES_MAX]);
        ring.push(&[7; LOG_BYTES_MAX + 1]);
        ring.push(&[7; LOG_BYTES_MAX]);
        let kept = LogMessage { lost: 1, bytes: &[7; LOG_BYTES_MAX] };
        assert_eq!(ring.take(&mut buffer), Some(kept));
    }
}
