//! A reliable packet link over an unreliable pipe of bytes; the same code on both ends.
//!
//! ```text
//!   bytes from the port --> receive --> Packet, Log, Opened, Refused, Lost
//!             send <-- packets
//!         send_log <-- logs
//!   bytes for the port <-- transmit        poll_at --> when to call again, if nothing comes before
//! ```
//!
//! No input or output, no allocation, no clock: the caller moves the bytes, supplies the buffers
//! and says what time it is, in milliseconds from anywhere. Nothing blocks.
//!
//! **Promise.** Packets arrive exactly once and, of each channel, in order in both directions, or
//! the session ends with a [`LinkError`]. A packet counts as arrived when [`Link::receive`] returns
//! it; packets queued when a session ends may or may not have arrived.
//!
//! **Session.** The driver says HELLO until the device's WELCOME comes. A new HELLO always opens a
//! new session at the device, whatever state it was in. A tag made from both ends' nonces keeps
//! frames of an earlier session out; a device that has no session of a frame's tag answers RESET,
//! so that a driver learns of a reboot at once. Ends of another version, or whose messages have
//! another [schema](crate::schema), open no session; both are told.
//!
//! **Channels.** A packet of [`Channel::Control`] goes before every packet of [`Channel::Bulk`]
//! that has not been sent yet. Each has a queue of its own, so that bulk never takes control's
//! room. Packets are numbered as they are first sent, in one sequence.
//!
//! **Loss.** The pipe may lose, damage, double or delay bytes, but keeps their order. So whatever
//! wants an answer carries a serial, and every frame echoes the last serial that its sender has
//! seen: a data frame sent before the one echoed, and neither acknowledged nor kept by the
//! receiver, is lost for certain, and is sent again, and nothing else is. A receiver that meets a
//! damaged frame says so at once, and the frame sent just after the one echoed is sent again too.
//! Where the order was not kept after all, a frame goes twice; the receiver drops the second one.
//!
//! **Time.** If no answer comes in the time that answers take, a probe of a few bytes asks for one,
//! and again in twice the time. It is a serial like any other: its echo says what was lost. A
//! device that is away for a while so costs probes, not frames sent twice. One short frame alone is
//! sent again instead.
//!
//! **Store.** Packets that come behind a gap, or while the application takes none, are kept in a
//! buffer of the caller's. What does not fit is dropped and sent again. Once the application makes
//! the receiver drop what is next, it tells the sender to stop, and later to go on.
//!
//! **Credit.** Each end says in the handshake how many wire bytes its port's buffer holds. A sender
//! never has more of them in flight, neither acknowledged nor kept nor known to be lost, one frame
//! excepted. Acknowledgements, probes and at most one log do not count: leave some room.
//!
//! **Back-pressure.** An end that cannot take a packet calls [`Link::receive`] with `room` false.
//! Acknowledgements are still seen, so that its queues drain.
//!
//! **Logs.** Log packets go when nothing else wants to, one at a time, and are never sent again.
//! They are numbered, so that the receiver can tell how many it did not get.

mod greeting;
mod header;
mod log;
mod pace;
mod queue;
mod receiver;
mod sender;
mod session;
mod store;

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

use crate::codec::encode;
use crate::frame::{CRC_BYTES, Decoder, Ended, FrameStats, max_body_len, max_wire_len};
pub use greeting::{BuildId, Peer, capability};
pub use header::HEADER_BYTES;
pub use log::LOG_PAYLOAD;
use session::{Event, Session};

/// Version of the link. Both ends must have the same one.
pub const VERSION: u16 = 2;

/// Longest frame body for packets of up to `payload` bytes; a greeting may be longer than those.
const fn body_bytes(payload: usize) -> usize {
    let data = HEADER_BYTES + payload;
    if data > greeting::GREETING_BYTES { data } else { greeting::GREETING_BYTES }
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

/// Bytes of queue that a packet of `payload` bytes takes until it is acknowledged, or a log until
/// it is sent.
pub const fn queue_bytes(payload: usize) -> usize {
    queue::record_bytes(payload)
}

/// Bytes of store that a packet of `payload` bytes takes until the application has it.
pub const fn store_bytes(payload: usize) -> usize {
    store::record_bytes(payload)
}

/// Wire bytes that a packet of `payload` bytes counts for against the window.
pub const fn credit_bytes(payload: usize) -> usize {
    sender::cost(payload) as usize
}

/// Which end of the link this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Opens sessions.
    Driver,
    /// Waits for sessions.
    Device,
}

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Requests, answers and whatever else should not wait.
    Control = 0,
    /// What there is much of.
    Bulk = 1,
}

/// How a link behaves. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Wire bytes that this end has room for behind [`Link::receive`], in the port's buffer.
    pub window: u32,
    /// Makes sessions differ. A driver must have a new one for each session; a device wants one
    /// that differs between boots, but is safe without.
    pub nonce: u32,
    /// Fingerprint of the messages; the peer's must be the same.
    pub schema: u32,
    /// What this end can do; see [`capability`].
    pub capabilities: u32,
    /// Which build this end is.
    pub build: BuildId,
    /// Shortest time after which an answer is asked for.
    pub rto_floor_ms: u32,
    /// Longest such time, that of the bytes on the line not counted.
    pub rto_ceiling_ms: u32,
    /// Longest time that an acknowledgement waits for data to ride on.
    pub ack_delay_ms: u32,
    /// Time without any answer after which the session is [`LinkError::Silent`]; `None` for never.
    pub silent_after_ms: Option<u32>,
    /// Silence after which the peer is asked whether it lives; `None` for never.
    pub probe_after_ms: Option<u32>,
}

impl Config {
    /// For a device. It never gives a driver up: one that is stopped in a debugger may come back.
    pub const fn device(window: u32, nonce: u32) -> Self {
        Self {
            window,
            nonce,
            schema: crate::schema::FINGERPRINT,
            capabilities: 0,
            build: BuildId::UNKNOWN,
            // An acknowledgement may wait for 4 ms, and a host's scheduler and USB for some more.
            rto_floor_ms: 25,
            rto_ceiling_ms: 2_000,
            ack_delay_ms: 4,
            silent_after_ms: None,
            probe_after_ms: None,
        }
    }

    /// For a driver. It notices a dead device after about ten seconds, a rebooted one after one.
    pub const fn driver(window: u32, nonce: u32) -> Self {
        let (silent_after_ms, probe_after_ms) = (Some(9_000), Some(1_000));
        Self { silent_after_ms, probe_after_ms, ..Self::device(window, nonce) }
    }
}

/// The memory of a link, supplied by the caller. On a device each is a `&mut [u8]`.
#[derive(Debug)]
pub struct Buffers<B> {
    /// The frame coming in; [`receive_bytes`].
    pub receive: B,
    /// The frame going out; [`frame_bytes`].
    pub frame: B,
    /// Packets of [`Channel::Control`] until they are acknowledged; at least [`queue_bytes`].
    pub control: B,
    /// Packets of [`Channel::Bulk`]; at least [`queue_bytes`], and several to keep the line full.
    pub bulk: B,
    /// Packets that came too early; [`store_bytes`] for each, or empty.
    pub store: B,
    /// Logs until they are sent; [`queue_bytes`] for each, or empty at an end that sends none.
    pub log: B,
}

/// What one end of a link has met since it was made, for diagnosis. Counts stop at their maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct LinkStats {
    /// Frames received whole.
    pub good: u32,
    /// Frames received damaged: bytes lost, changed or added.
    pub damaged: u32,
    /// Frames received that were longer than the buffer for them.
    pub oversize: u32,
    /// Data frames sent again.
    pub resent: u32,
    /// Times that the port had no room for what came, as far as its owner can tell; the link
    /// cannot.
    pub overruns: u32,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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
    /// The ends have different messages; no session was opened.
    #[error("the driver's messages are {driver:08x}, the device's {device:08x}")]
    Schema {
        /// [`crate::schema::FINGERPRINT`] of the driver.
        driver: u32,
        /// [`crate::schema::FINGERPRINT`] of the device.
        device: u32,
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
        /// As given to [`Link::send`].
        channel: Channel,
        /// The packet.
        bytes: &'a [u8],
    },
    /// A log packet.
    Log {
        /// The packet, at most [`LOG_PAYLOAD`] bytes from a peer of this kind.
        bytes: &'a [u8],
        /// How many offered at the other end since the last one did not come.
        dropped: u16,
    },
    /// A session has begun. At a device an earlier one may have ended by it.
    Opened,
    /// A driver wanted a session with this device and cannot have one.
    Refused(LinkError),
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
        let Buffers { control, bulk, store, log, .. } = buffers;
        let session = Session::new(role, config, [control, bulk, store, log], take, make);
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

    /// What the other end has said of itself when the session was opened, or last refused.
    pub fn peer(&self) -> Option<&Peer> {
        self.session.peer.as_ref()
    }

    /// Longest packet that [`Link::send`] would take now on a channel, in bytes.
    pub fn send_capacity(&self, channel: Channel) -> usize {
        self.max_payload().min(self.session.sender.queue(channel).room())
    }

    /// Whether so many packets of the longest kind could be queued now on a channel.
    pub fn has_room_for(&self, channel: Channel, packets: usize) -> bool {
        self.is_open() && self.session.sender.queue(channel).holds(packets, self.max_payload())
    }

    /// Longest log that [`Link::send_log`] would take now, in bytes; zero without a session.
    pub fn log_capacity(&self) -> usize {
        if self.is_open() { self.session.logs.room().min(self.max_payload()) } else { 0 }
    }

    /// Whether everything sent has been acknowledged.
    pub fn is_idle(&self) -> bool {
        self.session.sender.is_idle()
    }

    /// What this end has met since it was made.
    pub fn counts(&self) -> LinkStats {
        let FrameStats { good, bad_crc, bad_cobs, oversize } = self.decoder.stats();
        let (damaged, resent) = (bad_crc.saturating_add(bad_cobs), self.resent());
        LinkStats { good, damaged, oversize, resent, overruns: 0 }
    }

    /// Says from the next handshake on that this end can do so as well; see [`capability`].
    pub fn add_capability(&mut self, bits: u32) {
        self.session.config.capabilities |= bits;
    }

    /// Counts of good and bad frames.
    pub fn stats(&self) -> FrameStats {
        self.decoder.stats()
    }

    /// Frames of data that were sent again since this link was made. It stops at its maximum.
    pub fn resent(&self) -> u32 {
        self.session.sender.resent
    }

    /// Queues a packet of at most `len` bytes, which `fill` writes; it returns how many it wrote,
    /// or `None` to queue nothing after all.
    ///
    /// # Errors
    ///
    /// A [`SendError`]; `fill` was not called. Where it returned `None`, `TooLong`.
    pub fn send(
        &mut self,
        channel: Channel,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        if len > self.max_payload() {
            return Err(SendError::TooLong);
        }
        let queue = self.session.sender.queue_mut(channel);
        if !queue.fits(len) {
            return Err(SendError::Full);
        }
        queue.push(len, fill).map(|_| ()).ok_or(SendError::TooLong)
    }

    /// Queues a message, encoded by [`crate::codec`], of at most `len` bytes.
    ///
    /// # Errors
    ///
    /// As [`Link::send`]; `TooLong` if the message does not fit `len` bytes.
    pub fn send_message(
        &mut self,
        channel: Channel,
        len: usize,
        message: &impl Serialize,
    ) -> Result<(), SendError> {
        self.send(channel, len, |to| encode(message, to))
    }

    /// Offers a log packet of at most `len` bytes, which `fill` writes; it returns how many it
    /// wrote, or `None` if that cannot be.
    ///
    /// Returns whether it was queued. If it was not, the peer learns of it by the count of the next
    /// one; but what is offered without a session is not counted.
    pub fn send_log(&mut self, len: usize, fill: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        self.is_open() && self.session.logs.push(len, self.session.sender.max_payload, fill)
    }

    /// Takes bytes from the port up to the first thing to tell; returns how many, and that thing.
    ///
    /// Call it again with the rest until it returns `None`; also without bytes, since time can end
    /// a session too. `room` says whether the caller can take a packet now, its answer included.
    pub fn receive(&mut self, bytes: &[u8], room: bool, now: u64) -> (usize, Option<Received<'_>>) {
        if let Some(error) = self.session.lost.take() {
            return (0, Some(Received::Lost(error)));
        }
        if room && let Some(event) = self.session.has_room(now) {
            return (0, Some(self.tell(event, 0)));
        }
        let mut taken = 0;
        loop {
            let (run, ended) = self.decoder.advance(bytes.get(taken..).unwrap_or_default());
            taken += run;
            match ended {
                Ended::Nothing => return (taken, None),
                Ended::Bad => self.session.bad_frame(now),
                Ended::Frame(len) => {
                    let event = self.session.frame(self.decoder.body(len), room, now);
                    if let Some(event) = event {
                        return (taken, Some(self.tell(event, len)));
                    }
                }
            }
        }
    }

    /// The packet of an event is the end of the decoder's frame of `body` bytes, or stored.
    fn tell(&self, event: Event, body: usize) -> Received<'_> {
        let tail = |len| self.decoder.body(body).get(body - len..).unwrap_or_default();
        match event {
            Event::Packet { channel, len } => Received::Packet { channel, bytes: tail(len) },
            Event::Stored { channel } => {
                Received::Packet { channel, bytes: self.session.receiver.store.packet() }
            }
            Event::Log { dropped, len } => Received::Log { bytes: tail(len), dropped },
            Event::Opened => Received::Opened,
            Event::Refused(error) => Received::Refused(error),
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
