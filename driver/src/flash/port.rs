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

/// The port of a board that was just reset, as a URI; waits for it to appear. `probe` is the serial
/// number of the probe that wrote the board, which often has its port as well.
///
/// # Errors
///
/// [`FlashError::Port`].
pub fn find(board: &'static Description, probe: Option<&str>) -> Result<DeviceUri, FlashError> {
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
    let Some(link) = &board.link else { return Err("its board.toml names no link".into()) };
    let Some(wanted) = &link.usb else {
        return Err("the adapter on its pins may be any".into());
    };
    let mut fitting: Vec<_> = ports.iter().filter(|port| is_of(port, link)).collect();
    let same = |port: &&Port| probe.is_some() && serial(port) == probe;
    if fitting.iter().any(same) {
        fitting.retain(same);
    }
    match fitting.as_slice() {
        [port] => {
            let baud = link.baud.unwrap_or(DEFAULT_BAUD);
            Ok(DeviceUri::Serial { path: port.path.clone(), baud, dtr: true })
        }
        [] => Err(format!("no serial port of USB {wanted} is there")),
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

    fn board(link: &str) -> Description {
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
        Description::parse(&text).unwrap()
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
        let uri = choose(&board, &ports, None).unwrap();
        assert_eq!(uri.to_string(), "serial:/dev/ttyACM3?baud=1000000");
    }

    #[test]
    fn of_several_the_one_on_the_probe_is_taken_and_else_none() {
        let board = board(r#"kind = "uart", usb = "0483:374e""#);
        let ports = [port("/dev/a", "0483:374e", "A"), port("/dev/b", "0483:374e", "B")];
        let uri = choose(&board, &ports, Some("B")).unwrap();
        assert!(matches!(uri, DeviceUri::Serial { path, .. } if path == "/dev/b"));
        let said = choose(&board, &ports, None).unwrap_err();
        assert!(said.contains("/dev/a (0483:374e:A), /dev/b (0483:374e:B)"), "{said}");
        assert!(choose(&board, &ports, Some("C")).is_err());
    }

    #[test]
    fn a_port_that_cannot_be_told_is_asked_for() {
        let pins = choose(&board(r#"kind = "uart""#), &[], None).unwrap_err();
        assert_eq!(pins, "the adapter on its pins may be any");
        let missing = choose(&board(r#"kind = "usb-cdc", usb = "16c0:27dd""#), &[], None);
        assert!(missing.unwrap_err().contains("16c0:27dd"));
    }
}
