//! The sending half of a session: numbering, credit, going back.

use super::header::HEADER_BYTES;
use super::queue::Queue;
use super::rto::Rto;
use crate::frame::max_wire_len;

/// Most frames queued or on their way: a quarter of the sequence numbers, so that a number says
/// without doubt whether it is before or after another.
pub(super) const MOST_FRAMES: u16 = 0x4000;

#[derive(Debug)]
pub(super) struct Sender<B> {
    pub queue: Queue<B>,
    pub rto: Rto,
    /// Number of the oldest packet in the queue.
    oldest: u16,
    /// Number after the highest ever sent.
    highest: u16,
    /// See [`super::header`].
    round: u8,
    /// Wire bytes sent in this round and not acknowledged.
    in_flight: u32,
    /// Most wire bytes that the peer lets be in flight.
    credit: u32,
    /// Longest payload that the peer takes, in bytes.
    pub max_payload: usize,
    /// When the oldest frame in flight counts as lost.
    deadline: Option<u64>,
    /// A frame sent once only, and when.
    timed: Option<(u16, u64)>,
    /// After a timeout one frame goes at a time until the peer answers.
    one_at_a_time: bool,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Sender<B> {
    pub fn new(buffer: B, rto: Rto) -> Self {
        Self {
            queue: Queue::new(buffer),
            rto,
            oldest: 0,
            highest: 0,
            round: 0,
            in_flight: 0,
            credit: 0,
            max_payload: 0,
            deadline: None,
            timed: None,
            one_at_a_time: false,
        }
    }

    /// Starts a session; drops what an earlier one has left.
    pub fn open(&mut self, rto: Rto, credit: u32, max_payload: usize) {
        self.queue.clear();
        self.rto = rto;
        (self.oldest, self.highest, self.round) = (0, 0, 0);
        self.in_flight = 0;
        self.credit = credit;
        self.max_payload = max_payload;
        (self.deadline, self.timed, self.one_at_a_time) = (None, None, false);
    }

    /// The present round.
    pub fn round(&self) -> u8 {
        self.round
    }

    /// When [`Sender::time_out`] is due.
    pub fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    /// The packet that may go now, if one may: number, channel, bytes.
    pub fn ready(&self) -> Option<(u16, u8, &[u8])> {
        let (channel, packet) = self.queue.peek()?;
        let allowed = self.in_flight == 0
            || (!self.one_at_a_time
                && self.in_flight.saturating_add(cost(packet.len())) <= self.credit);
        allowed.then(|| (self.oldest.wrapping_add(self.queue.sent()), channel, packet))
    }

    /// The packet of [`Sender::ready`] is on its way.
    pub fn sent(&mut self, now: u64) {
        let Some((number, _, packet)) = self.ready() else { return };
        let cost = cost(packet.len());
        self.queue.advance();
        self.in_flight = self.in_flight.saturating_add(cost);
        if number == self.highest {
            self.highest = number.wrapping_add(1);
            self.timed = self.timed.or(Some((number, now)));
        }
        if self.deadline.is_none() {
            self.deadline = Some(now + u64::from(self.rto.timeout_ms()));
        }
    }

    /// The peer has everything before number `ack`.
    pub fn acknowledged(&mut self, ack: u16, now: u64) {
        let count = ack.wrapping_sub(self.oldest);
        if count == 0 || count > self.highest.wrapping_sub(self.oldest) {
            return;
        }
        for _ in 0..count {
            let counted = self.queue.sent() > 0;
            let len = self.queue.pop();
            if counted {
                self.in_flight = self.in_flight.saturating_sub(cost(len));
            }
        }
        self.oldest = ack;
        if let Some((number, sent_at)) = self.timed
            && ack.wrapping_sub(number).wrapping_sub(1) < count
        {
            self.rto.sample(now.saturating_sub(sent_at).try_into().unwrap_or(u32::MAX));
            self.timed = None;
        }
        self.rto.progress();
        self.one_at_a_time = false;
        self.deadline = (self.in_flight > 0).then(|| now + u64::from(self.rto.timeout_ms()));
    }

    /// The peer lacks the frame after those acknowledged, and has seen `round` of them.
    pub fn lost(&mut self, round: u8) {
        // A complaint about an earlier round has been answered by going back already.
        if round == self.round && self.queue.sent() > 0 {
            self.go_back();
        }
    }

    /// Goes back if no answer came in time; returns whether that was so.
    pub fn time_out(&mut self, now: u64) -> bool {
        let late = self.deadline.is_some_and(|deadline| deadline <= now);
        if late {
            self.go_back();
            self.rto.back_off();
            self.one_at_a_time = true;
        }
        late
    }

    fn go_back(&mut self) {
        self.queue.rewind();
        self.round = self.round.wrapping_add(1);
        self.in_flight = 0;
        self.timed = None;
        self.deadline = None;
    }
}

/// Wire bytes that a packet counts for, worst case.
const fn cost(len: usize) -> u32 {
    max_wire_len(HEADER_BYTES + len) as u32
}
