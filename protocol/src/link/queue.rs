//! Packets on their way out, kept until they are acknowledged, in a buffer that the caller
//! supplies.
//!
//! ```text
//!      head                  next                tail
//!       v                     v                   v
//!  ----+-------+-------------+-------+-----------+----------
//!      | entry | sent        | entry | not yet   |   free
//!  ----+-------+-------------+-------+-----------+----------
//! ```
//!
//! A packet never wraps around the buffer's end: where it would, it starts at the front and the
//! rest of the end stays unused. So each packet can be written, and sent, as one slice.

/// Bytes before each packet: state, serial, number and length in two bytes each.
const ENTRY_BYTES: usize = 6;

/// Bytes that one packet of `len` bytes takes in the queue.
pub(super) const fn record_bytes(len: usize) -> usize {
    ENTRY_BYTES + len
}

/// What is known of a packet that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// On its way, as far as is known.
    InFlight = 0,
    /// Lost for certain; to be sent again.
    Lost = 1,
    /// In the peer's store.
    Kept = 2,
}

/// What is noted of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub state: State,
    /// Serial that it was last sent with; see [`super::header`].
    pub serial: u8,
    /// Number of the packet.
    pub seq: u16,
    /// Length of the packet in bytes.
    pub len: u16,
}

impl Entry {
    const fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let [seq0, seq1] = self.seq.to_le_bytes();
        let [len0, len1] = self.len.to_le_bytes();
        [self.state as u8, self.serial, seq0, seq1, len0, len1]
    }

    const fn from_bytes([state, serial, seq0, seq1, len0, len1]: [u8; ENTRY_BYTES]) -> Self {
        Self {
            state: match state {
                0 => State::InFlight,
                1 => State::Lost,
                _ => State::Kept,
            },
            serial,
            seq: u16::from_le_bytes([seq0, seq1]),
            len: u16::from_le_bytes([len0, len1]),
        }
    }
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
        self.buffer.as_ref().len().saturating_sub(ENTRY_BYTES)
    }

    /// Longest packet that fits now; zero also if none does.
    pub fn room(&self) -> usize {
        self.free().saturating_sub(ENTRY_BYTES)
    }

    /// Whether a packet of `len` bytes fits now.
    pub fn fits(&self, len: usize) -> bool {
        record_bytes(len) <= self.free()
    }

    /// Whether so many packets of `len` bytes each fit now, one after another.
    pub fn holds(&self, packets: usize, len: usize) -> bool {
        packets.saturating_mul(record_bytes(len)) <= self.free()
    }

    /// Longest stretch of free bytes, or zero if there are as many packets as can be counted.
    fn free(&self) -> usize {
        match self.turn {
            _ if self.count == u16::MAX => 0,
            Some(_) => self.head - self.tail,
            None => self.head.max(self.buffer.as_ref().len() - self.tail),
        }
    }

    /// Lets `fill` write a packet of at most `len` bytes and say how long it has become; `None`
    /// leaves the queue as it was. Returns the packet's place, if it was queued.
    pub fn push(
        &mut self,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Option<usize> {
        if !self.fits(len) {
            return None;
        }
        let at_end =
            self.turn.is_some() || self.buffer.as_ref().len() - self.tail >= record_bytes(len);
        let start = if at_end { self.tail } else { 0 };
        let record = self.buffer.as_mut().get_mut(start..start + record_bytes(len));
        let (entry, body) = record.and_then(|r| r.split_first_chunk_mut())?;
        let filled = fill(body)?.min(len);
        let unsent = Entry { state: State::InFlight, serial: 0, seq: 0, len: filled as u16 };
        *entry = unsent.to_bytes();
        if !at_end {
            self.turn = Some(self.tail);
        }
        if self.unsent == 0 {
            self.next = start;
        }
        self.tail = start + record_bytes(filled);
        self.count += 1;
        self.unsent += 1;
        Some(start)
    }

    /// The place of the next packet not yet sent.
    pub fn unsent(&self) -> Option<usize> {
        (self.unsent > 0).then_some(self.next)
    }

    /// Marks the packet of [`Queue::unsent`] as sent for the first time, as number `seq`.
    pub fn number(&mut self, seq: u16, serial: u8) {
        if self.unsent > 0 {
            let entry = Entry { seq, serial, ..self.entry(self.next) };
            self.note(self.next, entry);
            self.next = self.after(self.next);
            self.unsent -= 1;
        }
    }

    /// Lets `change` look at, and change, what is noted of each packet sent, in order.
    pub fn each_sent(&mut self, mut change: impl FnMut(&mut Entry)) {
        let mut place = self.head;
        for _ in self.unsent..self.count {
            let mut entry = self.entry(place);
            change(&mut entry);
            self.note(place, entry);
            place = self.after(place);
        }
    }

    /// The place of the first packet sent that is lost.
    pub fn lost(&self) -> Option<usize> {
        let mut place = self.head;
        for _ in self.unsent..self.count {
            if self.entry(place).state == State::Lost {
                return Some(place);
            }
            place = self.after(place);
        }
        None
    }

    /// What is noted of the oldest packet, if it was sent.
    pub fn oldest(&self) -> Option<Entry> {
        (self.unsent < self.count).then(|| self.entry(self.head))
    }

    /// Removes the packet of [`Queue::oldest`].
    pub fn pop(&mut self) {
        if self.unsent == self.count {
            return;
        }
        let after = self.after(self.head);
        if after < self.head {
            self.turn = None;
        }
        self.head = after;
        self.count -= 1;
        if self.count == 0 {
            self.clear();
        }
    }

    /// What is noted of the packet at a place.
    pub fn entry(&self, place: usize) -> Entry {
        let record = self.buffer.as_ref().get(place..).unwrap_or_default();
        Entry::from_bytes(record.first_chunk().copied().unwrap_or_default())
    }

    /// Changes what is noted of the packet at a place, but not its length.
    pub fn note(&mut self, place: usize, entry: Entry) {
        let record = self.buffer.as_mut().get_mut(place..).unwrap_or_default();
        if let Some(bytes) = record.first_chunk_mut() {
            *bytes = entry.to_bytes();
        }
    }

    /// The packet at a place.
    pub fn packet(&self, place: usize) -> &[u8] {
        let start = place + ENTRY_BYTES;
        let end = start + usize::from(self.entry(place).len);
        self.buffer.as_ref().get(start..end).unwrap_or_default()
    }

    fn after(&self, place: usize) -> usize {
        let end = place + record_bytes(self.entry(place).len.into());
        if self.turn == Some(end) { 0 } else { end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::collections::VecDeque;
    use std::vec::Vec;

    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Push(u8),
        Send,
        Lose(u8),
        Pop,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0u8..60).prop_map(Step::Push),
            3 => Just(Step::Send),
            1 => (0u8..4).prop_map(Step::Lose),
            3 => Just(Step::Pop),
        ]
    }

    proptest! {
        #[test]
        fn behaves_as_a_list(steps in prop::collection::vec(step(), 0..200)) {
            let mut queue = Queue::new([0u8; 120]);
            let mut sent: VecDeque<(Entry, Vec<u8>)> = VecDeque::new();
            let mut unsent: VecDeque<Vec<u8>> = VecDeque::new();
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Push(len) => {
                        let len = usize::from(len);
                        let fits = queue.fits(len);
                        prop_assert!(len == 0 || fits == (len <= queue.room()));
                        let body = std::vec![number as u8; len];
                        let pushed = queue.push(len, |to| {
                            to.copy_from_slice(&body);
                            Some(len)
                        });
                        prop_assert_eq!(pushed.is_some(), fits);
                        if pushed.is_some() {
                            unsent.push_back(body);
                        }
                    }
                    Step::Send => {
                        let (seq, serial) = (number as u16, number as u8);
                        queue.number(seq, serial);
                        if let Some(body) = unsent.pop_front() {
                            let len = body.len() as u16;
                            sent.push_back((Entry { state: State::InFlight, serial, seq, len }, body));
                        }
                    }
                    Step::Lose(which) => {
                        let which = sent.get_mut(usize::from(which));
                        let seq = which.map(|(entry, _)| {
                            entry.state = State::Lost;
                            entry.seq
                        });
                        queue.each_sent(|entry| {
                            if Some(entry.seq) == seq {
                                entry.state = State::Lost;
                            }
                        });
                    }
                    Step::Pop => {
                        sent.pop_front();
                        queue.pop();
                    }
                }
                prop_assert_eq!(queue.is_empty(), sent.is_empty() && unsent.is_empty());
                let next = queue.unsent().map(|place| queue.packet(place));
                prop_assert_eq!(next, unsent.front().map(|body| &body[..]));
                prop_assert_eq!(queue.oldest(), sent.front().map(|(entry, _)| *entry));
                let lost = sent.iter().find(|(entry, _)| entry.state == State::Lost);
                let found = queue.lost().map(|place| (queue.entry(place), queue.packet(place)));
                prop_assert_eq!(found, lost.map(|(entry, body)| (*entry, &body[..])));
                let mut seen = Vec::new();
                queue.each_sent(|entry| seen.push(*entry));
                prop_assert!(seen.iter().eq(sent.iter().map(|(entry, _)| entry)));
                if sent.is_empty() && unsent.is_empty() {
                    prop_assert_eq!(queue.room(), queue.largest());
                }
            }
        }
    }
}
