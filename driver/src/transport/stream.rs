//! Sockets: Unix domain and TCP.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use super::{CONNECT_TIMEOUT, Transport, WRITE_TIMEOUT, closed, or_nothing};

/// A socket that can wait with a limit.
trait Socket: Read + Write + Send {
    fn limit_reads(&self, timeout: Duration) -> io::Result<()>;
}

impl Socket for TcpStream {
    fn limit_reads(&self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))
    }
}

#[cfg(unix)]
impl Socket for std::os::unix::net::UnixStream {
    fn limit_reads(&self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))
    }
}

struct Stream<S> {
    socket: S,
    /// The limit set last; setting it is a system call.
    limit: Option<Duration>,
}

impl<S: Socket> Transport for Stream<S> {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        // The system takes zero for no limit.
        let timeout = timeout.max(Duration::from_millis(1));
        if self.limit != Some(timeout) {
            self.socket.limit_reads(timeout)?;
            self.limit = Some(timeout);
        }
        match self.socket.read(buffer) {
            Ok(0) if !buffer.is_empty() => Err(closed()),
            other => or_nothing(other),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes)
    }
}

/// Connects to a Unix domain socket.
#[cfg(unix)]
pub(super) fn unix(path: &Path) -> io::Result<Box<dyn Transport>> {
    from_unix(std::os::unix::net::UnixStream::connect(path)?)
}

/// The transport over a connected Unix domain socket.
///
/// # Errors
/// When the socket takes no time limit.
#[cfg(unix)]
pub fn from_unix(socket: std::os::unix::net::UnixStream) -> io::Result<Box<dyn Transport>> {
    socket.set_write_timeout(Some(WRITE_TIMEOUT))?;
    Ok(Box::new(Stream { socket, limit: None }))
}

/// Says that there are no Unix domain sockets here.
#[cfg(not(unix))]
pub(super) fn unix(_: &Path) -> io::Result<Box<dyn Transport>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Connects to the first address of `host` that answers.
pub(super) fn tcp(host: &str, port: u16) -> io::Result<Box<dyn Transport>> {
    let addresses = format!("{host}:{port}").to_socket_addrs().map_err(|error| {
        // A name that does not resolve comes as an uncategorised error.
        io::Error::new(io::ErrorKind::NotFound, error)
    })?;
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(socket) => {
                // Acknowledgements are small and must not wait.
                socket.set_nodelay(true)?;
                socket.set_write_timeout(Some(WRITE_TIMEOUT))?;
                return Ok(Box::new(Stream { socket, limit: None }));
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
