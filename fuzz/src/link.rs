//! Both ends of a link and what may happen to them: on each channel every packet arrives once and
//! in order, or the session ends and says so; and once the cable is good everything arrives.

use quintet_protocol::link::{
    Buffers, Channel, Config, Link, Received, Role, frame_bytes, queue_bytes, receive_bytes,
    store_bytes,
};

/// Longest packet, in bytes.
const PAYLOAD: usize = 48;
/// Simulated time, in milliseconds, in which a good cable brings everything home or ends the
/// session: longer than a driver waits for a silent device.
const PATIENCE_MS: u64 = 30_000;
/// Simulated time between two looks at the ends, in milliseconds.
const TURN_MS: u64 = 2;

/// An end and what it has sent and received in this session, by channel.
struct End {
    link: Link<Vec<u8>>,
    sent: [u8; 2],
    received: [u8; 2],
    /// Takes no packets.
    stalled: bool,
    /// What to do to the next bytes that it sends.
    fault: Option<Fault>,
    ended: bool,
}

/// What happens to a burst of bytes.
#[derive(Clone, Copy)]
enum Fault {
    Drop(usize),
    Flip(usize),
    Double(usize),
    Cut(usize),
    Lose,
}

impl End {
    fn new(role: Role, nonce: u32) -> Self {
        let config = match role {
            Role::Driver => Config::driver(400, nonce),
            Role::Device => Config::device(160, nonce),
        };
        let buffers = Buffers {
            receive: vec![0; receive_bytes(PAYLOAD)],
            frame: vec![0; frame_bytes(PAYLOAD)],
            control: vec![0; 3 * queue_bytes(PAYLOAD)],
            bulk: vec![0; 4 * queue_bytes(PAYLOAD)],
            store: vec![0; store_bytes(PAYLOAD)],
            log: Vec::new(),
        };
        let link = Link::new(role, config, buffers);
        Self { link, sent: [0; 2], received: [0; 2], stalled: false, fault: None, ended: false }
    }

    /// Queues the next packet of a channel, if there is room.
    fn send(&mut self, channel: Channel, len: usize) {
        let number = self.sent[channel as usize];
        let fill = |to: &mut [u8]| {
            to.fill(number);
            Some(to.len())
        };
        let len = 1 + len % PAYLOAD;
        if self.link.send(channel, len, fill).is_ok() {
            self.sent[channel as usize] = number.wrapping_add(1);
        }
    }

    fn receive(&mut self, bytes: &[u8], now: u64) {
        let mut at = 0;
        loop {
            let (taken, received) = self.link.receive(&bytes[at..], !self.stalled, now);
            at += taken;
            match received {
                None => return,
                Some(Received::Packet { channel, bytes }) => {
                    let expected = &mut self.received[channel as usize];
                    assert!(!self.stalled, "a packet for an end that takes none");
                    assert!(bytes.iter().all(|byte| byte == expected), "not packet {expected}");
                    *expected = expected.wrapping_add(1);
                }
                Some(Received::Opened) => (self.sent, self.received) = ([0; 2], [0; 2]),
                Some(Received::Lost(_)) => self.ended = true,
                Some(Received::Log { .. } | Received::Refused(_)) => panic!("nobody sent that"),
            }
        }
    }

    /// What it sends now, after what happens to it on the way.
    fn transmit(&mut self, now: u64) -> Vec<u8> {
        let mut burst = Vec::new();
        loop {
            let bytes = self.link.transmit(now);
            if bytes.is_empty() {
                break;
            }
            burst.extend_from_slice(bytes);
            let count = bytes.len();
            self.link.transmitted(count);
        }
        let len = burst.len();
        if len > 0 {
            match self.fault.take() {
                None => {}
                Some(Fault::Drop(at)) => drop(burst.remove(at % len)),
                Some(Fault::Flip(at)) => burst[at % len] ^= 1 << (at % 8),
                Some(Fault::Double(at)) => burst.insert(at % len, burst[at % len]),
                Some(Fault::Cut(at)) => burst.truncate(at % len),
                Some(Fault::Lose) => burst.clear(),
            }
        }
        burst
    }
}

/// Each pair of bytes is something that happens, and how much of it.
pub fn run(data: &[u8]) {
    let mut ends = [End::new(Role::Driver, 1), End::new(Role::Device, 2)];
    let mut now = 0;
    turn(&mut ends, &mut now);
    for (&[what, much], nonce) in data.as_chunks::<2>().0.iter().zip(3..) {
        let amount = usize::from(much);
        let number = usize::from(what >> 7);
        let end = &mut ends[number];
        match what % 16 {
            0..=3 => end.send(Channel::Control, amount),
            4..=7 => end.send(Channel::Bulk, amount),
            8 => end.stalled = !end.stalled,
            9 => end.fault = Some(Fault::Drop(amount)),
            10 => end.fault = Some(Fault::Flip(amount)),
            11 => end.fault = Some(Fault::Double(amount)),
            12 => end.fault = Some(Fault::Cut(amount)),
            13 => end.fault = Some(Fault::Lose),
            14 => now += u64::from(much),
            // A reboot, or another driver; nonces differ.
            _ if much < 32 => *end = End::new([Role::Driver, Role::Device][number], nonce),
            _ => end.receive(&[much; 3], now),
        }
        turn(&mut ends, &mut now);
    }
    settle(ends, now);
}

fn turn([driver, device]: &mut [End; 2], now: &mut u64) {
    *now += TURN_MS;
    let burst = driver.transmit(*now);
    device.receive(&burst, *now);
    let burst = device.transmit(*now);
    driver.receive(&burst, *now);
}

/// Nothing happens any more.
fn settle(mut ends: [End; 2], mut now: u64) {
    for end in &mut ends {
        (end.stalled, end.fault) = (false, None);
    }
    let until = now + PATIENCE_MS;
    while now < until {
        turn(&mut ends, &mut now);
        let [driver, device] = &ends;
        let arrived = driver.sent == device.received && device.sent == driver.received;
        if driver.ended || (driver.link.is_open() && device.link.is_open() && arrived) {
            return;
        }
    }
    panic!("neither arrived nor lost after {PATIENCE_MS} ms");
}
