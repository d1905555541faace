//! The sending half of a session: priorities, numbering, credit, and what is lost.

use super::Channel;
use super::header::{Acks, HEADER_BYTES};
use super::pace::Pace;
use super::queue::{Entry, Queue, State};
use crate::frame::max_wire_len;

/// Most data frames sent and not acknowledged: as many as [`Acks::kept`] has bits. With a probe
/// after each of them serials still say without doubt which of two went first.
pub(super) const MOST_FRAMES: u16 = 32;

/// A frame of up to so many wire bytes is sent again instead of a probe.
const SHORT: u32 = 128;

/// Times that it is, until an answer comes; serials must not run away from what they count.
const MOST_AGAIN: u8 = 3;

/// A data frame that may go now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pick {
    pub channel: Channel,
    /// Number of the packet.
    pub seq: u16,
    /// Where it lies in its queue.
    place: usize,
    /// Whether it goes for the first time.
    fresh: bool,
    /// Wire bytes, worst case.
    cost: u32,
}

#[derive(Debug)]
pub(super) struct Sender<B> {
    pub control: Queue<B>,
    pub bulk: Queue<B>,
    pace: Pace,
    /// Longest payload that the peer takes, in bytes.
    pub max_payload: usize,
    /// Most wire bytes that the peer lets be in flight.
    credit: u32,
    /// Wire bytes in flight.
    in_flight: u32,
    /// Data frames in flight.
    frames: u16,
    /// Data frames lost and not yet sent again.
    lost: u16,
    /// Number that the next packet gets.
    next: u16,
    /// Number of the oldest packet not acknowledged.
    oldest: u16,
    /// Serial of what was sent last.
    serial: u8,
    /// What was sent last was a probe; the next probe is the same one again.
    probed: bool,
    /// The serial that the peer echoed last.
    echo: u8,
    /// The log frame on its way.
    log: Option<u8>,
    /// The peer has no room.
    full: bool,
    /// When to ask what became of what is in flight.
    deadline: Option<u64>,
    /// A frame whose round trip is measured: serial, when it was sent, wire bytes then in flight.
    timed: Option<(u8, u64, u32)>,
    /// Data frames sent again, in all sessions.
    pub resent: u32,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Sender<B> {
    pub fn new(control: B, bulk: B, pace: Pace) -> Self {
        Self {
            control: Queue::new(control),
            bulk: Queue::new(bulk),
            pace,
            max_payload: 0,
            credit: 0,
            in_flight: 0,
            frames: 0,
            lost: 0,
            next: 0,
            oldest: 0,
            serial: 0,
            probed: false,
            echo: 0,
            log: None,
            full: false,
            deadline: None,
            timed: None,
            resent: 0,
        }
    }

    /// Starts a session; drops what an earlier one has left.
    pub fn open(&mut self, pace: Pace, credit: u32, max_payload: usize) {
        self.control.clear();
        self.bulk.clear();
        self.pace = pace;
        (self.max_payload, self.credit) = (max_payload, credit);
        (self.in_flight, self.frames, self.lost) = (0, 0, 0);
        (self.next, self.oldest) = (0, 0);
        (self.serial, self.probed, self.echo) = (0, false, 0);
        (self.log, self.full) = (None, false);
        (self.deadline, self.timed) = (None, None);
    }

    pub fn queue(&self, channel: Channel) -> &Queue<B> {
        match channel {
            Channel::Control => &self.control,
            Channel::Bulk => &self.bulk,
        }
    }

    pub fn queue_mut(&mut self, channel: Channel) -> &mut Queue<B> {
        match channel {
            Channel::Control => &mut self.control,
            Channel::Bulk => &mut self.bulk,
        }
    }

    /// Whether everything was acknowledged.
    pub fn is_idle(&self) -> bool {
        self.control.is_empty() && self.bulk.is_empty()
    }

    /// When [`Sender::time_out`] is due.
    pub fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    /// The data frame that may go now: what is lost first, then control, then bulk.
    // Asked for in four places.
    #[inline(never)]
    pub fn ready(&self) -> Option<Pick> {
        if self.full {
            return None;
        }
        let pick = if self.lost > 0 { self.oldest_lost()? } else { self.first_unsent()? };
        let allowed =
            self.in_flight == 0 || self.in_flight.saturating_add(pick.cost) <= self.credit;
        allowed.then_some(pick)
    }

    fn oldest_lost(&self) -> Option<Pick> {
        let lost = |channel| {
            let queue = self.queue(channel);
            queue.lost().map(|place| pick(channel, queue, place, queue.entry(place).seq, false))
        };
        let picks = [lost(Channel::Control), lost(Channel::Bulk)];
        picks.into_iter().flatten().min_by_key(|pick| pick.seq.wrapping_sub(self.oldest))
    }

    fn first_unsent(&self) -> Option<Pick> {
        let unsent = |channel| {
            let queue = self.queue(channel);
            queue.unsent().map(|place| pick(channel, queue, place, self.next, true))
        };
        let allowed = self.next.wrapping_sub(self.oldest) < MOST_FRAMES;
        unsent(Channel::Control).or_else(|| unsent(Channel::Bulk)).filter(|_| allowed)
    }

    /// The packet of [`Sender::ready`].
    pub fn packet(&self, pick: &Pick) -> &[u8] {
        self.queue(pick.channel).packet(pick.place)
    }

    /// The serial of the frame that goes next.
    pub fn next_serial(&self) -> u8 {
        self.serial.wrapping_add(1)
    }

    /// The frame of [`Sender::ready`] goes, with [`Sender::next_serial`].
    #[inline(never)]
    pub fn sent(&mut self, pick: &Pick, now: u64) {
        let serial = self.advance();
        let queue = self.queue_mut(pick.channel);
        if pick.fresh {
            queue.number(pick.seq, serial);
            self.next = self.next.wrapping_add(1);
        } else {
            let entry = queue.entry(pick.place);
            queue.note(pick.place, Entry { state: State::InFlight, serial, ..entry });
            self.lost -= 1;
            self.resent = self.resent.saturating_add(1);
        }
        self.frames += 1;
        self.in_flight = self.in_flight.saturating_add(pick.cost);
        self.timed = self.timed.or(Some((serial, now, self.in_flight)));
        self.arm(now);
    }

    /// Whether a log frame may go now. One at a time, so that the peer needs no more room than that
    /// beside what it has granted.
    pub fn may_log(&self) -> bool {
        self.log.is_none()
    }

    /// A log frame goes, with [`Sender::next_serial`].
    pub fn sent_log(&mut self, now: u64) {
        self.log = Some(self.advance());
        self.arm(now);
    }

    /// The serial of a probe that goes now. As long as nothing else goes between them all probes
    /// are one and the same.
    pub fn probe(&mut self) -> u8 {
        if !self.probed {
            self.advance();
            self.probed = true;
        }
        self.serial
    }

    fn advance(&mut self) -> u8 {
        self.serial = self.next_serial();
        self.probed = false;
        self.serial
    }

    fn arm(&mut self, now: u64) {
        if self.deadline.is_none() {
            self.deadline = Some(now + u64::from(self.pace.timeout_ms(self.in_flight)));
        }
    }

    /// The peer acknowledges.
    #[inline(never)]
    pub fn acknowledged(&mut self, acks: &Acks, now: u64) {
        let span = self.next.wrapping_sub(self.oldest);
        let advance = acks.ack.wrapping_sub(self.oldest);
        let unseen = self.serial.wrapping_sub(acks.echo);
        if advance > span || unseen >= 0x80 {
            // Older than what is known already, or of something never sent.
            return;
        }
        self.drop_before(acks.ack);
        let lost_before = self.lost;
        self.mark(acks);
        if self.timed.is_some_and(|(serial, ..)| !is_after(serial, acks.echo)) {
            self.measure(now);
        }
        self.log = self.log.filter(|serial| is_after(*serial, acks.echo));
        let progress = advance > 0 || acks.echo != self.echo || self.lost != lost_before;
        self.echo = acks.echo;
        let released = self.full && !acks.full;
        self.full = acks.full;
        if progress || released {
            self.pace.progress();
            self.deadline = None;
        }
        if self.in_flight > 0 || self.log.is_some() || self.full {
            self.arm(now);
        } else {
            self.deadline = None;
        }
    }

    /// Forgets the packets before number `ack`.
    fn drop_before(&mut self, ack: u16) {
        for channel in [Channel::Control, Channel::Bulk] {
            while let Some(entry) = self.queue(channel).oldest()
                && ack.wrapping_sub(entry.seq).wrapping_sub(1) < MOST_FRAMES
            {
                self.queue_mut(channel).pop();
                match entry.state {
                    State::InFlight => self.landed(&entry),
                    State::Lost => self.lost -= 1,
                    State::Kept => {}
                }
            }
        }
        self.oldest = ack;
    }

    /// Notes what is kept and what is lost among the rest.
    #[inline(never)]
    fn mark(&mut self, acks: &Acks) {
        let (mut landed, mut frames) = (0u32, 0);
        let (mut lost, mut timed) = (self.lost, self.timed);
        let suspect = acks.echo.wrapping_add(1);
        let judge = |entry: &mut Entry| {
            let before = entry.state;
            let ahead = entry.seq.wrapping_sub(acks.ack);
            if acks.kept.checked_shr(ahead.into()).unwrap_or(0) & 1 != 0 {
                entry.state = State::Kept;
            } else if before == State::InFlight
                && (!is_after(entry.serial, acks.echo) || (acks.damaged && entry.serial == suspect))
            {
                entry.state = State::Lost;
                timed = timed.filter(|(serial, ..)| *serial != entry.serial);
            }
            if before == State::InFlight && entry.state != before {
                frames += 1;
                landed += cost(entry.len.into());
            }
            lost += u16::from(entry.state == State::Lost);
            lost -= u16::from(before == State::Lost);
        };
        each(&mut self.control, &mut self.bulk, judge);
        (self.lost, self.timed) = (lost, timed);
        self.frames -= frames;
        self.in_flight = self.in_flight.saturating_sub(landed);
    }

    fn landed(&mut self, entry: &Entry) {
        self.frames -= 1;
        self.in_flight = self.in_flight.saturating_sub(cost(entry.len.into()));
    }

    fn measure(&mut self, now: u64) {
        if let Some((_, sent_at, bytes)) = self.timed.take() {
            let trip = now.saturating_sub(sent_at).try_into().unwrap_or(u32::MAX);
            self.pace.sample(trip, bytes);
        }
    }

    /// No answer came in time: returns whether that was so, and whether to send a probe. Where one
    /// short frame is all that is in flight, it goes again instead.
    #[inline(never)]
    pub fn time_out(&mut self, now: u64) -> (bool, bool) {
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return (false, false);
        }
        self.pace.back_off();
        self.deadline = Some(now + u64::from(self.pace.timeout_ms(self.in_flight)));
        let short = self.frames == 1 && self.in_flight <= SHORT && !self.full;
        let again = short && self.pace.doublings() <= MOST_AGAIN;
        if again {
            let judge = |entry: &mut Entry| {
                if entry.state == State::InFlight {
                    entry.state = State::Lost;
                }
            };
            each(&mut self.control, &mut self.bulk, judge);
            (self.frames, self.in_flight) = (0, 0);
            self.lost += 1;
        }
        (true, !again)
    }
}

/// Both queues' packets that were sent.
fn each<B: AsRef<[u8]> + AsMut<[u8]>>(
    control: &mut Queue<B>,
    bulk: &mut Queue<B>,
    mut change: impl FnMut(&mut Entry),
) {
    control.each_sent(&mut change);
    bulk.each_sent(&mut change);
}

fn pick<B: AsRef<[u8]> + AsMut<[u8]>>(
    channel: Channel,
    queue: &Queue<B>,
    place: usize,
    seq: u16,
    fresh: bool,
) -> Pick {
    Pick { channel, seq, place, fresh, cost: cost(queue.entry(place).len.into()) }
}

/// Whether a serial went after another one.
const fn is_after(serial: u8, other: u8) -> bool {
    (serial.wrapping_sub(other) as i8) > 0
}

/// Wire bytes that a packet counts for, worst case: a zero goes first.
pub(super) const fn cost(len: usize) -> u32 {
    1 + max_wire_len(HEADER_BYTES + len) as u32
}
