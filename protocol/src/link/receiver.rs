//! The receiving half of a session: order, and what to tell the sender.

/// What became of a data frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The next one: the caller gets it.
    Deliver,
    /// Seen before, too early, or not wanted yet: dropped.
    Drop,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Receiver {
    /// Number of the frame awaited.
    awaited: u16,
    /// Round of the last data frame; see [`super::header`].
    round: u8,
    /// The gap complained about last: number awaited and round.
    complained: Option<(u16, u8)>,
    /// The awaited frame came while the caller had no room, and was dropped.
    deferred: bool,
    /// Payload bytes delivered since the last acknowledgement.
    owed: u32,
    /// Payload bytes after which an acknowledgement does not wait.
    prompt_bytes: u32,
    /// When an acknowledgement is due, at the latest.
    pub ack_at: Option<u64>,
    /// A NAK is due.
    pub nak_due: bool,
}

impl Receiver {
    /// For a session whose sender may have `window` wire bytes in flight.
    ///
    /// Four acknowledgements a window keep the sender from waiting.
    pub fn new(window: u32) -> Self {
        Self { prompt_bytes: window / 4, ..Self::default() }
    }

    /// What to put into the next header: number awaited.
    pub fn ack(&self) -> u16 {
        self.awaited
    }

    /// The round that a NAK is about.
    pub fn round(&self) -> u8 {
        self.round
    }

    /// Whether any data came in this session.
    pub fn untouched(&self) -> bool {
        self.awaited == 0
    }

    /// A data frame came; `room` says whether the caller can take the packet.
    pub fn data(
        &mut self,
        seq: u16,
        round: u8,
        len: usize,
        room: bool,
        now: u64,
        ack_delay_ms: u32,
    ) -> Verdict {
        self.round = round;
        let ahead = seq.wrapping_sub(self.awaited);
        if ahead == 0 && room {
            self.awaited = seq.wrapping_add(1);
            self.deferred = false;
            self.owed = self.owed.saturating_add(len as u32);
            let delay = if self.owed >= self.prompt_bytes { 0 } else { ack_delay_ms };
            let at = now + u64::from(delay);
            self.ack_at = Some(self.ack_at.map_or(at, |earlier| earlier.min(at)));
            return Verdict::Deliver;
        }
        if ahead == 0 {
            // Shows that this end lives; the NAK follows when there is room.
            self.deferred = true;
            self.ack_at = Some(now);
        } else if ahead < 0x8000 {
            self.gap();
        } else {
            // Seen before: the acknowledgement was lost.
            self.ack_at = Some(now);
        }
        Verdict::Drop
    }

    fn gap(&mut self) {
        let gap = (self.awaited, self.round);
        if self.complained != Some(gap) && !self.deferred {
            self.complained = Some(gap);
            self.nak_due = true;
        }
    }

    /// A bad frame came; it may have been the one awaited.
    pub fn bad_frame(&mut self) {
        self.nak_due |= !self.deferred;
    }

    /// The caller has room: asks for the frame that was dropped for want of it.
    pub fn has_room(&mut self) {
        if self.deferred {
            self.deferred = false;
            self.nak_due = true;
        }
    }

    /// A frame that carries [`Receiver::ack`] is on its way.
    pub fn acknowledged(&mut self) {
        self.owed = 0;
        self.ack_at = None;
    }
}
