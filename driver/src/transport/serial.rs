//! Serial ports, USB CDC ones included.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use serialport::{ErrorKind, SerialPort};

use super::{DeviceUri, Transport, TransportError, WRITE_TIMEOUT, or_nothing};

/// A rate that every port has, to open one with before it is asked for the rate that is wanted.
const OPENING_BAUD: u32 = 115_200;
/// How far the rate that a port chose may be from the one asked for, in parts of a hundred. A frame
/// of 8N1 bears 5 for both ends together.
const DEVIATION_PERCENT_MAX: u64 = 2;

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
            // Readable, but nothing there: so some unplugged ports look.
            Ok(0) if !buffer.is_empty() => Err(gone("it gives no bytes")),
            read => or_nothing(read).map_err(gone),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.limit(WRITE_TIMEOUT)?;
        self.port.write_all(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => error,
            _ => gone(error),
        })
    }
}

/// A port that was open and fails: its device was unplugged, or the far end of a pseudo-terminal
/// closed.
fn gone(why: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("the serial port is gone ({why})"))
}

/// Opens the port that `uri` names, 8N1, no flow control.
///
/// Nothing is read away: what a device said before may be noise, and the link cuts it off.
pub(super) fn open(
    uri: &DeviceUri,
    path: &str,
    baud: u32,
    dtr: bool,
) -> Result<Box<dyn Transport>, TransportError> {
    let mut port = open_port(uri, path, baud)?;
    // A USB device waits for it; a pseudo-terminal or a three-wire cable has none.
    let _ = port.write_data_terminal_ready(dtr);
    Ok(Box::new(Serial { port }))
}

fn open_port(
    uri: &DeviceUri,
    path: &str,
    baud: u32,
) -> Result<Box<dyn SerialPort>, TransportError> {
    let opened = serialport::new(path, OPENING_BAUD).open();
    let mut port = opened.map_err(|error| sort(uri, path, error))?;
    match port.set_baud_rate(baud).and_then(|()| port.baud_rate()) {
        Ok(given) if is_close(baud, given) => Ok(port),
        Ok(given) => Err(TransportError::rate(uri, format!("it would run at {given}"))),
        Err(error) => Err(TransportError::rate(uri, error.to_string())),
    }
}

/// Whether a UART at the one rate understands one at the other.
fn is_close(wanted: u32, given: u32) -> bool {
    u64::from(wanted.abs_diff(given)) * 100 <= u64::from(wanted) * DEVIATION_PERCENT_MAX
}

/// Says why a port was not opened: the crate tells few reasons apart.
fn sort(uri: &DeviceUri, path: &str, error: serialport::Error) -> TransportError {
    let there = fs::metadata(Path::new(path));
    match (error.kind, there) {
        // What is no terminal has no lock and no rate: those errors are its, whatever they say.
        (ErrorKind::Unknown | ErrorKind::InvalidInput | ErrorKind::NoDevice, Ok(there))
            if !is_character_device(&there) =>
        {
            let what = if there.is_dir() { "a folder" } else { "a file" };
            TransportError::not_a_port(uri, what, error.into())
        }
        // The crate says this of a port that another program has locked.
        (ErrorKind::NoDevice, Ok(_)) => {
            let source = io::Error::new(io::ErrorKind::ResourceBusy, error);
            TransportError::from_open(uri, source)
        }
        // Opened, but it would not be set up as a terminal is.
        (ErrorKind::Unknown, Ok(_)) => {
            TransportError::not_a_port(uri, "a device without a serial line", error.into())
        }
        _ => TransportError::from_open(uri, error.into()),
    }
}

#[cfg(unix)]
fn is_character_device(there: &fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&there.file_type())
}

#[cfg(not(unix))]
fn is_character_device(there: &fs::Metadata) -> bool {
    !there.is_file() && !there.is_dir()
}

#[cfg(all(test, unix))]
mod tests {
    use serialport::TTYPort;

    use super::*;

    fn uri(path: &str) -> DeviceUri {
        DeviceUri::Serial { path: path.into(), baud: 115_200, dtr: true }
    }

    #[test]
    fn a_port_carries_every_byte() {
        let (mut far, name) = pair();
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

    /// A pseudo-terminal's other end, and its own name.
    fn pair() -> (TTYPort, String) {
        let (far, near) = TTYPort::pair().unwrap();
        // Dropped here, since it holds a lock on the port that is to be opened.
        (far, near.name().unwrap())
    }

    #[test]
    fn a_missing_port_and_one_in_use_are_told_apart() {
        let missing = uri("/dev/quintet-has-no-such-port").connect().err();
        assert!(matches!(missing, Some(TransportError::Missing { .. })), "{missing:?}");
        let (_far, name) = pair();
        let _first = uri(&name).connect().unwrap();
        let busy = uri(&name).connect().err();
        assert!(matches!(busy, Some(TransportError::Busy { .. })), "{busy:?}");
    }

    #[test]
    fn what_is_no_serial_port_is_told_by_what_it_is() {
        let file = std::env::current_exe().unwrap();
        for (path, what) in [("/", "a folder"), (file.to_str().unwrap(), "a file")] {
            let error = uri(path).connect().err().unwrap();
            assert!(error.to_string().contains(what), "{error}");
        }
        let null = uri("/dev/null").connect().err().unwrap();
        assert!(null.to_string().contains("without a serial line"), "{null}");
        assert!(null.advice().contains("quintet devices"));
    }

    #[test]
    fn odd_rates_are_set_as_they_are() {
        let (_far, path) = pair();
        for baud in [250_000, 1_000_000, 1_500_000, 2_000_000, 3_000_000, 12_345] {
            let uri = DeviceUri::Serial { path: path.clone(), baud, dtr: true };
            let port = super::open_port(&uri, &path, baud).unwrap();
            assert_eq!(port.baud_rate().unwrap(), baud);
        }
    }

    #[test]
    fn a_rate_is_taken_as_the_one_asked_for_within_two_percent() {
        assert!(is_close(115_200, 115_200) && is_close(3_000_000, 3_060_000));
        assert!(is_close(115_200, 115_384), "a 16 MHz UART's nearest");
        assert!(!is_close(115_200, 117_647) && !is_close(1_000_000, 921_600));
        assert!(!is_close(u32::MAX, 0) && !is_close(1, u32::MAX));
        let error = TransportError::rate(&uri("/dev/x"), "it would run at 9600".into());
        assert!(error.to_string().contains("baud=115200"), "{error}");
        assert!(error.advice().contains("?baud=RATE"));
    }

    #[test]
    fn reasons_that_the_system_gives_become_errors_of_their_own() {
        let sorted = |kind| {
            let error = serialport::Error::new(ErrorKind::Io(kind), "no");
            sort(&uri("/dev/null"), "/dev/null", error)
        };
        let denied = sorted(io::ErrorKind::PermissionDenied);
        assert!(matches!(denied, TransportError::Permission { .. }), "{denied:?}");
        assert!(denied.advice().contains("dialout"));
        let missing = sorted(io::ErrorKind::NotFound);
        assert!(matches!(missing, TransportError::Missing { .. }), "{missing:?}");
    }

    #[test]
    fn a_port_that_is_unplugged_is_told_when_reading_and_when_writing() {
        let (far, name) = pair();
        let mut transport = uri(&name).connect().unwrap();
        drop(far);
        let read = transport.read(&mut [0; 8], Duration::from_secs(5)).unwrap_err();
        let written = transport.write(&[0; 8]).unwrap_err();
        for error in [read, written] {
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            assert!(error.to_string().contains("the serial port is gone"), "{error}");
        }
    }
}
