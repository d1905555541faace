//! Walking along a ray from sample to sample, past what is empty.
//!
//! A sample is taken if the cell that its point is in is occupied. Nothing else decides, so that
//! with and without an occupancy the same samples are taken where there is something. Of those
//! between, as many as surely are in empty surroundings are not even looked at: how far these reach
//! along the ray is never overestimated.

use super::occupancy::{Empty, Occupancy};
use super::shares::AnyShares;
pub use super::shares::{EvenShares, ListedShares, Shares};
use crate::SMALL;
use crate::fixed::{Normal, mul_hi_u};
use quintet_protocol::ray::{Ray, SAMPLE_WORDS};
use quintet_protocol::tile::{POINT_BITS, POINT_WORDS};

/// Where in space samples are taken.
#[derive(Clone, Copy)]
pub struct Space<'a> {
    /// Which cells are occupied; none where all are.
    pub occupancy: Option<Occupancy<'a>>,
    /// Whether nothing outside the unit box is occupied; else it is as in the nearest cell.
    pub clips: bool,
}

/// A sample that is to be taken.
struct Sample {
    /// Its number on its ray.
    number: u32,
    /// Where it is, Q28 of the unit box.
    point: [u32; 3],
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

/// The greatest coordinate of a point of the box.
const LAST: u32 = (1 << POINT_BITS) - 1;

/// A ray with what helps to walk along it. The box and all in it is mirrored along axes along which
/// the ray descends, so that it ascends along all.
pub struct Walk<'a, S> {
    /// Its near end, mirrored.
    start: [u32; 3],
    /// From the near to the far end.
    span: [u32; 3],
    /// Bits that mirror a coordinate in the box, along axes that are mirrored: [`LAST`].
    flip: [u32; 3],
    /// 2^53 over the span, or less.
    inverse: [u32; 3],
    shares: S,
    space: Space<'a>,
}

/// At most `2^53 / span`, and very little less where that has 32 bits.
#[inline(always)]
fn inverse(span: u32) -> u32 {
    /// Shift at which the reciprocal, `2^62` over the mantissa, is what is looked for.
    const SHIFT: u32 = 9;
    let normal = Normal::new(span);
    if normal.shift > SHIFT + 1 {
        return u32::MAX;
    }
    // The reciprocal may be 2^3 too much.
    let reciprocal = (normal.reciprocal() as u32).wrapping_sub(1 << 3);
    (reciprocal << 1) >> (SHIFT + 1 - normal.shift)
}

/// A coordinate as seen in the mirror of an axis, if there is one.
#[inline(always)]
fn mirror(at: u32, flip: u32) -> u32 {
    if flip == 0 { at } else { LAST.wrapping_sub(at) }
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
        let flip = ray.span.map(|span| (span >> 31) as u32 & LAST);
        let span = ray.span.map(i32::unsigned_abs);
        let inverse = match (space.occupancy, space.clips) {
            (None, false) => [0; 3],
            _ => span.map(inverse),
        };
        let start = [0, 1, 2].map(|k| mirror(ray.start[k] as u32, flip[k]));
        Self { start, span, flip, inverse, shares, space }
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
        if self.space.occupancy.is_none() && !self.space.clips {
            return self.take_all(ray, mark, (samples, points), looks);
        }
        let mut taken = 0;
        let mut places = samples.iter_mut().zip(points);
        let (mut next, mut left) = (*mark, *looks);
        let stop = loop {
            match self.next(next, &mut left) {
                Found::Sample(Sample { number, point, length }) => {
                    next = number;
                    let Some((sample, place)) = places.next() else { break Stop::Full };
                    *sample = [ray | number << 16, length];
                    *place = point;
                    (next, taken) = (number + 1, taken + 1);
                }
                Found::End => {
                    next = self.shares.count();
                    break Stop::End;
                }
                Found::Tired(number) => {
                    next = number;
                    break Stop::Tired;
                }
            }
        };
        (*mark, *looks) = (next, left);
        (taken, stop)
    }

    /// [`Self::take`], where no sample is empty: in two passes, each of which leaves the core
    /// enough registers.
    #[inline(always)]
    fn take_all(
        &self,
        ray: u32,
        mark: &mut u32,
        (samples, points): (&mut [[u32; SAMPLE_WORDS]], &mut [[u32; POINT_WORDS]]),
        looks: &mut u32,
    ) -> (usize, Stop) {
        let left = self.shares.count().saturating_sub(*mark);
        let most = left.min(*looks) as usize;
        let taken = samples.len().min(points.len()).min(most);
        for (sample, number) in samples.iter_mut().take(taken).zip(*mark..) {
            *sample = [ray | number << 16, self.shares.length(number)];
        }
        // Inverting all bits mirrors at zero, and a step beyond.
        let flip = self.flip.map(|flip| if flip == 0 { 0 } else { u32::MAX });
        let start = [0, 1, 2].map(|k| self.start[k].wrapping_sub(flip[k] & 1 << POINT_BITS));
        let shares = self.shares.shares_from(*mark);
        for (point, share) in points.iter_mut().take(taken).zip(shares) {
            let at = |k: usize| start[k].wrapping_add(mul_hi_u(self.span[k], share)) ^ flip[k];
            *point = [at(0), at(1), at(2)];
        }
        *mark += taken as u32;
        *looks -= taken as u32;
        let stop = match taken {
            _ if taken == left as usize => Stop::End,
            _ if taken == most => Stop::Tired,
            _ => Stop::Full,
        };
        (taken, stop)
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
            let at = |k: usize| self.start[k].wrapping_add(mul_hi_u(self.span[k], share));
            let point = [at(0), at(1), at(2)];
            *looks -= 1;
            let Some(ahead) = self.empty(point) else {
                let point = [0, 1, 2].map(|k| mirror(point[k], self.flip[k]));
                return Found::Sample(Sample { number, point, length: self.shares.length(number) });
            };
            let end =
                ahead.and_then(
                    |ahead| {
                        if ahead >> 24 != 0 { None } else { share.checked_add(ahead << 8) }
                    },
                );
            let Some(end) = end else { return Found::End };
            let (after, cost) = self.shares.after(number, end);
            (number, *looks) = (after, looks.saturating_sub(cost));
        }
    }

    /// If there is nothing at a point, how much farther along the ray there is nothing, Q24; or
    /// none if there is nothing any more.
    #[inline(always)]
    fn empty(&self, point: [u32; 3]) -> Option<Option<u32>> {
        let is_outside = (point[0] | point[1] | point[2]) >> POINT_BITS != 0;
        if is_outside && self.space.clips {
            return Some(outside(point, &self.span, &self.inverse));
        }
        let occupancy = self.space.occupancy?;
        let nearest = match is_outside {
            true => point.map(|at| (at as i32).clamp(0, LAST as i32) as u32),
            false => point,
        };
        let Empty { mask, reach } = occupancy.around(nearest, self.flip)?;
        let axis = |k: usize| way((!point[k] & mask).wrapping_add(reach), self.inverse[k]);
        Some(Some(axis(0).min(axis(1)).min(axis(2))))
    }
}

/// Takes samples of a ray with even shares: see [`Walk::take`].
#[inline(never)]
pub fn take_even(
    (ray, shares, space): (&Ray, EvenShares, Space<'_>),
    number: u32,
    mark: &mut u32,
    places: (&mut [[u32; SAMPLE_WORDS]], &mut [[u32; POINT_WORDS]]),
    looks: &mut u32,
) -> (usize, Stop) {
    match SMALL {
        true => take_any((ray, AnyShares::Even(shares), space), number, mark, places, looks),
        false => Walk::new(ray, shares, space).take(number, mark, places, looks),
    }
}

/// Takes samples of a ray with listed shares: see [`Walk::take`].
#[inline(never)]
pub fn take_listed(
    (ray, shares, space): (&Ray, ListedShares<'_>, Space<'_>),
    number: u32,
    mark: &mut u32,
    places: (&mut [[u32; SAMPLE_WORDS]], &mut [[u32; POINT_WORDS]]),
    looks: &mut u32,
) -> (usize, Stop) {
    match SMALL {
        true => take_any((ray, AnyShares::Listed(shares), space), number, mark, places, looks),
        false => Walk::new(ray, shares, space).take(number, mark, places, looks),
    }
}

/// Takes samples of a ray with shares of either kind, in a small build: see [`Walk::take`].
#[inline(never)]
fn take_any(
    (ray, shares, space): (&Ray, AnyShares<'_>, Space<'_>),
    number: u32,
    mark: &mut u32,
    places: (&mut [[u32; SAMPLE_WORDS]], &mut [[u32; POINT_WORDS]]),
    looks: &mut u32,
) -> (usize, Stop) {
    Walk::new(ray, shares, space).take(number, mark, places, looks)
}

/// How far it is from a point outside the box to it, if a ray of that span, of that [`inverse`],
/// still comes there.
#[inline(never)]
fn outside(point: [u32; 3], span: &[u32; 3], inverse: &[u32; 3]) -> Option<u32> {
    let mut farthest = 0;
    for ((at, &span), &inverse) in point.into_iter().zip(span).zip(inverse) {
        // Whatever is below zero has to ascend to it.
        let distance = match at as i32 {
            0.. if at >> POINT_BITS == 0 => continue,
            ..0 if span != 0 => !at,
            _ => return None,
        };
        let way = (u64::from(distance) * u64::from(inverse)) >> 29;
        farthest = farthest.max(u32::try_from(way).unwrap_or(u32::MAX));
    }
    Some(farthest)
}
