//! Seeded schedules of faults: the driver's session and the firmware's device over cables of all
//! kinds, with noise, stalls, resets, power cuts and pulled plugs in the middle of whatever is
//! going on. Everything arrives intact, or the driver returns a typed error in time; then, once all
//! is well again, a new session works.
//!
//! ```text
//! cargo xtask schedules [COUNT [FIRST_SEED]]
//! ```

mod simulation;

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::Duration;

use quintet_driver::session::{Limits, SessionError, Uploaded};
use quintet_protocol::fault::{Faults, Random};
use simulation::scene::{Scene, digest};
use simulation::{Cable, Simulation, Upset};

const ARENA: usize = 128 << 10;

/// A scene of 21 KB is sent and drawn, or a blob of up to this many bytes is sent.
const BLOB_MAX: u64 = 48 << 10;

/// No schedule may take longer, in its own time: three times the longest that was ever seen.
const TIME_MAX: Duration = Duration::from_secs(180);

/// No schedule may have more things happen in it.
const STEPS_MAX: u64 = 20_000_000;

/// Times that a scene is sent and drawn again after a device was lost.
const ATTEMPTS_MAX: u32 = 6;

/// Names the number of schedules of the long run, and its first seed.
const COUNT_VARIABLE: &str = "QUINTET_SCHEDULES";
const SEED_VARIABLE: &str = "QUINTET_SCHEDULES_SEED";

static SCENE: LazyLock<Scene> = LazyLock::new(|| Scene::new(150, [64, 48], ARENA));

/// The scene's pixels over a good cable.
static PIXELS: LazyLock<u32> = LazyLock::new(|| {
    let simulation = Simulation::new(Cable::GOOD, Faults::NONE, ARENA, 0);
    let mut session = simulation.dial(Limits::default()).unwrap();
    SCENE.load(&mut session).unwrap();
    digest(&mut session).unwrap()
});

/// What came of one schedule.
struct Outcome {
    result: Result<(), SessionError>,
    uploaded: Uploaded,
    /// Bytes of blobs to be sent.
    wanted: u64,
    time: Duration,
}

/// What befalls one world, all of it from one seed.
struct Schedule {
    random: Random,
    simulation: Simulation,
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let baud = pick(&mut random, &[115_200, 921_600, 3_000_000]);
        let round_trip = Duration::from_millis(pick(&mut random, &[1, 10, 50]));
        let cable = Cable::uart(baud, round_trip);
        let faults = faults(&mut random, seed);
        let simulation = Simulation::new(cable, faults, ARENA, seed);
        simulation.world().steps_max = STEPS_MAX;
        // While the longest blob is sent, so in the middle of whatever is done.
        let busy = cable.byte * BLOB_MAX as u32 + round_trip * 8;
        for _ in 0..random.below(5) {
            let at = Duration::from_micros(random.below(busy.as_micros() as u64));
            simulation.upset_after(at, upset(&mut random));
        }
        Self { random, simulation }
    }

    fn run(mut self) -> Outcome {
        let started = self.simulation.now();
        let mut outcome = match self.random.chance(0.4) {
            true => self.draw(),
            false => self.send(),
        };
        outcome.time = self.simulation.now() - started;
        assert!(outcome.time < TIME_MAX, "no end for {:?}", outcome.time);
        self.simulation.heal();
        let mut session = self.simulation.dial(Limits::default()).expect("all is well again");
        SCENE.load(&mut session).expect("all is well again");
        assert_eq!(digest(&mut session).expect("all is well again"), *PIXELS);
        outcome
    }

    /// Sends a blob.
    fn send(&mut self) -> Outcome {
        let mut blob = vec![0; self.random.below(BLOB_MAX) as usize + 1];
        blob.fill_with(|| self.random.next_u64() as u8);
        let offset = self.random.below((ARENA - blob.len()) as u64) as usize;
        let sent = self.simulation.dial(limits()).and_then(|mut session| {
            session.clear()?;
            let uploaded = session.upload(offset as u32, &blob, &mut |_| ());
            // Nothing may happen between the answer and the look at what lies there.
            self.simulation.heal();
            uploaded
        });
        if sent.is_ok() {
            let range = offset..offset + blob.len();
            let lies_there = self.simulation.arena()[range.clone()] == blob;
            // It may have lain there, and been lost before the driver heard of it.
            let lost = self.simulation.lost_arenas();
            let lay_there = lost.iter().any(|arena| arena[range.clone()] == blob);
            assert!(lies_there || lay_there, "a blob arrived damaged");
        }
        let uploaded = *sent.as_ref().unwrap_or(&Uploaded::default());
        let wanted = if sent.is_ok() { blob.len() as u64 } else { 0 };
        Outcome { result: sent.map(drop), uploaded, wanted, time: Duration::ZERO }
    }

    /// Sends a scene and draws it, again and again if the device is lost.
    fn draw(&mut self) -> Outcome {
        let mut uploaded = Uploaded::default();
        let result = self.simulation.dial(limits()).and_then(|mut session| {
            let mut attempts = 0;
            loop {
                attempts += 1;
                let drawn = SCENE.load(&mut session).and_then(|moved| {
                    uploaded += moved;
                    digest(&mut session)
                });
                match drawn {
                    Ok(pixels) => {
                        assert_eq!(pixels, *PIXELS, "wrong pixels");
                        break Ok(());
                    }
                    Err(error) if attempts == ATTEMPTS_MAX => break Err(error),
                    Err(SessionError::Forgotten) => {}
                    Err(error) => session.recover(error).map(drop)?,
                }
            }
        });
        let wanted = if result.is_ok() { SCENE.bytes() } else { 0 };
        Outcome { result, uploaded, wanted, time: Duration::ZERO }
    }
}

fn pick<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[random.below(from.len() as u64) as usize]
}

/// Each fault is there half of the time, from hardly ever to often.
fn faults(random: &mut Random, seed: u64) -> Faults {
    let mut rate = |most: f64| match random.below(2) {
        0 => 0.0,
        // 1, 1/4, 1/16, 1/64 of it.
        _ => most / f64::from(1u32 << (2 * random.below(4))),
    };
    Faults {
        drop: rate(1e-4),
        corrupt: rate(1e-4),
        duplicate: rate(1e-4),
        repeat: rate(3e-5),
        reorder: rate(3e-5),
        truncate: rate(3e-5),
        stall: rate(3e-5),
        reset: rate(3e-6),
        stall_time: Duration::from_millis(5 + random.below(600)),
        seed,
    }
}

fn upset(random: &mut Random) -> Upset {
    match random.below(6) {
        0 => Upset::Reset,
        1 => Upset::PowerCut,
        2 => Upset::Pull(Duration::from_millis(1 + random.below(2_000))),
        // Seldom for longer than a driver waits.
        3 => Upset::Pull(Duration::from_millis(1 + random.below(12_000))),
        4 => Upset::Cut(Duration::from_millis(1 + random.below(14_000))),
        _ => Upset::Away(Duration::from_millis(1 + random.below(400))),
    }
}

/// Shorter than the defaults, so that waiting for what does not come is a part of the schedules.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.connect = Duration::from_secs(3);
    limits.answer = Duration::from_secs(5);
    limits.run = Some(Duration::from_secs(20));
    limits.recover = Duration::from_secs(8);
    limits
}

/// What came of all schedules.
#[derive(Default)]
struct Summary {
    arrived: u64,
    errors: BTreeMap<String, u64>,
    panicked: Vec<u64>,
    wanted: u64,
    sent: u64,
    longest: (Duration, u64),
}

impl Summary {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        match outcome.result {
            Ok(()) => self.arrived += 1,
            Err(error) => {
                let name = format!("{error:?}");
                let name = name.split(|letter: char| !letter.is_alphanumeric()).next();
                *self.errors.entry(name.unwrap_or_default().into()).or_default() += 1;
            }
        }
        self.wanted += outcome.wanted;
        self.sent += outcome.uploaded.sent;
        self.longest = self.longest.max((outcome.time, seed));
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = self.sent.saturating_sub(self.wanted) as f64 / self.wanted.max(1) as f64;
        writeln!(to, "arrived intact  {}", self.arrived)?;
        for (name, count) in &self.errors {
            writeln!(to, "typed error     {count} {name}")?;
        }
        writeln!(to, "wrong or hung   {}", self.panicked.len())?;
        writeln!(to, "bytes wanted    {}", self.wanted)?;
        writeln!(to, "written again   {:.1} %", again * 100.0)?;
        let (time, seed) = self.longest;
        write!(to, "longest         {:.1} s of simulated time, seed {seed}", time.as_secs_f64())
    }
}

/// Runs schedules on every core.
fn run(first: u64, count: u64) -> Summary {
    let (next, summary) = (AtomicU64::new(first), Mutex::new(Summary::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                return;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| Schedule::new(seed).run()));
            let mut summary = summary.lock().unwrap();
            match outcome {
                Ok(outcome) => summary.add(seed, outcome),
                Err(_) => {
                    println!("seed {seed} failed; again with: cargo xtask schedules 1 {seed}");
                    summary.panicked.push(seed);
                }
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    summary.into_inner().unwrap()
}

#[test]
fn some_schedules_end_well() {
    let summary = run(1_000_000, 150);
    println!("{summary}");
    assert!(summary.panicked.is_empty(), "seeds {:?}", summary.panicked);
    assert!(summary.arrived > 100, "hardly anything arrives: {summary}");
}

#[test]
#[ignore = "takes minutes: cargo xtask schedules"]
fn many_schedules_end_well() {
    let number = |name, default| std::env::var(name).map_or(default, |it| it.parse().unwrap());
    let (first, count) = (number(SEED_VARIABLE, 0), number(COUNT_VARIABLE, 10_000));
    let summary = run(first, count);
    println!("{summary}");
    assert!(summary.panicked.is_empty(), "seeds {:?}", summary.panicked);
}
