//! The description of an accelerator: what it has, how fast, and what it leaves to the core. TOML.
//!
//! A description is the whole truth of what [`crate::timing`] charges: its numbers are integers and
//! exact fractions, so that a command costs the same on every host. Presets say of each number
//! where it comes from.

mod check;
mod commands;
mod error;
mod limits;
mod parts;
mod presets;
mod ratio;
mod spec;
mod vary;

use quintet_protocol::accelerator::Capabilities;
use quintet_protocol::crc::crc32;
use serde::{Deserialize, Serialize};

use crate::misbehave::Misbehave;
pub use error::InstanceError;
pub use parts::{Array, Buffer, Core, Costs, Lanes, Memory, Pace, Scratch, Selection};
pub use presets::Preset;
pub use ratio::{BadRatio, Ratio};

/// An accelerator's description. All of its numbers are in their ranges once it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// Clocks a second, 1000..=10^11.
    pub clock_hz: u64,
    /// Whether loading, working and storing go on at a time, each on another piece of a command.
    pub overlap: bool,
    /// When commands complete.
    #[serde(default)]
    pub pace: Pace,
    /// What multiplies.
    pub array: Array,
    /// What does anything else.
    pub lanes: Lanes,
    /// Memory beside them.
    pub scratch: Scratch,
    /// The way to the arena.
    pub memory: Memory,
    /// What is charged without being worked out.
    pub costs: Costs,
    /// The core beside it.
    pub core: Core,
    /// What it leaves to the core; nothing, unless it is said.
    #[serde(default, skip_serializing_if = "Selection::is_everything")]
    pub capabilities: Selection,
    /// A fault that a model is to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misbehave: Option<Misbehave>,
}

impl Instance {
    /// Every preset.
    pub const PRESETS: &'static [Preset] = presets::PRESETS;

    /// Reads a description.
    ///
    /// # Errors
    /// [`InstanceError`], with the line where it is not TOML of a description, or with the key that
    /// is out of its range.
    pub fn from_toml(text: &str) -> Result<Self, InstanceError> {
        let instance: Self =
            toml::from_str(text).map_err(|error| InstanceError::Toml(error.to_string()))?;
        instance.checked()
    }

    /// The description of a preset.
    ///
    /// # Errors
    /// [`InstanceError::UnknownPreset`].
    pub fn preset(name: &str) -> Result<Self, InstanceError> {
        let preset = Self::PRESETS.iter().find(|preset| preset.name == name);
        let known =
            || Self::PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
        match preset {
            Some(preset) => Self::from_toml(preset.text),
            None => Err(InstanceError::UnknownPreset { name: name.to_owned(), known: known() }),
        }
    }

    /// All of it, so that [`Instance::from_toml`] makes the same of it; without comments.
    pub fn to_toml(&self) -> String {
        // No value of it is one that TOML lacks.
        toml::to_string(self).unwrap_or_default()
    }

    /// Tells descriptions apart: the CRC-32 of [`Instance::to_toml`].
    pub fn digest(&self) -> u32 {
        crc32(self.to_toml().as_bytes())
    }

    /// Clocks in a millisecond.
    pub fn clock_khz(&self) -> u32 {
        u32::try_from(self.clock_hz / 1000).unwrap_or(u32::MAX)
    }

    /// The commands that it executes.
    pub fn capabilities(&self) -> Capabilities {
        // A description that was read has only names that there are.
        commands::selected(&self.capabilities).unwrap_or_default()
    }
}
