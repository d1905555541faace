//! The device: serves the link, and between two looks at it does a step of the run.

use crate::arena::Arena;
use crate::backend::Backend;
use crate::pager::Need;
use crate::port::{Clock, Port};
use crate::run::Progress;
use crate::server::Server;
use quintet_protocol::link::{
    Buffers, Config, Link, Received, Role, frame_bytes, queue_bytes, receive_bytes,
};
use quintet_protocol::message::{Call, Event, Refusal, Reply, ToDriver, decode};

/// Longest packet a device takes or sends, in bytes.
pub const PAYLOAD: usize = 2048;
/// Packets that may wait for their acknowledgement.
const QUEUE: usize = 6;
/// Most bytes that a [`ToDriver`] adds to the bytes it carries.
const OVERHEAD: usize = 24;
/// Bytes taken from the port at once.
const INPUT: usize = 512;

/// What a board is, for [`Reply::Description`].
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Board name, as in the folder under `boards/`.
    pub board: &'static str,
    /// Instruction set or host, e.g. `thumbv7em`.
    pub target: &'static str,
    /// Bytes that the port's receive buffer holds.
    pub window: u32,
    /// Makes sessions of different boots differ, as far as the board can.
    pub nonce: u32,
}

/// The memory of a device beside its arena; a board keeps one in a `static`.
pub struct Memory {
    receive: [u8; receive_bytes(PAYLOAD)],
    frame: [u8; frame_bytes(PAYLOAD)],
    queue: [u8; QUEUE * queue_bytes(PAYLOAD)],
    staging: [u8; PAYLOAD - OVERHEAD],
}

impl Memory {
    /// Zeroed memory.
    pub const fn new() -> Self {
        Self { receive: [0; _], frame: [0; _], queue: [0; _], staging: [0; _] }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// What a poll did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// There may be more to do at once.
    Busy,
    /// Nothing to do until bytes arrive or the clock shows this many milliseconds.
    Idle(Option<u64>),
}

/// A device.
pub struct Device<'a, P, C, B> {
    link: Link<&'a mut [u8]>,
    staging: &'a mut [u8],
    port: P,
    clock: C,
    server: Server<'a, B>,
}

impl<'a, P: Port, C: Clock, B: Backend> Device<'a, P, C, B> {
    /// A device that waits for its driver.
    pub fn new(
        identity: Identity,
        memory: &'a mut Memory,
        arena: &'a mut [u32],
        port: P,
        clock: C,
        backend: B,
    ) -> Self {
        let Memory { receive, frame, queue, staging } = memory;
        let buffers = Buffers::<&mut [u8]> { receive, frame, queue };
        let config = Config::device(identity.window, identity.nonce);
        let ticks = clock.unit();
        let server = Server::new(identity, ticks, Arena::new(arena), backend);
        Self { link: Link::new(Role::Device, config, buffers), staging, port, clock, server }
    }

    /// The port, for a board that waits on it.
    pub fn port(&mut self) -> &mut P {
        &mut self.port
    }

    /// Serves the link and does a step of the run, if one is under way. Call it in a loop; when it
    /// says [`Activity::Idle`], sleeping until the next interrupt is fine.
    pub fn poll(&mut self) -> Activity {
        let now = self.clock.millis();
        let received = self.receive(now);
        // An event leaves room for a reply, so that requests get through during a run.
        let stepped = self.server.is_running() && self.link.has_room_for(2) && self.step();
        let sent = self.transmit(now);
        if received || stepped || sent {
            Activity::Busy
        } else {
            Activity::Idle(self.link.poll_at())
        }
    }

    /// Whether the longest packet could be queued now.
    fn has_room(&self) -> bool {
        self.link.send_capacity() >= self.link.max_payload()
    }

    fn receive(&mut self, now: u64) -> bool {
        let mut input = [0; INPUT];
        let count = self.port.read(&mut input);
        let mut rest = input.get(..count).unwrap_or_default();
        loop {
            let most = self.link.max_payload();
            let carried = most.saturating_sub(OVERHEAD);
            // Without room for an answer a request is dropped, and asked for again when there is.
            let room = self.has_room();
            let (taken, event) = self.link.receive(rest, room, now);
            rest = rest.get(taken..).unwrap_or_default();
            match event {
                None => return count > 0,
                Some(Received::Opened | Received::Lost(_)) => self.server.forget_run(),
                Some(Received::Packet { bytes, .. }) => {
                    let (id, reply) = match decode::<Call>(bytes) {
                        Ok(call) => (call.id, self.server.answer(&call.request, carried)),
                        Err(_) => (0, Reply::Refused(Refusal::Malformed)),
                    };
                    if self.link.send_message(most, &ToDriver::Reply { id, reply }).is_err() {
                        // There was room for the longest packet, so this driver's are too short.
                        let reply = Reply::Refused(Refusal::TooLong { length: most as u32 + 1 });
                        // Where that does not fit either, there is nothing that can be said.
                        let _ = self.link.send_message(most, &ToDriver::Reply { id, reply });
                    }
                }
            }
        }
    }

    /// Does a step of the run; false if it waits for the driver.
    fn step(&mut self) -> bool {
        let most = self.link.max_payload();
        let room = most.saturating_sub(OVERHEAD).min(self.staging.len());
        let staging = self.staging.get_mut(..room).unwrap_or_default();
        let event = match self.server.step(staging, &mut self.clock) {
            Progress::Nothing => return true,
            Progress::Starved => return false,
            Progress::Pixels(run) => Event::Pixels {
                buffer: run.buffer,
                x: run.x,
                y: run.y,
                width: run.width,
                bytes: staging.get(..run.bytes).unwrap_or_default(),
            },
            Progress::Cost(command, cost) => {
                Event::Cost { command, phase: cost.phase, ticks: cost.ticks, items: cost.items }
            }
            Progress::Need(Need { need, buffer, page, length }) => {
                Event::Need { need, buffer, page, length }
            }
            Progress::Finished(outcome) => Event::Finished(outcome),
        };
        let sent = self.link.send_message(most, &ToDriver::Event(event));
        debug_assert!(sent.is_ok());
        true
    }

    fn transmit(&mut self, now: u64) -> bool {
        let mut sent = false;
        loop {
            let bytes = self.link.transmit(now);
            if bytes.is_empty() {
                return sent;
            }
            let count = self.port.write(bytes);
            self.link.transmitted(count);
            if count == 0 {
                return sent;
            }
            sent = true;
        }
    }
}
