//! Where the elements of tensors lie, and how they are written.

use super::object::Storage;
use crate::import::bytes::{Bytes, half};
use crate::import::error::Fault;
use crate::import::zip::Zip;
use std::collections::BTreeMap;

/// Type of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Float,
    Double,
    Half,
    BFloat16,
    Long,
    Int,
    Short,
    Char,
    Byte,
}

impl Kind {
    /// By the name of torch's class.
    pub(super) fn of_storage(name: &str) -> Option<Self> {
        Some(match name {
            "FloatStorage" => Self::Float,
            "DoubleStorage" => Self::Double,
            "HalfStorage" => Self::Half,
            "BFloat16Storage" => Self::BFloat16,
            "LongStorage" => Self::Long,
            "IntStorage" => Self::Int,
            "ShortStorage" => Self::Short,
            "CharStorage" => Self::Char,
            "ByteStorage" | "BoolStorage" => Self::Byte,
            _ => return None,
        })
    }

    /// By the name of NumPy's type, without its byte order.
    pub(super) fn of_dtype(name: &str) -> Option<Self> {
        Some(match name {
            "f4" => Self::Float,
            "f8" => Self::Double,
            "f2" => Self::Half,
            "i8" => Self::Long,
            "i4" => Self::Int,
            "i2" => Self::Short,
            "i1" => Self::Char,
            "u1" | "b1" => Self::Byte,
            _ => return None,
        })
    }

    /// Bytes of an element.
    pub(super) fn width(self) -> usize {
        match self {
            Self::Double | Self::Long => 8,
            Self::Float | Self::Int => 4,
            Self::Half | Self::BFloat16 | Self::Short => 2,
            Self::Char | Self::Byte => 1,
        }
    }

    /// The numbers of little-endian elements; wider ones are rounded.
    pub(super) fn numbers(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Self::Float => each(bytes, f32::from_le_bytes),
            Self::Double => each(bytes, |it| f64::from_le_bytes(it) as f32),
            Self::Half => each(bytes, |it| half(u16::from_le_bytes(it))),
            Self::BFloat16 => each(bytes, |[low, high]| f32::from_le_bytes([0, 0, low, high])),
            Self::Long => each(bytes, |it| i64::from_le_bytes(it) as f32),
            Self::Int => each(bytes, |it| i32::from_le_bytes(it) as f32),
            Self::Short => each(bytes, |it| f32::from(i16::from_le_bytes(it))),
            Self::Char => each(bytes, |it| f32::from(i8::from_le_bytes(it))),
            Self::Byte => each(bytes, |[byte]| f32::from(byte)),
        }
    }
}

fn each<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&it| read(it)).collect()
}

/// All storages of a file.
pub(super) enum Storages<'a> {
    /// Members `FOLDER/data/KEY` of an archive.
    Archive { zip: &'a Zip<'a>, folder: &'a str },
    /// Bytes by key.
    Raw(BTreeMap<String, &'a [u8]>),
}

impl<'a> Storages<'a> {
    /// What follows the pickles of the old format: for each key the number of elements, and these.
    pub(super) fn legacy<'k>(
        data: &'a [u8],
        keys: impl Iterator<Item = &'k str>,
        known: &BTreeMap<&str, Storage>,
    ) -> Result<Self, Fault> {
        let mut bytes = Bytes::new(data);
        let mut raw = BTreeMap::new();
        for key in keys {
            let part = format!("storage {key:.40}");
            let storage =
                known.get(key).ok_or_else(|| Fault::malformed(&part, "belongs to no tensor"))?;
            let count = bytes.u64(&part)?;
            if count != storage.count as u64 {
                let reason = format!("has {count} elements, its tensors say {}", storage.count);
                return Err(Fault::malformed(part, reason));
            }
            raw.insert(key.into(), bytes.take(storage.count, storage.kind.width(), &part)?);
        }
        Ok(Self::Raw(raw))
    }

    /// The numbers of a storage.
    pub(super) fn numbers(&self, storage: &Storage) -> Result<Vec<f32>, Fault> {
        let part = format!("storage {:.40}", storage.key);
        let size = storage.count.checked_mul(storage.kind.width());
        let check = |bytes: &[u8]| match size == Some(bytes.len()) {
            true => Ok(storage.kind.numbers(bytes)),
            false => {
                let reason = format!("{} bytes are not {} elements", bytes.len(), storage.count);
                Err(Fault::malformed(&part, reason))
            }
        };
        match self {
            Self::Archive { zip, folder } => {
                check(&zip.read(&format!("{folder}data/{}", storage.key))?)
            }
            Self::Raw(raw) => match raw.get(storage.key) {
                Some(bytes) => check(bytes),
                None => Err(Fault::malformed(part, "is not in the file")),
            },
        }
    }
}
