//! Reaching the device that a URI names, as often as it takes.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quintet_accelerator::Instance;
use quintet_protocol::fault::Faults;

use super::OpenError;
use super::meter::{Meter, Metered};
use crate::emulator::{Emulator, EmulatorError, EmulatorLink};
use crate::session::Dialer;
use crate::transport::{DeviceUri, Faulty, QemuLink, Transport, from_unix};
use crate::virtual_device::{self, VirtualDevice};

/// An emulated board that a dialer and a connection share.
#[derive(Clone)]
pub(super) struct SharedEmulator(Arc<Mutex<Emulator>>);

impl SharedEmulator {
    pub fn lock(&self) -> MutexGuard<'_, Emulator> {
        // A panic elsewhere leaves a QEMU that is as good as ever.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has to be kept alive for the device.
enum Source {
    Virtual(VirtualDevice),
    Emulator { emulator: SharedEmulator, board: Board },
    Elsewhere(DeviceUri),
}

/// What an emulated board is started with, however often.
struct Board {
    name: String,
    link: EmulatorLink,
    accelerator: Option<Instance>,
}

impl Board {
    fn start(&self) -> Result<Emulator, EmulatorError> {
        Emulator::start_with(&self.name, self.link, self.accelerator.as_ref())
    }
}

/// The device that a URI names.
pub(super) struct UriDialer {
    source: Source,
    faults: Option<Faults>,
    meter: Meter,
    /// Pipes opened so far.
    pipes: u64,
    /// The first pipe, opened where its error was told as what it is.
    first: Option<Box<dyn Transport>>,
}

impl UriDialer {
    /// Starts the device if it is a virtual or an emulated one, and opens the first pipe to it.
    pub fn start(
        uri: &DeviceUri,
        faults: Option<Faults>,
        accelerator: Option<Instance>,
        meter: Meter,
    ) -> Result<Self, OpenError> {
        let source = match uri {
            DeviceUri::Virtual { arena } => {
                let arena_bytes = arena.unwrap_or(virtual_device::ARENA_BYTES);
                Source::Virtual(VirtualDevice::start(arena_bytes, accelerator))
            }
            DeviceUri::Qemu { board, link } => {
                let link = match link {
                    QemuLink::Bulk => EmulatorLink::Bulk,
                    QemuLink::Uart => EmulatorLink::Uart,
                    QemuLink::Bare => EmulatorLink::Bare,
                };
                let board = Board { name: board.clone(), link, accelerator };
                let emulator = SharedEmulator(Arc::new(Mutex::new(board.start()?)));
                Source::Emulator { emulator, board }
            }
            other if accelerator.is_some() => return Err(OpenError::OwnAccelerator(other.clone())),
            other => Source::Elsewhere(other.clone()),
        };
        let mut dialer = Self { source, faults, meter, pipes: 0, first: None };
        dialer.first = Some(dialer.open()?);
        Ok(dialer)
    }

    /// The emulated board, if it is one.
    pub fn emulator(&self) -> Option<SharedEmulator> {
        match &self.source {
            Source::Emulator { emulator, .. } => Some(emulator.clone()),
            _ => None,
        }
    }

    fn open(&mut self) -> Result<Box<dyn Transport>, OpenError> {
        let inner: Box<dyn Transport> = match &self.source {
            Source::Virtual(device) => Box::new(device.connect()),
            Source::Emulator { emulator, board } => {
                let mut emulator = emulator.lock();
                if emulator.has_ended() {
                    *emulator = board.start()?;
                }
                from_unix(emulator.connect()?).map_err(|source| EmulatorError::Io {
                    action: "use the board's link",
                    source,
                })?
            }
            Source::Elsewhere(uri) => uri.connect()?,
        };
        let metered: Box<dyn Transport> = Box::new(Metered::new(inner, self.meter.clone()));
        let pipe = self.pipes;
        self.pipes += 1;
        Ok(match self.faults {
            Some(faults) => Box::new(Faulty::new(metered, faults, pipe)),
            None => metered,
        })
    }
}

impl Dialer for UriDialer {
    fn dial(&mut self) -> io::Result<Box<dyn Transport>> {
        match self.first.take() {
            Some(first) => Ok(first),
            None => self.open().map_err(io::Error::other),
        }
    }
}
