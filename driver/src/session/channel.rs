//! The link of a session and its transport: packets in, packets out, and the time.

use std::time::Duration;

use quintet_protocol::link::{
    Buffers, Channel as LinkChannel, Config, Link, LinkStats, Peer, Received, Role, SendError,
    frame_bytes, receive_bytes,
};
use quintet_protocol::message::{Call, Request};

use super::SessionError;
use super::listen::Listener;
use crate::transport::Transport;

/// Longest packet that the driver handles, in bytes. The device's limit is usually lower.
const MAX_PAYLOAD: usize = 4096;

/// Wire bytes that the device may have under way to us; the operating system buffers as much.
pub const WINDOW: u32 = 48 << 10;

/// Bytes of packets that wait for the device's acknowledgement: requests, and data.
const CONTROL_QUEUE: usize = 16 << 10;
const BULK_QUEUE: usize = 64 << 10;

/// Bytes of packets kept behind one that was lost.
const STORE: usize = WINDOW as usize;

/// A device that lives is heard within this time, since it answers probes.
const QUIET: Duration = Duration::from_secs(4);

/// Bytes given to the transport, or taken from it, at a time.
const PIECE: usize = 16 << 10;

pub(super) struct Channel {
    transport: Box<dyn Transport>,
    link: Link<Vec<u8>>,
    /// When bytes came last.
    heard_at: Duration,
    /// Bytes read; those from `at` on are still to be decoded.
    incoming: Vec<u8>,
    at: usize,
    /// Who hears the device's log.
    pub listener: Option<Listener>,
}

/// What became of one turn of the link.
enum Turn {
    Packet(Vec<u8>),
    Opened,
    Nothing,
}

impl Channel {
    /// Greets the device at the other end of `transport` until it answers.
    pub fn open(transport: Box<dyn Transport>, limit: Duration) -> Result<Self, SessionError> {
        let mut transport = transport;
        let link = new_link(transport.unique());
        let heard_at = transport.now();
        let mut channel =
            Self { transport, link, heard_at, incoming: Vec::new(), at: 0, listener: None };
        channel.greet(limit)?;
        Ok(channel)
    }

    /// Greets the device anew on the same transport, after the session was lost.
    pub fn reopen(&mut self, limit: Duration) -> Result<(), SessionError> {
        self.link = new_link(self.transport.unique());
        self.greet(limit)
    }

    fn greet(&mut self, limit: Duration) -> Result<(), SessionError> {
        let deadline = self.now().saturating_add(limit);
        loop {
            match self.turn(deadline)? {
                Turn::Opened => return Ok(()),
                Turn::Packet(_) => {}
                Turn::Nothing if self.now() >= deadline => {
                    return Err(SessionError::NoAnswer(limit));
                }
                Turn::Nothing => {}
            }
        }
    }

    /// The transport's time.
    pub fn now(&self) -> Duration {
        self.transport.now()
    }

    /// Whether the device has not been heard for so long that it is not there. The link gives up
    /// later, on its own.
    pub fn is_quiet(&self) -> bool {
        self.now() > self.heard_at + QUIET
    }

    /// A number that nobody else has.
    pub fn unique(&mut self) -> u32 {
        self.transport.unique()
    }

    /// What the device has said of itself.
    pub fn peer(&self) -> Option<&Peer> {
        self.link.peer()
    }

    /// What this end of the link has met.
    pub fn stats(&self) -> LinkStats {
        self.link.counts()
    }

    pub fn max_payload(&self) -> usize {
        self.link.max_payload()
    }

    /// Queues a call; returns whether there was room for it. Data, and what asks whether they have
    /// arrived, keep their order and go behind whatever else there is to ask; any other call that
    /// must come after data waits for their replies.
    pub fn try_send(&mut self, call: &Call<'_>, name: &'static str) -> Result<bool, SessionError> {
        let channel = match call.request {
            Request::Write { .. } | Request::Digest { .. } => LinkChannel::Bulk,
            _ => LinkChannel::Control,
        };
        match self.link.send_message(channel, self.link.max_payload(), call) {
            Ok(()) => Ok(true),
            Err(SendError::Full) => Ok(false),
            Err(SendError::TooLong) => Err(SessionError::TooLong { request: name }),
            Err(_) => Err(SessionError::Lost),
        }
    }

    /// Keeps the link going until a packet comes, or the deadline.
    pub fn next_packet(&mut self, deadline: Duration) -> Result<Option<Vec<u8>>, SessionError> {
        loop {
            match self.turn(deadline)? {
                Turn::Packet(packet) => return Ok(Some(packet)),
                Turn::Opened => {}
                Turn::Nothing if !self.link.is_open() => return Err(SessionError::Lost),
                Turn::Nothing if self.now() >= deadline => return Ok(None),
                Turn::Nothing => {}
            }
        }
    }

    /// Sends what is due, and waits for at most one thing to happen.
    fn turn(&mut self, deadline: Duration) -> Result<Turn, SessionError> {
        self.flush()?;
        if self.at >= self.incoming.len() {
            self.read(deadline)?;
        }
        let now = self.millis();
        let rest = self.incoming.get(self.at..).unwrap_or_default();
        let (taken, received) = self.link.receive(rest, true, now);
        self.at += taken;
        if let (Some(Received::Log { bytes, dropped }), Some(listener)) = (received, &self.listener)
        {
            listener.hear(bytes, dropped);
        }
        Ok(match received {
            Some(Received::Packet { bytes, .. }) => Turn::Packet(bytes.to_vec()),
            Some(Received::Opened) => Turn::Opened,
            Some(Received::Lost(error)) => return Err(SessionError::from_link(error)),
            Some(Received::Refused(_) | Received::Log { .. }) | None => Turn::Nothing,
        })
    }

    fn flush(&mut self) -> Result<(), SessionError> {
        let now = self.millis();
        let mut outgoing = Vec::new();
        loop {
            let bytes = self.link.transmit(now);
            outgoing.extend_from_slice(bytes);
            let count = bytes.len();
            self.link.transmitted(count);
            if count == 0 || outgoing.len() >= PIECE {
                if !outgoing.is_empty() {
                    self.transport.write(&outgoing)?;
                }
                outgoing.clear();
            }
            if count == 0 {
                return Ok(());
            }
        }
    }

    /// Waits for bytes until the link or the caller has something else to do.
    fn read(&mut self, deadline: Duration) -> Result<(), SessionError> {
        let mut wait = deadline.saturating_sub(self.now());
        if let Some(at) = self.link.poll_at() {
            wait = wait.min(Duration::from_millis(at.saturating_sub(self.millis())));
        }
        self.at = 0;
        self.incoming.resize(PIECE, 0);
        let read = self.transport.read(&mut self.incoming, wait);
        self.incoming.truncate(*read.as_ref().unwrap_or(&0));
        if read? > 0 {
            self.heard_at = self.now();
        }
        Ok(())
    }

    fn millis(&self) -> u64 {
        self.now().as_millis() as u64
    }
}

fn new_link(nonce: u32) -> Link<Vec<u8>> {
    let buffers = Buffers {
        receive: vec![0; receive_bytes(MAX_PAYLOAD)],
        frame: vec![0; frame_bytes(MAX_PAYLOAD)],
        control: vec![0; CONTROL_QUEUE],
        bulk: vec![0; BULK_QUEUE],
        store: vec![0; STORE],
        log: Vec::new(),
    };
    Link::new(Role::Driver, Config::driver(WINDOW, nonce), buffers)
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.link.close();
        // The pipe may be gone already, and then the device need not be told.
        let _ = self.flush();
    }
}
