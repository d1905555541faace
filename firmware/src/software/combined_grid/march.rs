//! `CombinedGrid`, taking samples along rays: one joint address, that of a point's cell.
//!
//! First the rays that may have more samples are counted, then each in turn takes as many as there
//! is room for, divided by the rays that are left.

use crate::kernels::rays::even::Even;
use crate::kernels::rays::march::{EvenShares, ListedShares, Space, Stop, take_even, take_listed};
use crate::kernels::rays::occupancy::Occupancy;
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::program::{Fault, March as Command};
use quintet_protocol::ray::{
    BLOCK_BITS, COUNT_WORDS, RAY_WORDS, Ray, SAMPLE_WORDS, SAMPLES_MAX, Spacing, occupancy_words,
};
use quintet_protocol::tile::{CURSOR_WORDS, Cursor, POINT_WORDS};

/// Rays of a step that counts, some ten instructions each.
const STEP_RAYS: usize = 4096;
/// Samples that a step looks at, some 80 instructions each.
const STEP_LOOKS: u32 = 1024;
/// What turning to a ray costs, in samples that are looked at.
const RAY_LOOKS: u32 = 2;
/// Most pixels of a tile, and most samples of a batch.
const PIXELS_MAX: u32 = 1 << 16;
const CAPACITY_MAX: u32 = 1 << 20;

/// Marching under way.
pub struct March {
    cursor: Words,
    rays: Words,
    marks: Words,
    accumulators: Words,
    shares: Words,
    occupancy: Words,
    samples: Words,
    points: Words,
    way: Way,
    stage: Stage,
}

/// How rays are walked along.
#[derive(Clone, Copy)]
struct Way {
    spacing: Spacing,
    even: Even,
    /// Samples of a ray.
    per_ray: u32,
    /// Whether shares are listed.
    is_listed: bool,
    /// Binary logarithm of the occupancy's side; 0 without one.
    grid_bits: u32,
    clips: bool,
    opaque: u32,
    accumulator_words: usize,
}

#[derive(Clone, Copy)]
enum Stage {
    /// Counting the rays that may have more samples, from this one on.
    Count { next: usize, live: u32 },
    /// Rays taking samples in turn.
    Take(Taking),
    /// All have taken theirs.
    Ended(Taking),
}

/// Taking samples.
#[derive(Clone, Copy)]
struct Taking {
    /// The ray that is next.
    next: usize,
    /// Rays from it on that may have more samples.
    live: u32,
    /// Samples taken.
    taken: usize,
    /// Room that is left to the next ray, if that has been begun with.
    room: Option<u32>,
    /// Whether any ray may have more samples after this batch.
    more: bool,
}

impl March {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.per_ray, 1..=SAMPLES_MAX)?;
        in_range(2, c.pixels, 1..=PIXELS_MAX)?;
        in_range(1, c.capacity, c.pixels..=CAPACITY_MAX)?;
        in_range(4, c.channels, 1..=16)?;
        let grid_bits = u32::from(c.grid_bits);
        let occupancy = match c.occupancy {
            Some(occupancy) => {
                in_range(3, grid_bits, BLOCK_BITS..=8)?;
                operands.read(occupancy, occupancy_words(grid_bits))?
            }
            None => {
                in_range(3, grid_bits, 0..=0)?;
                0..0
            }
        };
        let [pixels, capacity] = [c.pixels, c.capacity].map(|count| count as usize);
        let shares = match c.shares {
            Some(shares) => operands.read(shares, pixels.saturating_mul(c.per_ray as usize))?,
            None => 0..0,
        };
        let accumulator_words = 1 + usize::from(c.channels);
        let job = Self {
            cursor: operands.read(c.cursor, CURSOR_WORDS)?,
            rays: operands.read(c.rays, pixels * RAY_WORDS)?,
            marks: operands.write(c.marks, pixels)?,
            accumulators: operands.read(c.accumulators, pixels * accumulator_words)?,
            shares,
            occupancy,
            samples: operands.write(c.samples, COUNT_WORDS + capacity * SAMPLE_WORDS)?,
            points: operands.write(c.points, capacity * POINT_WORDS)?,
            way: Way {
                spacing: c.spacing,
                even: Even::new(c.spacing, c.per_ray),
                per_ray: c.per_ray,
                is_listed: c.shares.is_some(),
                grid_bits,
                clips: c.clips,
                opaque: c.opaque.into(),
                accumulator_words,
            },
            stage: Stage::Count { next: 0, live: 0 },
        };
        disjoint(job.ranges().each_ref())?;
        Ok(job)
    }

    fn ranges(&self) -> [Words; 8] {
        let Self { cursor, rays, marks, accumulators, shares, occupancy, samples, points, .. } =
            self;
        [cursor, rays, marks, accumulators, shares, occupancy, samples, points].map(Words::clone)
    }

    /// Samples taken; `None` if nothing was left to do.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let ranges = self.ranges();
        let [cursor, rays, marks, accumulators, shares, occupancy, samples, points] =
            arena.get_disjoint_mut(ranges).ok()?;
        let cursor = Cursor::from_words(cursor.first_chunk()?);
        let (count, samples) = samples.split_first_chunk_mut::<COUNT_WORDS>()?;
        let marks = marks.get_mut(..(cursor.pixels as usize).min(marks.len()))?;
        let mut tile = Tile {
            way: self.way,
            rays: rays.as_chunks().0,
            marks,
            accumulators,
            shares,
            space: Space {
                occupancy: Occupancy::new(occupancy, self.way.grid_bits),
                clips: self.way.clips,
            },
            samples: samples.as_chunks_mut().0,
            points: points.as_chunks_mut().0,
        };
        let (stage, items) = match self.stage {
            Stage::Count { next, live } => (tile.count(next, live), 0),
            Stage::Take(taking) => {
                let stage = tile.take(taking);
                let (Stage::Take(now) | Stage::Ended(now)) = stage else { return None };
                *count = [now.taken as u32, now.more.into()];
                (stage, now.taken - taking.taken)
            }
            Stage::Ended(_) => return None,
        };
        self.stage = stage;
        Some(items)
    }
}

/// The operands of a step.
struct Tile<'a> {
    way: Way,
    rays: &'a [[u32; RAY_WORDS]],
    /// One for each pixel that there is.
    marks: &'a mut [u32],
    accumulators: &'a [u32],
    shares: &'a [u32],
    space: Space<'a>,
    samples: &'a mut [[u32; SAMPLE_WORDS]],
    points: &'a mut [[u32; POINT_WORDS]],
}

impl<'a> Tile<'a> {
    /// Whether a ray may have more samples.
    fn is_live(&self, ray: usize) -> bool {
        let transmittance = self.accumulators.get(ray * self.way.accumulator_words);
        let is_clear = transmittance.is_some_and(|&left| left >= self.way.opaque);
        is_clear && self.marks.get(ray).is_some_and(|&mark| mark < self.way.per_ray)
    }

    fn count(&self, next: usize, live: u32) -> Stage {
        let end = (next + STEP_RAYS).min(self.marks.len());
        let live = live + (next..end).filter(|&ray| self.is_live(ray)).count() as u32;
        if end < self.marks.len() {
            return Stage::Count { next: end, live };
        }
        Stage::Take(Taking { next: 0, live, taken: 0, room: None, more: false })
    }

    fn take(&mut self, mut taking: Taking) -> Stage {
        let mut looks = STEP_LOOKS;
        while taking.live > 0 && taking.next < self.marks.len() {
            if looks <= RAY_LOOKS {
                return Stage::Take(taking);
            }
            if !self.is_live(taking.next) {
                // Seldom so many that it matters; if so, a ray is a look.
                looks -= 1;
                taking.next += 1;
                continue;
            }
            looks -= RAY_LOOKS;
            let left = (self.samples.len() - taking.taken) as u32;
            let mut room = taking.room.take().unwrap_or(left / taking.live);
            if self.take_of(&mut taking, &mut room, &mut looks) {
                taking.live -= 1;
                taking.next += 1;
            } else {
                taking.room = Some(room);
            }
        }
        Stage::Ended(taking)
    }

    /// Takes samples of the next ray. Whether that is done with.
    fn take_of(&mut self, taking: &mut Taking, room: &mut u32, looks: &mut u32) -> bool {
        let Some(ray) = self.rays.get(taking.next).map(Ray::from_words) else { return true };
        let (way, space, per_ray) = (self.way, self.space, self.way.per_ray as usize);
        let Some(mark) = self.marks.get_mut(taking.next) else { return true };
        let range = taking.taken..taking.taken + *room as usize;
        let places = (self.samples.get_mut(range.clone()), self.points.get_mut(range));
        let (Some(samples), Some(points)) = places else { return true };
        let (places, number) = ((samples, points), taking.next as u32);
        let (taken, stop) = if way.is_listed {
            let shares = self.shares.get(taking.next * per_ray..).unwrap_or_default();
            let shares = shares.get(..per_ray).unwrap_or_default();
            let shares = ListedShares::new(shares, way.spacing, ray.length);
            take_listed((&ray, shares, space), number, mark, places, looks)
        } else {
            let shares = EvenShares::new(way.even, way.spacing, way.per_ray, ray.length);
            take_even((&ray, shares, space), number, mark, places, looks)
        };
        taking.taken += taken;
        taking.more |= stop == Stop::Full;
        *room -= taken as u32;
        stop != Stop::Tired
    }
}
