//! Serial ports, USB CDC ones included.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use serialport::{ErrorKind, SerialPort};

use super::{Transport, WRITE_TIMEOUT, closed, or_nothing};

struct Serial {
    port: Box<dyn SerialPort>,
}

impl Serial {
    fn limit(&mut self, timeout: Duration) -> io::Result<()> {
        self.port.set_timeout(timeout).map_err(io::Error::from)
    }
}

impl Transport for Serial {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.limit(timeout)?;
        match self.port.read(buffer) {
            // Readable, but nothing there: so an unplugged port looks.
            Ok(0) if !buffer.is_empty() => Err(closed()),
            other => or_nothing(other),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.limit(WRITE_TIMEOUT)?;
        self.port.write_all(bytes)
    }
}

/// Opens a port, 8N1, no flow control.
///
/// Nothing is read away: what a device said before may be noise, and the link cuts it off.
pub(super) fn open(path: &str, baud: u32, dtr: bool) -> io::Result<Box<dyn Transport>> {
    let mut port = serialport::new(path, baud).open().map_err(|error| sort(path, error))?;
    // A USB device waits for it; a pseudo-terminal or a three-wire cable has none.
    let _ = port.write_data_terminal_ready(dtr);
    Ok(Box::new(Serial { port }))
}

fn sort(path: &str, error: serialport::Error) -> io::Error {
    // The crate says `NoDevice` also for a port that another program has locked.
    let busy = error.kind == ErrorKind::NoDevice && Path::new(path).exists();
    if busy { io::Error::new(io::ErrorKind::ResourceBusy, error) } else { error.into() }
}

#[cfg(all(test, unix))]
mod tests {
    use serialport::TTYPort;

    use super::*;
    use crate::transport::{DeviceUri, TransportError};

    fn uri(path: &str) -> DeviceUri {
        DeviceUri::Serial { path: path.into(), baud: 115_200, dtr: true }
    }

    #[test]
    fn a_port_carries_every_byte() {
        let (mut far, near) = TTYPort::pair().unwrap();
        let name = near.name().unwrap();
        // It holds a lock on the port that is to be opened.
        drop(near);
        let mut transport = uri(&name).connect().unwrap();
        let bytes: Vec<u8> = (0..=255).collect();
        far.write_all(&bytes).unwrap();
        let mut got = Vec::new();
        let mut buffer = [0; 64];
        while got.len() < bytes.len() {
            let count = transport.read(&mut buffer, Duration::from_secs(5)).unwrap();
            got.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(got, bytes);
        assert_eq!(transport.read(&mut buffer, Duration::from_millis(1)).unwrap(), 0);
        transport.write(&bytes).unwrap();
        let mut back = [0; 256];
        far.read_exact(&mut back).unwrap();
        assert_eq!(back[..], bytes);
    }

    #[test]
    fn a_missing_port_and_one_in_use_are_told_apart() {
        let missing = uri("/dev/quintet-has-no-such-port").connect().err();
        assert!(matches!(missing, Some(TransportError::Missing { .. })), "{missing:?}");
        let (_far, near) = TTYPort::pair().unwrap();
        let name = near.name().unwrap();
        drop(near);
        let _first = uri(&name).connect().unwrap();
        let busy = uri(&name).connect().err();
        assert!(matches!(busy, Some(TransportError::Busy { .. })), "{busy:?}");
    }
}
