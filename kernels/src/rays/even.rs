//! Even shares of a ray.

use crate::fixed::{divide, mul_hi_u};
use quintet_protocol::ray::Spacing;

/// Fraction bits of a step.
const STEP_BITS: u32 = 48;

/// Even shares of so many samples: the middles of intervals, or points from end to end.
#[derive(Clone, Copy)]
pub struct Even {
    /// Intervals.
    intervals: u32,
    /// One of them, Q48, and a little less than one if there is one.
    step: u64,
    /// The same, Q32.
    coarse_step: u32,
    /// The share of the first sample, Q48.
    first: u64,
    /// The same, Q32, and what rounding may add.
    back: u32,
}

impl Even {
    /// The shares of `samples`, 1 to 4096.
    pub fn new(spacing: Spacing, samples: u32) -> Self {
        let intervals = match spacing {
            Spacing::Middles => samples,
            Spacing::Points => samples - 1,
        };
        let intervals = intervals.max(1);
        let step = divide((1 << STEP_BITS) - 1, intervals.into());
        let first = match spacing {
            Spacing::Middles => step / 2,
            Spacing::Points => 0,
        };
        let [coarse_step, back] = [step, first].map(|share| (share >> 16) as u32);
        Self { intervals, step, coarse_step, first, back: back + 1 }
    }

    /// The share of a sample, Q32, below one.
    #[inline(always)]
    pub fn share(&self, sample: u32) -> u32 {
        ((u64::from(sample) * self.step + self.first) >> 16) as u32
    }

    /// The shares from a sample on, Q32; of those that there are not, anything.
    #[inline(always)]
    pub fn shares_from(&self, sample: u32) -> impl Iterator<Item = u32> + use<> {
        let (mut next, step) =
            ((u64::from(sample) * self.step + self.first) << 16, self.step << 16);
        core::iter::repeat_with(move || {
            let share = (next >> 32) as u32;
            next = next.wrapping_add(step);
            share
        })
    }

    /// The shares of all samples, Q24, and more behind them.
    #[inline(always)]
    pub fn coarse_shares(&self) -> impl Iterator<Item = u32> + use<> {
        self.shares_from(0).map(|share| (share >> 8) + (share >> 7 & 1))
    }

    /// Share of a place that is given in intervals, Q20, Q24.
    #[inline(always)]
    pub fn place(&self, intervals: u32) -> u32 {
        ((u64::from(intervals) * u64::from(self.coarse_step) + (1 << 27)) >> 28) as u32
    }

    /// The first sample after this one that may lie beyond a share, Q32: all between them do not.
    #[inline(always)]
    pub fn after(&self, sample: u32, share: u32) -> u32 {
        let next = mul_hi_u(share.saturating_sub(self.back), self.intervals) + 1;
        next.max(sample + 1)
    }

    /// An interval's share of a length.
    pub fn length(&self, length: u32) -> u32 {
        mul_hi_u(length, self.coarse_step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quintet_protocol::ray::SHARE_ONE;

    fn any_spacing() -> impl Strategy<Value = Spacing> {
        prop_oneof![Just(Spacing::Middles), Just(Spacing::Points)]
    }

    fn exact(spacing: Spacing, samples: u32, sample: u32) -> f64 {
        let (samples, sample) = (f64::from(samples), f64::from(sample));
        match spacing {
            Spacing::Middles => (sample + 0.5) / samples,
            Spacing::Points => sample / (samples - 1.0),
        }
    }

    proptest! {
        #[test]
        fn shares_are_rounded(spacing in any_spacing(), samples in 2u32..=4096, at in 0.0..1.0) {
            let (even, sample) = (Even::new(spacing, samples), (at * f64::from(samples)) as u32);
            let exact = exact(spacing, samples, sample);
            let error = f64::from(even.share(sample)) - exact * 2.0f64.powi(32);
            prop_assert!((-1.1..=0.0).contains(&error), "{error}");
            prop_assert_eq!(even.shares_from(sample).next(), Some(even.share(sample)));
            prop_assert_eq!(even.shares_from(0).nth(sample as usize), Some(even.share(sample)));
            let error = f64::from(even.coarse_shares().nth(sample as usize).unwrap()) - exact * f64::from(SHARE_ONE);
            prop_assert!(error.abs() <= 0.51, "{error}");
        }

        #[test]
        fn what_lies_between_is_not_beyond_a_share(
            spacing in any_spacing(),
            samples in 2u32..=4096,
            at in 0.0..1.0,
            share: u32,
        ) {
            let (even, sample) = (Even::new(spacing, samples), (at * f64::from(samples)) as u32);
            let after = even.after(sample, share);
            prop_assert!(after > sample);
            if after > sample + 1 {
                let last = after.min(samples) - 1;
                prop_assert!(last == sample || even.share(last) <= share);
                // Nor are many looked at that could have been left out.
                let next = after.saturating_add(1);
                prop_assert!(next >= samples || even.share(next) > share);
            }
        }
    }

    #[test]
    fn points_reach_from_end_to_end() {
        for samples in 2..=4096 {
            let even = Even::new(Spacing::Points, samples);
            let ends =
                [0, samples - 1].map(|sample| even.coarse_shares().nth(sample as usize).unwrap());
            assert_eq!(ends, [0, SHARE_ONE], "{samples}");
        }
    }

    #[test]
    fn a_single_sample_has_a_share() {
        assert_eq!(Even::new(Spacing::Middles, 1).coarse_shares().next(), Some(SHARE_ONE / 2));
        assert_eq!(Even::new(Spacing::Points, 1).share(0), 0);
    }
}
