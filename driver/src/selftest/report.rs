//! What a self-test found.

use std::time::Duration;

use quintet_protocol::accelerator::Failure;
use quintet_protocol::message::Refusal;

/// What a self-test found, in the order in which it was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// One for each name.
    pub checks: Vec<Check>,
}

/// What was found of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked: `Link.echo`, `Arena.data`, `Arena.addresses`, or a command such as
    /// `Gemm.Dense`.
    pub name: String,
    /// How many cases of it.
    pub cases: usize,
    /// What came of them: the first that failed decides, then one that was skipped.
    pub verdict: Verdict,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it should be.
    Passed,
    /// It was not tried.
    Skipped(Skip),
    /// It is not as it should be.
    Failed(Fault),
}

/// Why a case was not tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Skip {
    /// The firmware was built without it.
    #[error("not built into this firmware")]
    NotBuiltIn,
    /// The device's arena is too small.
    #[error("needs {needed} bytes of arena, the device has {there}")]
    Arena {
        /// Bytes that it needs.
        needed: u32,
        /// Bytes that there are.
        there: u32,
    },
}

/// How a device fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A byte is wrong that was written and read back.
    #[error("byte {offset:#x} of the arena holds {found:#04x} where {expected:#04x} was written")]
    Arena {
        /// Byte offset in the arena.
        offset: u32,
        /// What was written.
        expected: u8,
        /// What was read.
        found: u8,
    },
    /// Operands of a command do not stay where they are put.
    #[error("the arena does not hold what is written around byte {offset:#x}")]
    Damaged {
        /// Byte offset in the arena.
        offset: u32,
    },
    /// A command has left a byte that is wrong; the first of them.
    #[error(
        "case {seed}: byte {at} of buffer {buffer} (arena {offset:#x}) is {found:#04x}, should be \
         {expected:#04x}"
    )]
    Byte {
        /// The case's seed.
        seed: String,
        /// The first buffer of the command that has the byte.
        buffer: u16,
        /// Its offset in that buffer.
        at: u32,
        /// Its offset in the arena.
        offset: u32,
        /// What it should be.
        expected: u8,
        /// What it is.
        found: u8,
    },
    /// A pixel is wrong, missing, or not wanted; the first of them.
    #[error(
        "case {seed}: pixel {column}, {row} is {}, should be {}", pixel(*found), pixel(*expected)
    )]
    Pixel {
        /// The case's seed.
        seed: String,
        /// Its place.
        column: u32,
        /// Its place.
        row: u32,
        /// What it should be, `0x00rrggbb`; `None` if it should not be there.
        expected: Option<u32>,
        /// What it is.
        found: Option<u32>,
    },
    /// The digest of right memory is a wrong one.
    #[error(
        "the digest of arena bytes {offset:#x}..+{length} is wrong, though the bytes are right"
    )]
    Digest {
        /// Byte offset in the arena.
        offset: u32,
        /// Length in bytes.
        length: u32,
    },
    /// The device refuses a command that it should execute.
    #[error("case {seed}: refused: {refusal}")]
    Refused {
        /// The case's seed.
        seed: String,
        /// Why.
        refusal: Refusal,
    },
    /// The accelerator failed.
    #[error("case {seed}: the accelerator failed: {failure}")]
    Accelerator {
        /// The case's seed.
        seed: String,
        /// Why.
        failure: Failure,
    },
    /// The device stopped by itself.
    #[error("case {seed}: the device stopped before its end")]
    Stopped {
        /// The case's seed.
        seed: String,
    },
    /// It did not come to an end.
    #[error("not finished after {after:?}, and aborted")]
    Late {
        /// How long it was waited for.
        after: Duration,
    },
    /// The device was lost whenever it tried.
    #[error("the device was lost, or was reset, each time that it tried")]
    Lost,
}

impl Report {
    /// Whether nothing failed.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        !self.checks.iter().any(|check| matches!(check.verdict, Verdict::Failed(_)))
    }

    /// How many of the checks came to a verdict: passed, skipped, failed.
    #[must_use]
    pub fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for check in &self.checks {
            match check.verdict {
                Verdict::Passed => counts[0] += 1,
                Verdict::Skipped(_) => counts[1] += 1,
                Verdict::Failed(_) => counts[2] += 1,
            }
        }
        counts
    }

    /// Adds what came of a case of a name; cases of one name come one after another.
    pub(super) fn add(&mut self, name: &str, verdict: Verdict) {
        match self.checks.last_mut().filter(|last| last.name == name) {
            Some(last) => {
                last.cases += 1;
                if last.verdict.gravity() < verdict.gravity() {
                    last.verdict = verdict;
                }
            }
            None => self.checks.push(Check { name: name.into(), cases: 1, verdict }),
        }
    }
}

impl Verdict {
    fn gravity(&self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Skipped(_) => 1,
            Self::Failed(_) => 2,
        }
    }
}

/// A colour, for people.
fn pixel(color: Option<u32>) -> String {
    color.map_or("absent".into(), |color| format!("#{color:06x}"))
}
