//! Dispatch of frames, and what to send next: the link without its frame buffers.

use super::greeting::{Greeting, Peer};
use super::header::{Header, Kind};
use super::log::{LogReceiver, LogSender};
use super::pace::Pace;
use super::receiver::{Receiver, Verdict};
use super::sender::Sender;
use super::{Channel, Config, LinkError, Role, VERSION};
use crate::crc::Crc32;
use crate::frame::Encoder;

/// Time between two HELLOs.
const HELLO_MS: u64 = 200;

/// Questions that have to stay without an answer before a peer counts as silent, however much time
/// has passed: maybe nobody has called the link meanwhile.
const LEAST_UNANSWERED: u8 = 4;

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
    /// The last so many bytes of the frame are a packet.
    Packet {
        channel: Channel,
        len: usize,
    },
    /// The packet is in the receiver's store.
    Stored {
        channel: Channel,
    },
    /// The last so many bytes of the frame are a log.
    Log {
        dropped: u16,
        len: usize,
    },
    Opened,
    Refused(LinkError),
    Lost(LinkError),
}

#[derive(Debug)]
pub(super) struct Session<B> {
    role: Role,
    pub config: Config,
    phase: Phase,
    pub sender: Sender<B>,
    pub receiver: Receiver<B>,
    pub logs: LogSender<B>,
    logged: LogReceiver,
    pub peer: Option<Peer>,
    driver_nonce: u32,
    device_nonce: u32,
    /// Longest payload that this end takes, and makes, in bytes.
    take_payload: u16,
    make_payload: u16,
    /// A WELCOME is due to the HELLO of this nonce.
    welcome_due: Option<u32>,
    /// A RESET of this tag is due.
    reset_due: Option<u16>,
    /// Timeouts and probes since the peer was last heard, and when the first was.
    unanswered: u8,
    asked_at: u64,
    heard_at: u64,
    /// The end of the session, until the caller has been told.
    pub lost: Option<LinkError>,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Session<B> {
    /// Uses the last four of the buffers. This end takes payloads of up to `take` bytes and has
    /// frames for `make` bytes.
    pub fn new(
        role: Role,
        config: Config,
        [control, bulk, store, log]: [B; 4],
        take: usize,
        make: usize,
    ) -> Self {
        let pace = Pace::new(config.rto_floor_ms, config.rto_ceiling_ms);
        let sender = Sender::new(control, bulk, pace);
        let make = make.min(sender.control.largest()).min(sender.bulk.largest());
        Self {
            role,
            config,
            phase: match role {
                Role::Driver => Phase::Greeting { at: 0 },
                Role::Device => Phase::Closed,
            },
            sender,
            receiver: Receiver::new(store, config.window, config.ack_delay_ms),
            logs: LogSender::new(log),
            logged: LogReceiver::default(),
            peer: None,
            driver_nonce: config.nonce,
            device_nonce: config.nonce,
            take_payload: take.try_into().unwrap_or(u16::MAX),
            make_payload: make.try_into().unwrap_or(u16::MAX),
            welcome_due: None,
            reset_due: None,
            unanswered: 0,
            asked_at: 0,
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

    /// The caller has room for a packet: the next one, if it has come already.
    pub fn has_room(&mut self, now: u64) -> Option<Event> {
        let open = self.is_open();
        let channel = open.then(|| self.receiver.has_room(now)).flatten()?;
        Some(Event::Stored { channel })
    }

    pub fn bad_frame(&mut self, now: u64) {
        if self.is_open() {
            self.receiver.bad_frame(now);
        }
    }

    /// A good frame came.
    #[inline(never)]
    pub fn frame(&mut self, body: &[u8], room: bool, now: u64) -> Option<Event> {
        if let Some(greeting) = Greeting::parse(body) {
            return match self.role {
                Role::Device => self.hello(&greeting, now),
                Role::Driver => self.welcome(&greeting, now),
            };
        }
        let (header, payload) = Header::parse(body)?;
        match self.phase {
            Phase::Open { tag } if header.tag == tag => {}
            _ => {
                self.disown(&header);
                return None;
            }
        }
        self.unanswered = 0;
        self.heard_at = now;
        if header.kind == Kind::Reset {
            self.phase = Phase::Closed;
            return Some(Event::Lost(LinkError::Reset));
        }
        self.sender.acknowledged(&header.acks, now);
        let len = payload.len();
        match header.kind {
            Kind::Data => {
                self.receiver.seen(header.serial);
                match self.receiver.data(&header, payload, room, now) {
                    Verdict::Deliver => Some(Event::Packet { channel: header.channel, len }),
                    Verdict::Nothing => None,
                }
            }
            Kind::Log => {
                self.receiver.seen(header.serial);
                self.receiver.ack_by(now + u64::from(self.config.ack_delay_ms));
                let dropped = if room { self.logged.came(header.seq) } else { None };
                dropped.map(|dropped| Event::Log { dropped, len })
            }
            Kind::Probe => {
                self.receiver.seen(header.serial);
                self.receiver.ack_by(now);
                None
            }
            Kind::Ack | Kind::Reset => None,
        }
    }

    /// A frame of a session that this end does not have: a device says so.
    fn disown(&mut self, header: &Header) {
        if self.role == Role::Device && header.kind != Kind::Reset {
            self.reset_due = Some(header.tag);
        }
    }

    #[inline(never)]
    fn hello(&mut self, hello: &Greeting, now: u64) -> Option<Event> {
        if hello.device_nonce.is_some() {
            return None;
        }
        if let Err(error) = self.check(&hello.peer) {
            // The WELCOME tells the driver why. A session that is open goes on.
            if !self.is_open() {
                self.peer = Some(hello.peer);
            }
            self.welcome_due = Some(hello.driver_nonce);
            return Some(Event::Refused(error));
        }
        if self.is_open() && hello.driver_nonce == self.driver_nonce {
            // Said twice. If nothing followed it, the WELCOME may have been lost.
            if !self.receiver.touched {
                self.welcome_due = Some(hello.driver_nonce);
            }
            return None;
        }
        self.driver_nonce = hello.driver_nonce;
        self.device_nonce = mix(self.device_nonce, hello.driver_nonce ^ now as u32);
        self.welcome_due = Some(hello.driver_nonce);
        self.open(&hello.peer, now);
        Some(Event::Opened)
    }

    fn welcome(&mut self, welcome: &Greeting, now: u64) -> Option<Event> {
        let device_nonce = welcome.device_nonce?;
        let greeting = matches!(self.phase, Phase::Greeting { .. });
        if !greeting || welcome.driver_nonce != self.driver_nonce {
            return None;
        }
        if let Err(error) = self.check(&welcome.peer) {
            self.phase = Phase::Closed;
            self.peer = Some(welcome.peer);
            return Some(Event::Lost(error));
        }
        self.device_nonce = device_nonce;
        self.open(&welcome.peer, now);
        Some(Event::Opened)
    }

    /// Whether both ends speak the same.
    fn check(&self, peer: &Peer) -> Result<(), LinkError> {
        if peer.version != VERSION {
            let (driver, device) = self.by_role(VERSION, peer.version);
            return Err(LinkError::Version { driver, device });
        }
        if peer.schema != self.config.schema {
            let (driver, device) = self.by_role(self.config.schema, peer.schema);
            return Err(LinkError::Schema { driver, device });
        }
        Ok(())
    }

    /// What the driver says, and what the device says.
    fn by_role<T>(&self, own: T, other: T) -> (T, T) {
        match self.role {
            Role::Driver => (own, other),
            Role::Device => (other, own),
        }
    }

    #[inline(never)]
    fn open(&mut self, peer: &Peer, now: u64) {
        let hash = mix(self.driver_nonce, self.device_nonce);
        self.phase = Phase::Open { tag: (hash >> 16) as u16 ^ hash as u16 };
        let pace = Pace::new(self.config.rto_floor_ms, self.config.rto_ceiling_ms);
        let max_payload = self.make_payload.min(peer.max_payload);
        self.sender.open(pace, peer.window, usize::from(max_payload));
        self.receiver.open();
        self.logs.open();
        self.logged = LogReceiver::default();
        self.peer = Some(*peer);
        self.unanswered = 0;
        self.heard_at = now;
        self.lost = None;
    }

    /// Writes the frame to send now, if any, to `out`; returns its length.
    pub fn stage(&mut self, out: &mut [u8], now: u64) -> usize {
        if let Some(tag) = self.reset_due.take() {
            return bare(out, Header::bare(Kind::Reset, tag, self.receiver.acks()));
        }
        if let Some(nonce) = self.welcome_due.take() {
            return greet(out, &self.greeting(nonce, Some(self.device_nonce)));
        }
        match self.phase {
            Phase::Closed => 0,
            Phase::Greeting { at } if at <= now => {
                self.phase = Phase::Greeting { at: now + HELLO_MS };
                greet(out, &self.greeting(self.driver_nonce, None))
            }
            Phase::Greeting { .. } => 0,
            Phase::Open { tag } => self.stage_open(tag, out, now),
        }
    }

    /// A probe goes where there are no data to ask with. An acknowledgement that is due does not
    /// wait for data to ride on, since those may be long.
    #[inline(never)]
    fn stage_open(&mut self, tag: u16, out: &mut [u8], now: u64) -> usize {
        let probe = self.ask(now);
        if self.lost.is_some() {
            return 0;
        }
        let serial = self.sender.next_serial();
        let header = Header::bare(Kind::Ack, tag, self.receiver.acks());
        let pick = self.sender.ready();
        let len = if probe && pick.is_none() {
            bare(out, Header { kind: Kind::Probe, serial: self.sender.probe(), ..header })
        } else if self.receiver.ack_at.is_some_and(|at| at <= now) {
            bare(out, header)
        } else if let Some(pick) = pick {
            let kind = Kind::Data;
            let header = Header { kind, channel: pick.channel, serial, seq: pick.seq, ..header };
            let len = carry(out, header, self.sender.packet(&pick));
            self.sender.sent(&pick, now);
            len
        } else if let Some((seq, packet)) = self.next_log() {
            let len = carry(out, Header { kind: Kind::Log, serial, seq, ..header }, packet);
            self.logs.sent(serial);
            self.sender.sent_log(now);
            len
        } else {
            return 0;
        };
        self.receiver.acknowledged();
        len
    }

    /// Whether to ask the peer for an answer now; notices one that gives none.
    #[inline(never)]
    fn ask(&mut self, now: u64) -> bool {
        let idle = self.probe_at().is_some_and(|at| at <= now);
        if idle {
            // The next one is due as long after this one.
            self.heard_at = now;
        }
        let (late, probe) = self.sender.time_out(now);
        if idle || late {
            if self.unanswered == 0 {
                self.asked_at = now;
            }
            let limit = self.config.silent_after_ms.map(u64::from);
            let long = limit.is_some_and(|limit| now.saturating_sub(self.asked_at) >= limit);
            if long && self.unanswered >= LEAST_UNANSWERED {
                self.phase = Phase::Closed;
                self.lost = Some(LinkError::Silent);
            }
            self.unanswered = self.unanswered.saturating_add(1);
        }
        idle || probe
    }

    fn next_log(&self) -> Option<(u16, &[u8])> {
        self.logs.next().filter(|_| self.sender.may_log())
    }

    /// When something is due, if nothing comes before: zero for at once.
    pub fn poll_at(&self) -> Option<u64> {
        if self.reset_due.is_some() || self.welcome_due.is_some() || self.lost.is_some() {
            return Some(0);
        }
        match self.phase {
            Phase::Closed => None,
            Phase::Greeting { at } => Some(at),
            Phase::Open { .. } if self.sender.ready().is_some() => Some(0),
            Phase::Open { .. } if self.next_log().is_some() => Some(0),
            Phase::Open { .. } => [self.sender.deadline(), self.receiver.ack_at, self.probe_at()]
                .into_iter()
                .flatten()
                .min(),
        }
    }

    /// When to ask a silent peer whether it lives. What is in flight asks already.
    fn probe_at(&self) -> Option<u64> {
        let idle = self.sender.deadline().is_none() && self.sender.ready().is_none();
        let after = self.config.probe_after_ms.filter(|_| idle)?;
        Some(self.heard_at + u64::from(after))
    }

    fn greeting(&self, driver_nonce: u32, device_nonce: Option<u32>) -> Greeting {
        let Config { window, schema, capabilities, build, .. } = self.config;
        let max_payload = self.take_payload;
        let peer = Peer { version: VERSION, max_payload, window, schema, capabilities, build };
        Greeting { peer, driver_nonce, device_nonce }
    }
}

/// A hash of two nonces.
fn mix(first: u32, second: u32) -> u32 {
    let mut hash = Crc32::new();
    hash.update(&first.to_le_bytes());
    hash.update(&second.to_le_bytes());
    hash.finish()
}

fn bare(out: &mut [u8], header: Header) -> usize {
    carry(out, header, &[])
}

fn carry(out: &mut [u8], header: Header, packet: &[u8]) -> usize {
    encode(out, |frame| {
        header.emit(|bytes| frame.push(bytes));
        frame.push(packet);
    })
}

fn greet(out: &mut [u8], greeting: &Greeting) -> usize {
    encode(out, |frame| greeting.emit(|bytes| frame.push(bytes)))
}

/// One frame, after a zero that cuts off what is left of a damaged one. A buffer too short, which
/// `Link::new` rules out, sends nothing.
fn encode(out: &mut [u8], body: impl FnOnce(&mut Encoder<'_>)) -> usize {
    let Some((first, room)) = out.split_first_mut() else { return 0 };
    *first = 0;
    let mut frame = Encoder::new(room);
    body(&mut frame);
    frame.finish().map_or(0, |len| 1 + len)
}
