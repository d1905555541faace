//! Pipes of bytes to a device: serial ports, sockets, memory.
//!
//! A transport may lose or damage bytes; the link above it repairs that.

mod error;
mod faulty;
pub mod memory;
mod serial;
mod stream;
mod uri;

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

pub use error::TransportError;
pub use faulty::Faulty;
#[cfg(unix)]
pub use stream::from_unix;
pub use uri::{DEFAULT_BAUD, DeviceUri, QemuLink, UriError, parse_bytes};

/// A pipe of bytes to a device.
pub trait Transport: Send {
    /// Waits at most `timeout` for bytes and takes up to `buffer.len()` of them; returns how many,
    /// zero if none came in time.
    ///
    /// # Errors
    ///
    /// The pipe is gone: [`io::ErrorKind::UnexpectedEof`] if the other end closed it.
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize>;

    /// Sends all of `bytes`; blocks while the pipe is full, but not for ever.
    ///
    /// # Errors
    ///
    /// The pipe is gone, or has taken nothing for [`WRITE_TIMEOUT`].
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// The time, since anything; it never goes back. Whatever has a limit is held against it, so
    /// that a simulated pipe can have a time of its own.
    fn now(&self) -> Duration {
        real_time()
    }

    /// A number that nobody else has: sessions, claims and runs differ by it. A simulated pipe has
    /// its own, so that everything repeats.
    fn unique(&mut self) -> u32 {
        // A hasher's keys are the random numbers that the standard library has.
        RandomState::new().hash_one(Instant::now()) as u32
    }
}

/// The time since this process first asked.
pub(crate) fn real_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        (**self).read(buffer, timeout)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        (**self).write(bytes)
    }

    fn now(&self) -> Duration {
        (**self).now()
    }

    fn unique(&mut self) -> u32 {
        (**self).unique()
    }
}

/// How long a transport may take no byte before that counts as an error.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

impl DeviceUri {
    /// Opens the pipe that this URI names.
    ///
    /// # Errors
    ///
    /// A [`TransportError`]. `virtual:` and `qemu:` name a device that has to be started first;
    /// for them it is [`TransportError::NotAPipe`].
    pub fn connect(&self) -> Result<Box<dyn Transport>, TransportError> {
        let opened: io::Result<Box<dyn Transport>> = match self {
            Self::Serial { path, baud, dtr } => return serial::open(self, path, *baud, *dtr),
            Self::Unix { path } => stream::unix(path),
            Self::Tcp { host, port } => stream::tcp(host, *port),
            Self::Virtual { .. } | Self::Qemu { .. } => {
                return Err(TransportError::NotAPipe { uri: self.to_string() });
            }
        };
        opened.map_err(|source| TransportError::from_open(self, source))
    }
}

/// The end of a pipe, as an error.
fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the other end closed the connection")
}

/// The result of a read whose timeout comes as an error.
fn or_nothing(read: io::Result<usize>) -> io::Result<usize> {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    match read {
        Err(error) if matches!(error.kind(), TimedOut | WouldBlock | Interrupted) => Ok(0),
        other => other,
    }
}
