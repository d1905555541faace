//! The description of an accelerator: what it has, how fast, and what it leaves to the core. TOML.

use quintet_protocol::accelerator::Capabilities;
use serde::Deserialize;

/// An accelerator's description.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Its name.
    pub name: String,
}

/// A description that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstanceError {
    /// It is not TOML, or lacks something, or has something unknown.
    #[error("{0}")]
    Toml(String),
    /// No preset of this name.
    #[error("no accelerator is named {name:?}; there are: {known}; or say model:FILE")]
    UnknownPreset {
        /// The name that was asked for.
        name: String,
        /// The names that there are, with commas.
        known: String,
    },
}

impl Instance {
    /// Reads a description.
    ///
    /// # Errors
    /// [`InstanceError`].
    pub fn from_toml(text: &str) -> Result<Self, InstanceError> {
        toml::from_str(text).map_err(|error| InstanceError::Toml(error.to_string()))
    }

    /// The description of a preset.
    ///
    /// # Errors
    /// [`InstanceError::UnknownPreset`].
    pub fn preset(name: &str) -> Result<Self, InstanceError> {
        Err(InstanceError::UnknownPreset { name: name.to_owned(), known: String::new() })
    }

    /// The commands that it executes.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
}
