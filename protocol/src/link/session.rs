//! Handshake, dispatch of frames, and what to send next: the link without its frame buffers.

use super::header::{Greeting, HEADER_BYTES, Header, Kind};
use super::receiver::{Receiver, Verdict};
use super::rto::Rto;
use super::sender::Sender;
use super::{Config, LinkError, Role, VERSION};
use crate::crc::Crc32;
use crate::frame::Encoder;

/// Where a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No session. A device waits for HELLO, a driver has lost its session or closed it.
    Closed,
    /// The driver says HELLO, next at this time.
    Greeting { at: u64 },
    /// A session with this tag.
    Open { tag: u16 },
}

/// [`super::Received`] with the place of the packet in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The frame's payload is a packet.
    Packet {
        channel: u8,
    },
    Opened,
    Lost(LinkError),
}

#[derive(Debug)]
pub(super) struct Session<B> {
    role: Role,
    config: Config,
    phase: Phase,
    pub sender: Sender<B>,
    receiver: Receiver,
    driver_nonce: u32,
    device_nonce: u32,
    /// Longest payload that this end takes, and makes, in bytes.
    take_payload: u16,
    make_payload: u16,
    /// A WELCOME is due to the HELLO of this nonce.
    welcome_due: Option<u32>,
    /// A RESET of this tag is due.
    reset_due: Option<u16>,
    /// The next data frame starts with a zero, to cut off what is left of a damaged one.
    cut: bool,
    /// Timeouts and probes since the peer was last heard.
    unanswered: u8,
    heard_at: u64,
    /// The end of the session, until the caller has been told.
    pub lost: Option<LinkError>,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Session<B> {
    pub fn new(role: Role, config: Config, queue: B, take: usize, make: usize) -> Self {
        let rto = Rto::new(config.rto_floor_ms, config.rto_ceiling_ms);
        let sender = Sender::new(queue, rto);
        let make = make.min(sender.queue.largest());
        Self {
            role,
            config,
            phase: match role {
                Role::Driver => Phase::Greeting { at: 0 },
                Role::Device => Phase::Closed,
            },
            sender,
            receiver: Receiver::default(),
            driver_nonce: config.nonce,
            device_nonce: config.nonce,
            take_payload: take.try_into().unwrap_or(u16::MAX),
            make_payload: make.try_into().unwrap_or(u16::MAX),
            welcome_due: None,
            reset_due: None,
            cut: false,
            unanswered: 0,
            heard_at: 0,
            lost: None,
        }
    }

    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }

    pub fn close(&mut self) {
        if let Phase::Open { tag } = self.phase {
            self.reset_due = Some(tag);
        }
        self.phase = Phase::Closed;
    }

    pub fn has_room(&mut self) {
        self.receiver.has_room();
    }

    pub fn bad_frame(&mut self) {
        if self.is_open() {
            self.receiver.bad_frame();
        }
    }

    /// A good frame came.
    pub fn frame(&mut self, body: &[u8], room: bool, now: u64) -> Option<Event> {
        if let Some(greeting) = Greeting::parse(body) {
            return match self.role {
                Role::Device => self.hello(&greeting, now),
                Role::Driver => self.welcome(&greeting, now),
            };
        }
        let header = Header::parse(body)?;
        let Phase::Open { tag } = self.phase else {
            self.refuse(&header);
            return None;
        };
        if header.tag != tag {
            self.refuse(&header);
            return None;
        }
        self.unanswered = 0;
        self.heard_at = now;
        if header.kind == Kind::Reset {
            self.phase = Phase::Closed;
            return Some(Event::Lost(LinkError::Reset));
        }
        self.sender.acknowledged(header.ack, now);
        match header.kind {
            Kind::Nak => {
                self.sender.lost(header.round);
                self.cut = true;
            }
            Kind::Probe => self.receiver.ack_at = Some(now),
            Kind::Data => {
                let len = body.len() - HEADER_BYTES;
                let delay = self.config.ack_delay_ms;
                match self.receiver.data(header.seq, header.round, len, room, now, delay) {
                    Verdict::Deliver => return Some(Event::Packet { channel: header.channel }),
                    Verdict::Drop => {}
                }
            }
            Kind::Ack | Kind::Reset => {}
        }
        None
    }

    /// A frame of a session that this end does not have: a device says so.
    fn refuse(&mut self, header: &Header) {
        if self.role == Role::Device && header.kind != Kind::Reset {
            self.reset_due = Some(header.tag);
        }
    }

    fn hello(&mut self, hello: &Greeting, now: u64) -> Option<Event> {
        if hello.device_nonce.is_some() {
            return None;
        }
        if hello.version != VERSION {
            self.welcome_due = Some(hello.driver_nonce);
            return None;
        }
        if self.is_open() && hello.driver_nonce == self.driver_nonce {
            // Said twice. If nothing followed it, the WELCOME may have been lost.
            if self.receiver.untouched() {
                self.welcome_due = Some(hello.driver_nonce);
            }
            return None;
        }
        self.driver_nonce = hello.driver_nonce;
        self.device_nonce =
            self.device_nonce.wrapping_add(now as u32).wrapping_mul(0x9E37_79B9) | 1;
        self.welcome_due = Some(hello.driver_nonce);
        self.open(hello, now);
        Some(Event::Opened)
    }

    fn welcome(&mut self, welcome: &Greeting, now: u64) -> Option<Event> {
        let device_nonce = welcome.device_nonce?;
        let greeting = matches!(self.phase, Phase::Greeting { .. });
        if !greeting || welcome.driver_nonce != self.driver_nonce {
            return None;
        }
        if welcome.version != VERSION {
            self.phase = Phase::Closed;
            let (driver, device) = (VERSION, welcome.version);
            return Some(Event::Lost(LinkError::Version { driver, device }));
        }
        self.device_nonce = device_nonce;
        self.open(welcome, now);
        Some(Event::Opened)
    }

    fn open(&mut self, peer: &Greeting, now: u64) {
        let mut hash = Crc32::new();
        hash.update(&self.driver_nonce.to_le_bytes());
        hash.update(&self.device_nonce.to_le_bytes());
        let hash = hash.finish();
        self.phase = Phase::Open { tag: (hash >> 16) as u16 ^ hash as u16 };
        let rto = Rto::new(self.config.rto_floor_ms, self.config.rto_ceiling_ms);
        let max_payload = self.make_payload.min(peer.max_payload);
        self.sender.open(rto, peer.window, usize::from(max_payload));
        self.receiver = Receiver::new(self.config.window);
        self.unanswered = 0;
        self.heard_at = now;
        self.cut = false;
        self.lost = None;
    }

    /// Writes the frame to send now, if any, to `out`; returns its length.
    pub fn stage(&mut self, out: &mut [u8], now: u64) -> usize {
        if let Some(tag) = self.reset_due.take() {
            return control(out, Header { kind: Kind::Reset, ..Header::bare(tag) });
        }
        if let Some(nonce) = self.welcome_due.take() {
            return greet(out, &self.greeting(nonce, Some(self.device_nonce)));
        }
        match self.phase {
            Phase::Closed => 0,
            Phase::Greeting { at } if at <= now => {
                let at = now + u64::from(self.config.rto_floor_ms);
                self.phase = Phase::Greeting { at };
                greet(out, &self.greeting(self.driver_nonce, None))
            }
            Phase::Greeting { .. } => 0,
            Phase::Open { tag } => self.stage_open(tag, out, now),
        }
    }

    fn stage_open(&mut self, tag: u16, out: &mut [u8], now: u64) -> usize {
        let probe = self.probe_at().is_some_and(|at| at <= now);
        if probe {
            // The next one is due as long after this one.
            self.heard_at = now;
        }
        let late = self.sender.time_out(now);
        self.cut |= late;
        if probe || late {
            let limit = self.config.max_unanswered;
            if limit > 0 && self.unanswered >= limit {
                self.phase = Phase::Closed;
                self.lost = Some(LinkError::Silent);
                return 0;
            }
            self.unanswered = self.unanswered.saturating_add(1);
        }
        let bare = Header { ack: self.receiver.ack(), ..Header::bare(tag) };
        let len = if self.receiver.nak_due {
            let round = self.receiver.round();
            control(out, Header { kind: Kind::Nak, round, ..bare })
        } else if let Some((seq, channel, packet)) = self.sender.ready() {
            let round = self.sender.round();
            let header = Header { kind: Kind::Data, channel, round, seq, ..bare };
            let cut = core::mem::take(&mut self.cut);
            let len = encode(out, cut, |frame| {
                frame.push(&header.emit());
                frame.push(packet);
            });
            self.sender.sent(now);
            len
        } else if probe {
            control(out, Header { kind: Kind::Probe, ..bare })
        } else if self.receiver.ack_at.is_some_and(|at| at <= now) {
            encode(out, false, |frame| frame.push(&bare.emit()))
        } else {
            return 0;
        };
        self.receiver.nak_due = false;
        self.receiver.acknowledged();
        len
    }

    /// When something is due, if nothing comes before: zero for at once.
    pub fn poll_at(&self) -> Option<u64> {
        if self.reset_due.is_some() || self.welcome_due.is_some() || self.lost.is_some() {
            return Some(0);
        }
        match self.phase {
            Phase::Closed => None,
            Phase::Greeting { at } => Some(at),
            Phase::Open { .. } if self.receiver.nak_due || self.sender.ready().is_some() => Some(0),
            Phase::Open { .. } => [self.sender.deadline(), self.receiver.ack_at, self.probe_at()]
                .into_iter()
                .flatten()
                .min(),
        }
    }

    /// When to ask a silent peer whether it lives. Data in flight ask already.
    fn probe_at(&self) -> Option<u64> {
        let idle = self.sender.deadline().is_none() && self.sender.ready().is_none();
        let after = self.config.probe_after_ms.filter(|_| idle)?;
        Some(self.heard_at + u64::from(after))
    }

    fn greeting(&self, driver_nonce: u32, device_nonce: Option<u32>) -> Greeting {
        Greeting {
            version: VERSION,
            max_payload: self.take_payload,
            window: self.config.window,
            driver_nonce,
            device_nonce,
        }
    }
}

impl Header {
    /// An acknowledgement of nothing.
    const fn bare(tag: u16) -> Self {
        Self { kind: Kind::Ack, channel: 0, round: 0, tag, seq: 0, ack: 0 }
    }
}

fn control(out: &mut [u8], header: Header) -> usize {
    encode(out, true, |frame| frame.push(&header.emit()))
}

fn greet(out: &mut [u8], greeting: &Greeting) -> usize {
    encode(out, true, |frame| greeting.emit(|bytes| frame.push(bytes)))
}

/// One frame, after a zero if `cut`. A buffer too short, which `Link::new` rules out, sends
/// nothing.
fn encode(out: &mut [u8], cut: bool, body: impl FnOnce(&mut Encoder<'_>)) -> usize {
    let start = usize::from(cut);
    let Some(room) = out.get_mut(start..) else { return 0 };
    let mut frame = Encoder::new(room);
    body(&mut frame);
    let len = frame.finish().map_or(0, |len| start + len);
    if let (true, Some(first)) = (cut, out.first_mut()) {
        *first = 0;
    }
    len
}
