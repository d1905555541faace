//! What can go wrong with a pipe, and what to do about it.

use std::io;

use super::DeviceUri;

/// Why a device could not be reached. [`TransportError::advice`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// There is nothing of that name.
    #[error("{uri}: there is no such port, socket or host")]
    Missing {
        /// What was to be opened.
        uri: String,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else has it.
    #[error("{uri}: another program is using it")]
    Busy {
        /// What was to be opened.
        uri: String,
        /// What the system said.
        source: io::Error,
    },
    /// The user may not.
    #[error("{uri}: permission denied")]
    Permission {
        /// What was to be opened.
        uri: String,
        /// What the system said.
        source: io::Error,
    },
    /// What has that name is no serial port.
    #[error("{uri}: this is {what}, not a serial port ({source})")]
    NotAPort {
        /// What was to be opened.
        uri: String,
        /// What it is.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The port does not run at the rate asked for.
    #[error("{uri}: the port does not run at this rate: {reason}")]
    Rate {
        /// What was to be opened, with the rate.
        uri: String,
        /// What the system said, or the rate that it would have chosen.
        reason: String,
    },
    /// Nobody listens there.
    #[error("{uri}: nobody is listening there")]
    NobodyListens {
        /// What was to be opened.
        uri: String,
        /// What the system said.
        source: io::Error,
    },
    /// The URI names a device that has to be started, not a pipe to one that runs.
    #[error("{uri} has to be started before it can be reached")]
    NotAPipe {
        /// What was to be opened.
        uri: String,
    },
    /// Anything else that the system objected to.
    #[error("{uri}: {source}")]
    Open {
        /// What was to be opened.
        uri: String,
        /// What the system said.
        source: io::Error,
    },
}

impl TransportError {
    /// Sorts what the system said when `uri` was opened.
    pub(super) fn from_open(uri: &DeviceUri, source: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let uri = uri.to_string();
        match source.kind() {
            Kind::NotFound => Self::Missing { uri, source },
            Kind::ResourceBusy | Kind::AddrInUse => Self::Busy { uri, source },
            Kind::PermissionDenied => Self::Permission { uri, source },
            Kind::ConnectionRefused | Kind::TimedOut => Self::NobodyListens { uri, source },
            _ => Self::Open { uri, source },
        }
    }

    /// For a `uri` that names something else than a serial port.
    pub(super) fn not_a_port(uri: &DeviceUri, what: &'static str, source: io::Error) -> Self {
        Self::NotAPort { uri: uri.to_string(), what, source }
    }

    /// For a port that refused its rate, or chose another.
    pub(super) fn rate(uri: &DeviceUri, reason: String) -> Self {
        Self::Rate { uri: uri.to_string(), reason }
    }

    /// What the user can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "check the spelling, and that the board is plugged in and powered; a serial port \
                 often gets another name when it is plugged in again"
            }
            Self::Busy { .. } => {
                "close the other program, often a serial monitor or another quintet, and try again"
            }
            Self::Permission { .. } => {
                "on Linux serial ports belong to the group dialout or uucp: add your user to it, \
                 log in again, and see `ls -l` of the port"
            }
            Self::NotAPort { .. } => {
                "name the port's device file, such as /dev/ttyACM0 or /dev/ttyUSB0; `quintet \
                 devices` lists those there are"
            }
            Self::Rate { .. } => {
                "choose with ?baud=RATE one that both this port and the board's firmware have; \
                 115200, 921600 and 1000000 are common"
            }
            Self::NobodyListens { .. } => {
                "start the emulator or bridge first, and check that it listens at this address"
            }
            Self::NotAPipe { .. } => "let quintet start it, or give a serial:, unix: or tcp: URI",
            Self::Open { .. } => "check the URI and the settings in it",
        }
    }
}
