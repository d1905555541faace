//! The compressed `.ply` of PlayCanvas and SuperSplat (splat-transform, `decompress-ply.ts`).
//!
//! ```text
//! element chunk ceil(N / 256)   12 or 18 floats: what the vertices of 256 Gaussians lie between
//!     min_x..z max_x..z   min_scale_x..z max_scale_x..z (logarithms)   [min_r,g,b max_r,g,b]
//! element vertex N              4 words:
//!     packed_position   x:11 y:10 z:11   (x in the highest bits), between min and max
//!     packed_rotation   largest:2 a:10 b:10 c:10   of w, x, y, z; (u / 1023 - 1/2) sqrt(2)
//!     packed_scale      x:11 y:10 z:11   between min_scale and max_scale
//!     packed_color      r:8 g:8 b:8 opacity:8   between min_r and max_r, or 0 and 1
//! element sh N                  optional; 9, 24 or 45 bytes f_rest_i, channel-major:
//!     0 is -4, 255 is 4, else ((u + 1/2) / 256 - 1/2) 8
//! ```

use super::header::{Column, Element, Header, Scalar, element_rows};
use crate::import::bytes::Bytes;
use crate::import::draft::{Draft, Gaussian, degree_of, smallest_three};
use crate::import::error::Fault;
use crate::import::{Imported, limits};
use std::f32::consts::SQRT_2;

/// Gaussians per chunk.
const CHUNK: usize = 256;

/// Imports the elements `chunk`, `vertex` and perhaps `sh`; `body` begins after the header.
pub(super) fn import(header: &Header, body: Bytes) -> Result<Imported, Fault> {
    let chunk = element(header, "chunk")?;
    let vertex = element(header, "vertex")?;
    let count = limits::check_count(vertex.rows)?;
    if chunk.rows != count.div_ceil(CHUNK) as u64 {
        let reason = format!("{} rows do not fit {count} Gaussians, {CHUNK} each", chunk.rows);
        return Err(Fault::malformed("element chunk", reason));
    }
    let packed =
        vertex.columns(["packed_position", "packed_rotation", "packed_scale", "packed_color"])?;
    require(vertex, &packed, Scalar::U32)?;
    let bounds = Bounds::of(chunk)?;
    let chunks = element_rows(header, "chunk", body.clone())?;
    let vertices = element_rows(header, "vertex", body.clone())?;
    let mut harmonics = Harmonics::of(header, count, body)?;

    let mut draft = Draft::new(count, degree_of(harmonics.columns.len()).unwrap_or(0));
    for (i, row) in vertices.chunks_exact(vertex.stride).enumerate() {
        let words = packed.map(|column| column.read_u32(row));
        let first = i / CHUNK * chunk.stride;
        let gaussian = bounds.unpack(&chunks[first..first + chunk.stride], words);
        draft.push(&gaussian, harmonics.row(i));
    }
    Imported::new("PlayCanvas compressed .ply", draft)
}

fn element<'a>(header: &'a Header, name: &str) -> Result<&'a Element, Fault> {
    header.element(name).ok_or_else(|| Fault::malformed("header", format!("has no element {name}")))
}

fn require(element: &Element, columns: &[Column], scalar: Scalar) -> Result<(), Fault> {
    if columns.iter().any(|column| column.scalar != scalar) {
        let reason = format!("a packed property is not of type {scalar:?}");
        return Err(Fault::malformed(format!("element {}", element.name), reason));
    }
    Ok(())
}

/// Where the bounds of a chunk lie in its row.
struct Bounds {
    position: [[Column; 3]; 2],
    scale: [[Column; 3]; 2],
    color: Option<[[Column; 3]; 2]>,
}

impl Bounds {
    fn of(chunk: &Element) -> Result<Bounds, Fault> {
        let pair = |names: [[&str; 3]; 2]| -> Result<[[Column; 3]; 2], Fault> {
            Ok([chunk.columns(names[0])?, chunk.columns(names[1])?])
        };
        let colored = chunk.find("min_r").is_some();
        Ok(Bounds {
            position: pair([["min_x", "min_y", "min_z"], ["max_x", "max_y", "max_z"]])?,
            scale: pair([
                ["min_scale_x", "min_scale_y", "min_scale_z"],
                ["max_scale_x", "max_scale_y", "max_scale_z"],
            ])?,
            color: colored
                .then(|| pair([["min_r", "min_g", "min_b"], ["max_r", "max_g", "max_b"]]))
                .transpose()?,
        })
    }

    fn unpack(&self, chunk: &[u8], [position, rotation, scale, color]: [u32; 4]) -> Gaussian {
        let rgba = color.to_be_bytes().map(|byte| f32::from(byte) / 255.0);
        let rgb = [rgba[0], rgba[1], rgba[2]];
        Gaussian {
            position: between(&self.position, chunk, unpack_11_10_11(position)),
            scale: between(&self.scale, chunk, unpack_11_10_11(scale)).map(f32::exp),
            rotation: unpack_rotation(rotation),
            opacity: rgba[3],
            color: self.color.as_ref().map_or(rgb, |bounds| between(bounds, chunk, rgb)),
        }
    }
}

/// Linear interpolation between a chunk's minimum and maximum.
fn between([min, max]: &[[Column; 3]; 2], chunk: &[u8], t: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|c| min[c].read(chunk) * (1.0 - t[c]) + max[c].read(chunk) * t[c])
}

/// The `bits` bits of `word` from `shift` up, as a fraction of their largest value.
fn fraction(word: u32, shift: u32, bits: u32) -> f32 {
    let most = (1 << bits) - 1;
    (word >> shift & most) as f32 / most as f32
}

fn unpack_11_10_11(word: u32) -> [f32; 3] {
    [fraction(word, 21, 11), fraction(word, 11, 10), fraction(word, 0, 11)]
}

fn unpack_rotation(word: u32) -> [f32; 4] {
    let rest = [20, 10, 0].map(|shift| (fraction(word, shift, 10) - 0.5) * SQRT_2);
    smallest_three(rest, (word >> 30) as usize)
}

/// The optional element `sh`.
struct Harmonics<'a> {
    columns: Vec<Column>,
    stride: usize,
    rows: &'a [u8],
    values: Vec<f32>,
}

impl<'a> Harmonics<'a> {
    fn of(header: &Header, count: usize, body: Bytes<'a>) -> Result<Self, Fault> {
        let Some(sh) = header.element("sh") else {
            return Ok(Harmonics { columns: vec![], stride: 0, rows: &[], values: vec![] });
        };
        if sh.rows != count as u64 {
            let reason = format!("{} rows, not one per Gaussian ({count})", sh.rows);
            return Err(Fault::malformed("element sh", reason));
        }
        let columns = sh.rest()?;
        require(sh, &columns, Scalar::U8)?;
        let values = vec![0.0; columns.len()];
        Ok(Harmonics {
            columns,
            stride: sh.stride,
            rows: element_rows(header, "sh", body)?,
            values,
        })
    }

    /// The values of Gaussian `i`, coefficient-major.
    fn row(&mut self, i: usize) -> &[f32] {
        let coefficients = self.columns.len() / 3;
        for (k, column) in self.columns.iter().enumerate() {
            let n = match self.rows[i * self.stride + column.offset] {
                0 => 0.0,
                255 => 1.0,
                byte => (f32::from(byte) + 0.5) / 256.0,
            };
            self.values[k % coefficients * 3 + k / coefficients] = (n - 0.5) * 8.0;
        }
        &self.values
    }
}
