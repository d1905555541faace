//! A board as its `board.toml` describes it; every key is refused that is not one of these.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One board.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Description {
    /// Name, also that of its folder under `boards/` and of its ELF file.
    pub name: String,
    /// What it is, in words: maker, chip, core, clock.
    pub title: String,
    /// Cargo package, also the name of its binary.
    pub package: String,
    /// Whether the package is a workspace of its own, with a lock file of its own: a hardware
    /// abstraction layer's versions are that board's business.
    #[serde(default)]
    pub standalone: bool,
    /// Rust target.
    pub target: String,
    /// `-C target-cpu`, when the target's default is too modest.
    pub target_cpu: Option<String>,
    /// `-C target-feature`, such as `+zba,+zbb`.
    pub target_feature: Option<String>,
    /// Linker scripts that lay out the image, if not `link.x`: a hardware abstraction layer's.
    pub linker_scripts: Option<Vec<String>>,
    /// Regions of memory, for the linker: `flash`, `ram`, and what else the chip has. Without an
    /// `arena` the arena is what is left of `ram` behind all data; without a `stack` the runtime
    /// crate places the stack in `ram`.
    pub memory: BTreeMap<String, Region>,
    /// What the firmware may take.
    pub budget: Budget,
    /// What the linker must have put where; the build fails if it has not.
    #[serde(default)]
    pub place: Vec<Place>,
    /// The smallest image, if there is one: a binary of its own in the package, called as that is
    /// with `-small` behind it, and without the package's default features.
    pub small: Option<Small>,
    /// The smallest image with every micro-operator, if there is one: the same binary with other
    /// features.
    pub small_whole: Option<Small>,
    /// The way that the driver's bytes go; boards of flesh and blood have one.
    pub link: Option<Link>,
    /// How firmware gets onto it; an emulated board needs nothing.
    pub flash: Option<Flash>,
    /// The USB drive that the chip's boot ROM shows and that takes UF2 files: a second way for
    /// firmware.
    pub drive: Option<Drive>,
    /// QEMU's machine that is this board.
    pub qemu: Option<Qemu>,
}

/// A region of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Address of its first byte.
    pub origin: u32,
    /// Its length.
    pub bytes: u32,
}

/// What the firmware may take, in bytes; the build fails over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Of non-volatile memory, or of what the image loads.
    pub flash: u64,
    /// Of RAM: data, zeroed data and stack. The arena comes beside it.
    pub ram: u64,
    /// Of the RAM, for the stack.
    pub stack: u64,
}

/// What the linker must have put into a region.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Name of the image's section.
    pub section: String,
    /// Name of the region, as in [`Description::memory`].
    pub region: String,
    /// Bytes that it has at least.
    #[serde(default = "one_byte")]
    pub bytes: u32,
    /// Whether the region begins with it, as with the table that a core starts from.
    #[serde(default)]
    pub first: bool,
}

/// A section is not empty.
fn one_byte() -> u32 {
    1
}

/// The smallest image of a board.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Small {
    /// Cargo features of the board's package that it has.
    pub features: Vec<String>,
    /// What it may take.
    pub budget: Budget,
}

/// The way that the driver's bytes go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What it is.
    pub kind: LinkKind,
    /// Bits a second of a UART.
    pub baud: Option<u32>,
    /// USB vendor and product of the port that the host sees, `VVVV:PPPP` in hexadecimal.
    pub usb: Option<String>,
}

/// What kind of link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// Pins of the chip, through a probe's or an adapter's serial port.
    Uart,
    /// The chip's own USB device, a serial port to the host.
    UsbCdc,
    /// The USB port with serial port and JTAG that Espressif's chips have.
    UsbSerialJtag,
}

/// How firmware gets onto a board.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, tag = "by", rename_all = "kebab-case")]
pub enum Flash {
    /// A debug probe, through probe-rs.
    Probe {
        /// The chip's name in probe-rs.
        chip: String,
        /// How the probe speaks with it.
        line: Line,
        /// How to know the chip, before anything is written.
        identity: Option<Identity>,
        /// How to know that its flash may be read and written: what the option bytes say then.
        unlocked: Option<Identity>,
    },
    /// A boot loader on the chip, through the link's own port.
    Bootloader {
        /// Which one.
        loader: Bootloader,
    },
}

/// How a probe speaks with a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// Arm's two-wire debug port.
    Swd,
    /// IEEE 1149.1.
    Jtag,
}

/// A boot loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bootloader {
    /// The serial flash loader of LiteX's BIOS, which loads RAM.
    LitexBios,
    /// The ROM of Espressif's chips. `espflash` speaks with it, which also makes the partition
    /// table and the second loader that the chip wants.
    Espressif,
}

/// The drive of a boot ROM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Drive {
    /// Of the RP2350, by its name.
    #[serde(rename = "RP2350")]
    Rp2350,
}

/// A word of the chip that tells what it is: `value` at `address` under `mask`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Where it is read.
    pub address: u32,
    /// The bits that count.
    pub mask: u32,
    /// What they are on this chip.
    pub value: u32,
}

/// QEMU's machine of a board.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qemu {
    /// What stands behind `qemu:` in a device URI.
    pub name: String,
    /// The QEMU program.
    pub command: String,
    /// Arguments that make it this board.
    pub arguments: Vec<String>,
    /// Which of the machine's serial ports, from 0, is the link.
    #[serde(default)]
    pub serial: usize,
    /// The part of its RAM that can be a file, for an accelerator that watches memory. Also says
    /// that our own device can be in the machine, which needs it not.
    pub ram: Option<Region>,
}

/// A `board.toml` that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptionError {
    /// Not TOML, or a key is missing, unknown or of another type.
    #[error("{0}")]
    Syntax(String),
    /// A region that every board needs.
    #[error("memory.{0} is missing")]
    Memory(&'static str),
    /// The stack is part of the RAM.
    #[error("budget.stack is larger than budget.ram")]
    Stack,
    /// A section must be in a region that there is.
    #[error("place: there is no memory.{0}")]
    Place(String),
    /// What the budget says of the stack is what its region has.
    #[error("budget.stack is not memory.stack.bytes")]
    StackRegion,
}

impl Description {
    /// Reads a `board.toml`.
    ///
    /// # Errors
    ///
    /// [`DescriptionError`].
    pub fn parse(text: &str) -> Result<Self, DescriptionError> {
        let board: Self =
            toml::from_str(text).map_err(|error| DescriptionError::Syntax(error.to_string()))?;
        if !board.memory.contains_key("ram") {
            return Err(DescriptionError::Memory("ram"));
        }
        let stack = board.memory.get("stack").map(|region| u64::from(region.bytes));
        if stack.is_some_and(|bytes| bytes != board.budget.stack) {
            return Err(DescriptionError::StackRegion);
        }
        let unknown = board.place.iter().find(|place| !board.memory.contains_key(&place.region));
        if let Some(place) = unknown {
            return Err(DescriptionError::Place(place.region.clone()));
        }
        if board.budget.stack > board.budget.ram {
            return Err(DescriptionError::Stack);
        }
        Ok(board)
    }

    /// Where the registers of an accelerator are that watches memory: at the end of the page that
    /// it shares with the core.
    #[must_use]
    pub fn accelerator_registers(&self) -> Option<u32> {
        /// Bytes of the register map (`quintet_protocol::accelerator::registers::SPAN_BYTES`).
        const SPAN_BYTES: u32 = 0x200;
        let page = self.memory.get("shared")?;
        Some(page.origin + page.bytes - SPAN_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::{Description, DescriptionError, Flash, Line, LinkKind};

    const BOARD: &str = r#"
        name = "b"
        title = "a board"
        package = "p"
        target = "thumbv7em-none-eabihf"
        memory = { ram = { origin = 0, bytes = 1 }, arena = { origin = 1, bytes = 2 } }
        budget = { flash = 3, ram = 4, stack = 2 }
        link = { kind = "usb-cdc", usb = "16c0:27dd" }
        flash = { by = "probe", chip = "STM32F405RG", line = "swd" }
        place = [{ section = ".data", region = "ram" }]
    "#;

    #[test]
    fn a_board_file_says_what_the_board_is() {
        let board = Description::parse(BOARD).unwrap();
        assert_eq!(board.link.unwrap().kind, LinkKind::UsbCdc);
        let chip = "STM32F405RG".to_owned();
        let flash = Flash::Probe { chip, line: Line::Swd, identity: None, unlocked: None };
        assert_eq!(board.flash, Some(flash));
        assert!(!board.standalone && board.qemu.is_none());
        let place = &board.place[0];
        assert_eq!((place.region.as_str(), place.bytes, place.first), ("ram", 1, false));
    }

    #[test]
    fn a_wrong_board_file_is_refused_with_the_key() {
        let typo = BOARD.replace("title", "titel");
        assert!(Description::parse(&typo).unwrap_err().to_string().contains("titel"));
        let region = BOARD.replace("ram = { origin", "rom = { origin");
        assert_eq!(Description::parse(&region), Err(DescriptionError::Memory("ram")));
        let stack = BOARD.replace("stack = 2", "stack = 5");
        assert_eq!(Description::parse(&stack), Err(DescriptionError::Stack));
        let place = BOARD.replace("region = \"ram\"", "region = \"rom\"");
        assert_eq!(Description::parse(&place), Err(DescriptionError::Place("rom".to_owned())));
        let region = BOARD.replace("arena =", "stack =");
        let shrunk = region.replace("origin = 1, bytes = 2", "origin = 1, bytes = 1");
        assert_eq!(Description::parse(&shrunk), Err(DescriptionError::StackRegion));
        assert!(Description::parse(&region).is_ok());
    }
}
