//! What the user sees when something fails: what, why, what to do next, and the exit code. The
//! codes and the form are those of the `quintet` command.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use quintet_trainer::config::ConfigError;
use quintet_trainer::data::DataError;
use quintet_trainer::export::ExportError;
use quintet_trainer::train::checkpoint::CheckpointError;
use quintet_trainer::train::error::TrainingError;

/// Exit code: it did not work.
pub const FAILED: u8 = 1;
/// Exit code: the command line makes no sense. The parser of the command line uses it as well.
pub const USAGE: u8 = 2;

/// Why the command failed.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    what: String,
    cause: String,
    help: String,
}

impl Failure {
    /// What did not work, why, and what to do next.
    pub fn new(
        code: u8,
        what: impl Into<String>,
        cause: impl ToString,
        help: impl Into<String>,
    ) -> Self {
        Self { code, what: what.into(), cause: cause.to_string(), help: help.into() }
    }

    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    /// A file that cannot be written.
    pub fn write(path: &Path, error: &std::io::Error) -> Self {
        let what = format!("cannot write {}", path.display());
        Self::new(FAILED, what, error, "check the folder's permissions and the space on its disk")
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(FAILED, "the configuration cannot be used", &error, error.advice())
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::new(FAILED, "the data cannot be read", &error, error.advice())
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        Self::new(FAILED, "the checkpoint cannot be used", &error, error.advice())
    }
}

impl From<TrainingError> for Failure {
    fn from(error: TrainingError) -> Self {
        Self::new(FAILED, "the network cannot be trained", &error, error.advice())
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let help = format!("the float network was written; {}", error.advice());
        Self::new(FAILED, "the network cannot be made int8", &error, help)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "error: {}", self.what)?;
        for line in self.cause.lines().filter(|line| !line.trim().is_empty()) {
            write!(to, "\n  {line}")?;
        }
        write!(to, "\n  help: {}", self.help)
    }
}
