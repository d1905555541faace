//! One direction of a cable: a rate, a latency, and faults.

use std::collections::VecDeque;
use std::time::Duration;

use quintet_protocol::fault::FaultInjector;

/// Bytes that travel together.
const GRAIN: usize = 64;

/// Bytes in a UART's own send buffer.
const FIFO: usize = 128;

/// What a cable is like.
#[derive(Clone, Copy, Debug)]
pub struct Cable {
    /// Time that a byte takes: 10 bit times for 8N1.
    pub byte: Duration,
    /// Time from one end to the other.
    pub latency: Duration,
}

impl Cable {
    /// USB-like: 3 Mbaud, a millisecond there and back.
    pub const GOOD: Self =
        Self { byte: Duration::from_nanos(3_333), latency: Duration::from_micros(500) };

    /// A serial port.
    pub fn uart(baud: u64, round_trip: Duration) -> Self {
        Self { byte: Duration::from_nanos(10_000_000_000 / baud), latency: round_trip / 2 }
    }
}

/// One direction.
pub struct Lane {
    cable: Cable,
    pub injector: FaultInjector,
    /// Bytes with the time at which they arrive.
    flying: VecDeque<(Duration, Vec<u8>)>,
    busy_until: Duration,
    /// Until when nothing passes.
    pub dead_until: Duration,
    /// Bytes given to it so far.
    pub bytes: u64,
}

impl Lane {
    pub fn new(cable: Cable, injector: FaultInjector) -> Self {
        Self {
            cable,
            injector,
            flying: VecDeque::new(),
            busy_until: Duration::ZERO,
            dead_until: Duration::ZERO,
            bytes: 0,
        }
    }

    /// Sends a burst; returns whether the far end reboots.
    pub fn send(&mut self, burst: &[u8], now: Duration) -> bool {
        self.bytes += burst.len() as u64;
        if now < self.dead_until {
            self.busy_until = self.busy_until.max(now) + self.cable.byte * burst.len() as u32;
            return false;
        }
        let Self { cable, injector, flying, busy_until, .. } = self;
        injector.pass(burst, now, |not_before, piece| {
            for grain in piece.chunks(GRAIN) {
                let start = (*busy_until).max(not_before);
                *busy_until = start + cable.byte * grain.len() as u32;
                flying.push_back((*busy_until + cable.latency, grain.to_vec()));
            }
        })
    }

    /// When the next bytes arrive.
    pub fn next(&self) -> Option<Duration> {
        self.flying.front().map(|(at, _)| *at)
    }

    /// Bytes that have arrived.
    pub fn arrive(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.flying.pop_front_if(|(at, _)| *at <= now).map(|(_, grain)| grain)
    }

    /// Bytes that have not left yet.
    pub fn waiting(&self, now: Duration) -> usize {
        let busy = self.busy_until.saturating_sub(now);
        (busy.as_nanos() / self.cable.byte.as_nanos().max(1)) as usize
    }

    /// Bytes that a UART would take now.
    pub fn room(&self, now: Duration) -> usize {
        FIFO.saturating_sub(self.waiting(now))
    }

    /// When a UART takes bytes again.
    pub fn room_at(&self, now: Duration) -> Duration {
        let full = self.waiting(now).saturating_sub(FIFO / 2);
        now + self.cable.byte * full as u32
    }

    /// Loses what is under way.
    pub fn clear(&mut self) {
        self.flying.clear();
        self.busy_until = Duration::ZERO;
    }
}
