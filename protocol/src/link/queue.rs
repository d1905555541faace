//! Packets on their way out, kept until they are acknowledged, in a buffer that the caller
//! supplies.
//!
//! ```text
//!      head                next              tail
//!       v                   v                 v
//!  ----+-----+-------------+-----+-----------+----------
//!      | len | sent        | len | not yet   |   free
//!  ----+-----+-------------+-----+-----------+----------
//! ```
//!
//! A packet never wraps around the buffer's end: where it would, it starts at the front and the
//! rest of the end stays unused. So each packet can be written, and sent, as one slice.

/// Bytes before each packet: channel, and length in two bytes.
const RECORD_BYTES: usize = 3;

/// Bytes that one packet of `len` bytes takes in the queue.
pub(super) const fn record_bytes(len: usize) -> usize {
    RECORD_BYTES + len
}

#[derive(Debug)]
pub(super) struct Queue<B> {
    buffer: B,
    head: usize,
    next: usize,
    tail: usize,
    /// Where the records before the front ones end, if `tail` has gone round and `head` has not.
    turn: Option<usize>,
    /// Packets in the queue.
    count: u16,
    /// Packets from `next` on.
    unsent: u16,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Queue<B> {
    pub fn new(buffer: B) -> Self {
        Self { buffer, head: 0, next: 0, tail: 0, turn: None, count: 0, unsent: 0 }
    }

    pub fn clear(&mut self) {
        (self.head, self.next, self.tail, self.turn) = (0, 0, 0, None);
        (self.count, self.unsent) = (0, 0);
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Longest packet that fits an empty queue.
    pub fn largest(&self) -> usize {
        self.buffer.as_ref().len().saturating_sub(RECORD_BYTES)
    }

    /// Packets that were sent and not yet popped.
    pub fn sent(&self) -> u16 {
        self.count - self.unsent
    }

    /// Longest packet that fits now; zero also if none does.
    pub fn room(&self) -> usize {
        self.free().saturating_sub(RECORD_BYTES)
    }

    /// Whether a packet of `len` bytes fits now.
    pub fn fits(&self, len: usize) -> bool {
        record_bytes(len) <= self.free()
    }

    /// Whether so many packets of `len` bytes each fit now, one after another.
    pub fn holds(&self, packets: usize, len: usize) -> bool {
        packets.saturating_mul(record_bytes(len)) <= self.free()
    }

    /// Longest stretch of free bytes, or zero if there are enough packets.
    fn free(&self) -> usize {
        match self.turn {
            _ if self.count >= super::sender::MOST_FRAMES => 0,
            Some(_) => self.head - self.tail,
            None => self.head.max(self.buffer.as_ref().len() - self.tail),
        }
    }

    /// Lets `fill` write a packet of at most `len` bytes and say how long it has become; `None`
    /// leaves the queue as it was. Returns whether a packet was queued.
    pub fn push(
        &mut self,
        channel: u8,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> bool {
        if !self.fits(len) {
            return false;
        }
        let at_end =
            self.turn.is_some() || self.buffer.as_ref().len() - self.tail >= record_bytes(len);
        let start = if at_end { self.tail } else { 0 };
        let record = self.buffer.as_mut().get_mut(start..start + record_bytes(len));
        let Some((header, body)) = record.and_then(|r| r.split_first_chunk_mut::<RECORD_BYTES>())
        else {
            return false;
        };
        let Some(filled) = fill(body) else { return false };
        let filled = filled.min(len);
        let [low, high] = (filled as u16).to_le_bytes();
        *header = [channel, low, high];
        if !at_end {
            self.turn = Some(self.tail);
        }
        if self.unsent == 0 {
            self.next = start;
        }
        self.tail = start + record_bytes(filled);
        self.count += 1;
        self.unsent += 1;
        true
    }

    /// The next packet to send: channel and bytes.
    pub fn peek(&self) -> Option<(u8, &[u8])> {
        (self.unsent > 0).then(|| self.at(self.next))
    }

    /// Marks the packet of [`Queue::peek`] as sent.
    pub fn advance(&mut self) {
        if self.unsent > 0 {
            self.next = self.after(self.next);
            self.unsent -= 1;
        }
    }

    /// Marks all packets as not yet sent.
    pub fn rewind(&mut self) {
        self.next = self.head;
        self.unsent = self.count;
    }

    /// Removes the oldest packet; returns its length.
    pub fn pop(&mut self) -> usize {
        if self.count == 0 {
            return 0;
        }
        if self.unsent == self.count {
            self.advance();
        }
        let len = self.at(self.head).1.len();
        let after = self.after(self.head);
        if after < self.head {
            self.turn = None;
        }
        self.head = after;
        self.count -= 1;
        if self.count == 0 {
            self.clear();
        }
        len
    }

    fn at(&self, record: usize) -> (u8, &[u8]) {
        let record = self.buffer.as_ref().get(record..).unwrap_or_default();
        match record.split_first_chunk::<RECORD_BYTES>() {
            Some((&[channel, low, high], rest)) => {
                let len = usize::from(u16::from_le_bytes([low, high]));
                (channel, rest.get(..len).unwrap_or_default())
            }
            None => (0, &[]),
        }
    }

    fn after(&self, record: usize) -> usize {
        let end = record + record_bytes(self.at(record).1.len());
        if self.turn == Some(end) { 0 } else { end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::collections::VecDeque;

    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Push(u8),
        Advance,
        Rewind,
        Pop,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0u8..60).prop_map(Step::Push),
            3 => Just(Step::Advance),
            1 => Just(Step::Rewind),
            3 => Just(Step::Pop),
        ]
    }

    proptest! {
        #[test]
        fn behaves_as_a_list(steps in prop::collection::vec(step(), 0..200)) {
            let mut queue = Queue::new([0u8; 100]);
            let mut model: VecDeque<(u8, std::vec::Vec<u8>)> = VecDeque::new();
            let mut sent = 0;
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Push(len) => {
                        let fits = queue.fits(usize::from(len));
                        let small = usize::from(len) <= queue.room();
                        prop_assert!(len == 0 || fits == small);
                        let body = std::vec![number as u8; usize::from(len)];
                        let pushed = queue.push(len, body.len(), |to| {
                            to.copy_from_slice(&body);
                            Some(body.len())
                        });
                        prop_assert_eq!(pushed, fits);
                        if pushed {
                            model.push_back((len, body));
                        }
                    }
                    Step::Advance => {
                        sent = model.len().min(sent + 1);
                        queue.advance();
                    }
                    Step::Rewind => {
                        sent = 0;
                        queue.rewind();
                    }
                    Step::Pop => {
                        let len = model.pop_front().map_or(0, |(_, body)| body.len());
                        sent = sent.saturating_sub(1);
                        prop_assert_eq!(queue.pop(), len);
                    }
                }
                prop_assert_eq!(usize::from(queue.sent()), sent);
                let expected = model.get(sent).map(|(channel, body)| (*channel, &body[..]));
                prop_assert_eq!(queue.peek(), expected);
                if model.is_empty() {
                    prop_assert_eq!(queue.room(), queue.largest());
                }
            }
        }
    }
}
