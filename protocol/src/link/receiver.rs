//! The receiving half of a session: order, what is kept meanwhile, and what to tell the sender.

use super::header::{Acks, Header};
use super::sender::MOST_FRAMES;
use super::store::Store;

/// What became of a data frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The next one: the caller gets it.
    Deliver,
    /// Kept for later, seen before, or dropped for want of room.
    Nothing,
}

#[derive(Debug)]
pub(super) struct Receiver<B> {
    pub store: Store<B>,
    /// What the next frame tells the sender.
    acks: Acks,
    /// A bad frame was told of, and no good one has come since.
    complained: bool,
    /// Payload bytes delivered since the last acknowledgement.
    owed: u32,
    /// Payload bytes after which an acknowledgement does not wait.
    prompt_bytes: u32,
    /// Longest time that an acknowledgement waits for data to ride on.
    delay_ms: u32,
    /// When an acknowledgement is due, at the latest.
    pub ack_at: Option<u64>,
    /// Whether any data came in this session.
    pub touched: bool,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Receiver<B> {
    /// Keeps packets that come too early in `store`.
    ///
    /// The sender may have `window` wire bytes in flight. Four acknowledgements a window keep it
    /// from waiting.
    pub fn new(store: B, window: u32, delay_ms: u32) -> Self {
        Self {
            store: Store::new(store),
            acks: Acks::default(),
            complained: false,
            owed: 0,
            prompt_bytes: window / 4,
            delay_ms,
            ack_at: None,
            touched: false,
        }
    }

    /// Starts a session; drops what an earlier one has left.
    pub fn open(&mut self) {
        self.store.clear();
        self.acks = Acks::default();
        self.complained = false;
        self.owed = 0;
        self.ack_at = None;
        self.touched = false;
    }

    /// What to put into the next header.
    pub fn acks(&self) -> Acks {
        self.acks
    }

    /// A good frame with a serial came.
    pub fn seen(&mut self, serial: u8) {
        self.acks.echo = serial;
        self.complained = false;
    }

    /// A data frame came; `room` says whether the caller can take the packet.
    pub fn data(&mut self, header: &Header, packet: &[u8], room: bool, now: u64) -> Verdict {
        self.touched = true;
        let ahead = header.seq.wrapping_sub(self.acks.ack);
        let bit = 1u32.checked_shl(ahead.into()).unwrap_or(0);
        let news = ahead < MOST_FRAMES && self.acks.kept & bit == 0;
        if news && ahead == 0 && room {
            self.deliver(packet.len());
            let holes = self.acks.kept != 0;
            let wait = if holes || self.owed >= self.prompt_bytes { 0 } else { self.delay_ms };
            self.ack_by(now + u64::from(wait));
            return Verdict::Deliver;
        }
        if news {
            if self.store.put(header.seq, header.channel, packet) {
                self.acks.kept |= bit;
            } else {
                // Of those behind a gap the sender learns by their serials; it must not wait for
                // the application, which will take the one that closes the gap.
                let behind_gap = u32::from(ahead) > self.acks.kept.trailing_ones();
                self.acks.full |= !behind_gap;
            }
        }
        // Where it was seen before, the acknowledgement was lost.
        self.ack_by(now);
        Verdict::Nothing
    }

    /// The caller has room: takes the next packet out of the store, if it is there; else the sender
    /// may go on.
    pub fn has_room(&mut self, now: u64) -> Option<super::Channel> {
        if self.acks.kept & 1 != 0 {
            let channel = self.store.take(self.acks.ack)?;
            self.deliver(self.store.packet().len());
            self.ack_by(now);
            return Some(channel);
        }
        if self.acks.full {
            self.acks.full = false;
            self.ack_by(now);
        }
        None
    }

    fn deliver(&mut self, len: usize) {
        self.acks.ack = self.acks.ack.wrapping_add(1);
        self.acks.kept >>= 1;
        self.owed = self.owed.saturating_add(len as u32);
    }

    /// A bad frame came; it may have been the one awaited. One complaint until a good one comes:
    /// where nothing but noise arrives at both ends, complaints about complaints would go on for
    /// ever.
    pub fn bad_frame(&mut self, now: u64) {
        if !self.complained {
            self.complained = true;
            self.acks.damaged = true;
            self.ack_by(now);
        }
    }

    /// An acknowledgement is due at this time, at the latest.
    #[inline(never)]
    pub fn ack_by(&mut self, at: u64) {
        self.ack_at = Some(self.ack_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// A frame that carries [`Receiver::acks`] is on its way.
    pub fn acknowledged(&mut self) {
        self.acks.damaged = false;
        self.owed = 0;
        self.ack_at = None;
    }
}
