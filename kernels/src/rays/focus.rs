//! Spending samples where a coarse pass found something: inverse transform sampling of a piecewise
//! constant density (NeRF, section 5.2).

use super::even::Even;
use crate::fixed::{Normal, leading_zeros, mul_hi_u};
use quintet_protocol::ray::Spacing;

/// Greatest weight, Q30.
const WEIGHT_MAX: u32 = 1 << 30;
/// Fraction bits of a place in an interval.
const PLACE_BITS: u32 = 20;

/// How samples are spent.
#[derive(Clone, Copy)]
pub struct Focus {
    spacing: Spacing,
    coarse: u32,
    fine: u32,
    padding: u32,
    /// Of the coarse samples.
    even: Even,
    /// Parts of the weights' sum at which samples are.
    parts: Even,
}

impl Focus {
    /// `fine` samples by the weights of `coarse`, 4 to 1024 each, to each of which `padding` is
    /// added, 1 to 2^30.
    #[inline(never)]
    pub fn new(spacing: Spacing, [coarse, fine]: [u32; 2], padding: u32) -> Self {
        let [even, parts] = [coarse, fine].map(|samples| Even::new(spacing, samples));
        Self { spacing, coarse, fine, padding, even, parts }
    }

    /// Shares that a ray has in the end.
    pub fn shares(&self) -> u32 {
        match self.spacing {
            Spacing::Middles => self.fine,
            Spacing::Points => self.coarse + self.fine,
        }
    }

    /// Writes the shares of a ray for the weights of its coarse samples.
    #[inline(never)]
    pub fn spend(&self, weights: &[u32], shares: &mut [u32]) {
        match (self.spacing, weights) {
            (Spacing::Middles, weights) => {
                let mut histogram = Histogram::new(weights, self.padding);
                for (share, part) in shares.iter_mut().zip(self.parts.shares_from(0)) {
                    *share = self.even.place(histogram.place(part));
                }
            }
            (Spacing::Points, [_, weights @ .., _]) => {
                self.spend_between(Histogram::new(weights, self.padding), shares);
            }
            _ => {}
        }
    }

    /// Writes shares in between the even ones. Intervals of the histogram begin in the middles of
    /// those.
    #[inline(always)]
    fn spend_between(&self, mut histogram: Histogram<'_>, shares: &mut [u32]) {
        let mut even = self.even.coarse_shares().take(self.coarse as usize);
        let mut coarse = even.next();
        let mut shares = shares.iter_mut();
        let mut write = |share| shares.next().map(|place| *place = share).is_some();
        for part in self.parts.shares_from(0).take(self.fine as usize) {
            let place = histogram.place(part) + (1 << (PLACE_BITS - 1));
            let fine = self.even.place(place);
            while coarse.is_some_and(|first| first <= fine && write(first)) {
                coarse = even.next();
            }
            write(fine);
        }
        coarse.into_iter().chain(even).all(write);
    }
}

/// Weights over intervals, of which ascending parts are looked for.
struct Histogram<'a> {
    /// Those of the intervals after this one.
    weights: core::slice::Iter<'a, u32>,
    padding: u32,
    /// What makes the sum 2^31 .. 2^32: a shift to the left, one to the right.
    shifts: [u32; 2],
    total: u32,
    /// Number of this interval.
    interval: u32,
    /// Sum of the intervals before it.
    below: u32,
    /// Its weight.
    weight: u32,
    /// 2^62 over its normalised weight, once that is needed.
    reciprocal: Option<(u32, u32)>,
}

impl<'a> Histogram<'a> {
    fn new(weights: &'a [u32], padding: u32) -> Self {
        let (pairs, rest) = weights.as_chunks();
        let pairs = pairs.iter().map(|[a, b]| u64::from(a.min(&WEIGHT_MAX) + b.min(&WEIGHT_MAX)));
        let rest = rest.iter().map(|&weight| u64::from(weight.min(WEIGHT_MAX)));
        let total = pairs.chain(rest).sum::<u64>() + weights.len() as u64 * u64::from(padding);
        // Up to 1024 weights below 2^32 sum up to less than 2^42.
        let right = 32 - leading_zeros((total >> 32) as u32);
        let left = leading_zeros((total >> right) as u32 | 1);
        let total = ((total >> right) as u32) << left;
        let mut histogram = Self {
            weights: weights.iter(),
            padding,
            shifts: [left, right],
            total,
            interval: 0,
            below: 0,
            weight: 0,
            reciprocal: None,
        };
        if let Some(&first) = histogram.weights.next() {
            histogram.weight = histogram.scaled(first);
        }
        histogram
    }

    #[inline(always)]
    fn scaled(&self, weight: u32) -> u32 {
        let [left, right] = self.shifts;
        ((weight.min(WEIGHT_MAX) + self.padding) >> right) << left
    }

    /// Where that part of the sum is reached, Q32, not less than the one before: in intervals, Q20.
    #[inline(always)]
    fn place(&mut self, part: u32) -> u32 {
        let target = mul_hi_u(self.total, part);
        while target.wrapping_sub(self.below) >= self.weight {
            let Some(&next) = self.weights.next() else { break };
            self.below = self.below.wrapping_add(self.weight);
            self.weight = self.scaled(next);
            self.interval += 1;
            self.reciprocal = None;
        }
        let weight = self.weight;
        let (reciprocal, shift) = *self.reciprocal.get_or_insert_with(|| {
            let normal = Normal::new(weight);
            (normal.reciprocal() as u32, normal.shift)
        });
        // At the end of the last interval rounding may have left a rest.
        let into = target.wrapping_sub(self.below).min(weight);
        let place = mul_hi_u(into << shift, reciprocal) >> (30 - PLACE_BITS);
        (self.interval << PLACE_BITS) + place.min(1 << PLACE_BITS)
    }
}
