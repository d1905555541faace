//! Which serial port is a board's link.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use quintet_boards::{Description, Link};
use serialport::{SerialPortInfo, SerialPortType};

use super::FlashError;
use crate::transport::{DEFAULT_BAUD, DeviceUri};

/// How long a board may take, once it is reset, to show its own USB port.
const APPEAR_MAX: Duration = Duration::from_secs(5);
/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(200);

/// A serial port of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its device file, or its name on Windows.
    pub path: String,
    /// What is on it, if that is USB.
    pub usb: Option<UsbPort>,
}

/// What a port on USB belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsbPort {
    /// Vendor and product, `VVVV:PPPP` as `board.toml` has it.
    pub id: String,
    /// Which of them it is; many have none.
    pub serial: Option<String>,
}

impl fmt::Display for Port {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.path)?;
        match &self.usb {
            Some(UsbPort { id, serial: Some(serial) }) => write!(to, " ({id}:{serial})"),
            Some(UsbPort { id, serial: None }) => write!(to, " ({id})"),
            None => Ok(()),
        }
    }
}

impl From<SerialPortInfo> for Port {
    fn from(info: SerialPortInfo) -> Self {
        let usb = match info.port_type {
            SerialPortType::UsbPort(usb) => Some(UsbPort {
                id: format!("{:04x}:{:04x}", usb.vid, usb.pid),
                serial: usb.serial_number,
            }),
            _ => None,
        };
        Self { path: info.port_name, usb }
    }
}

/// The serial ports that there are. A system without any may call that an error.
#[must_use]
pub fn ports() -> Vec<Port> {
    serialport::available_ports().unwrap_or_default().into_iter().map(Port::from).collect()
}

/// The rate of a board's link if a URI gives none, in bits a second.
#[must_use]
pub fn baud(board: &Description) -> u32 {
    board.link.as_ref().and_then(|link| link.baud).unwrap_or(DEFAULT_BAUD)
}

/// Whether the port of a board's link can be found at all, board or not.
///
/// # Errors
///
/// [`FlashError::UnknownPort`] if the link is on pins, and any adapter may be there.
pub fn can_be_found(board: &'static Description) -> Result<(), FlashError> {
    match board.link.as_ref().and_then(|link| link.usb.as_ref()) {
        Some(_) => Ok(()),
        None => Err(FlashError::UnknownPort { board: &board.name }),
    }
}

/// The port of a board that was just reset, as a URI; waits for it to appear. `probe` is the serial
/// number of the probe that wrote the board, which often has its port as well.
///
/// # Errors
///
/// [`FlashError::UnknownPort`] at once, [`FlashError::Port`] when there was time to appear.
pub fn find(board: &'static Description, probe: Option<&str>) -> Result<DeviceUri, FlashError> {
    can_be_found(board)?;
    let deadline = Instant::now() + APPEAR_MAX;
    loop {
        match choose(board, &ports(), probe) {
            Err(reason) if Instant::now() >= deadline => {
                return Err(FlashError::Port { board: &board.name, reason });
            }
            Err(_) => thread::sleep(LOOK),
            Ok(uri) => return Ok(uri),
        }
    }
}

/// Whether a port may be the link of a board.
#[must_use]
pub fn is_of(port: &Port, link: &Link) -> bool {
    let id = port.usb.as_ref().map(|usb| usb.id.as_str());
    id.is_some() && id == link.usb.as_deref().map(str::to_ascii_lowercase).as_deref()
}

fn choose(board: &Description, ports: &[Port], probe: Option<&str>) -> Result<DeviceUri, String> {
    let link = board.link.as_ref();
    let is_link = |port: &&Port| link.is_some_and(|link| is_of(port, link));
    let mut fitting: Vec<_> = ports.iter().filter(is_link).collect();
    let same = |port: &&Port| probe.is_some() && serial(port) == probe;
    if fitting.iter().any(same) {
        fitting.retain(same);
    }
    match fitting.as_slice() {
        [port] => Ok(DeviceUri::Serial { path: port.path.clone(), baud: baud(board), dtr: true }),
        [] => {
            let wanted = link.and_then(|link| link.usb.as_deref()).unwrap_or("any kind");
            Err(format!("no serial port of USB {wanted} is there"))
        }
        several => {
            let names: Vec<_> = several.iter().map(|port| port.to_string()).collect();
            Err(format!("it may be any of {}", names.join(", ")))
        }
    }
}

fn serial(port: &Port) -> Option<&str> {
    port.usb.as_ref()?.serial.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(link: &str) -> &'static Description {
        let text = format!(
            r#"
            name = "b"
            title = "a board"
            package = "p"
            target = "t"
            memory = {{ ram = {{ origin = 0, bytes = 9 }}, arena = {{ origin = 9, bytes = 9 }} }}
            budget = {{ flash = 3, ram = 4, stack = 2 }}
            link = {{ {link} }}
            "#
        );
        Box::leak(Box::new(Description::parse(&text).unwrap()))
    }

    fn port(path: &str, id: &str, serial: &str) -> Port {
        let usb = Some(UsbPort { id: id.into(), serial: Some(serial.into()) });
        Port { path: path.into(), usb }
    }

    #[test]
    fn the_port_with_the_boards_usb_id_is_its_link_at_the_boards_rate() {
        let board = board(r#"kind = "uart", baud = 1_000_000, usb = "0483:374E""#);
        let none = Port { path: "/dev/ttyS0".into(), usb: None };
        let ports = [none, port("/dev/ttyACM3", "0483:374e", "A")];
        let uri = choose(board, &ports, None).unwrap();
        assert_eq!(uri.to_string(), "serial:/dev/ttyACM3?baud=1000000");
    }

    #[test]
    fn of_several_the_one_on_the_probe_is_taken_and_else_none() {
        let board = board(r#"kind = "uart", usb = "0483:374e""#);
        let ports = [port("/dev/a", "0483:374e", "A"), port("/dev/b", "0483:374e", "B")];
        let uri = choose(board, &ports, Some("B")).unwrap();
        assert!(matches!(uri, DeviceUri::Serial { path, .. } if path == "/dev/b"));
        let said = choose(board, &ports, None).unwrap_err();
        assert!(said.contains("/dev/a (0483:374e:A), /dev/b (0483:374e:B)"), "{said}");
        assert!(choose(board, &ports, Some("C")).is_err());
    }

    #[test]
    fn a_port_that_cannot_be_told_is_asked_for() {
        let start = Instant::now();
        let pins = find(board(r#"kind = "uart""#), None).unwrap_err();
        assert!(matches!(pins, FlashError::UnknownPort { board: "b" }), "{pins}");
        assert!(start.elapsed() < APPEAR_MAX, "what cannot appear is not waited for");
        let missing = choose(board(r#"kind = "usb-cdc", usb = "16c0:27dd""#), &[], None);
        assert!(missing.unwrap_err().contains("16c0:27dd"));
    }
}
