//! Faults that a model can be told to have, so that whoever drives it can be tested against them.

use serde::{Deserialize, Serialize};

/// A fault, and when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Misbehave {
    /// What goes wrong.
    pub kind: Kind,
    /// How many commands go well before, counted from power-on: a reset does not start again.
    pub at: u32,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// Takes the command and says nothing more until it is reset.
    NeverAnswers,
    /// Counts the command twice when it is done.
    AnswersTwice,
    /// Gives the slot behind the command's back first, and the command's after that.
    OutOfOrder,
    /// Halts with [`quintet_protocol::accelerator::Failure::Internal`] in place of executing it.
    Error,
    /// Halts with a code that no version knows.
    UnknownError,
    /// Executes the command; the counters of its receipt hold anything.
    GarbageReceipt,
    /// Executes the command; the slot comes back with another command's index.
    GarbageSlot,
    /// Executes the command; what it says of how many are done is anything.
    GarbageHead,
    /// Yields for a reason that no version knows.
    GarbageYield,
    /// Yields with more pixels than the pixel buffer holds.
    GarbagePixels,
    /// Yields for a page that no slot can take.
    GarbagePage,
    /// Halts, and does not come back from a reset.
    NoReset,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::NeverAnswers,
        Self::AnswersTwice,
        Self::OutOfOrder,
        Self::Error,
        Self::UnknownError,
        Self::GarbageReceipt,
        Self::GarbageSlot,
        Self::GarbageHead,
        Self::GarbageYield,
        Self::GarbagePixels,
        Self::GarbagePage,
        Self::NoReset,
    ];
}
