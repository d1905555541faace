//! The device: serves the link, and between two looks at it does a step of the run.

use crate::arena::Arena;
use crate::backend::Backend;
use crate::log::{LOG_BYTES_MAX, LogRing, log};
use crate::pager::Need;
use crate::port::{Clock, Port};
use crate::run::Progress;
use crate::server::Server;
use quintet_protocol::copy;
use quintet_protocol::link::{
    Buffers, BuildId, Channel, Config, LOG_PAYLOAD, Link, LinkStats, Received, Role, capability,
    frame_bytes, queue_bytes, receive_bytes, store_bytes,
};
use quintet_protocol::message::{
    Call, Event, LinkReport, REPLY_OVERHEAD, Refusal, Reply, Request, ToDriver, decode,
};

/// Longest packet a device takes or sends, in bytes: 8 KiB hold three of them on the wire, in a
/// board's receive buffer, and one in the store. Three keep a line of 3 Mbaud busy. Short ones take
/// a quarter of the memory, and 4 % of the line for their frames.
pub const PAYLOAD: usize = if cfg!(feature = "little-ram") { 504 } else { 2016 };
/// Replies that may wait for their acknowledgement.
const CONTROL_QUEUE: usize = 3;
/// Events that may.
const BULK_QUEUE: usize = 4;
/// Packets that are kept behind one that was lost.
const STORE: usize = 1;
/// Longest logs that may wait for the line.
const LOGS: usize = 2;
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
    /// Build id of the firmware image.
    pub build: BuildId,
}

/// The memory of a device beside its arena; a board keeps one in a `static`.
pub struct Memory {
    receive: [u8; receive_bytes(PAYLOAD)],
    frame: [u8; frame_bytes(PAYLOAD)],
    control: [u8; CONTROL_QUEUE * queue_bytes(PAYLOAD)],
    bulk: [u8; BULK_QUEUE * queue_bytes(PAYLOAD)],
    store: [u8; STORE * store_bytes(PAYLOAD)],
    log: [u8; LOGS * queue_bytes(LOG_PAYLOAD)],
    staging: [u8; PAYLOAD - REPLY_OVERHEAD],
}

impl Memory {
    /// Zeroed memory.
    pub const fn new() -> Self {
        Self {
            receive: [0; _],
            frame: [0; _],
            control: [0; _],
            bulk: [0; _],
            store: [0; _],
            log: [0; _],
            staging: [0; _],
        }
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
    /// As `Idle`, or until the accelerator interrupts, which is at work.
    Waiting(Option<u64>),
}

/// A device.
pub struct Device<'a, P, C, B> {
    link: Link<&'a mut [u8]>,
    staging: &'a mut [u8],
    port: P,
    clock: C,
    server: Server<'a, B>,
    logs: Option<&'a LogRing>,
    /// Whether this session's driver wants them.
    listened: bool,
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
        let Memory { receive, frame, control, bulk, store, log, staging } = memory;
        let buffers = Buffers::<&mut [u8]> { receive, frame, control, bulk, store, log };
        let config = Config {
            capabilities: backend.operators() & capability::OPERATORS,
            build: identity.build,
            ..Config::device(identity.window, identity.nonce)
        };
        let ticks = clock.unit();
        let server = Server::new(identity, ticks, Arena::new(arena), backend);
        log!(info, "{=str} ready, window of {=u32} bytes", identity.board, identity.window);
        let link = Link::new(Role::Device, config, buffers);
        Self { link, staging, port, clock, server, logs: None, listened: false }
    }

    /// From now on the device sends the log messages of this ring to a driver that wants them.
    pub fn add_logs(&mut self, logs: &'a LogRing) {
        self.link.add_capability(capability::LOG);
        self.logs = Some(logs);
    }

    /// The port, for a board that waits on it.
    pub fn port(&mut self) -> &mut P {
        &mut self.port
    }

    /// Serves the link and does a step of the run, if one is under way. Call it in a loop; when it
    /// says [`Activity::Idle`], sleeping until the next interrupt is fine.
    pub fn poll(&mut self) -> Activity {
        match self.turn() {
            Activity::Busy => Activity::Busy,
            Activity::Idle(_) => Activity::Idle(self.link.poll_at()),
            Activity::Waiting(until) => {
                Activity::Waiting([until, self.link.poll_at()].into_iter().flatten().min())
            }
        }
    }

    /// As [`Device::poll`], for a board that sleeps for a few milliseconds at most: the link does not
    /// say when it has to be served next.
    pub fn turn(&mut self) -> Activity {
        let now = self.clock.millis();
        let received = self.receive(now);
        let room = self.link.has_room_for(Channel::Bulk, 1);
        let run = if self.server.is_running() && room { self.step() } else { Activity::Idle(None) };
        self.send_logs();
        let sent = self.transmit(now);
        match run {
            _ if received || sent => Activity::Busy,
            run => run,
        }
    }

    /// Whether the longest reply could be queued now, on whichever channel it goes.
    fn has_room(&self) -> bool {
        self.link.has_room_for(Channel::Control, 1)
            && (self.server.is_running() || self.link.has_room_for(Channel::Bulk, 1))
    }

    fn receive(&mut self, now: u64) -> bool {
        let mut input = [0; INPUT];
        let count = self.port.read(&mut input);
        let mut rest = input.get(..count).unwrap_or_default();
        loop {
            // Without room for an answer a request waits in the link, or at the driver.
            let room = self.has_room();
            let most = self.link.max_payload();
            let carried = most.saturating_sub(REPLY_OVERHEAD).min(self.staging.len());
            let (taken, event) = self.link.receive(rest, room, now);
            rest = rest.get(taken..).unwrap_or_default();
            match event {
                None => return count > 0,
                Some(Received::Opened) => {
                    log!(info, "session opened");
                    self.forget_driver();
                }
                Some(Received::Lost(error)) => {
                    let counts = self.link.counts();
                    log!(info, "session ended: {}", error);
                    log!(debug, "damaged {=u32}, sent again {=u32}", counts.damaged, counts.resent);
                    self.forget_driver();
                }
                // The link has told the driver.
                Some(Received::Refused(error)) => log!(warn, "session refused: {}", error),
                // Drivers send none.
                Some(Received::Log { .. }) => {}
                Some(Received::Packet { bytes, .. }) => {
                    let call = decode::<Call>(bytes);
                    let starts = matches!(call, Ok(Call { request: Request::Run { .. }, .. }));
                    // The events of the run before, which may still wait, must not come after it.
                    let behind_events = starts && !self.server.is_running();
                    let channel = if behind_events { Channel::Bulk } else { Channel::Control };
                    let (id, reply) = match call {
                        Ok(Call { id, request: Request::Link }) => {
                            let overruns = self.port.overruns();
                            let stats = LinkStats { overruns, ..self.link.counts() };
                            (id, Reply::Link(LinkReport { stats, ticks: self.clock.ticks() }))
                        }
                        Ok(call) => {
                            self.listened |= call.request == Request::Log;
                            let staging = self.staging.get_mut(..carried).unwrap_or_default();
                            (call.id, self.server.answer(&call.request, staging))
                        }
                        Err(_) => (0, Reply::Refused(Refusal::Malformed)),
                    };
                    let reply = ToDriver::Reply { id, reply };
                    if self.link.send_message(channel, most, &reply).is_err() {
                        // There was room for the longest packet, so this driver's are too short.
                        let reply = Reply::Refused(Refusal::TooLong { length: most as u32 + 1 });
                        let reply = ToDriver::Reply { id, reply };
                        // Where that does not fit either, there is nothing that can be said.
                        let _ = self.link.send_message(channel, most, &reply);
                    }
                }
            }
        }
    }

    /// Does a step of the run, which may have to wait for the driver or the accelerator.
    fn step(&mut self) -> Activity {
        let most = self.link.max_payload();
        let room = most.saturating_sub(REPLY_OVERHEAD).min(self.staging.len());
        let staging = self.staging.get_mut(..room).unwrap_or_default();
        let event = match self.server.step(staging, &mut self.clock) {
            // A failure ends the run, and the server has made an outcome of it.
            Progress::Nothing | Progress::Failed(..) => return Activity::Busy,
            Progress::Starved => return Activity::Idle(None),
            Progress::Waiting(until) => return Activity::Waiting(until),
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
            Progress::Accelerated(command, receipt) => Event::Accelerated { command, receipt },
            Progress::Need(Need { need, buffer, page, length }) => {
                Event::Need { need, buffer, page, length }
            }
            Progress::Finished(outcome) => Event::Finished(outcome),
        };
        let sent = self.link.send_message(Channel::Bulk, most, &ToDriver::Event(event));
        debug_assert!(sent.is_ok());
        Activity::Busy
    }

    /// The driver that this was all for is gone.
    fn forget_driver(&mut self) {
        self.listened = false;
        self.server.forget_run();
    }

    /// Hands the link as many log messages as it has room for, if somebody listens.
    fn send_logs(&mut self) {
        // Without `defmt` there is nothing to send, and no code that would.
        let logs = self.logs.filter(|_| self.listened && cfg!(feature = "defmt"));
        let Some(logs) = logs else { return };
        let mut buffer = [0; LOG_BYTES_MAX];
        while logs.next_len().is_some_and(|len| len <= self.link.log_capacity()) {
            let Some(message) = logs.take(&mut buffer) else { return };
            // An offer of nothing is counted as one that was dropped.
            for _ in 0..message.lost {
                self.link.send_log(0, |_| None);
            }
            self.link.send_log(message.bytes.len(), |to| {
                copy(message.bytes, to);
                Some(to.len())
            });
        }
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
