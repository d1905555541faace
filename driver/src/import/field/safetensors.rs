//! Tensors in a `.safetensors` file (github.com/huggingface/safetensors, "Format").
//!
//! ```text
//! u64 length of the header, header: JSON, data
//! header: { "name": { "dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24] }, ...,
//!           "__metadata__": { "text": "text" } }
//! ```
//!
//! Offsets are bytes of the data. The format is so small that its reader is shorter than what would
//! turn another reader's errors into ours.

use super::tensors::{Source, Tensor};
use crate::import::bytes::{Bytes, half};
use crate::import::error::Fault;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Most bytes of a header, as in the reference implementation.
const HEADER_MAX: u64 = 100_000_000;

/// An opened file.
pub(super) struct Safetensors<'a> {
    entries: BTreeMap<String, Entry>,
    data: &'a [u8],
}

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// Whether a file begins as these do: a length that the file can hold, and a brace.
pub(super) fn plausible(data: &[u8]) -> bool {
    let Some((length, rest)) = data.split_first_chunk() else { return false };
    let length = u64::from_le_bytes(*length);
    (2..=HEADER_MAX).contains(&length) && rest.first() == Some(&b'{') && rest.get(1) == Some(&b'"')
}

impl<'a> Safetensors<'a> {
    pub(super) fn open(data: &'a [u8]) -> Result<Self, Fault> {
        const PART: &str = "the header";
        let mut bytes = Bytes::new(data);
        let length = bytes.u64(PART)?;
        let length = length.min(HEADER_MAX) as usize;
        let header = bytes.take(length, 1, PART)?;
        let wrong = |error: serde_json::Error| Fault::malformed(PART, error.to_string());
        let mut entries: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(header).map_err(wrong)?;
        entries.remove("__metadata__");
        let entries = entries
            .into_iter()
            .map(|(name, entry)| Ok((name, serde_json::from_value(entry).map_err(wrong)?)))
            .collect::<Result<_, Fault>>()?;
        Ok(Self { entries, data: &data[bytes.position()..] })
    }
}

impl Source for Safetensors<'_> {
    fn names(&self) -> Vec<&str> {
        self.entries.keys().map(String::as_str).collect()
    }

    fn read(&self, name: &str) -> Result<Option<Tensor>, Fault> {
        let Some(entry) = self.entries.get(name) else { return Ok(None) };
        let [begin, end] = entry.data_offsets;
        let bytes = self.data.get(begin..end).ok_or_else(|| Fault::Truncated {
            part: name.into(),
            at: begin as u64,
            needed: end.saturating_sub(begin) as u64,
            available: self.data.len().saturating_sub(begin) as u64,
        })?;
        let (width, values): (usize, Vec<f32>) = match entry.dtype.as_str() {
            "F32" => (4, floats(bytes, f32::from_le_bytes)),
            "F16" => (2, floats(bytes, |it| half(u16::from_le_bytes(it)))),
            "BF16" => (2, floats(bytes, |[low, high]| f32::from_le_bytes([0, 0, low, high]))),
            "F64" => (8, floats(bytes, |it| f64::from_le_bytes(it) as f32)),
            other => return Err(Fault::malformed(name, format!("holds {other:.16}, no floats"))),
        };
        let count = entry.shape.iter().try_fold(width, |size: usize, &axis| size.checked_mul(axis));
        if count != Some(bytes.len()) {
            let reason = format!("{} bytes are not a shape of {:?}", bytes.len(), entry.shape);
            return Err(Fault::malformed(name, reason));
        }
        Ok(Some(Tensor { shape: entry.shape.clone(), values }))
    }
}

fn floats<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&it| read(it)).collect()
}
