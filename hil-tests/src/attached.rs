//! Which port a board on the desk is at, and why it cannot be tested where it is at none.

use quintet_driver::transport::DeviceUri;

use crate::target::{Kind, Target};

/// A serial port of a USB device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsbPort {
    /// The port's device file, or its name on Windows.
    pub path: String,
    /// USB vendor and product, `VVVV:PPPP` in lower case.
    pub usb: String,
}

/// The ports that are there now.
#[derive(Clone, Debug, Default)]
pub struct Ports(pub Vec<UsbPort>);

impl Ports {
    /// Asks the operating system.
    pub fn now() -> Self {
        // A system without serial ports may call that an error; nothing is attached either way.
        let ports = serialport::available_ports().unwrap_or_default();
        let usb = ports.into_iter().filter_map(|port| match port.port_type {
            serialport::SerialPortType::UsbPort(usb) => {
                let usb = format!("{:04x}:{:04x}", usb.vid, usb.pid);
                Some(UsbPort { path: port.port_name, usb })
            }
            _ => None,
        });
        Self(usb.collect())
    }

    /// Where a target on the desk is; why it cannot be tested if it is not attached. `None` for
    /// targets that are started and not found.
    pub fn find(&self, target: &Target) -> Option<Result<DeviceUri, String>> {
        let Kind::Hardware { uri, .. } = &target.kind else { return None };
        Some(match uri {
            Some(uri) => there(uri),
            None => self.by_usb(target),
        })
    }

    fn by_usb(&self, target: &Target) -> Result<DeviceUri, String> {
        let name = &target.name;
        let by_hand = format!("name it with --target {name}=serial:PATH");
        let link = target.board.and_then(|board| board.link.as_ref());
        let Some(usb) = link.and_then(|link| link.usb.as_ref()) else {
            return Err(format!("its port has no USB id of its own; {by_hand}"));
        };
        let found: Vec<_> =
            self.0.iter().filter(|port| port.usb.eq_ignore_ascii_case(usb)).collect();
        match found.as_slice() {
            [] => Err(format!("not attached: no port with USB id {usb}; attach it or {by_hand}")),
            [port] => {
                let baud = link.and_then(|link| link.baud);
                let uri = match baud {
                    Some(baud) => format!("serial:{}?baud={baud}", port.path),
                    None => format!("serial:{}", port.path),
                };
                uri.parse().map_err(|error| format!("{error}"))
            }
            several => {
                let paths: Vec<_> = several.iter().map(|port| port.path.as_str()).collect();
                Err(format!(
                    "{} ports have USB id {usb} ({}); {by_hand}",
                    paths.len(),
                    paths.join(", ")
                ))
            }
        }
    }
}

/// The URI, if what it names is there as far as that can be seen without opening it.
fn there(text: &str) -> Result<DeviceUri, String> {
    let uri: DeviceUri = text.parse().map_err(|error| format!("{error}"))?;
    let path = match &uri {
        DeviceUri::Serial { path, .. } if path.starts_with('/') => Some(path.as_ref()),
        DeviceUri::Unix { path } => Some(path.as_path()),
        _ => None,
    };
    match path {
        Some(path) if !path.exists() => {
            Err(format!("not attached: there is no {}", path.display()))
        }
        _ => Ok(uri),
    }
}
