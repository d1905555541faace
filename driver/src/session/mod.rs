//! A session with a device: requests and replies, uploads, runs.

mod channel;
mod error;
mod limits;
mod listen;
mod load;
mod pump;
mod recover;
pub mod run;
mod upload;

use std::time::Duration;

use quintet_protocol::accelerator::Presence;
use quintet_protocol::link::{LinkStats, Peer};
use quintet_protocol::message::{
    Call, LinkReport, REPLY_OVERHEAD, Reply, Request, Status, Ticks, ToDriver, decode,
};

use crate::transport::Transport;
use channel::Channel;
pub use channel::WINDOW;
pub use error::SessionError;
pub use limits::Limits;
use listen::Listener;
pub use load::Blob;
pub use pump::Pumped;
pub use recover::{Dialer, Recovered};
pub use upload::Uploaded;

/// Most bytes that a [`Call`] adds to the bytes it carries: id, request, offset and length as
/// varints.
const CALL_BYTES: usize = 3 + 1 + 5 + 3;

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
    /// Its accelerator.
    pub accelerator: Presence,
}

/// A session with a device. Dropping it tells the device, which then stops a run that is under way.
pub struct Session {
    // Dropped in this order: the device hears of the end while the dialer keeps it alive.
    channel: Option<Channel>,
    dialer: Option<Box<dyn Dialer>>,
    limits: Limits,
    next_id: u16,
    /// Claims and tickets are numbered from a place where nobody else starts.
    next_number: u32,
    /// What the arena is ours by, since [`Session::clear`].
    claim: Option<u32>,
    /// The last run.
    ticket: Option<u32>,
    /// Whether the device was found not to hold any more what it was sent.
    forgotten: bool,
    /// Who hears the device's log.
    listener: Option<Listener>,
}

impl Session {
    /// Greets the device at the other end of `transport`. When that session is lost, it is lost.
    ///
    /// # Errors
    ///
    /// [`SessionError::NoAnswer`], [`SessionError::Version`] or [`SessionError::Pipe`].
    pub fn open(transport: Box<dyn Transport>, limits: Limits) -> Result<Self, SessionError> {
        let mut channel = Channel::open(transport, limits.connect)?;
        let next_number = channel.unique();
        Ok(Self {
            channel: Some(channel),
            dialer: None,
            limits,
            next_id: 0,
            next_number,
            claim: None,
            ticket: None,
            forgotten: false,
            listener: None,
        })
    }

    /// Greets the device that `dialer` reaches, and does so again when the session is lost.
    ///
    /// # Errors
    ///
    /// As [`Session::open`]. A pipe that breaks in the middle of the greeting is opened again, for
    /// [`Limits::connect`] at most; one that cannot be opened to begin with is told at once.
    pub fn dial(mut dialer: Box<dyn Dialer>, limits: Limits) -> Result<Self, SessionError> {
        let give_up = dialer.now().saturating_add(limits.connect);
        let mut pipe = dialer.dial();
        loop {
            let error = match Self::open(pipe?, limits) {
                Err(SessionError::Pipe(error)) if dialer.now() < give_up => error,
                opened => return Ok(Self { dialer: Some(dialer), ..opened? }),
            };
            pipe = Err(error);
            while pipe.is_err() && dialer.now() < give_up {
                dialer.pause(recover::PAUSES[0]);
                pipe = dialer.dial();
            }
        }
    }

    /// Gives runs this long from now on, if they have longer.
    pub(crate) fn limit_run(&mut self, limit: Duration) {
        self.limits.run = Some(self.limits.run.map_or(limit, |now| now.min(limit)));
    }

    /// What the device has said of itself in the handshake; `None` while it is lost.
    pub fn peer(&self) -> Option<&Peer> {
        self.channel.as_ref().and_then(Channel::peer)
    }

    /// What the link has met at this end, on its present pipe.
    pub fn link_stats(&self) -> LinkStats {
        self.channel.as_ref().map(Channel::stats).unwrap_or_default()
    }

    /// Asks the device what the link has met at its end.
    ///
    /// # Errors
    ///
    /// As [`Session::call`].
    pub fn device_link(&mut self) -> Result<LinkReport, SessionError> {
        self.call(Request::Link, |reply| match reply {
            Reply::Link(report) => Some(report),
            _ => None,
        })
    }

    /// Longest packet of this session, in bytes; zero while the device is lost.
    pub fn max_payload(&self) -> usize {
        self.channel.as_ref().map_or(0, Channel::max_payload)
    }

    /// Sends a request and waits for its reply, of which `take` takes what it needs. If the session
    /// is lost meanwhile and taken up again, the request is repeated, but for [`Request::Run`].
    ///
    /// # Errors
    ///
    /// [`SessionError::Unexpected`] if `take` returns `None`; [`SessionError::Refused`],
    /// [`SessionError::Timeout`]; [`SessionError::Forgotten`] if the device was reset and the
    /// request is about what it held; and whatever ends a session.
    pub fn call<T>(
        &mut self,
        request: Request<'_>,
        take: impl Fn(Reply<'_>) -> Option<T>,
    ) -> Result<T, SessionError> {
        let mut give_up = None;
        loop {
            if is_about_memory(&request) {
                self.refuse_if_forgotten()?;
            }
            let error = match self.ask(request, &take) {
                Err(error) if error.is_loss() && !matches!(request, Request::Run { .. }) => error,
                other => return other,
            };
            let fresh = self.now().saturating_add(self.limits.recover);
            self.recover_until(*give_up.get_or_insert(fresh), error)?;
        }
    }

    /// As [`Session::call`], once.
    fn ask<T>(
        &mut self,
        request: Request<'_>,
        take: &impl Fn(Reply<'_>) -> Option<T>,
    ) -> Result<T, SessionError> {
        let name = name(&request);
        let id = self.take_id();
        let deadline = self.now().saturating_add(self.limits.answer);
        while !self.channel()?.try_send(&Call { id, request }, name)? {
            // Full of calls whose replies nobody waits for any more.
            self.next_reply(name, deadline, |_, _| ())?;
        }
        loop {
            let taken = self.next_reply(name, deadline, |got, reply| match reply {
                Reply::Refused(refusal) if got == id => Some(Err(refusal)),
                reply if got == id => Some(Ok(take(reply))),
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
                accelerator: it.accelerator,
            }),
            _ => None,
        })
    }

    /// Makes the device forget its program, and claims its memory for what is sent from now on.
    ///
    /// # Errors
    ///
    /// As [`Session::call`].
    pub fn clear(&mut self) -> Result<(), SessionError> {
        let claim = self.take_number();
        self.call(Request::Clear { claim }, done)?;
        (self.claim, self.forgotten) = (Some(claim), false);
        Ok(())
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

    /// Copies `length` bytes of the arena back, from `offset` on.
    ///
    /// # Errors
    ///
    /// As [`Session::call`].
    pub fn download(&mut self, offset: u32, length: u32) -> Result<Vec<u8>, SessionError> {
        let mut all = Vec::new();
        while (all.len() as u32) < length {
            let at = all.len() as u32;
            let most = self.max_payload().saturating_sub(REPLY_OVERHEAD) as u32;
            if most == 0 {
                return Err(SessionError::TooLong { request: "read" });
            }
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

    /// Waits for the next reply; events of a run that was given up are passed over.
    fn next_reply<T>(
        &mut self,
        request: &'static str,
        deadline: Duration,
        take: impl FnOnce(u16, Reply<'_>) -> T,
    ) -> Result<T, SessionError> {
        loop {
            let Some(packet) = self.channel()?.next_packet(deadline)? else {
                return Err(self.late(request));
            };
            match decode(&packet) {
                Ok(ToDriver::Reply { id, reply }) => return Ok(take(id, reply)),
                Ok(ToDriver::Event(_)) => {}
                Err(_) => return Err(SessionError::Unexpected { request }),
            }
        }
    }

    /// Why there is no answer in time: the device is not there, or does not answer.
    fn late(&self, request: &'static str) -> SessionError {
        match &self.channel {
            Some(channel) if channel.is_quiet() => SessionError::Silent,
            _ => SessionError::Timeout { request, after: self.limits.answer },
        }
    }

    /// The transport's time, or the dialer's without one.
    pub(crate) fn now(&self) -> Duration {
        let ticking = self.channel.as_ref().map(Channel::now);
        ticking.or_else(|| self.dialer.as_ref().map(|dialer| dialer.now())).unwrap_or_default()
    }

    fn channel(&mut self) -> Result<&mut Channel, SessionError> {
        self.channel.as_mut().ok_or(SessionError::Lost)
    }

    fn refuse_if_forgotten(&self) -> Result<(), SessionError> {
        if self.forgotten { Err(SessionError::Forgotten) } else { Ok(()) }
    }

    fn take_number(&mut self) -> u32 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        number
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

/// Whether a request relies on what the device was sent before.
fn is_about_memory(request: &Request<'_>) -> bool {
    use Request::{Abort, Clear, Describe, Link, Log, Status};
    !matches!(request, Describe | Clear { .. } | Abort | Log | Link | Status)
}

/// A request's name, for messages.
fn name(request: &Request<'_>) -> &'static str {
    match request {
        Request::Describe => "describe",
        Request::Clear { .. } => "clear",
        Request::Write { .. } => "write",
        Request::Digest { .. } => "digest",
        Request::Read { .. } => "read",
        Request::Install { .. } => "install",
        Request::Run { .. } => "run",
        Request::Abort => "abort",
        Request::Log => "log",
        Request::Link => "link",
        Request::Status => "status",
        Request::Supply { .. } => "supply",
        _ => "request",
    }
}
