//! Tensors in a NumPy archive (`.npz`): a zip whose members are arrays, `name.npy` each.

use super::tensors::{Source, Tensor};
use crate::import::error::Fault;
use crate::import::zip::Zip;
use crate::input::npy::{Array, Elements};

/// An archive.
pub(super) struct Npz<'a>(Zip<'a>);

impl<'a> Npz<'a> {
    pub(super) fn open(data: &'a [u8]) -> Result<Self, Fault> {
        Zip::open(data).map(Self)
    }
}

impl Source for Npz<'_> {
    fn names(&self) -> Vec<&str> {
        self.0.names().filter_map(|name| name.strip_suffix(".npy")).collect()
    }

    fn read(&self, name: &str) -> Result<Option<Tensor>, Fault> {
        let member = format!("{name}.npy");
        if !self.0.names().any(|known| known == member) {
            return Ok(None);
        }
        let array = Array::from_npy(&self.0.read(&member)?)
            .map_err(|error| Fault::malformed(member.as_str(), error.to_string()))?;
        match array.elements {
            Elements::Float(values) => Ok(Some(Tensor { shape: array.shape, values })),
            other => {
                Err(Fault::malformed(member, format!("holds {} in place of floats", other.name())))
            }
        }
    }
}
