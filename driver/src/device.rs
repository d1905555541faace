//! Devices: from a URI to an open session, whatever has to be started for it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::emulator::{Emulator, EmulatorError, EmulatorLink};
use crate::session::{DeviceDescription, Limits, Session, SessionError};
use crate::transport::{DeviceUri, QemuLink, Transport, TransportError, from_unix};
use crate::virtual_device;

/// An open session with a device, and what keeps the device alive.
pub struct Connection {
    // Dropped in this order: the device hears of the session's end before it is stopped.
    session: Session,
    description: DeviceDescription,
    meter: Meter,
    emulator: Option<Emulator>,
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
    /// It did not answer as a Quintet device does.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl OpenError {
    /// What to do next; empty where the message says it already.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Transport(error) => error.advice(),
            Self::Session(error) => error.advice(),
            Self::Emulator(_) => "",
        }
    }
}

/// Bytes that went over a link, in both directions, frames and all.
#[derive(Clone, Debug, Default)]
struct Meter(Arc<[AtomicU64; 2]>);

/// Counts the bytes of a transport.
struct Metered {
    inner: Box<dyn Transport>,
    meter: Meter,
}

impl Transport for Metered {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let count = self.inner.read(buffer, timeout)?;
        self.meter.0[1].fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write(bytes)?;
        self.meter.0[0].fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

impl Connection {
    /// Reaches the device that `uri` names; starts it if it is a virtual or an emulated one.
    ///
    /// # Errors
    /// An [`OpenError`].
    pub fn open(uri: &DeviceUri, limits: Limits) -> Result<Self, OpenError> {
        let mut emulator = None;
        let inner: Box<dyn Transport> = match uri {
            DeviceUri::Virtual { arena } => {
                Box::new(virtual_device::start(arena.unwrap_or(virtual_device::ARENA_BYTES)))
            }
            DeviceUri::Qemu { board, link } => {
                let link = match link {
                    QemuLink::Bulk => EmulatorLink::Bulk,
                    QemuLink::Uart => EmulatorLink::Uart,
                };
                let mut started = Emulator::start(board, link)?;
                let stream = started.connect()?;
                emulator = Some(started);
                from_unix(stream).map_err(|source| EmulatorError::Io {
                    action: "use the board's link",
                    source,
                })?
            }
            other => other.connect()?,
        };
        let meter = Meter::default();
        let metered = Metered { inner, meter: meter.clone() };
        let mut session = Session::open(Box::new(metered), limits)?;
        let description = session.describe()?;
        Ok(Self { session, description, meter, emulator })
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
        [0, 1].map(|way| self.meter.0[way].load(Ordering::Relaxed))
    }

    /// What the user should know about this connection though it works.
    pub fn warning(&self) -> Option<&str> {
        self.emulator.as_ref().and_then(Emulator::warning)
    }
}
