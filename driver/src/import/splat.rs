//! The `.splat` of antimatter15/splat: 32 bytes per Gaussian, no header, no harmonics.
//!
//! ```text
//!  0  f32 x, y, z
//! 12  f32 standard deviations (linear)
//! 24  u8  r, g, b, opacity (/ 255; colour was clamped to 0..=1 by the writer)
//! 28  u8  rotation w, x, y, z ((u - 128) / 128, then normalised)
//! ```

use super::bytes::f32_at;
use super::draft::{Draft, Gaussian};
use super::error::Fault;
use super::{Imported, limits};

/// Bytes per Gaussian.
const ROW: usize = 32;

/// Imports a `.splat`.
pub(super) fn import(data: &[u8]) -> Result<Imported, Fault> {
    let tail = data.len() % ROW;
    if tail != 0 {
        return Err(Fault::Truncated {
            part: "the last Gaussian".into(),
            at: (data.len() - tail) as u64,
            needed: ROW as u64,
            available: tail as u64,
        });
    }
    let count = limits::check_count((data.len() / ROW) as u64)?;
    let mut draft = Draft::new(count, 0);
    for row in data.chunks_exact(ROW) {
        let [color, opacity] = [&row[24..27], &row[27..28]];
        draft.push(
            &Gaussian {
                position: std::array::from_fn(|axis| f32_at(row, axis)),
                scale: std::array::from_fn(|axis| f32_at(row, 3 + axis)),
                rotation: std::array::from_fn(|i| (f32::from(row[28 + i]) - 128.0) / 128.0),
                opacity: f32::from(opacity[0]) / 255.0,
                color: std::array::from_fn(|channel| f32::from(color[channel]) / 255.0),
            },
            &[],
        );
    }
    Imported::new(".splat", draft)
}
