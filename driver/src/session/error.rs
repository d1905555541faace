//! What can go wrong in a session, and what to do about it.

use std::io;
use std::time::Duration;

use quintet_protocol::link::LinkError;
use quintet_protocol::message::Refusal;

/// Why a session could not do what was asked. [`SessionError::advice`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The device never answered the handshake.
    #[error("no Quintet device answered within {0:?}")]
    NoAnswer(Duration),
    /// The device lives, but did not answer a request in time.
    #[error("the device did not answer `{request}` within {after:?}")]
    Timeout {
        /// What was asked.
        request: &'static str,
        /// The limit.
        after: Duration,
    },
    /// The device has rebooted or has taken up another session.
    #[error("the session was lost: the device has rebooted, or talks to another driver")]
    Lost,
    /// The device does not answer any more.
    #[error("the device has stopped answering")]
    Silent,
    /// The ends speak different versions of the link.
    #[error("this driver speaks link version {driver}, the device's firmware {device}")]
    Version {
        /// The driver's version.
        driver: u16,
        /// The device's version.
        device: u16,
    },
    /// The ends were built from different messages.
    #[error("this driver's messages are {driver:08x}, those of the device's firmware {device:08x}")]
    Schema {
        /// The driver's fingerprint.
        driver: u32,
        /// The device's fingerprint.
        device: u32,
    },
    /// The device refused a request. Nothing changed by it.
    #[error("the device refused `{request}`: {refusal}")]
    Refused {
        /// What was asked.
        request: &'static str,
        /// The device's reason.
        refusal: Refusal,
    },
    /// The device sent something that does not answer the request.
    #[error("the device's answer to `{request}` makes no sense")]
    Unexpected {
        /// What was asked.
        request: &'static str,
    },
    /// The device has lost what it was sent: it has been reset since, or has served another driver.
    #[error("the device does not hold any more what it was sent")]
    Forgotten,
    /// What the device holds is not what was uploaded, however often.
    #[error("bytes {offset}..+{length} of the device's memory do not hold what was sent there")]
    Damaged {
        /// Byte offset in the arena.
        offset: u32,
        /// Length in bytes.
        length: u32,
    },
    /// A request is too long for the packets that this device takes.
    #[error("`{request}` does not fit a packet of this link")]
    TooLong {
        /// What was asked.
        request: &'static str,
    },
    /// The pipe to the device is gone.
    #[error("the connection to the device broke: {0}")]
    Pipe(#[from] io::Error),
}

impl SessionError {
    /// What the user can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NoAnswer(_) => {
                "check that the board runs Quintet's firmware, that no other driver is talking to \
                 it, and on a serial line that the baud rate is the board's, and RX and TX crossed"
            }
            Self::Timeout { .. } => "abort the run, or allow more time",
            Self::Lost => "connect again; the device has forgotten its program if it rebooted",
            Self::Silent => "check cable and power, reset the board and connect again",
            Self::Version { driver, device } if driver > device => "flash the current firmware",
            Self::Version { .. } => "update this driver, or flash the firmware that came with it",
            Self::Schema { .. } => "flash the firmware that came with this driver",
            Self::Refused { refusal: Refusal::Busy, .. } => "abort the run or wait for its end",
            Self::Refused { refusal: Refusal::OutOfArena { .. }, .. } => {
                "compile for this device's arena, or use a device with more memory"
            }
            Self::Refused { .. } => "compile the scene again with this version of the driver",
            Self::Forgotten => "send the scene again",
            Self::Unexpected { .. } => "flash the firmware that came with this driver",
            Self::Damaged { .. } => {
                "the link is sound, so the device's memory is suspect: check its power and clock"
            }
            Self::TooLong { .. } => "build the firmware with longer packets",
            Self::Pipe(_) => "the device was probably unplugged: plug it in and connect again",
        }
    }

    /// Whether this is the loss of the session, after which [`super::Session::recover`] can help.
    pub fn is_loss(&self) -> bool {
        matches!(self, Self::Lost | Self::Silent | Self::NoAnswer(_) | Self::Pipe(_))
    }

    pub(super) fn from_link(error: LinkError) -> Self {
        match error {
            LinkError::Silent => Self::Silent,
            LinkError::Version { driver, device } => Self::Version { driver, device },
            LinkError::Schema { driver, device } => Self::Schema { driver, device },
            _ => Self::Lost,
        }
    }
}
