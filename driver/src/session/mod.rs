//! A session with a device: requests and replies, uploads, runs.

mod channel;
mod error;
pub mod run;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use quintet_protocol::crc::crc32;
use quintet_protocol::message::{Call, Reply, Request, Status, Ticks, ToDriver, decode};

use crate::transport::Transport;
use channel::Channel;
pub use error::SessionError;

/// Most bytes that a [`Call`] adds to the bytes it carries: id, request, offset and length as
/// varints.
const CALL_BYTES: usize = 3 + 1 + 5 + 3;

/// Most bytes that a reply adds to the bytes it carries.
const REPLY_BYTES: usize = 1 + 3 + 1 + 3;

/// Bytes of an upload that are checksummed at once; a device takes up to 1 MiB.
const CHECKED_BYTES: usize = 256 << 10;

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// For the handshake. A board may have to boot first.
    pub connect: Duration,
    /// For each answer, while the link itself is alive.
    pub answer: Duration,
    /// For a run, from its start to its last event; `None` for as long as the device lives.
    pub run: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), answer: Duration::from_secs(10), run: None }
    }
}

/// [`quintet_protocol::message::Description`], owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceDescription {
    /// Board name, as in the folder under `boards/`.
    pub board: String,
    /// Version of the firmware.
    pub firmware: String,
    /// Instruction set or host the kernels were built for.
    pub target: String,
    /// Bytes of arena.
    pub arena_bytes: u32,
    /// Bit `1 << operator` is set for every operator that the firmware executes.
    pub operators: u32,
    /// What run costs are counted in.
    pub ticks: Ticks,
}

/// An open session. Dropping it tells the device, which then stops a run that is under way.
pub struct Session {
    channel: Channel,
    limits: Limits,
    next_id: u16,
}

impl Session {
    /// Greets the device at the other end of `transport`.
    ///
    /// # Errors
    ///
    /// [`SessionError::NoAnswer`], [`SessionError::Version`] or [`SessionError::Pipe`].
    pub fn open(transport: Box<dyn Transport>, limits: Limits) -> Result<Self, SessionError> {
        let channel = Channel::open(transport, limits.connect)?;
        Ok(Self { channel, limits, next_id: 0 })
    }

    /// Longest packet of this session, in bytes.
    pub fn max_payload(&self) -> usize {
        self.channel.max_payload()
    }

    /// Sends a request and waits for its reply, of which `take` takes what it needs.
    ///
    /// # Errors
    ///
    /// [`SessionError::Unexpected`] if `take` returns `None`; [`SessionError::Refused`],
    /// [`SessionError::Timeout`], and whatever ends a session.
    pub fn call<T>(
        &mut self,
        request: Request<'_>,
        take: impl FnOnce(Reply<'_>) -> Option<T>,
    ) -> Result<T, SessionError> {
        let name = name(&request);
        let id = self.take_id();
        let deadline = Instant::now() + self.limits.answer;
        while !self.channel.try_send(&Call { id, request }, name)? {
            // Full of calls whose replies nobody waits for any more.
            self.next_reply(name, deadline, |_, _| ())?;
        }
        let mut take = Some(take);
        loop {
            let taken = self.next_reply(name, deadline, |got, reply| match reply {
                Reply::Refused(refusal) if got == id => Some(Err(refusal)),
                reply if got == id => take.take().map(|take| Ok(take(reply))),
                _ => None,
            })?;
            match taken {
                None => {}
                Some(Ok(Some(taken))) => return Ok(taken),
                Some(Ok(None)) => return Err(SessionError::Unexpected { request: name }),
                Some(Err(refusal)) => return Err(SessionError::Refused { request: name, refusal }),
            }
        }
    }

    /// Asks the device what it is.
    ///
    /// # Errors
    ///
    /// As [`Session::call`].
    pub fn describe(&mut self) -> Result<DeviceDescription, SessionError> {
        self.call(Request::Describe, |reply| match reply {
            Reply::Description(it) => Some(DeviceDescription {
                board: it.board.into(),
                firmware: it.firmware.into(),
                target: it.target.into(),
                arena_bytes: it.arena_bytes,
                operators: it.operators,
                ticks: it.ticks,
            }),
            _ => None,
        })
    }

    /// Makes the device forget its program.
    ///
    /// # Errors
    ///
    /// As [`Session::call`].
    pub fn clear(&mut self) -> Result<(), SessionError> {
        self.call(Request::Clear, done)
    }

    /// Installs the program that lies at `offset`, a multiple of 4, for `length` bytes.
    ///
    /// # Errors
    ///
    /// As [`Session::call`]; a program that is not accepted is [`SessionError::Refused`].
    pub fn install(&mut self, offset: u32, length: u32) -> Result<(), SessionError> {
        self.call(Request::Install { offset, length }, done)
    }

    /// Asks the device what it is doing.
    ///
    /// # Errors
    ///
    /// As [`Session::call`].
    pub fn status(&mut self) -> Result<Status, SessionError> {
        self.call(Request::Status, |reply| match reply {
            Reply::Status(status) => Some(status),
            _ => None,
        })
    }

    /// Stops a run that an earlier driver, or an earlier error, has left under way.
    ///
    /// # Errors
    ///
    /// As [`Session::call`].
    pub fn abort(&mut self) -> Result<(), SessionError> {
        self.call(Request::Abort, done)
    }

    /// The CRC-32 of `length` bytes of the arena from `offset` on.
    ///
    /// # Errors
    ///
    /// As [`Session::call`].
    pub fn checksum(&mut self, offset: u32, length: u32) -> Result<u32, SessionError> {
        self.call(Request::Checksum { offset, length }, |reply| match reply {
            Reply::Checksum(crc) => Some(crc),
            _ => None,
        })
    }

    /// Copies `length` bytes of the arena back, from `offset` on.
    ///
    /// # Errors
    ///
    /// As [`Session::call`].
    pub fn download(&mut self, offset: u32, length: u32) -> Result<Vec<u8>, SessionError> {
        let most = (self.max_payload() - REPLY_BYTES) as u32;
        let mut all = Vec::new();
        while (all.len() as u32) < length {
            let at = all.len() as u32;
            let piece = most.min(length - at);
            let request = Request::Read { offset: offset.saturating_add(at), length: piece };
            let bytes = self.call(request, |reply| match reply {
                Reply::Bytes(bytes) if bytes.len() == piece as usize => Some(bytes.to_vec()),
                _ => None,
            })?;
            all.extend(bytes);
        }
        Ok(all)
    }

    /// Puts `bytes` at byte `offset` of the arena and has the device checksum them; once more if
    /// they have arrived damaged. `progress` hears how many bytes have been taken.
    ///
    /// # Errors
    ///
    /// [`SessionError::Damaged`] after the second time; [`SessionError::Timeout`] if nothing moves
    /// for [`Limits::answer`]; else as [`Session::call`].
    pub fn upload(
        &mut self,
        offset: u32,
        bytes: &[u8],
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), SessionError> {
        let mut before = 0;
        for piece in bytes.chunks(CHECKED_BYTES) {
            // Saturates past the end of any arena, where the device refuses.
            let offset = offset.saturating_add(before as u32);
            self.upload_piece(offset, piece, &mut |sent| progress(before + sent))?;
            before += piece.len();
        }
        Ok(())
    }

    fn upload_piece(
        &mut self,
        offset: u32,
        piece: &[u8],
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), SessionError> {
        let length = piece.len() as u32;
        for _ in 0..2 {
            self.write_all(offset, piece, progress)?;
            if self.checksum(offset, length)? == crc32(piece) {
                return Ok(());
            }
        }
        Err(SessionError::Damaged { offset, length })
    }

    /// Keeps as many writes under way as the link takes.
    fn write_all(
        &mut self,
        offset: u32,
        bytes: &[u8],
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), SessionError> {
        const NAME: &str = "write";
        let mut pieces = bytes.chunks(self.max_payload() - CALL_BYTES).peekable();
        // Saturates past the end of any arena, where the device refuses.
        let mut sent = 0u32;
        let mut done = 0;
        let mut under_way = VecDeque::new();
        while pieces.peek().is_some() || !under_way.is_empty() {
            while let Some(&piece) = pieces.peek() {
                let id = self.next_id;
                let request = Request::Write { offset: offset.saturating_add(sent), bytes: piece };
                if !self.channel.try_send(&Call { id, request }, NAME)? {
                    break;
                }
                self.take_id();
                under_way.push_back((id, piece.len()));
                sent = sent.saturating_add(piece.len() as u32);
                pieces.next();
            }
            let oldest = under_way.front().copied();
            let deadline = Instant::now() + self.limits.answer;
            let answer = self.next_reply(NAME, deadline, |id, reply| match (oldest, reply) {
                (Some((first, len)), Reply::Done) if id == first => Ok(len),
                (Some((first, _)), Reply::Refused(refusal)) if id == first => Err(Some(refusal)),
                (Some((first, _)), _) if id == first => Err(None),
                // A late reply to a call that was given up.
                _ => Ok(0),
            })?;
            match answer {
                Ok(0) => {}
                Ok(len) => {
                    under_way.pop_front();
                    done += len;
                    progress(done);
                }
                Err(None) => return Err(SessionError::Unexpected { request: NAME }),
                Err(Some(refusal)) => return Err(SessionError::Refused { request: NAME, refusal }),
            }
        }
        Ok(())
    }

    /// Waits for the next reply; events of a run that was given up are passed over.
    fn next_reply<T>(
        &mut self,
        request: &'static str,
        deadline: Instant,
        take: impl FnOnce(u16, Reply<'_>) -> T,
    ) -> Result<T, SessionError> {
        loop {
            let Some(packet) = self.channel.next_packet(deadline)? else {
                return Err(SessionError::Timeout { request, after: self.limits.answer });
            };
            match decode(&packet) {
                Ok(ToDriver::Reply { id, reply }) => return Ok(take(id, reply)),
                Ok(ToDriver::Event(_)) => {}
                Err(_) => return Err(SessionError::Unexpected { request }),
            }
        }
    }

    fn take_id(&mut self) -> u16 {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        id
    }
}

fn done(reply: Reply<'_>) -> Option<()> {
    (reply == Reply::Done).then_some(())
}

/// A request's name, for messages.
fn name(request: &Request<'_>) -> &'static str {
    match request {
        Request::Describe => "describe",
        Request::Clear => "clear",
        Request::Write { .. } => "write",
        Request::Checksum { .. } => "checksum",
        Request::Read { .. } => "read",
        Request::Install { .. } => "install",
        Request::Run => "run",
        Request::Abort => "abort",
        Request::Status => "status",
        Request::Supply { .. } => "supply",
        _ => "request",
    }
}
