//! A simulated bad cable, and a link end with an application on it. Deterministic: every run with
//! the same seed is the same to the last byte.

#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::VecDeque;
use std::time::Duration;

use quintet_protocol::fault::{FaultInjector, Faults, Random};
use quintet_protocol::link::{
    Buffers, Channel, Config, LOG_PAYLOAD, Link, LinkError, Received, Role, SendError, frame_bytes,
    queue_bytes, receive_bytes,
};

/// What a cable is like.
#[derive(Clone, Copy)]
pub struct Cable {
    /// Nanoseconds that a byte takes: 10 bit times for 8N1.
    pub byte_ns: u64,
    /// Nanoseconds from one end to the other.
    pub latency_ns: u64,
    /// What goes wrong in each direction.
    pub faults: Faults,
    /// Bytes that the receiving end holds; more are lost.
    pub ring: usize,
}

impl Cable {
    /// A UART whose bytes are lost, have a bit flipped or come twice with a probability of `noise`.
    pub fn uart(baud: u64, round_trip_ms: u64, noise: f64) -> Self {
        let latency_ns = round_trip_ms * 500_000;
        let faults = Faults::noise(noise, 0);
        Self { byte_ns: 10_000_000_000 / baud, latency_ns, faults, ring: usize::MAX }
    }
}

/// One direction of a cable.
pub struct Pipe {
    cable: Cable,
    injector: FaultInjector,
    /// Bytes with the time at which they arrive.
    flying: VecDeque<(u64, u8)>,
    arrived: VecDeque<u8>,
    busy_until: u64,
    pub overruns: u64,
    /// Bytes that went in.
    pub carried: u64,
    /// Times that the end which the bytes go to was to reboot.
    pub resets: u32,
}

impl Pipe {
    /// Bytes in the sending UART's own buffer.
    const FIFO: u64 = 32;

    pub fn new(cable: Cable, stream: u64) -> Self {
        Self {
            cable,
            injector: FaultInjector::new(cable.faults, stream),
            flying: VecDeque::new(),
            arrived: VecDeque::new(),
            busy_until: 0,
            overruns: 0,
            carried: 0,
            resets: 0,
        }
    }

    /// Takes what the sender's FIFO has room for.
    pub fn write(&mut self, bytes: &[u8], now: u64) -> usize {
        let byte_ns = self.cable.byte_ns;
        self.busy_until = self.busy_until.max(now);
        let room = (now + (Self::FIFO + 1) * byte_ns - self.busy_until) / byte_ns;
        let taken = bytes.len().min(room as usize);
        let mut at = self.busy_until + self.cable.latency_ns;
        self.busy_until += taken as u64 * byte_ns;
        let last = self.busy_until + self.cable.latency_ns;
        let flying = &mut self.flying;
        let reset = self.injector.pass(&bytes[..taken], Duration::from_nanos(at), |from, piece| {
            for &byte in piece {
                at = last.min(at + byte_ns).max(from.as_nanos() as u64);
                flying.push_back((at, byte));
            }
        });
        self.resets += u32::from(reset);
        self.carried += taken as u64;
        taken
    }

    /// Bytes that have arrived by `now`.
    pub fn read(&mut self, now: u64, most: usize) -> Vec<u8> {
        while self.flying.front().is_some_and(|(at, _)| *at <= now) {
            let (_, byte) = self.flying.pop_front().unwrap();
            if self.arrived.len() < self.cable.ring {
                self.arrived.push_back(byte);
            } else {
                self.overruns += 1;
            }
        }
        let count = most.min(self.arrived.len());
        self.arrived.drain(..count).collect()
    }
}

pub const PAYLOAD: usize = 1024;

/// A link for packets of up to `payload` bytes, with queues of `queue` bytes and a store of
/// `store`.
pub fn link(
    role: Role,
    config: Config,
    payload: usize,
    queue: usize,
    store: usize,
) -> Link<Vec<u8>> {
    let buffers = Buffers {
        receive: vec![0; receive_bytes(payload)],
        frame: vec![0; frame_bytes(payload)],
        control: vec![0; queue],
        bulk: vec![0; queue],
        store: vec![0; store],
        log: vec![0; 2 * queue_bytes(LOG_PAYLOAD)],
    };
    Link::new(role, config, buffers)
}

/// The `number`th packet of a stream: its number, and bytes that follow from it.
pub fn packet(stream: u32, number: u32, most: usize) -> Vec<u8> {
    let mut random = Random::new(u64::from(stream) << 32 | u64::from(number));
    let len = random.below(most as u64 + 1) as usize;
    let zeros = random.chance(0.3);
    let byte = |random: &mut Random| if zeros { random.below(2) } else { random.next_u64() >> 13 };
    let mut packet: Vec<u8> = (0..len).map(|_| byte(&mut random) as u8).collect();
    for (place, byte) in packet.iter_mut().zip(number.to_le_bytes()) {
        *place = byte;
    }
    packet
}

/// Every third packet is control.
pub fn channel(number: u32) -> Channel {
    if number.is_multiple_of(3) { Channel::Control } else { Channel::Bulk }
}

/// The first packet of each channel.
const FIRST: [u32; 2] = [0, 1];

/// The next packet of the same channel.
fn after(number: u32) -> u32 {
    number + [3, 1, 2][number as usize % 3]
}

/// A link with an application that sends numbered packets and checks those that come.
pub struct End {
    pub link: Link<Vec<u8>>,
    pub stream: u32,
    pub peer_stream: u32,
    /// Packets to send, and longest.
    pub count: u32,
    pub most: usize,
    pub sent: u32,
    pub received: u32,
    /// Number of the next packet of each channel.
    awaited: [u32; 2],
    pub logs: u32,
    /// Logs that the peer has offered and that did not come.
    pub dropped: u32,
    pub opened: u32,
    pub lost: Option<LinkError>,
    /// Probability of having no room in a tick.
    pub stall: f64,
    pub random: Random,
    /// Most bytes read from the port in a tick.
    pub read: usize,
    inbox: Vec<u8>,
}

impl End {
    pub fn new(link: Link<Vec<u8>>, stream: u32, count: u32, most: usize) -> Self {
        Self {
            link,
            stream,
            peer_stream: 1 - stream,
            count,
            most,
            sent: 0,
            received: 0,
            awaited: FIRST,
            logs: 0,
            dropped: 0,
            opened: 0,
            lost: None,
            stall: 0.0,
            random: Random::new(u64::from(stream) + 77),
            read: usize::MAX,
            inbox: Vec::new(),
        }
    }

    /// One turn of the end's loop, `now` in nanoseconds.
    pub fn turn(&mut self, now: u64, incoming: &mut Pipe, outgoing: &mut Pipe) {
        let millis = now / 1_000_000;
        let room = !self.random.chance(self.stall);
        self.inbox.extend(incoming.read(now, self.read.saturating_sub(self.inbox.len())));
        let mut at = 0;
        loop {
            let (taken, received) = self.link.receive(&self.inbox[at..], room, millis);
            at += taken;
            match received {
                None => break,
                Some(Received::Packet { channel, bytes }) => {
                    assert!(room);
                    let number = &mut self.awaited[channel as usize];
                    assert_eq!(bytes, packet(self.peer_stream, *number, self.most));
                    *number = after(*number);
                    self.received += 1;
                }
                Some(Received::Log { bytes, dropped }) => {
                    assert!(bytes.iter().all(|byte| *byte == bytes.len() as u8));
                    self.logs += 1;
                    self.dropped += u32::from(dropped);
                }
                Some(Received::Opened) => {
                    self.opened += 1;
                    (self.sent, self.received, self.awaited) = (0, 0, FIRST);
                }
                Some(Received::Lost(error)) => self.lost = Some(error),
                Some(Received::Refused(error)) => panic!("{error}"),
            }
        }
        self.inbox.drain(..at);
        while self.sent < self.count {
            let packet = packet(self.stream, self.sent, self.most);
            let put = |to: &mut [u8]| {
                to.copy_from_slice(&packet);
                Some(packet.len())
            };
            match self.link.send(channel(self.sent), packet.len(), put) {
                Ok(()) => self.sent += 1,
                Err(SendError::Full | SendError::Closed) => break,
                Err(error) => panic!("{error}"),
            }
        }
        pump(&mut self.link, outgoing, now);
    }
}

/// Gives the pipe what it takes of what a link has to send.
pub fn pump(link: &mut Link<Vec<u8>>, outgoing: &mut Pipe, now: u64) {
    loop {
        let taken = outgoing.write(link.transmit(now / 1_000_000), now);
        if taken == 0 {
            return;
        }
        link.transmitted(taken);
    }
}

/// Two ends and the cable between them.
pub struct World {
    pub driver: End,
    pub device: End,
    pub up: Pipe,
    pub down: Pipe,
    /// Nanoseconds.
    pub now: u64,
    pub tick: u64,
}

impl World {
    pub fn new(driver: End, device: End, cable: Cable, seed: u64) -> Self {
        let up = Pipe::new(cable, seed * 2 + 1);
        let down = Pipe::new(cable, seed * 2 + 2);
        // Not from zero: nothing may depend on when a clock started.
        Self { driver, device, up, down, now: seed * 12_345_678, tick: 200_000 }
    }

    pub fn turn(&mut self) {
        self.now += self.tick;
        self.driver.turn(self.now, &mut self.up, &mut self.down);
        self.device.turn(self.now, &mut self.down, &mut self.up);
    }

    /// From now on nothing goes wrong.
    pub fn mend(&mut self) {
        for pipe in [&mut self.up, &mut self.down] {
            pipe.injector = FaultInjector::new(Faults::NONE, 0);
        }
    }

    pub fn done(&self) -> bool {
        self.driver.received == self.device.count && self.device.received == self.driver.count
    }

    /// Runs until both have everything; milliseconds taken, or `None` after `limit_ms`.
    pub fn run(&mut self, limit_ms: u64) -> Option<u64> {
        let start = self.now;
        while !self.done() {
            if self.now - start > limit_ms * 1_000_000 {
                return None;
            }
            self.turn();
            assert_eq!(self.driver.lost, None);
            assert_eq!(self.device.lost, None);
        }
        Some((self.now - start) / 1_000_000)
    }
}
