//! How many of an accelerator's clocks have passed, by somebody else's clock.

/// Nanoseconds in a millisecond, in which as many clocks pass as a clock has kHz.
const MILLISECOND: u128 = 1_000_000;

/// An accelerator's clock beside one of nanoseconds. None is lost between two looks.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    khz: u32,
    /// In nanoseconds.
    start: u64,
    told: u64,
}

impl Clocks {
    /// A clock of so many kHz, at least 1, that starts at a moment in nanoseconds.
    pub fn new(khz: u32, now: u64) -> Self {
        Self { khz: khz.max(1), start: now, told: 0 }
    }

    /// The clocks that have passed since this was asked last.
    pub fn pass(&mut self, now: u64) -> u64 {
        let passed = u128::from(now.saturating_sub(self.start));
        let all = (passed * u128::from(self.khz) / MILLISECOND) as u64;
        let new = all.saturating_sub(self.told);
        self.told += new;
        new
    }

    /// The moment, in nanoseconds, at which so many more will have passed.
    pub fn moment(&self, clocks: u64) -> u64 {
        let all = u128::from(self.told) + u128::from(clocks);
        let passed = (all * MILLISECOND).div_ceil(self.khz.into());
        self.start.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::Clocks;

    #[test]
    fn no_clock_is_lost_between_two_looks() {
        let mut clocks = Clocks::new(33_333, 500);
        let told: u64 = (0..=1000).map(|step| clocks.pass(500 + 1_001 * step)).sum();
        assert_eq!(told, 1_001_000 * 33_333 / 1_000_000);
        assert_eq!(clocks.pass(0), 0);
    }

    #[test]
    fn so_many_clocks_have_passed_at_their_moment_and_not_before() {
        for khz in [1, 999, 50_000, 3_000_000] {
            let mut clocks = Clocks::new(khz, 7);
            clocks.pass(12_345_678);
            let moment = clocks.moment(1_000);
            assert!(clocks.clone().pass(moment - 1) < 1_000, "{khz}");
            assert!(clocks.pass(moment) >= 1_000, "{khz}");
        }
        assert_eq!(Clocks::new(0, 0).moment(u64::MAX), u64::MAX);
    }
}
