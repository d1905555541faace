//! The tests that run on every target: each is given a device and says what is wrong with it.

mod hello;
mod logs;
mod memory;
mod networks;
mod pictures;
mod pipelines;
mod recovery;
mod selftest;
mod sessions;

use std::error::Error;

use crate::device::Device;
use crate::target::Needs;

/// Why a test failed.
pub type Cause = Box<dyn Error + Send + Sync>;

/// What a test came to.
pub type Verdict = Result<(), Cause>;

/// A test of the suite.
pub struct Test {
    /// Its name, which says what the device does if it passes.
    pub name: &'static str,
    /// What it takes.
    pub needs: Needs,
    /// Runs it; it may panic as well.
    pub body: fn(&Device) -> Verdict,
}

/// All tests, in the order in which it makes sense to read their failures.
pub fn all() -> impl Iterator<Item = &'static Test> {
    [
        hello::TESTS,
        selftest::TESTS,
        memory::TESTS,
        sessions::TESTS,
        recovery::TESTS,
        pictures::TESTS,
        pipelines::TESTS,
        networks::TESTS,
        logs::TESTS,
    ]
    .into_iter()
    .flatten()
}

/// Fails, unless this holds.
macro_rules! check {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err(format!($($message)+).into());
        }
    };
}
use check;

/// What a test needs that needs little: any board has it.
const LITTLE: Needs = Needs { arena: 32 << 10, upload: 0, can: &[], references: false };

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;

    #[test]
    fn no_two_tests_have_one_name() {
        let names: BTreeSet<_> = all().map(|test| test.name).collect();
        assert_eq!(names.len(), all().count());
    }

    #[test]
    fn what_can_be_done_to_a_device_is_among_the_tests() {
        for what in ["reset", "power_cycle", "cable", "abort", "networks", "selftest", "virtual"] {
            assert!(all().any(|test| test.name.contains(what)), "{what}");
        }
    }
}
