//! A simulated world, all in one thread and the same every time: the firmware's device, the cable
//! to it and the time. A driver's session meets it as a transport and a dialer.

#![allow(dead_code, reason = "each test file uses a part")]

mod board;
mod cable;
pub mod scene;

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quintet_driver::session::{Dialer, Limits, Session, SessionError};
use quintet_driver::transport::Transport;
use quintet_protocol::fault::{FaultInjector, Faults, Random};

use board::{Board, Wake};
pub use cable::Cable;
use cable::Lane;

/// Bytes of a serial port's send buffer in the operating system; a write waits for room in it.
const SEND_BUFFER: usize = 4 << 10;

/// The driver's computer needs this long for a look at its port.
const LOOK: Duration = Duration::from_micros(10);

/// Something that befalls the world at a time.
#[derive(Clone, Copy, Debug)]
pub enum Upset {
    /// The device is reset; its memory keeps the arena.
    Reset,
    /// The device loses its power for a moment, and so its memory.
    PowerCut,
    /// The cable is pulled, and plugged in again so much later.
    Pull(Duration),
    /// A wire breaks for so long: neither end is told, nothing passes.
    Cut(Duration),
    /// The device does something else for so long.
    Away(Duration),
}

/// What is simulated.
pub struct World {
    board: Board,
    /// Towards the device, from it.
    down: Lane,
    up: Lane,
    now: Duration,
    /// When the board looks at its link again.
    wake: Option<Duration>,
    /// What is still to befall it, in order of time.
    upsets: VecDeque<(Duration, Upset)>,
    /// Bytes at the driver's port.
    arrived: VecDeque<u8>,
    /// Pipes opened; only the last one works.
    pipes: u64,
    /// Until when the cable is out.
    pulled_until: Duration,
    random: Random,
    steps: u64,
    /// Things that may happen until this counts as a hang.
    pub steps_max: u64,
    /// The arena as it was each time that the device lost its memory.
    lost: Vec<Vec<u8>>,
}

impl World {
    fn step(&mut self, limit: Duration) {
        self.steps += 1;
        assert!(
            self.steps < self.steps_max,
            "nothing ends: {:?} in {} steps",
            self.now,
            self.steps
        );
        let upset = self.upsets.front().map(|(at, _)| *at);
        let next = [self.wake, self.down.next(), self.up.next(), upset, Some(limit)];
        self.now = self.now.max(next.into_iter().flatten().min().unwrap_or(limit));
        while let Some((_, upset)) = self.upsets.pop_front_if(|(at, _)| *at <= self.now) {
            self.suffer(upset);
        }
        while let Some(piece) = self.up.arrive(self.now) {
            self.arrived.extend(piece);
        }
        let mut looks = self.wake.is_some_and(|at| at <= self.now);
        while let Some(piece) = self.down.arrive(self.now) {
            self.board.take(&piece);
            looks |= self.wake.is_none_or(|at| at <= self.now) || !self.board.is_away(self.now);
        }
        if looks {
            self.turn_of_the_board();
        }
    }

    fn turn_of_the_board(&mut self) {
        let room = self.up.room(self.now);
        let (wake, sent) = self.board.poll(self.now, room);
        if self.up.send(&sent, self.now) {
            // The driver's end reboots: its port goes and comes again.
            self.suffer(Upset::Pull(Duration::from_millis(20)));
        }
        self.wake = match wake {
            Wake::Soon(at) => Some(at),
            Wake::Later(at) => Some(at.max(self.up.room_at(self.now))),
            Wake::WithBytes => None,
        };
    }

    fn suffer(&mut self, upset: Upset) {
        match upset {
            Upset::Reset => self.board.reset(),
            Upset::PowerCut => self.lost.push(self.board.lose_memory()),
            Upset::Pull(time) => {
                self.pipes += 1;
                self.pulled_until = self.now + time;
                self.down.clear();
                self.up.clear();
                self.arrived.clear();
                return;
            }
            Upset::Cut(time) => {
                let until = self.now + time;
                (self.down.dead_until, self.up.dead_until) = (until, until);
                return;
            }
            Upset::Away(time) => {
                self.board.away_until(self.now + time);
                self.wake = Some(self.now + time);
                return;
            }
        }
        self.wake = Some(self.now);
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step(end);
        }
    }
}

/// A handle on the world; its clones are the same world.
#[derive(Clone)]
pub struct Simulation(Arc<Mutex<World>>);

impl Simulation {
    /// A device with an arena of so many bytes at the end of a cable; `seed` decides whatever is
    /// left to chance.
    pub fn new(cable: Cable, faults: Faults, arena_bytes: usize, seed: u64) -> Self {
        let injector = |stream| FaultInjector::new(faults, stream);
        Self(Arc::new(Mutex::new(World {
            board: Board::new(arena_bytes),
            down: Lane::new(cable, injector(0)),
            up: Lane::new(cable, injector(1)),
            // Not from zero: nothing may depend on when a clock started.
            now: Duration::from_secs(1000),
            wake: Some(Duration::ZERO),
            upsets: VecDeque::new(),
            arrived: VecDeque::new(),
            pipes: 0,
            pulled_until: Duration::ZERO,
            random: Random::new(seed),
            steps: 0,
            steps_max: u64::MAX,
            lost: Vec::new(),
        })))
    }

    /// A good cable and a device with 256 KiB.
    pub fn good() -> Self {
        Self::new(Cable::GOOD, Faults::NONE, 256 << 10, 1)
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        // A test that failed has said so itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session that finds its device again.
    pub fn dial(&self, limits: Limits) -> Result<Session, SessionError> {
        Session::dial(Box::new(SimulatedDialer(self.clone())), limits)
    }

    /// Opens a session of one pipe.
    pub fn open(&self, limits: Limits) -> Result<Session, SessionError> {
        let transport = SimulatedDialer(self.clone()).dial()?;
        Session::open(transport, limits)
    }

    pub fn now(&self) -> Duration {
        self.world().now
    }

    /// Makes something happen so much later.
    pub fn upset_after(&self, time: Duration, upset: Upset) {
        let mut world = self.world();
        let at = world.now + time;
        let place = world.upsets.partition_point(|(other, _)| *other <= at);
        world.upsets.insert(place, (at, upset));
    }

    /// Makes something happen now.
    pub fn upset(&self, upset: Upset) {
        self.world().suffer(upset);
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.world().pass(time);
    }

    /// From now on all is well.
    pub fn heal(&self) {
        let mut world = self.world();
        world.upsets.clear();
        world.pulled_until = Duration::ZERO;
        let World { down, up, .. } = &mut *world;
        for lane in [down, up] {
            lane.injector = FaultInjector::new(Faults::NONE, 0);
            lane.dead_until = Duration::ZERO;
        }
    }

    /// Bytes that went towards the device so far.
    pub fn bytes_down(&self) -> u64 {
        self.world().down.bytes
    }

    /// What the arena holds. The device is reset by it.
    pub fn arena(&self) -> Vec<u8> {
        let mut world = self.world();
        world.suffer(Upset::Reset);
        world.board.arena()
    }

    /// Changes the arena behind the device's back. The device is reset by it.
    pub fn damage(&self, byte: usize) {
        self.world().board.damage(byte);
    }

    /// What the arena held each time that the memory was lost.
    pub fn lost_arenas(&self) -> Vec<Vec<u8>> {
        self.world().lost.clone()
    }
}

/// Opens pipes to the simulated device.
struct SimulatedDialer(Simulation);

impl Dialer for SimulatedDialer {
    fn dial(&mut self) -> io::Result<Box<dyn Transport>> {
        let mut world = self.0.world();
        if world.now < world.pulled_until {
            return Err(io::ErrorKind::NotFound.into());
        }
        world.pipes += 1;
        world.arrived.clear();
        let pipe = world.pipes;
        drop(world);
        Ok(Box::new(SimulatedPipe { simulation: self.0.clone(), pipe }))
    }

    fn pause(&mut self, time: Duration) {
        self.0.pass(time);
    }

    fn now(&self) -> Duration {
        self.0.now()
    }
}

/// The driver's end of the cable.
struct SimulatedPipe {
    simulation: Simulation,
    pipe: u64,
}

impl SimulatedPipe {
    fn check(&self, world: &World) -> io::Result<()> {
        if world.pipes == self.pipe { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl Transport for SimulatedPipe {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let mut world = self.simulation.world();
        let deadline = world.now.saturating_add(timeout);
        let looked = world.now + LOOK;
        world.pass(LOOK);
        loop {
            self.check(&world)?;
            if !world.arrived.is_empty() || world.now >= deadline.max(looked) {
                let count = buffer.len().min(world.arrived.len());
                for (to, byte) in buffer.iter_mut().zip(world.arrived.drain(..count)) {
                    *to = byte;
                }
                return Ok(count);
            }
            world.step(deadline);
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.simulation.world();
        self.check(&world)?;
        let now = world.now;
        if world.down.send(bytes, now) {
            world.suffer(Upset::Reset);
        }
        while world.down.waiting(world.now) > SEND_BUFFER {
            world.pass(Duration::from_millis(1));
            self.check(&world)?;
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.simulation.now()
    }

    fn unique(&mut self) -> u32 {
        self.simulation.world().random.next_u64() as u32
    }
}
