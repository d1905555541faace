//! Devices: from a URI to an open session, whatever has to be started for it.

mod dialer;
mod meter;

use std::time::Duration;

use quintet_accelerator::Instance;
use quintet_protocol::fault::Faults;

use crate::emulator::EmulatorError;
use crate::session::{DeviceDescription, Dialer, Limits, Session, SessionError};
use crate::transport::{DeviceUri, TransportError};
use dialer::{SharedEmulator, UriDialer};
use meter::Meter;

/// How long the log of a device is heard after all is done.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// An open session with a device. A device that was lost is reached again, within the session's
/// limits; an emulated board that has ended is started again then.
pub struct Connection {
    session: Session,
    description: DeviceDescription,
    meter: Meter,
    emulator: Option<SharedEmulator>,
    warning: Option<String>,
}

/// Why a device could not be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The pipe to it could not be opened.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The emulated board did not start.
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    /// An accelerator was described for a board that has its own, or none.
    #[error("{0} is not started by this command, so its accelerator is what the board has")]
    OwnAccelerator(DeviceUri),
    /// It did not answer as a Quintet device does.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The emulated board started, but its firmware did not answer as a Quintet device does.
    #[error("{error}\n{diagnostics}")]
    Firmware {
        /// What became of the session.
        error: SessionError,
        /// What QEMU and the firmware wrote, its last words perhaps.
        diagnostics: String,
    },
}

impl OpenError {
    /// What to do next; empty where the message says it already.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Transport(error) => error.advice(),
            Self::Session(error) => error.advice(),
            Self::Firmware { .. } => {
                "the firmware does not run there: build it again with `cargo xtask firmware`"
            }
            Self::OwnAccelerator(_) => {
                "leave out --accelerator (and QUINTET_ACCELERATOR), or use it with virtual: or \
                 qemu:BOARD; `quintet info` says what accelerator the board has"
            }
            Self::Emulator(_) => "",
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.session.linger(LAST_WORDS);
    }
}

impl Connection {
    /// Reaches the device that `uri` names; starts it if it is a virtual or an emulated one.
    ///
    /// # Errors
    /// An [`OpenError`].
    pub fn open(uri: &DeviceUri, limits: Limits) -> Result<Self, OpenError> {
        Self::open_with(uri, limits, None, None)
    }

    /// As [`Connection::open`], over a cable with faults if there are any. A virtual or an emulated
    /// device gets this accelerator, and keeps it when it has to be started again.
    ///
    /// # Errors
    /// An [`OpenError`].
    pub fn open_with(
        uri: &DeviceUri,
        limits: Limits,
        faults: Option<Faults>,
        accelerator: Option<Instance>,
    ) -> Result<Self, OpenError> {
        let meter = Meter::default();
        let dialer = UriDialer::start(uri, faults, accelerator, meter.clone())?;
        let emulator = dialer.emulator();
        let opened = Session::dial(Box::new(dialer), limits).and_then(|mut session| {
            let description = session.describe()?;
            Ok((session, description))
        });
        match (opened, emulator) {
            (Ok((session, description)), emulator) => {
                let warning =
                    emulator.as_ref().and_then(|it| it.lock().warning().map(str::to_owned));
                Ok(Self { session, description, meter, emulator, warning })
            }
            (Err(error), Some(emulator)) => {
                let diagnostics = emulator.lock().diagnostics();
                Err(OpenError::Firmware { error, diagnostics })
            }
            (Err(error), None) => Err(error.into()),
        }
    }

    /// As [`Connection::open`], to a device that the caller keeps and whose pipes `dialer` opens,
    /// as often as it takes. What goes over these is not counted in [`Connection::link_bytes`].
    ///
    /// # Errors
    /// What became of the session.
    pub fn dial(dialer: Box<dyn Dialer>, limits: Limits) -> Result<Self, SessionError> {
        let mut session = Session::dial(dialer, limits)?;
        let description = session.describe()?;
        Ok(Self { session, description, meter: Meter::default(), emulator: None, warning: None })
    }

    /// The session.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// What the device says of itself.
    pub fn description(&self) -> &DeviceDescription {
        &self.description
    }

    /// Bytes sent to and received from the device so far, frames and all.
    pub fn link_bytes(&self) -> [u64; 2] {
        self.meter.bytes()
    }

    /// The process of an emulated board, for a debugger; another one after the board was started
    /// again.
    pub fn emulator_process(&self) -> Option<u32> {
        self.emulator.as_ref().map(|emulator| emulator.lock().process_id())
    }

    /// What the user should know about this connection though it works.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }
}
