//! Why a run did not come to its end, and what to do next.

use quintet_protocol::accelerator::Failure;
use quintet_protocol::program::Operator;

/// Why a run did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stopped {
    /// The device gave it up.
    #[error("the device stopped the run before its end")]
    Aborted,
    /// The accelerator failed at a command.
    #[error("at command {command}, {}, the accelerator failed: {failure}", named(*.code))]
    Accelerator {
        /// Index of the command in the program.
        command: u16,
        /// The command's micro-operator and name, if the program has it.
        code: Option<(Operator, &'static str)>,
        /// Why.
        failure: Failure,
    },
}

impl Stopped {
    /// What to do next.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Aborted => {
                "try again; if it happens again, flash the firmware that came with this driver"
            }
            Self::Accelerator { .. } => {
                "let the core execute it: --accelerator none, or SPEC,without=OPERATOR.COMMAND; \
                 `quintet info` says how a board's own accelerator is now"
            }
        }
    }
}

/// A command for people: `Gemm.Convolve`.
fn named(code: Option<(Operator, &'static str)>) -> String {
    code.map_or("which the program lacks".into(), |(operator, name)| format!("{operator:?}.{name}"))
}
