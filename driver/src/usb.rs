//! The USB devices that are plugged in, as Linux lists them below `/sys`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A USB device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsbDevice {
    /// Who made it.
    pub vendor: u16,
    /// What it is.
    pub product: u16,
    /// Which of them it is; many have none.
    pub serial: Option<String>,
    /// What it calls itself; may be empty.
    pub name: String,
    /// The file through which a program deals with it, from the root folder.
    pub node: PathBuf,
}

impl fmt::Display for UsbDevice {
    /// `0483:374e:0029003A3532 STLINK-V3`: what `--probe` takes, and the name.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{:04x}:{:04x}", self.vendor, self.product)?;
        if let Some(serial) = &self.serial {
            write!(to, ":{serial}")?;
        }
        if self.name.is_empty() { Ok(()) } else { write!(to, " {}", self.name) }
    }
}

/// All devices, by node; `root` is `/`. Elsewhere than on Linux there are none to see.
#[must_use]
pub fn devices(root: &Path) -> Vec<UsbDevice> {
    let folder = root.join("sys/bus/usb/devices");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut devices: Vec<_> = entries.filter_map(|entry| device(root, &entry.path())).collect();
    devices.sort_by(|one, other| one.node.cmp(&other.node));
    devices
}

/// The device of a folder of `/sys`; interfaces are folders as well, and have no vendor.
fn device(root: &Path, folder: &Path) -> Option<UsbDevice> {
    let read = |name: &str| {
        let text = fs::read_to_string(folder.join(name)).ok()?;
        Some(text.trim().to_owned())
    };
    let id = |name: &str| u16::from_str_radix(&read(name)?, 16).ok();
    let number = |name: &str| read(name)?.parse::<u32>().ok();
    let node = format!("dev/bus/usb/{:03}/{:03}", number("busnum")?, number("devnum")?);
    Some(UsbDevice {
        vendor: id("idVendor")?,
        product: id("idProduct")?,
        serial: read("serial").filter(|serial| !serial.is_empty()),
        name: read("product").unwrap_or_default(),
        node: root.join(node),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_told_with_their_nodes_and_interfaces_are_not_devices() {
        let root = std::env::temp_dir().join(format!("quintet-usb-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let write = |folder: &str, file: &str, text: &str| {
            let folder = root.join("sys/bus/usb/devices").join(folder);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(file), text).unwrap();
        };
        for (file, text) in [
            ("idVendor", "0483\n"),
            ("idProduct", "374e\n"),
            ("serial", "0029003A3532\n"),
            ("product", "STLINK-V3\n"),
            ("busnum", "1\n"),
            ("devnum", "12\n"),
        ] {
            write("1-4", file, text);
        }
        write("1-4:1.0", "bInterfaceNumber", "00\n");
        let devices = devices(&root);
        assert_eq!(devices.len(), 1);
        assert_eq!(devices[0].to_string(), "0483:374e:0029003A3532 STLINK-V3");
        assert_eq!(devices[0].node, root.join("dev/bus/usb/001/012"));
        fs::remove_dir_all(root).unwrap();
    }
}
