//! Which port a board on the desk is at, and why it cannot be tested where it is at none.

use quintet_boards::{Link, LinkKind};
use quintet_driver::transport::DeviceUri;

use crate::target::{Kind, Target};

/// A serial port of a USB device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsbPort {
    /// The port's device file, or its name on Windows.
    pub path: String,
    /// USB vendor and product, `VVVV:PPPP` in lower case.
    pub usb: String,
    /// What the device calls itself.
    pub product: Option<String>,
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
                let id = format!("{:04x}:{:04x}", usb.vid, usb.pid);
                Some(UsbPort { path: port.port_name, usb: id, product: usb.product })
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
        let product = link.and_then(|link| product(target, link));
        let found: Vec<_> = self.0.iter().filter(|port| port.is(usb, product)).collect();
        let called = product.map_or(String::new(), |name| format!(" that is called {name}"));
        match found.as_slice() {
            [] => Err(format!(
                "not attached: no port with USB id {usb}{called}; attach it or {by_hand}"
            )),
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

impl UsbPort {
    /// Whether it has this USB id and, where that is known of both, this name.
    fn is(&self, usb: &str, product: Option<&str>) -> bool {
        let other = self.product.as_deref().zip(product).is_some_and(|(one, other)| one != other);
        self.usb.eq_ignore_ascii_case(usb) && !other
    }
}

/// What the port calls itself where firmware is the USB device: its board. Such boards share an id.
fn product<'a>(target: &'a Target, link: &Link) -> Option<&'a str> {
    let board = target.board.filter(|_| link.kind == LinkKind::UsbCdc);
    board.map(|board| board.name.as_str())
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

#[cfg(test)]
mod tests {
    use super::{Ports, UsbPort};
    use crate::target;

    fn find(name: &str, ports: Vec<UsbPort>) -> Result<String, String> {
        let targets = target::all(&[]).unwrap();
        let target = targets.iter().find(|target| target.name == name).unwrap();
        Ports(ports).find(target).unwrap().map(|uri| uri.to_string())
    }

    fn port(path: &str, usb: &str, product: &str) -> UsbPort {
        UsbPort { path: path.into(), usb: usb.into(), product: Some(product.into()) }
    }

    #[test]
    fn a_board_is_found_by_the_usb_id_of_its_probe() {
        let probe = || port("/dev/ttyACM7", "0483:374e", "STLINK-V3");
        let other = || port("/dev/ttyACM8", "16c0:27dd", "pico2");
        let found = find("nucleo-h743zi2", vec![other(), probe()]).unwrap();
        assert_eq!(found, "serial:/dev/ttyACM7?baud=921600");
        let told = find("nucleo-h743zi2", vec![other()]).unwrap_err();
        assert!(told.contains("0483:374e") && told.contains("--target"), "{told}");
        let told = find("nucleo-h743zi2", vec![probe(), probe()]).unwrap_err();
        assert!(told.starts_with("2 ports have USB id 0483:374e"), "{told}");
    }

    #[test]
    fn boards_that_share_a_usb_id_are_told_apart_by_their_names() {
        let ports = || vec![port("/dev/ttyACM0", "16c0:27dd", "pico2-riscv")];
        assert!(find("pico2-riscv", ports()).unwrap().contains("/dev/ttyACM0"));
        let told = find("pico2", ports()).unwrap_err();
        assert!(told.contains("called pico2;"), "{told}");
    }

    #[test]
    fn a_port_without_a_usb_id_has_to_be_named() {
        let told = find("litex-vexriscv", Vec::new()).unwrap_err();
        assert!(told.contains("--target litex-vexriscv=serial:PATH"), "{told}");
    }
}
