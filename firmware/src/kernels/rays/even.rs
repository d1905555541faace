//! Even shares of a ray.

use crate::kernels::fixed::mul_hi_u;
use quintet_protocol::ray::{SHARE_ONE, Spacing};

/// Fraction bits of what a step is kept in.
const STEP_BITS: u32 = 40;

/// Even shares of so many samples: the middles of intervals, or points from end to end.
#[derive(Clone, Copy)]
pub struct Even {
    /// Intervals.
    intervals: u32,
    /// Half of one of them, Q40.
    half: u64,
    /// Halves before the first sample.
    first: u32,
    /// What a share may be behind its interval's number at most, Q24.
    back: u32,
}

impl Even {
    /// The shares of `samples`, 1 to 4096.
    pub fn new(spacing: Spacing, samples: u32) -> Self {
        let (intervals, first) = match spacing {
            Spacing::Middles => (samples, 1),
            Spacing::Points => (samples - 1, 0),
        };
        let intervals = intervals.max(1);
        let half = (1 << (STEP_BITS - 1)) / u64::from(intervals);
        // Rounded up, and one more that rounding may add to a share.
        let back = 2 + first * (SHARE_ONE / 2 / intervals);
        Self { intervals, half, first, back }
    }

    /// The share of a sample, Q24.
    #[inline(always)]
    pub fn share(&self, sample: u32) -> u32 {
        // The division left out up to 2^13 parts of 2^40: an eighth of what is rounded away.
        ((self.part(sample) + (1 << 15)) >> 16) as u32
    }

    /// The same, Q32, and less than one.
    #[inline(always)]
    pub fn fine_share(&self, sample: u32) -> u32 {
        u32::try_from((self.part(sample) + (1 << 7)) >> 8).unwrap_or(u32::MAX)
    }

    /// Share of a place that is given in intervals, Q20, Q24.
    #[inline(always)]
    pub fn place(&self, intervals: u32) -> u32 {
        ((u64::from(intervals) * self.half + (1 << 34)) >> 35) as u32
    }

    /// Halves of intervals that samples are later than the places between intervals.
    pub fn first(&self) -> u32 {
        self.first
    }

    /// The first sample after this one that may lie beyond a share: all between them do not.
    #[inline(always)]
    pub fn after(&self, sample: u32, share: u32) -> u32 {
        if share > SHARE_ONE {
            return u32::MAX;
        }
        let next = mul_hi_u(share.saturating_sub(self.back) << 8, self.intervals) + 1;
        next.max(sample + 1)
    }

    /// An interval's share of a length.
    pub fn length(&self, length: u32) -> u32 {
        ((u64::from(length) * (self.half >> 7)) >> 32) as u32
    }

    #[inline(always)]
    fn part(&self, sample: u32) -> u64 {
        u64::from(2 * sample + self.first) * self.half
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            let found = f64::from(even.share(sample)) - exact * f64::from(SHARE_ONE);
            prop_assert!(found.abs() <= 0.63, "{found}");
            let fine = f64::from(even.fine_share(sample)) - exact * 2.0f64.powi(32);
            prop_assert!(fine.abs() <= 34.0, "{fine}");
        }

        #[test]
        fn what_lies_between_is_not_beyond_a_share(
            spacing in any_spacing(),
            samples in 2u32..=4096,
            at in 0.0..1.0,
            share in 0..=SHARE_ONE + 1,
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
            assert_eq!([even.share(0), even.share(samples - 1)], [0, SHARE_ONE], "{samples}");
        }
    }

    #[test]
    fn a_single_sample_has_a_share() {
        assert_eq!(Even::new(Spacing::Middles, 1).share(0), SHARE_ONE / 2);
        assert_eq!(Even::new(Spacing::Points, 1).share(0), 0);
    }
}
