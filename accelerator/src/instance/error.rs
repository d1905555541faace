//! What can be wrong with a description.

/// A description that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstanceError {
    /// It is not TOML, or lacks something, or has something unknown.
    #[error("{0}")]
    Toml(String),
    /// A file cannot be read, or holds no description.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: String,
    },
    /// No preset of this name.
    #[error("no accelerator is named {name:?}; there are: none, {known}; or say model:FILE")]
    UnknownPreset {
        /// The name that was asked for.
        name: String,
        /// The names that there are, with commas.
        known: String,
    },
    /// A number is not in its range.
    #[error("{key} is {value}: give it {least} to {greatest}, {unit}")]
    OutOfRange {
        /// Where the description has it.
        key: &'static str,
        /// What it is.
        value: u64,
        /// The least that it may be.
        least: u64,
        /// The greatest that it may be.
        greatest: u64,
        /// What it counts.
        unit: &'static str,
    },
    /// A buffer is smaller than two words of each bank.
    #[error(
        "{key} is {bytes}: two halves of {banks} banks take {least} at least; give it more, or fewer banks"
    )]
    TooSmall {
        /// Where the description has it.
        key: &'static str,
        /// What it is.
        bytes: u32,
        /// Its banks.
        banks: u32,
        /// What would do.
        least: u64,
    },
    /// A name is empty, too long, or has characters that would not print.
    #[error("name is {0:?}: give it 1 to 64 letters, digits, dots and dashes")]
    Name(String),
    /// A command is named that there is not.
    #[error("no command is named {name:?}; say an operator, as Sort, or a command of one: {known}")]
    UnknownCommand {
        /// What was named.
        name: String,
        /// The names that there are, with commas.
        known: String,
    },
    /// A key is set that there is not.
    #[error("an accelerator has no {key:?}; it has: {known}")]
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that there are, with commas.
        known: String,
    },
    /// An option after the accelerator's name that is none.
    #[error(
        "{0:?} is no option; say KEY=VALUE of its description, without=OPERATOR[.COMMAND], pace=instant, pace=clock or misbehave=KIND@COMMANDS"
    )]
    UnknownOption(String),
    /// A fault that a model does not have.
    #[error("{given:?} is no fault; say KIND@COMMANDS, as error@3; kinds: {known}")]
    UnknownFault {
        /// What was given.
        given: String,
        /// The kinds that there are, with commas.
        known: String,
    },
    /// A value that its key cannot have.
    #[error("{key}={value}: {error}")]
    Value {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// Why not.
        error: String,
    },
}
