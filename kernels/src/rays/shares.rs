//! The shares of a ray, from its near to its far end, at which it has samples.

use super::even::Even;
use quintet_protocol::ray::{ENDLESS, SHARE_ONE, Spacing};

/// Shares of a list that are passed at the cost of one sample that is looked at.
const PASSED_PER_LOOK: u32 = 8;

/// The shares of a ray's samples.
pub trait Shares {
    /// How many there are.
    fn count(&self) -> u32;
    /// The share of a sample, Q32, below one.
    fn share(&self, sample: u32) -> u32;
    /// The shares of at least so many samples as there are from this one on.
    fn shares_from(&self, sample: u32) -> impl Iterator<Item = u32>;
    /// A sample after this one before which none is beyond `share`, and what finding it cost, in
    /// samples that are looked at.
    fn after(&self, sample: u32, share: u32) -> (u32, u32);
    /// The optical length of a sample.
    fn length(&self, sample: u32) -> u32;
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
    fn shares_from(&self, sample: u32) -> impl Iterator<Item = u32> {
        self.even.shares_from(sample)
    }

    #[inline(always)]
    fn after(&self, sample: u32, share: u32) -> (u32, u32) {
        (self.even.after(sample, share), 0)
    }

    #[inline(always)]
    fn length(&self, sample: u32) -> u32 {
        let [length, last] = self.lengths;
        if sample + 1 == self.count { last } else { length }
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

    #[inline(always)]
    fn listed(&self, sample: u32) -> u32 {
        self.shares.get(sample as usize).copied().unwrap_or_default()
    }
}

impl Shares for ListedShares<'_> {
    fn count(&self) -> u32 {
        self.shares.len() as u32
    }

    #[inline(always)]
    fn share(&self, sample: u32) -> u32 {
        below_one(self.listed(sample))
    }

    #[inline(always)]
    fn shares_from(&self, sample: u32) -> impl Iterator<Item = u32> {
        let shares = self.shares.get(sample as usize..).unwrap_or_default();
        shares.iter().map(|&share| below_one(share))
    }

    #[inline(always)]
    fn after(&self, sample: u32, share: u32) -> (u32, u32) {
        let rest = self.shares.get(sample as usize + 1..).unwrap_or_default();
        let passed = rest.iter().take_while(|&&next| next <= share >> 8).count() as u32;
        (sample + 1 + passed, passed / PASSED_PER_LOOK)
    }

    #[inline(always)]
    fn length(&self, sample: u32) -> u32 {
        let end = match (self.shares.get(sample as usize + 1), self.spacing) {
            (Some(&next), _) => next,
            (None, Spacing::Middles) => SHARE_ONE,
            (None, Spacing::Points) => return ENDLESS,
        };
        let part = u64::from(end.saturating_sub(self.listed(sample))) * u64::from(self.length);
        (part / u64::from(SHARE_ONE)) as u32
    }
}

/// Q32 of a share, Q24: one becomes the greatest number below it.
#[inline(always)]
fn below_one(share: u32) -> u32 {
    (share << 8).wrapping_sub(share >> 24)
}

/// Shares of either kind, so that one copy of the code does for both.
pub enum AnyShares<'a> {
    Even(EvenShares),
    Listed(ListedShares<'a>),
}

impl Shares for AnyShares<'_> {
    fn count(&self) -> u32 {
        match self {
            Self::Even(shares) => shares.count(),
            Self::Listed(shares) => shares.count(),
        }
    }

    fn share(&self, sample: u32) -> u32 {
        match self {
            Self::Even(shares) => shares.share(sample),
            Self::Listed(shares) => shares.share(sample),
        }
    }

    fn shares_from(&self, sample: u32) -> impl Iterator<Item = u32> {
        (sample..).map(|sample| self.share(sample))
    }

    fn after(&self, sample: u32, share: u32) -> (u32, u32) {
        match self {
            Self::Even(shares) => shares.after(sample, share),
            Self::Listed(shares) => shares.after(sample, share),
        }
    }

    fn length(&self, sample: u32) -> u32 {
        match self {
            Self::Even(shares) => shares.length(sample),
            Self::Listed(shares) => shares.length(sample),
        }
    }
}
