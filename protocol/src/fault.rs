//! A fault injector for one direction of a byte pipe: a bad cable, the same every time.
//!
//! Sans-IO and deterministic: bytes and the time go in, and the bytes that come through go out,
//! each piece with the time from which it may pass. Two injectors with the same [`Faults`] and
//! stream do the same to the same bursts.
//!
//! ```
//! # use core::time::Duration;
//! # use quintet_protocol::fault::{FaultInjector, Faults};
//! let faults: Faults = "drop=1e-4,corrupt=1e-5,stall=1e-6:200ms,seed=7".parse()?;
//! let mut towards_device = FaultInjector::new(faults, 0);
//! let mut through = Vec::new();
//! let now = Duration::ZERO;
//! let reset = towards_device.pass(b"a burst", now, |not_before, piece| {
//!     through.push((not_before, piece.to_vec()));
//! });
//! # assert!(!reset);
//! # Ok::<(), quintet_protocol::fault::FaultsError>(())
//! ```

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

/// What goes wrong, and how often. Each rate is a probability per byte, 0 to 1, that it happens
/// there; together they are at most 1. A burst is what is given to [`FaultInjector::pass`] at once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// The byte is lost.
    pub drop: f64,
    /// One bit of the byte is flipped.
    pub corrupt: f64,
    /// The byte comes twice.
    pub duplicate: f64,
    /// The burst from this byte on comes twice.
    pub repeat: f64,
    /// The burst from this byte on is cut in two and the pieces change places, as by a bridge that
    /// hands on its packets in the wrong order.
    pub reorder: f64,
    /// The burst from this byte on is lost.
    pub truncate: f64,
    /// Nothing passes for [`Faults::stall_time`] from this byte on; nothing is lost.
    pub stall: f64,
    /// How long a stall lasts.
    pub stall_time: Duration,
    /// The end that the bytes go to reboots; the burst from this byte on is lost.
    pub reset: f64,
    /// Chooses among the possible courses of events.
    pub seed: u64,
}

/// The rates of [`Faults`] by name, in the order in which they are drawn.
const RATES: [&str; 8] =
    ["drop", "corrupt", "duplicate", "repeat", "reorder", "truncate", "stall", "reset"];

/// How long a stall lasts where the text does not say.
const STALL_TIME: Duration = Duration::from_millis(100);

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        drop: 0.0,
        corrupt: 0.0,
        duplicate: 0.0,
        repeat: 0.0,
        reorder: 0.0,
        truncate: 0.0,
        stall: 0.0,
        stall_time: STALL_TIME,
        reset: 0.0,
        seed: 0,
    };

    /// Each byte is lost, has a bit flipped or comes twice with this probability, a third each.
    pub fn noise(rate: f64, seed: u64) -> Self {
        let third = rate / 3.0;
        Self { drop: third, corrupt: third, duplicate: third, seed, ..Self::NONE }
    }

    fn rates(&self) -> [f64; RATES.len()] {
        [
            self.drop,
            self.corrupt,
            self.duplicate,
            self.repeat,
            self.reorder,
            self.truncate,
            self.stall,
            self.reset,
        ]
    }

    fn rate_mut(&mut self, name: &str) -> Option<&mut f64> {
        Some(match name {
            "drop" => &mut self.drop,
            "corrupt" => &mut self.corrupt,
            "duplicate" => &mut self.duplicate,
            "repeat" => &mut self.repeat,
            "reorder" => &mut self.reorder,
            "truncate" => &mut self.truncate,
            "stall" => &mut self.stall,
            "reset" => &mut self.reset,
            _ => return None,
        })
    }
}

/// Why a text is not a list of faults. Entries are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultsError {
    /// An entry that is not `name=value`, or of another name.
    #[error(
        "entry {0} is not NAME=VALUE with a name of drop, corrupt, duplicate, repeat, reorder, \
         truncate, stall, reset, seed"
    )]
    Unknown(usize),
    /// A name that an earlier entry has.
    #[error("entry {0} gives for the second time what an earlier one says")]
    Twice(usize),
    /// A rate that is no probability.
    #[error("entry {0} is not a probability per byte from 0 to 1, such as 1e-4")]
    NotAProbability(usize),
    /// A time that is none.
    #[error("entry {0} has no time such as 200ms or 1s after its colon")]
    NotATime(usize),
    /// A seed that is no number.
    #[error("entry {0} is not a whole number")]
    NotANumber(usize),
    /// All rates together are more than 1.
    #[error("the probabilities add up to more than 1")]
    TooMany,
}

impl FromStr for Faults {
    type Err = FaultsError;

    /// Reads `drop=1e-4,stall=1e-6:200ms,seed=7`: any of the fields in any order; others are zero.
    fn from_str(text: &str) -> Result<Self, FaultsError> {
        let mut faults = Self::NONE;
        for (at, entry) in (1..).zip(text.split(',').map(str::trim)) {
            let (name, value) = entry.split_once('=').ok_or(FaultsError::Unknown(at))?;
            let mut earlier = text.split(',').take(at - 1).filter_map(|it| it.split_once('='));
            if earlier.any(|(it, _)| it.trim() == name) {
                return Err(FaultsError::Twice(at));
            }
            if name == "seed" {
                faults.seed = value.parse().map_err(|_| FaultsError::NotANumber(at))?;
                continue;
            }
            let (rate, time) = match value.split_once(':') {
                Some((rate, time)) if name == "stall" => (rate, Some(time)),
                _ => (value, None),
            };
            if let Some(time) = time {
                faults.stall_time = parse_time(time).ok_or(FaultsError::NotATime(at))?;
            }
            let place = faults.rate_mut(name).ok_or(FaultsError::Unknown(at))?;
            let rate = rate.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
            *place = rate.ok_or(FaultsError::NotAProbability(at))?;
        }
        if faults.rates().iter().sum::<f64>() > 1.0 {
            return Err(FaultsError::TooMany);
        }
        Ok(faults)
    }
}

/// A whole number of seconds, milliseconds or microseconds.
fn parse_time(text: &str) -> Option<Duration> {
    let unit = text.find(|digit: char| !digit.is_ascii_digit())?;
    let (count, unit) = text.split_at(unit);
    let count = count.parse().ok()?;
    match unit {
        "s" => Some(Duration::from_secs(count)),
        "ms" => Some(Duration::from_millis(count)),
        "us" => Some(Duration::from_micros(count)),
        _ => None,
    }
}

impl fmt::Display for Faults {
    /// Writes what [`FromStr`] reads.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, rate) in RATES.iter().zip(self.rates()).filter(|(_, rate)| *rate > 0.0) {
            write!(to, "{name}={rate:e}")?;
            if *name == "stall" {
                write!(to, ":{}us", self.stall_time.as_micros())?;
            }
            to.write_str(",")?;
        }
        write!(to, "seed={}", self.seed)
    }
}

/// Which fault befalls a byte; the order is that of [`RATES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Drop,
    Corrupt,
    Duplicate,
    Repeat,
    Reorder,
    Truncate,
    Stall,
    Reset,
}

const FAULTS: [Fault; RATES.len()] = [
    Fault::Drop,
    Fault::Corrupt,
    Fault::Duplicate,
    Fault::Repeat,
    Fault::Reorder,
    Fault::Truncate,
    Fault::Stall,
    Fault::Reset,
];

/// Applies [`Faults`] to one direction of a pipe.
#[derive(Clone, Debug)]
pub struct FaultInjector {
    random: Random,
    /// A draw below the number befalls the fault beside it, unless the one before it.
    limits: [(u64, Fault); FAULTS.len()],
    /// The last limit: most draws are at least this.
    any: u64,
    stall_time: Duration,
    stalled_until: Duration,
}

impl FaultInjector {
    /// An injector for the direction `stream`; each direction has a course of events of its own.
    pub fn new(faults: Faults, stream: u64) -> Self {
        let mut sum = 0.0;
        let mut limits = FAULTS.map(|fault| (0, fault));
        for ((limit, _), rate) in limits.iter_mut().zip(faults.rates()) {
            sum += rate;
            // Saturates at both ends, and takes what is not a number for zero.
            *limit = (sum * Random::RANGE) as u64;
        }
        let [.., (any, _)] = limits;
        Self {
            random: Random::new(faults.seed ^ stream.rotate_left(32)),
            limits,
            any,
            stall_time: faults.stall_time,
            stalled_until: Duration::ZERO,
        }
    }

    /// Passes a burst. Hands `out` each piece that comes through, in order, with the time before
    /// which it does not. Returns whether the far end reboots now.
    #[must_use = "the caller has to reboot the far end"]
    pub fn pass(
        &mut self,
        burst: &[u8],
        now: Duration,
        mut out: impl FnMut(Duration, &[u8]),
    ) -> bool {
        let mut at = now.max(self.stalled_until);
        let mut give = |at, piece: &[u8]| {
            if !piece.is_empty() {
                out(at, piece);
            }
        };
        let mut rest = burst;
        while let Some((clean, fault)) = self.next_fault(rest) {
            let (before, after) = rest.split_at(clean);
            give(at, before);
            let (&byte, behind) = after.split_first().unwrap_or((&0, &[]));
            rest = behind;
            match fault {
                Fault::Drop => {}
                Fault::Corrupt => give(at, &[byte ^ 1 << self.random.below(8)]),
                Fault::Duplicate => give(at, &[byte, byte]),
                Fault::Repeat => {
                    give(at, after);
                    give(at, after);
                    rest = &[];
                }
                Fault::Reorder => {
                    let cut = self.random.below(after.len() as u64) as usize;
                    let (first, second) = after.split_at(cut);
                    give(at, second);
                    give(at, first);
                    rest = &[];
                }
                Fault::Truncate => return false,
                Fault::Stall => {
                    at = at.saturating_add(self.stall_time);
                    self.stalled_until = at;
                    give(at, &[byte]);
                }
                Fault::Reset => return true,
            }
        }
        give(at, rest);
        false
    }

    /// The place of the next fault and which it is.
    fn next_fault(&mut self, bytes: &[u8]) -> Option<(usize, Fault)> {
        if self.any == 0 {
            return None;
        }
        let draws = (0..bytes.len()).map(|at| (at, self.random.draw()));
        let (at, draw) = draws.into_iter().find(|(_, draw)| *draw < self.any)?;
        let (_, fault) = self.limits.iter().find(|(limit, _)| draw < *limit)?;
        Some((at, *fault))
    }
}

/// Pseudo-random numbers for simulations: Marsaglia's xorshift64. Never for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// One more than the greatest [`Random::draw`].
    const RANGE: f64 = (1u64 << 53) as f64;

    /// The sequence of `seed`.
    pub const fn new(seed: u64) -> Self {
        // Murmur3's finaliser, so that seeds close to each other have sequences that are not.
        let mixed = (seed ^ 0x9E37_79B9_7F4A_7C15).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
        Self((mixed ^ (mixed >> 33)) | 1)
    }

    /// The next number, any but zero.
    pub fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// The next number below 2^53; the low bits are the weakest.
    fn draw(&mut self) -> u64 {
        self.next_u64() >> 11
    }

    /// A number from zero to below `limit`, or zero if that is zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw().checked_rem(limit).unwrap_or(0)
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        (self.draw() as f64) < probability * Self::RANGE
    }
}
