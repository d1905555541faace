//! A reliable, ordered packet link over an unreliable pipe of bytes; the same code on both ends.
//!
//! ```text
//!   bytes from the port --> receive --> Packet, Opened, Lost
//!             send <-- packets
//!   bytes for the port <-- transmit        poll_at --> when to call again, if nothing comes before
//! ```
//!
//! No input or output, no allocation, no clock: the caller moves the bytes, supplies the buffers
//! and says what time it is, in milliseconds from anywhere. Nothing blocks.
//!
//! **Promise.** Packets arrive exactly once and in order in both directions, or the session ends
//! with a [`LinkError`]. A packet counts as arrived when [`Link::receive`] returns it; packets
//! queued when a session ends may or may not have arrived.
//!
//! **Session.** The driver says HELLO until the device's WELCOME comes. A new HELLO always opens a
//! new session at the device, whatever state it was in. A tag made from both ends' nonces keeps
//! frames of an earlier session out; a device that has no session of a frame's tag answers RESET,
//! so that a driver learns of a reboot at once.
//!
//! **Loss.** Frames are numbered and acknowledged cumulatively, on data frames where there are any.
//! A receiver that sees a gap or a damaged frame sends a NAK and the sender goes back to the first
//! frame missing (go-back-N); if nothing comes at all, it does so after a timeout that follows the
//! measured round trip.
//!
//! **Credit.** Each end says in the handshake how many wire bytes it has room for. A sender never
//! has more of them unacknowledged, one frame excepted. Acknowledgements do not count: leave some
//! room.
//!
//! **Back-pressure.** An end that cannot take a packet calls [`Link::receive`] with `room` false.
//! Acknowledgements are still seen, so that its queue drains; a packet that comes is dropped, and
//! asked for again as soon as there is room.
//!
//! The header has a channel number; this version carries it, and treats all channels alike.

mod header;
mod queue;
mod receiver;
mod rto;
mod sender;
mod session;

use serde::Serialize;

use crate::frame::{CRC_BYTES, Decoder, Ended, FrameStats, max_body_len, max_wire_len};
pub use header::HEADER_BYTES;
use session::{Event, Session};

/// Version of the link and of the messages. Both ends must have the same one.
pub const VERSION: u16 = 1;

/// Longest frame body for packets of up to `payload` bytes; a greeting may be longer than those.
const fn body_bytes(payload: usize) -> usize {
    let data = HEADER_BYTES + payload;
    if data > header::GREETING_BYTES { data } else { header::GREETING_BYTES }
}

/// Bytes of receive buffer that packets of up to `payload` bytes need.
pub const fn receive_bytes(payload: usize) -> usize {
    body_bytes(payload) + CRC_BYTES
}

/// Bytes of frame buffer that packets of up to `payload` bytes need.
pub const fn frame_bytes(payload: usize) -> usize {
    // A zero may go first, and `max_body_len` may be one byte short.
    2 + max_wire_len(body_bytes(payload))
}

/// Bytes of queue that a packet of `payload` bytes takes until it is acknowledged.
pub const fn queue_bytes(payload: usize) -> usize {
    queue::record_bytes(payload)
}

/// Which end of the link this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Opens sessions.
    Driver,
    /// Waits for sessions.
    Device,
}

/// How a link behaves. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Wire bytes that this end has room for behind [`Link::receive`], in the port's buffer.
    pub window: u32,
    /// Makes sessions differ. A driver must have a new one for each session; a device wants one
    /// that differs between boots, but is safe without.
    pub nonce: u32,
    /// Shortest retransmission timeout; also the time between HELLOs.
    pub rto_floor_ms: u32,
    /// Longest retransmission timeout.
    pub rto_ceiling_ms: u32,
    /// Longest time that an acknowledgement waits for data to ride on.
    pub ack_delay_ms: u32,
    /// Timeouts and probes without an answer after which the session is [`LinkError::Silent`];
    /// zero for never.
    pub max_unanswered: u8,
    /// Silence after which the peer is asked whether it lives; `None` for never.
    pub probe_after_ms: Option<u32>,
}

impl Config {
    /// For a device. It never gives a driver up: one that is stopped in a debugger may come back.
    pub const fn device(window: u32, nonce: u32) -> Self {
        Self {
            window,
            nonce,
            rto_floor_ms: 200,
            rto_ceiling_ms: 2_000,
            ack_delay_ms: 4,
            max_unanswered: 0,
            probe_after_ms: None,
        }
    }

    /// For a driver. It notices a dead device after about ten seconds, a rebooted one after one.
    pub const fn driver(window: u32, nonce: u32) -> Self {
        Self { max_unanswered: 6, probe_after_ms: Some(1_000), ..Self::device(window, nonce) }
    }
}

/// The memory of a link, supplied by the caller. On a device each is a `&mut [u8]`.
#[derive(Debug)]
pub struct Buffers<B> {
    /// The frame coming in; [`receive_bytes`].
    pub receive: B,
    /// The frame going out; [`frame_bytes`].
    pub frame: B,
    /// Packets until they are acknowledged; several times [`queue_bytes`].
    pub queue: B,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The peer closed the session or has rebooted.
    #[error("the other end has no session any more")]
    Reset,
    /// The peer did not answer for a long time.
    #[error("the other end does not answer")]
    Silent,
    /// The ends speak different versions; no session was opened.
    #[error("the driver speaks link version {driver}, the device {device}")]
    Version {
        /// [`VERSION`] of the driver.
        driver: u16,
        /// [`VERSION`] of the device.
        device: u16,
    },
}

/// Why a packet was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// No session is open.
    #[error("no session is open")]
    Closed,
    /// The queue is full; try again when the peer has acknowledged more.
    #[error("the send queue is full")]
    Full,
    /// The packet can never fit: it is longer than [`Link::max_payload`].
    #[error("the packet is too long for this link")]
    TooLong,
}

/// What came of [`Link::receive`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received<'a> {
    /// The next packet of the session.
    Packet {
        /// 0..=15, as given to [`Link::send`].
        channel: u8,
        /// The packet.
        bytes: &'a [u8],
    },
    /// A session has begun. At a device an earlier one may have ended by it.
    Opened,
    /// The session has ended, or could not be opened.
    Lost(LinkError),
}

/// One end of a link. `B` holds its buffers: `&mut [u8]` on a device, `Vec<u8>` on a host.
#[derive(Debug)]
pub struct Link<B> {
    decoder: Decoder<B>,
    session: Session<B>,
    /// The frame going out: `frame[out_at..out_len]` is still to go.
    frame: B,
    out_at: usize,
    out_len: usize,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Link<B> {
    /// A link that has not met its peer. A driver says HELLO from its first [`Link::transmit`] on.
    ///
    /// The longest payload in each direction follows from the buffers; it is agreed on in the
    /// handshake. A buffer shorter than the functions of this module say makes a link that sends or
    /// receives nothing.
    pub fn new(role: Role, config: Config, buffers: Buffers<B>) -> Self {
        let decoder = Decoder::new(buffers.receive);
        let take = decoder.max_body().saturating_sub(HEADER_BYTES);
        let frame = buffers.frame;
        let make =
            max_body_len(frame.as_ref().len().saturating_sub(1)).saturating_sub(HEADER_BYTES);
        let session = Session::new(role, config, buffers.queue, take, make);
        Self { decoder, session, frame, out_at: 0, out_len: 0 }
    }

    /// Whether a session is open.
    pub fn is_open(&self) -> bool {
        self.session.is_open()
    }

    /// Longest packet that both ends can handle in this session, in bytes; zero without a session.
    pub fn max_payload(&self) -> usize {
        if self.is_open() { self.session.sender.max_payload } else { 0 }
    }

    /// Longest packet that [`Link::send`] would take now, in bytes.
    pub fn send_capacity(&self) -> usize {
        self.max_payload().min(self.session.sender.queue.room())
    }

    /// Whether so many packets of the longest kind could be queued now.
    pub fn has_room_for(&self, packets: usize) -> bool {
        self.is_open() && self.session.sender.queue.holds(packets, self.max_payload())
    }

    /// Whether everything sent has been acknowledged.
    pub fn is_idle(&self) -> bool {
        self.session.sender.queue.is_empty()
    }

    /// Counts of good and bad frames.
    pub fn stats(&self) -> FrameStats {
        self.decoder.stats()
    }

    /// Queues a packet of at most `len` bytes, which `fill` writes; it returns how many it wrote,
    /// or `None` to queue nothing after all.
    ///
    /// # Errors
    ///
    /// A [`SendError`]; `fill` was not called. Where it returned `None`, `TooLong`.
    pub fn send(
        &mut self,
        channel: u8,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        if len > self.max_payload() {
            return Err(SendError::TooLong);
        }
        if !self.session.sender.queue.fits(len) {
            return Err(SendError::Full);
        }
        let queued = self.session.sender.queue.push(channel, len, fill);
        if queued { Ok(()) } else { Err(SendError::TooLong) }
    }

    /// Queues a message, encoded by postcard, of at most `len` bytes, on channel 0.
    ///
    /// # Errors
    ///
    /// As [`Link::send`]; `TooLong` if the message does not fit `len` bytes.
    pub fn send_message(&mut self, len: usize, message: &impl Serialize) -> Result<(), SendError> {
        self.send(0, len, |to| postcard::to_slice(message, to).ok().map(|used| used.len()))
    }

    /// Takes bytes from the port up to the first thing to tell; returns how many, and that thing.
    ///
    /// Call it again with the rest until it returns `None`; also without bytes, since time can end
    /// a session too. `room` says whether the caller can take a packet now, its answer included.
    pub fn receive(&mut self, bytes: &[u8], room: bool, now: u64) -> (usize, Option<Received<'_>>) {
        if let Some(error) = self.session.lost.take() {
            return (0, Some(Received::Lost(error)));
        }
        if room {
            self.session.has_room();
        }
        let mut taken = 0;
        loop {
            let (run, ended) = self.decoder.advance(bytes.get(taken..).unwrap_or_default());
            taken += run;
            match ended {
                Ended::Nothing => return (taken, None),
                Ended::Bad => self.session.bad_frame(),
                Ended::Frame(len) => {
                    let event = self.session.frame(self.decoder.body(len), room, now);
                    if let Some(event) = event {
                        return (taken, Some(self.tell(event, len)));
                    }
                }
            }
        }
    }

    fn tell(&self, event: Event, len: usize) -> Received<'_> {
        match event {
            Event::Packet { channel } => {
                let bytes = self.decoder.body(len).get(HEADER_BYTES..).unwrap_or_default();
                Received::Packet { channel, bytes }
            }
            Event::Opened => Received::Opened,
            Event::Lost(error) => Received::Lost(error),
        }
    }

    /// What to give the port now; empty if nothing. Then say how much of it the port took.
    pub fn transmit(&mut self, now: u64) -> &[u8] {
        if self.out_at >= self.out_len {
            self.out_at = 0;
            self.out_len = self.session.stage(self.frame.as_mut(), now);
        }
        self.frame.as_ref().get(self.out_at..self.out_len).unwrap_or_default()
    }

    /// The port took the first `count` bytes of [`Link::transmit`].
    pub fn transmitted(&mut self, count: usize) {
        self.out_at = self.out_len.min(self.out_at + count);
    }

    /// When [`Link::transmit`] or [`Link::receive`] will have something to do though no bytes came;
    /// a time in the past means now.
    pub fn poll_at(&self) -> Option<u64> {
        if self.out_at < self.out_len { Some(0) } else { self.session.poll_at() }
    }

    /// Ends the session; the peer is told as soon as the port takes it. Packets still queued are
    /// lost.
    pub fn close(&mut self) {
        self.session.close();
    }
}
