//! The simulated board: the firmware's device with a port and a clock of the world's.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quintet_firmware::software::Software;
use quintet_firmware::{Activity, BuildId, Clock, Device, Identity, Memory, Port, Ticks};
use self_cell::{MutBorrow, self_cell};

/// Wire bytes that the board says it has room for, and those that it has room for: acknowledgements
/// do not count.
const WINDOW: usize = 8 << 10;
const RING: usize = WINDOW + 512;

/// Time that a look at the link or a step of a run takes.
const POLL: Duration = Duration::from_micros(20);

/// Most such times in a row until the world goes on.
const POLLS: u32 = 64;

/// What the port and the world share.
#[derive(Default)]
struct Wire {
    incoming: VecDeque<u8>,
    outgoing: Vec<u8>,
    /// Bytes that can be sent now.
    room: usize,
}

#[derive(Clone, Default)]
struct SimulatedPort(Arc<Mutex<Wire>>);

impl SimulatedPort {
    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Port for SimulatedPort {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let bytes = &mut self.wire().incoming;
        let count = buffer.len().min(bytes.len());
        buffer.iter_mut().zip(bytes.drain(..count)).for_each(|(to, byte)| *to = byte);
        count
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let mut wire = self.wire();
        let count = bytes.len().min(wire.room);
        wire.room -= count;
        wire.outgoing.extend(&bytes[..count]);
        count
    }
}

/// The world's time since the board was made, in milliseconds.
#[derive(Clone, Default)]
struct SimulatedClock(Arc<AtomicU64>);

impl Clock for SimulatedClock {
    fn millis(&mut self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn ticks(&mut self) -> u64 {
        0
    }

    fn unit(&self) -> Ticks {
        Ticks::None
    }
}

/// A board's memory, which outlives its boots.
struct Memories {
    link: Memory,
    arena: Vec<u32>,
}

type Running<'a> = Device<'a, SimulatedPort, SimulatedClock, Software>;

self_cell!(
    struct Booted {
        owner: MutBorrow<Memories>,
        #[not_covariant]
        dependent: Running,
    }
);

/// When the board looks at its link again.
pub enum Wake {
    /// It has more to do.
    Soon(Duration),
    /// At this time, or when it can send.
    Later(Duration),
    /// When bytes come.
    WithBytes,
}

/// A board.
pub struct Board {
    booted: Option<Booted>,
    port: SimulatedPort,
    clock: SimulatedClock,
    away_until: Duration,
}

impl Board {
    pub fn new(arena_bytes: usize) -> Self {
        let memories = Memories { link: Memory::new(), arena: vec![0; arena_bytes / 4] };
        let (port, clock) = (SimulatedPort::default(), SimulatedClock::default());
        let booted = Some(boot(memories, &port, &clock));
        Self { booted, port, clock, away_until: Duration::ZERO }
    }

    /// Bytes come in; those that there is no room for are lost.
    pub fn take(&mut self, bytes: &[u8]) {
        let ring = &mut self.port.wire().incoming;
        let room = RING - ring.len();
        ring.extend(&bytes[..bytes.len().min(room)]);
    }

    /// Lets the device work until it has nothing to do, for a while at most. Returns when it goes
    /// on and what it sent; `room` is how much it can send.
    pub fn poll(&mut self, now: Duration, room: usize) -> (Wake, Vec<u8>) {
        self.port.wire().room = room;
        let mut polls = 0;
        let activity = loop {
            polls += 1;
            self.clock.0.store((now + POLL * polls).as_millis() as u64, Ordering::Relaxed);
            let booted = self.booted.as_mut().expect("booted");
            let activity = booted.with_dependent_mut(|_, device| device.poll());
            if polls == POLLS || matches!(activity, Activity::Idle(_)) {
                break activity;
            }
        };
        let after = now + POLL * polls;
        let wake = match activity {
            Activity::Busy => Wake::Soon(after),
            Activity::Idle(Some(at)) | Activity::Waiting(Some(at)) => {
                Wake::Later(after.max(Duration::from_millis(at)))
            }
            Activity::Idle(None) | Activity::Waiting(None) => Wake::WithBytes,
        };
        (wake, std::mem::take(&mut self.port.wire().outgoing))
    }

    /// Keeps the device from its link.
    pub fn away_until(&mut self, time: Duration) {
        self.away_until = time;
    }

    pub fn is_away(&self, now: Duration) -> bool {
        now < self.away_until
    }

    pub fn reset(&mut self) {
        self.with_memory(|_| ());
    }

    /// A reset that loses the memory; returns what was lost.
    pub fn lose_memory(&mut self) -> Vec<u8> {
        let lost = self.arena();
        // What a memory wakes up with is anything.
        self.with_memory(|arena| arena.fill(0xDEAD_BEEF));
        lost
    }

    /// What the arena holds; the device is reset by it.
    pub fn arena(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.with_memory(|arena| {
            bytes = arena.iter().flat_map(|word| word.to_le_bytes()).collect();
        });
        bytes
    }

    /// Flips a bit of the arena; the device is reset by it.
    pub fn damage(&mut self, byte: usize) {
        self.with_memory(|arena| arena[byte / 4] ^= 1 << (byte % 4 * 8));
    }

    fn with_memory(&mut self, work: impl FnOnce(&mut [u32])) {
        let owner = self.booted.take().expect("booted").into_owner();
        let mut memories = owner.into_inner();
        work(&mut memories.arena);
        let mut wire = self.port.wire();
        (wire.incoming, wire.outgoing) = Default::default();
        drop(wire);
        memories.link = Memory::new();
        self.booted = Some(boot(memories, &self.port, &self.clock));
    }
}

fn boot(memories: Memories, port: &SimulatedPort, clock: &SimulatedClock) -> Booted {
    Booted::new(MutBorrow::new(memories), |memories| {
        let Memories { link, arena } = memories.borrow_mut();
        let identity = Identity {
            board: "simulated",
            target: "host",
            window: WINDOW as u32,
            nonce: 0,
            build: BuildId::UNKNOWN,
        };
        Device::new(identity, link, arena, port.clone(), clock.clone(), Software::default())
    })
}
