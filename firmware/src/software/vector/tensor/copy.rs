//! `Vector`, copying between strided places: row by row of runs, the last axis innermost.

use crate::operands::{Operands, Words, disjoint, words};
use quintet_protocol::program::{Copy as Command, Fault};

/// Instructions of a step, roughly.
const STEP_COST: usize = 60_000;
/// What a run costs beside its bytes.
const RUN_COST: usize = 30;
/// Most bytes that are copied at a time.
const PIECE_BYTES: usize = 32 << 10;

/// Copying under way.
pub struct Copying {
    input: Words,
    output: Words,
    counts: [u16; 3],
    /// Bytes of a run.
    run: usize,
    /// Where runs are in the input and in the output.
    places: [Place; 2],
    /// The run that is next.
    next: [u16; 3],
    /// Bytes of it that are copied.
    done: usize,
}

/// Where runs are in a buffer, in bytes.
struct Place {
    first: u32,
    strides: [i32; 3],
}

impl Copying {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        let places = [(c.from, c.from_strides), (c.to, c.to_strides)];
        let places = places.map(|(first, strides)| Place { first, strides });
        let [from_end, to_end] = [places[0].end(c, 3)?, places[1].end(c, 7)?];
        let input = operands.read(c.input, words(from_end))?;
        let output = operands.write(c.output, words(to_end))?;
        disjoint([&input, &output])?;
        let (counts, run) = (c.counts, c.run as usize);
        Ok(Self { input, output, counts, run, places, next: [0; 3], done: 0 })
    }

    /// Bytes written; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let ranges = [self.input.clone(), self.output.clone()];
        let [input, output] = arena.get_disjoint_mut(ranges).ok()?;
        let input: &[u8] = bytemuck::cast_slice(input);
        let output: &mut [u8] = bytemuck::cast_slice_mut(output);
        let (mut items, mut cost) = (0, 0);
        while cost < STEP_COST && self.next[0] < self.counts[0] {
            let bytes = if self.run > PIECE_BYTES {
                self.piece(input, output)?
            } else {
                self.row(input, output, (STEP_COST - cost) / (RUN_COST + self.run))?
            };
            items += bytes;
            cost += bytes / self.run * RUN_COST + bytes;
        }
        Some(items).filter(|&items| items > 0)
    }

    /// Copies a piece of one long run.
    fn piece(&mut self, input: &[u8], output: &mut [u8]) -> Option<usize> {
        let [from, to] = self.places.each_ref().map(|place| place.of(self.next) + self.done);
        let bytes = (self.run - self.done).min(PIECE_BYTES);
        output.get_mut(to..to + bytes)?.copy_from_slice(input.get(from..from + bytes)?);
        self.done += bytes;
        if self.done == self.run {
            self.done = 0;
            self.advance(1);
        }
        Some(bytes)
    }

    /// Copies what is left of a row of runs, but not more than `most`, or one if that is none.
    fn row(&mut self, input: &[u8], output: &mut [u8], most: usize) -> Option<usize> {
        let [from, to] =
            self.places.each_ref().map(|place| (place.of(self.next), place.strides[2]));
        let left = usize::from(self.counts[2] - self.next[2]);
        let count = left.min(most.max(1));
        let mut places =
            (0..count).map(|k| [from, to].map(|(first, stride)| step(first, stride, k)));
        if self.run == 1 {
            places.try_for_each(|[from, to]| {
                *output.get_mut(to)? = *input.get(from)?;
                Some(())
            })?;
        } else {
            places.try_for_each(|[from, to]| {
                let run = input.get(from..from + self.run)?;
                output.get_mut(to..to + self.run)?.copy_from_slice(run);
                Some(())
            })?;
        }
        self.advance(count as u16);
        Some(count * self.run)
    }

    /// Goes on by so many runs, which are all in this row.
    fn advance(&mut self, runs: u16) {
        let [i, j, k] = &mut self.next;
        *k += runs;
        if *k == self.counts[2] {
            (*j, *k) = (*j + 1, 0);
        }
        if *j == self.counts[1] {
            (*i, *j) = (*i + 1, 0);
        }
    }
}

impl Place {
    /// One past the last byte that any run has there; the fault is of parameter `first`, where a
    /// run begins before the buffer.
    fn end(&self, c: &Command, first: u8) -> Result<u64, Fault> {
        let (mut least, mut greatest) = (i64::from(self.first), i64::from(self.first));
        for (count, stride) in c.counts.iter().zip(self.strides) {
            let reach = (i64::from(*count) - 1) * i64::from(stride);
            least += reach.min(0);
            greatest += reach.max(0);
        }
        if least < 0 {
            return Err(Fault::OutOfRange { parameter: first });
        }
        Ok(greatest as u64 + u64::from(c.run))
    }

    /// Byte where a run begins.
    fn of(&self, run: [u16; 3]) -> usize {
        let steps = run.iter().zip(self.strides);
        steps.fold(self.first as usize, |at, (&count, stride)| step(at, stride, count.into()))
    }
}

/// Where `count` steps lead. What is between may wrap; where a run begins does not.
fn step(from: usize, stride: i32, count: usize) -> usize {
    from.wrapping_add((stride as isize as usize).wrapping_mul(count))
}
