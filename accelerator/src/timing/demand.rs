//! What a command asks of an accelerator, and how many clocks that comes to.
//!
//! # Assumptions
//!
//! * A command is worked on in equal *pieces*: of what it loads or stores, whichever is more, 2 KiB
//!   each, or as much as half of the smallest buffer takes; work on a piece begins once it is
//!   there. With `overlap`, one piece is loaded or stored while another one is worked on, so all
//!   but the first load and the last store can hide: of work `w` and transfers `t`, `(w + t) /
//!   pieces` and then the greater one for each piece but one. Without, everything comes one after
//!   another.
//! * Loads and stores share the way to memory.
//! * With `overlap` the index phase of a piece, which is addresses and coverage, runs just ahead of
//!   its reduce phase; without, before it.
//! * Memory's latency is waited for once a command where pieces overlap, and once a piece where
//!   they do not, as what lies together is asked for ahead. Runs that lie anywhere wait each,
//!   `memory.outstanding` of them together.
//! * A run of bytes takes whole bursts; runs that lie close to each other share them.
//! * The accelerator keeps nothing from command to command: operands come from memory, results go
//!   there.

use quintet_protocol::accelerator::descriptor::Receipt;

use crate::instance::{Instance, Memory, Scratch};

/// What a command asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Clocks in which addresses, coverage, keys are found.
    pub index: u64,
    /// Clocks in which something is summed, blended, compared, ordered.
    pub reduce: u64,
    /// Clocks in which that waits for banks.
    pub conflicts: u64,
    /// What is reduced.
    pub operations: u64,
    /// What is loaded.
    pub reads: Traffic,
    /// What is stored.
    pub writes: Traffic,
}

/// Bytes on their way from or to memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Whole bursts.
    bursts: u64,
    /// Of them, those of runs that lie anywhere.
    scattered: u64,
    /// How many runs lie anywhere.
    runs: u64,
}

impl Traffic {
    /// Adds a run of bytes.
    pub fn stream(&mut self, memory: &Memory, bytes: u64) {
        let bursts = bytes.div_ceil(memory.burst_bytes.into());
        self.add(Self { bursts, ..Self::default() });
    }

    /// Adds runs of bytes, `stride` bytes from one to the next. Bursts that hold several, or all
    /// that lies between, move once.
    pub fn rows(&mut self, memory: &Memory, count: u64, bytes: u64, stride: u64) {
        let burst = u64::from(memory.burst_bytes);
        let each = count.saturating_mul(bytes.div_ceil(burst));
        let span = count.saturating_mul(stride.max(bytes)).div_ceil(burst);
        let bursts = if bytes == 0 { 0 } else { each.min(span) };
        self.add(Self { bursts, ..Self::default() });
    }

    /// Adds runs of bytes that lie anywhere.
    pub fn scattered(&mut self, memory: &Memory, count: u64, bytes: u64) {
        let bursts = count.saturating_mul(bytes.div_ceil(memory.burst_bytes.into()));
        self.add(Self { bursts, scattered: bursts, runs: count });
    }

    /// Adds what else moves.
    pub fn add(&mut self, other: Self) {
        self.bursts = self.bursts.saturating_add(other.bursts);
        self.scattered = self.scattered.saturating_add(other.scattered);
        self.runs = self.runs.saturating_add(other.runs);
    }

    /// The same so many times.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        let [bursts, scattered, runs] =
            [self.bursts, self.scattered, self.runs].map(|it| it.saturating_mul(count));
        Self { bursts, scattered, runs }
    }

    /// Bytes that move, whole bursts.
    pub fn bytes(&self, memory: &Memory) -> u64 {
        self.bursts.saturating_mul(memory.burst_bytes.into())
    }

    /// Clocks in which they move, and those in which memory is waited for in between.
    fn clocks(&self, memory: &Memory) -> [u64; 2] {
        let moving = |bursts: u64| {
            let bytes = u128::from(bursts) * u128::from(memory.burst_bytes);
            let rate = memory.bytes_per_clock;
            let above = bytes.saturating_mul(100 * u128::from(rate.denominator()));
            let below = u128::from(rate.numerator()) * u128::from(memory.efficiency_percent);
            u64::try_from(above.div_ceil(below.max(1))).unwrap_or(u64::MAX)
        };
        let of_scattered = moving(self.scattered);
        let waiting = self.runs.saturating_mul(memory.latency.into());
        let asked = waiting.saturating_add(of_scattered).div_ceil(memory.outstanding.max(1).into());
        [moving(self.bursts), asked.saturating_sub(of_scattered)]
    }
}

/// Bytes of a piece, at most: some windows of a convolution, some rows of a batch, a few dozen
/// splats.
const PIECE_BYTES: u64 = 2048;

/// Bytes of a piece.
fn piece_bytes(instance: &Instance) -> u64 {
    let Scratch { input, weights, output } = &instance.scratch;
    [input, weights, output].iter().fold(PIECE_BYTES, |least, buffer| least.min(buffer.half()))
}

impl Demand {
    /// Adds what another part of the same command asks for.
    pub fn join(&mut self, other: Self) {
        for (sum, more) in [
            (&mut self.index, other.index),
            (&mut self.reduce, other.reduce),
            (&mut self.conflicts, other.conflicts),
            (&mut self.operations, other.operations),
        ] {
            *sum = sum.saturating_add(more);
        }
        self.reads.add(other.reads);
        self.writes.add(other.writes);
    }

    /// The receipt of a command that asks for this.
    pub fn receipt(&self, instance: &Instance) -> Receipt {
        let Instance { memory, costs, overlap, .. } = instance;
        let [load, wait_load] = self.reads.clocks(memory);
        let [store, wait_store] = self.writes.clocks(memory);
        let [bytes_read, bytes_written] = [self.reads, self.writes].map(|it| it.bytes(memory));
        let moved = bytes_read.max(bytes_written);
        let pieces = u128::from(moved.div_ceil(piece_bytes(instance)).max(1));
        let latency = match self.reads.bursts {
            0 => 0,
            _ => u128::from(memory.latency) * if *overlap { 1 } else { pieces },
        };
        let [index, reduce, conflicts] = [self.index, self.reduce, self.conflicts].map(u128::from);
        let [load, store, wait] =
            [load, store, wait_load.saturating_add(wait_store)].map(u128::from);
        let transfers = load + store + wait;
        let clocks = if *overlap {
            let work = index.max(reduce + conflicts);
            let hidden = (pieces - 1).saturating_mul(work.max(transfers));
            hidden.saturating_add(work + transfers).div_ceil(pieces)
        } else {
            index + reduce + conflicts + transfers
        };
        let long = |clocks: u128| u64::try_from(clocks).unwrap_or(u64::MAX);
        let short = |clocks: u128| u32::try_from(clocks).unwrap_or(u32::MAX);
        let command = u128::from(costs.command);
        Receipt {
            clocks: long(command + latency + clocks),
            index: short(index),
            reduce: short(reduce),
            load: short(load),
            store: short(store),
            stall: short(command + latency + conflicts + wait),
            bytes_read,
            bytes_written,
            operations: self.operations,
            items: 0,
        }
    }
}
