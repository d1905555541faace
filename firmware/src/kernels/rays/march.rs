//! Walking along a ray from sample to sample, past what is empty.
//!
//! A sample is taken if the cell that its point is in is occupied. Nothing else decides, so that with
//! and without an occupancy the same samples are taken where there is something. Of those between, as
//! many as surely are in empty surroundings are not even looked at: how far these reach along the ray
//! is never overestimated.

use super::even::Even;
use super::occupancy::{Empty, Occupancy};
use crate::kernels::fixed::{Normal, mul_hi_u};
use quintet_protocol::ray::{ENDLESS, Ray, SAMPLE_WORDS, SHARE_ONE, Spacing};
use quintet_protocol::tile::{POINT_BITS, POINT_WORDS};

/// Shares of a list that are passed at the cost of one sample that is looked at.
const PASSED_PER_LOOK: u32 = 8;

/// Where in space samples are taken.
#[derive(Clone, Copy)]
pub struct Space<'a> {
    /// Which cells are occupied; none where all are.
    pub occupancy: Option<Occupancy<'a>>,
    /// Whether nothing outside the unit box is occupied; else it is as in the nearest cell.
    pub clips: bool,
}

/// The shares of a ray's samples.
pub trait Shares {
    /// How many there are.
    fn count(&self) -> u32;
    /// The share of a sample.
    fn share(&self, sample: u32) -> u32;
    /// A sample after this one before which none is beyond `share`, and what finding it cost, in
    /// samples that are looked at.
    fn after(&self, sample: u32, share: u32) -> (u32, u32);
    /// The optical length of a sample at `share`.
    fn length(&self, sample: u32, share: u32) -> u32;
}

/// Even shares.
pub struct EvenShares {
    even: Even,
    count: u32,
    /// Of each sample but the last, and of the last.
    lengths: [u32; 2],
}

impl EvenShares {
    /// Those of a ray of this length.
    #[inline(always)]
    pub fn new(even: Even, spacing: Spacing, count: u32, length: u32) -> Self {
        let length = even.length(length);
        let last = match spacing {
            Spacing::Middles => length / 2,
            Spacing::Points => ENDLESS,
        };
        Self { even, count, lengths: [length, last] }
    }
}

impl Shares for EvenShares {
    fn count(&self) -> u32 {
        self.count
    }

    #[inline(always)]
    fn share(&self, sample: u32) -> u32 {
        self.even.share(sample)
    }

    #[inline(always)]
    fn after(&self, sample: u32, share: u32) -> (u32, u32) {
        (self.even.after(sample, share), 0)
    }

    #[inline(always)]
    fn length(&self, sample: u32, _: u32) -> u32 {
        self.lengths[usize::from(sample + 1 == self.count)]
    }
}

/// Shares of a list.
pub struct ListedShares<'a> {
    shares: &'a [u32],
    spacing: Spacing,
    /// Of the whole ray.
    length: u32,
}

impl<'a> ListedShares<'a> {
    /// Those of a ray of this length.
    pub fn new(shares: &'a [u32], spacing: Spacing, length: u32) -> Self {
        Self { shares, spacing, length }
    }
}

impl Shares for ListedShares<'_> {
    fn count(&self) -> u32 {
        self.shares.len() as u32
    }

    #[inline(always)]
    fn share(&self, sample: u32) -> u32 {
        self.shares.get(sample as usize).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn after(&self, sample: u32, share: u32) -> (u32, u32) {
        let rest = self.shares.get(sample as usize + 1..).unwrap_or_default();
        let passed = rest.iter().take_while(|&&next| next <= share).count() as u32;
        (sample + 1 + passed, passed / PASSED_PER_LOOK)
    }

    #[inline(always)]
    fn length(&self, sample: u32, share: u32) -> u32 {
        let end = match (self.shares.get(sample as usize + 1), self.spacing) {
            (Some(&next), _) => next,
            (None, Spacing::Middles) => SHARE_ONE,
            (None, Spacing::Points) => return ENDLESS,
        };
        let part = u64::from(end.saturating_sub(share)) * u64::from(self.length);
        (part / u64::from(SHARE_ONE)) as u32
    }
}

/// A sample that is to be taken.
struct Sample {
    /// Its number on its ray.
    number: u32,
    /// Where it is, Q28 of the unit box.
    point: [i32; 3],
    /// Its optical length, Q16.
    length: u32,
}

/// What comes next on a ray.
enum Found {
    Sample(Sample),
    /// Nothing: the ray is done.
    End,
    /// Not known yet: go on from this sample.
    Tired(u32),
}

/// Why no more samples were taken of a ray.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is done.
    End,
    /// There is no room for one more, which there is.
    Full,
    /// It was looked for long enough.
    Tired,
}

/// A ray with what helps to walk along it.
pub struct Walk<'a, S> {
    start: [i32; 3],
    span: [i32; 3],
    shares: S,
    space: Space<'a>,
    /// 2^53 over the span, or less, along each axis.
    inverse: [u32; 3],
    /// All bits along axes on which the ray ascends: turns how far a point is from the lower end of
    /// a cube into how far it is from the upper one.
    flip: [u32; 3],
}

/// At most `2^53 / |span|`, and very little less where that has 32 bits.
#[inline(always)]
fn inverse(span: i32) -> u32 {
    /// Shift at which the reciprocal, `2^62` over the mantissa, is what is looked for.
    const SHIFT: u32 = 9;
    let normal = Normal::new(span.unsigned_abs());
    if normal.shift > SHIFT + 1 {
        return u32::MAX;
    }
    // The reciprocal may be 2^3 too much.
    let reciprocal = (normal.reciprocal() as u32).wrapping_sub(1 << 3);
    (reciprocal << 1) >> (SHIFT + 1 - normal.shift)
}

/// Q24 of the way to `distance`, Q28 and below two boxes, at a span of that inverse.
#[inline(always)]
fn way(distance: u32, inverse: u32) -> u32 {
    mul_hi_u(distance << 3, inverse)
}

impl<'a, S: Shares> Walk<'a, S> {
    /// A walk along a ray.
    #[inline(always)]
    pub fn new(ray: &Ray, shares: S, space: Space<'a>) -> Self {
        let (inverse, flip) = match (space.occupancy, space.clips) {
            (None, false) => ([0; 3], [0; 3]),
            _ => (ray.span.map(inverse), ray.span.map(|span| !(span >> 31) as u32)),
        };
        Self { start: ray.start, span: ray.span, shares, space, inverse, flip }
    }

    /// Takes samples of ray number `ray`, from number `mark` on, while there is room for them and
    /// `looks` are left; makes `mark` the next one. How many were taken, and why not more.
    #[inline(always)]
    pub fn take(
        &self,
        ray: u32,
        mark: &mut u32,
        (samples, points): (&mut [[u32; SAMPLE_WORDS]], &mut [[u32; POINT_WORDS]]),
        looks: &mut u32,
    ) -> (usize, Stop) {
        let mut taken = 0;
        let mut places = samples.iter_mut().zip(points);
        loop {
            match self.next(*mark, looks) {
                Found::Sample(Sample { number, point, length }) => {
                    *mark = number;
                    let Some((sample, place)) = places.next() else { return (taken, Stop::Full) };
                    *sample = [ray | number << 16, length];
                    *place = point.map(|at| at as u32);
                    (*mark, taken) = (number + 1, taken + 1);
                }
                Found::End => {
                    *mark = self.shares.count();
                    return (taken, Stop::End);
                }
                Found::Tired(number) => {
                    *mark = number;
                    return (taken, Stop::Tired);
                }
            }
        }
    }

    /// The first sample to be taken from this one on. What is left of `looks` may not do for what
    /// comes beside looking at one more.
    #[inline(always)]
    fn next(&self, from: u32, looks: &mut u32) -> Found {
        let mut number = from;
        loop {
            if number >= self.shares.count() {
                return Found::End;
            }
            if *looks == 0 {
                return Found::Tired(number);
            }
            let share = self.shares.share(number);
            let point = self.point(share);
            *looks -= 1;
            let Some(ahead) = self.empty(point) else {
                let length = self.shares.length(number, share);
                return Found::Sample(Sample { number, point, length });
            };
            let Some(ahead) = ahead else { return Found::End };
            let (after, cost) = self.shares.after(number, share.saturating_add(ahead));
            (number, *looks) = (after, looks.saturating_sub(cost));
        }
    }

    /// The point at a share.
    #[inline(always)]
    fn point(&self, share: u32) -> [i32; 3] {
        let at = |k: usize| {
            let way = (i64::from(self.span[k]) * i64::from(share as i32)) >> 24;
            self.start[k].wrapping_add(way as i32)
        };
        [at(0), at(1), at(2)]
    }

    /// If there is nothing at a point, how much farther along the ray there is nothing, Q24; or none
    /// if there is nothing any more.
    #[inline(always)]
    fn empty(&self, point: [i32; 3]) -> Option<Option<u32>> {
        const LAST: i32 = (1 << POINT_BITS) - 1;
        let is_outside = (point[0] | point[1] | point[2]) as u32 >> POINT_BITS != 0;
        if is_outside && self.space.clips {
            return Some(self.outside(point));
        }
        let occupancy = self.space.occupancy?;
        let nearest = if is_outside { point.map(|at| at.clamp(0, LAST)) } else { point };
        let Empty { mask, reach } = occupancy.around(nearest.map(|at| at as u32))?;
        let axis =
            |k: usize| way(((point[k] as u32 ^ self.flip[k]) & mask) + reach, self.inverse[k]);
        Some(Some(axis(0).min(axis(1)).min(axis(2))))
    }

    /// How far it is from a point outside the box to it, if the ray still comes there.
    #[inline(never)]
    fn outside(&self, point: [i32; 3]) -> Option<u32> {
        const SIDE: i32 = 1 << POINT_BITS;
        let mut farthest = 0;
        for (k, at) in point.into_iter().enumerate() {
            let ascends = self.flip[k] != 0;
            let distance = match at {
                0..SIDE => continue,
                SIDE.. if !ascends => at - SIDE,
                ..0 if ascends && self.span[k] != 0 => !at,
                _ => return None,
            };
            let way = (u64::from(distance as u32) * u64::from(self.inverse[k])) >> 29;
            farthest = farthest.max(u32::try_from(way).unwrap_or(u32::MAX));
        }
        Some(farthest)
    }
}
