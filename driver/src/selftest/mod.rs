//! The self-test: what any device has to be able to do, asked of it over its link.
//!
//! It sends bytes to and fro, tries the arena, and has the device execute every command on known
//! operands: a few cases of each, made by the kernels and checked against them by the tests of the
//! accelerator (`vectors.txt`). All fits an arena of 64 KiB and takes half a minute at 115 200
//! baud. It overwrites the arena, and any program on the device.

mod arena;
mod case;
mod error;
mod report;

use std::sync::LazyLock;
use std::time::Duration;

use quintet_accelerator::vectors::{self, VectorError};

use crate::device::Connection;
use crate::session::{Session, SessionError};
use case::Case;
pub use error::SelftestError;
pub use report::{Check, Fault, Report, Skip, Verdict};

/// The known answers.
static VECTORS: &str = include_str!("vectors.txt");
static CASES: LazyLock<Result<Vec<Case>, VectorError>> =
    LazyLock::new(|| vectors::read(VECTORS)?.iter().map(Case::new).collect());

/// How long one command may take; each has little to do, at most some pages to pull.
const RUN_MAX: Duration = Duration::from_secs(30);
/// Times that a check is begun because the device was lost in the middle of it.
const ATTEMPTS_MAX: u32 = 2;

/// How far a self-test is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// Steps done.
    pub done: usize,
    /// Of so many.
    pub total: usize,
    /// What is checked now, as [`Check::name`] has it.
    pub name: &'a str,
}

/// Checks the device at the other end of a connection. A device that fails is no error: the report
/// says so.
///
/// # Errors
///
/// A [`SelftestError`]: the device was lost for good, or does not answer.
pub fn run(
    connection: &mut Connection,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Report, SelftestError> {
    let cases = CASES.as_ref().map_err(|error| SelftestError::Vectors(error.clone()))?;
    let arena_bytes = connection.description().arena_bytes;
    let session = connection.session();
    session.limit_run(RUN_MAX);
    let before = arena::CHECKS.len();
    let total = before + cases.len();
    let mut report = Report::default();
    for (done, (name, check)) in arena::CHECKS.into_iter().enumerate() {
        progress(Progress { done, total, name });
        let verdict = persist(session, |session| check(session, arena_bytes))
            .map_err(|error| SelftestError::Session { name: name.into(), error })?;
        report.add(name, verdict);
    }
    for (done, case) in (before..).zip(cases) {
        progress(Progress { done, total, name: case.name() });
        let verdict = persist(session, |session| case.check(session, arena_bytes))
            .map_err(|error| SelftestError::Session { name: case.name().into(), error })?;
        report.add(case.name(), verdict);
    }
    progress(Progress { done: total, total, name: "" });
    Ok(report)
}

/// Makes attempts at a check until the device is not lost meanwhile, [`ATTEMPTS_MAX`] at most.
fn persist(
    session: &mut Session,
    mut check: impl FnMut(&mut Session) -> Result<Verdict, SessionError>,
) -> Result<Verdict, SessionError> {
    for _ in 0..ATTEMPTS_MAX {
        match check(session) {
            Err(error) if error.is_loss() => drop(session.recover(error)?),
            Err(SessionError::Forgotten) => {}
            Err(SessionError::Timeout { request: "run", after }) => {
                session.abort()?;
                return Ok(Verdict::Failed(Fault::Late { after }));
            }
            Err(SessionError::Damaged { offset, .. }) => {
                return Ok(Verdict::Failed(Fault::Damaged { offset }));
            }
            other => return other,
        }
    }
    Ok(Verdict::Failed(Fault::Lost))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use quintet_protocol::program::{COMMANDS, Operator};

    use super::CASES;

    #[test]
    fn every_command_has_known_answers_that_fit_64_kib() {
        let cases = CASES.as_ref().unwrap();
        let tested: BTreeSet<String> = cases.iter().map(|case| case.name().into()).collect();
        let commands = COMMANDS.iter().filter(|(_, operator, _)| *operator != Operator::Control);
        let names = commands.map(|(name, operator, _)| format!("{operator:?}.{name}"));
        assert_eq!(tested, names.collect());
        assert!(cases.iter().all(|case| case.arena_bytes() <= 64 << 10));
    }
}
