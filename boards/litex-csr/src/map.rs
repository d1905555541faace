//! A `csr.json`: bases, registers, constants, memories (LiteX, `litex/soc/integration/export.py`,
//! `get_csr_json`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::SocError;

/// What a `csr.json` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    /// Address of the first register of each core, by the core's name.
    pub bases: BTreeMap<String, u32>,
    /// Registers, by the core's name and their own: `uart_rxtx`.
    pub registers: BTreeMap<String, Register>,
    /// Memories, by name.
    pub memories: BTreeMap<String, Region>,
    constants: BTreeMap<String, Value>,
}

/// A register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// Of its first word.
    pub address: u32,
    /// Words of the CSR bus.
    pub words: u32,
    /// Who may write it.
    pub access: Access,
}

/// Who may write a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Access {
    /// The hardware only.
    #[serde(rename = "ro")]
    ReadOnly,
    /// The core as well.
    #[serde(rename = "rw")]
    ReadWrite,
}

/// A memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Address of its first byte.
    pub base: u32,
    /// Its bytes.
    pub size: u32,
}

/// The file, with addresses as a 64-bit SoC may have them.
#[derive(Deserialize)]
struct File {
    csr_bases: BTreeMap<String, u64>,
    csr_registers: BTreeMap<String, FileRegister>,
    constants: BTreeMap<String, Value>,
    memories: BTreeMap<String, FileRegion>,
}

#[derive(Deserialize)]
struct FileRegister {
    addr: u64,
    size: u64,
    #[serde(rename = "type")]
    access: Access,
}

#[derive(Deserialize)]
struct FileRegion {
    base: u64,
    size: u64,
}

impl Map {
    /// Reads a `csr.json`.
    pub(crate) fn parse(json: &str) -> Result<Self, SocError> {
        let file: File =
            serde_json::from_str(json).map_err(|error| SocError::Json(error.to_string()))?;
        let mut map = Self { constants: file.constants, ..Self::default() };
        for (name, base) in file.csr_bases {
            let base = narrow(&name, base)?;
            map.bases.insert(name, base);
        }
        for (name, register) in file.csr_registers {
            let address = narrow(&name, register.addr)?;
            let words = narrow(&name, register.size)?;
            map.registers.insert(name, Register { address, words, access: register.access });
        }
        for (name, region) in file.memories {
            let base = narrow(&name, region.base)?;
            let size = narrow(&name, region.size)?;
            narrow(&name, region.base.saturating_add(region.size.saturating_sub(1)))?;
            map.memories.insert(name, Region { base, size });
        }
        Ok(map)
    }

    /// A constant that is a number.
    #[must_use]
    pub fn constant(&self, name: &str) -> Option<u32> {
        self.constants.get(name)?.as_u64().and_then(|number| number.try_into().ok())
    }

    /// A constant that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.constants.get(name)?.as_str()
    }

    /// Whether a constant is there that says all by that: its value is `null`.
    pub(crate) fn has_flag(&self, name: &str) -> bool {
        self.constants.get(name).is_some_and(Value::is_null)
    }

    /// All constants of that kind.
    pub(crate) fn flags(&self) -> impl Iterator<Item = &str> {
        let flags = self.constants.iter().filter(|(_, value)| value.is_null());
        flags.map(|(name, _)| name.as_str())
    }
}

/// A number that fits 32 bits.
fn narrow(name: &str, number: u64) -> Result<u32, SocError> {
    number.try_into().map_err(|_| SocError::Beyond(format!("{name} ({number:#x})")))
}
