//! Packets that came before the application could have them, in a buffer that the caller supplies.
//!
//! Records lie one after another; one that is taken is closed up when the next is put or taken. A
//! packet that finds no room is not kept, and its sender sends it again.

use core::ops::Range;

use super::Channel;
use crate::copy;

/// Bytes before each packet: number in two bytes, channel, length in two bytes.
const ENTRY_BYTES: usize = 5;

/// Bytes that one packet of `len` bytes takes in the store.
pub(super) const fn record_bytes(len: usize) -> usize {
    ENTRY_BYTES + len
}

#[derive(Debug)]
pub(super) struct Store<B> {
    buffer: B,
    /// Where the records end.
    end: usize,
    /// The record that was taken last and is still in place.
    taken: Option<Range<usize>>,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Store<B> {
    pub fn new(buffer: B) -> Self {
        Self { buffer, end: 0, taken: None }
    }

    pub fn clear(&mut self) {
        (self.end, self.taken) = (0, None);
    }

    /// Keeps a packet, if there is room; returns whether.
    pub fn put(&mut self, seq: u16, channel: Channel, packet: &[u8]) -> bool {
        self.close_up();
        let end = self.end + record_bytes(packet.len());
        let record = self.buffer.as_mut().get_mut(self.end..end);
        let Some((entry, place)) = record.and_then(|r| r.split_first_chunk_mut()) else {
            return false;
        };
        let [seq0, seq1] = seq.to_le_bytes();
        let [len0, len1] = (packet.len() as u16).to_le_bytes();
        *entry = [seq0, seq1, channel as u8, len0, len1];
        copy(packet, place);
        self.end = end;
        true
    }

    /// Takes the packet of a number out. [`Store::packet`] has it until the next call of any other
    /// kind.
    pub fn take(&mut self, seq: u16) -> Option<Channel> {
        self.close_up();
        let mut start = 0;
        while start < self.end {
            let record = self.buffer.as_ref().get(start..)?;
            let (&[seq0, seq1, channel, len0, len1], _) =
                record.split_first_chunk::<ENTRY_BYTES>()?;
            let end = start + record_bytes(u16::from_le_bytes([len0, len1]).into());
            if u16::from_le_bytes([seq0, seq1]) == seq {
                self.taken = Some(start..end);
                let bulk = channel == Channel::Bulk as u8;
                return Some(if bulk { Channel::Bulk } else { Channel::Control });
            }
            start = end;
        }
        None
    }

    /// The packet taken last.
    pub fn packet(&self) -> &[u8] {
        let taken = self.taken.clone().unwrap_or_default();
        let record = self.buffer.as_ref().get(taken).unwrap_or_default();
        record.get(ENTRY_BYTES..).unwrap_or_default()
    }

    fn close_up(&mut self) {
        let Some(gap) = self.taken.take() else { return };
        // In pieces as long as the gap, so that none overlaps its new place: a `memmove` takes
        // 1.6 KB of flash.
        let (buffer, mut at) = (self.buffer.as_mut(), gap.end);
        while at < self.end
            && let Some((before, behind)) = buffer.split_at_mut_checked(at)
        {
            copy(behind, before.get_mut(at - gap.len()..).unwrap_or_default());
            at += gap.len();
        }
        self.end -= gap.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_out_by_number_whatever_their_order() {
        let mut store = Store::new([0; 64]);
        assert!(store.put(7, Channel::Bulk, b"seven"));
        assert!(store.put(0xFFFF, Channel::Control, b""));
        assert!(store.put(6, Channel::Control, b"six"));
        assert_eq!(store.take(5), None);
        assert_eq!(store.take(6), Some(Channel::Control));
        assert_eq!(store.packet(), b"six");
        assert_eq!(store.take(7), Some(Channel::Bulk));
        assert_eq!(store.packet(), b"seven");
        assert_eq!(store.take(7), None);
        assert_eq!(store.take(0xFFFF), Some(Channel::Control));
        assert_eq!(store.packet(), b"");
    }

    #[test]
    fn what_does_not_fit_is_not_kept_and_room_comes_back() {
        let mut store = Store::new([0; 2 * record_bytes(10)]);
        for round in 0..10 {
            assert!(store.put(round, Channel::Bulk, &[round as u8; 10]));
            assert!(store.put(round + 100, Channel::Bulk, &[1; 10]));
            assert!(!store.put(round + 200, Channel::Bulk, b""));
            assert_eq!(store.take(round), Some(Channel::Bulk));
            assert_eq!(store.packet(), [round as u8; 10]);
            assert_eq!(store.take(round + 100), Some(Channel::Bulk));
            assert_eq!(store.packet(), [1; 10]);
        }
        assert!(!Store::new([]).put(0, Channel::Bulk, b""));
    }
}
