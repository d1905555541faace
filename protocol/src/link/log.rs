//! Logs: packets that may be lost, with a count that says how many were.

use super::queue::{Entry, Queue};

/// Longest log packet in bytes. Short, since data waits while one is on the line.
pub const LOG_PAYLOAD: usize = 256;

/// Logs on their way out. They are numbered as they are offered, whether there is room for them or
/// not.
#[derive(Debug)]
pub(super) struct LogSender<B> {
    queue: Queue<B>,
    offered: u16,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> LogSender<B> {
    pub fn new(buffer: B) -> Self {
        Self { queue: Queue::new(buffer), offered: 0 }
    }

    /// Starts a session; drops what an earlier one has left.
    pub fn open(&mut self) {
        self.queue.clear();
        self.offered = 0;
    }

    /// Queues a packet of at most `len` bytes, if there is room and no packet may be shorter;
    /// returns whether.
    pub fn push(
        &mut self,
        len: usize,
        most: usize,
        fill: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> bool {
        let number = self.offered;
        self.offered = number.wrapping_add(1);
        if len > most.min(LOG_PAYLOAD) {
            return false;
        }
        let Some(place) = self.queue.push(len, fill) else { return false };
        let entry = self.queue.entry(place);
        self.queue.note(place, Entry { seq: number, ..entry });
        true
    }

    /// Longest packet that [`LogSender::push`] has room for now, in bytes.
    pub fn room(&self) -> usize {
        self.queue.room().min(LOG_PAYLOAD)
    }

    /// The next packet and its number.
    pub fn next(&self) -> Option<(u16, &[u8])> {
        let place = self.queue.unsent()?;
        Some((self.queue.entry(place).seq, self.queue.packet(place)))
    }

    /// The packet of [`LogSender::next`] is on its way, and is forgotten.
    pub fn sent(&mut self, serial: u8) {
        if let Some((number, _)) = self.next() {
            self.queue.number(number, serial);
            self.queue.pop();
        }
    }
}

/// Counts the logs that did not come.
#[cfg(feature = "driver")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LogReceiver {
    awaited: u16,
}

#[cfg(feature = "driver")]
impl LogReceiver {
    /// The log of a number came: how many before it did not. `None` if it came already.
    ///
    /// Numbers go round: of more than 32 767 lost at once too few are counted.
    pub fn came(&mut self, number: u16) -> Option<u16> {
        let missing = number.wrapping_sub(self.awaited);
        let news = missing < 0x8000;
        if news {
            self.awaited = number.wrapping_add(1);
        }
        news.then_some(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_queued_or_does_not_come_is_counted() {
        let mut sender = LogSender::new([0; 40]);
        let mut receiver = LogReceiver::default();
        let push = |sender: &mut LogSender<_>, len| sender.push(len, 1000, |to| Some(to.len()));
        assert!(push(&mut sender, 10));
        assert!(!push(&mut sender, 200));
        assert!(!push(&mut sender, LOG_PAYLOAD + 1) && !sender.push(2, 1, |_| Some(2)));
        assert!(!sender.push(10, 1000, |_| None));
        assert!(push(&mut sender, 3));
        let (first, packet) = sender.next().unwrap();
        assert_eq!((receiver.came(first), packet.len()), (Some(0), 10));
        assert_eq!(receiver.came(first), None);
        sender.sent(1);
        let (second, packet) = sender.next().unwrap();
        assert_eq!((receiver.came(second), packet.len()), (Some(4), 3));
        sender.sent(2);
        assert_eq!(sender.next(), None);
        assert!(!LogSender::new([]).push(0, 1000, |_| Some(0)));
    }

    #[test]
    fn numbers_go_round() {
        let mut receiver = LogReceiver::default();
        for number in (0..200_000u32).step_by(2) {
            let missing = if number == 0 { 0 } else { 1 };
            assert_eq!(receiver.came(number as u16), Some(missing));
        }
    }
}
