//! Textures of a mesh: one level a material.

use super::{GridError, QuantisedGrid};
use crate::scene::Mesh;
use crate::scene::mesh::{self, Material, Texture};
use quintet_protocol::grid::{COORDINATE_BITS, Level, SCALE_BITS, Wrap};
use quintet_protocol::program::GridEntry;
use std::collections::HashMap;

/// Fraction bits of a colour that comes out: byte 255 is 1, which is 2^14.
pub const TEXTURE_BITS: i32 = 14;
/// Texels along an axis are fewer.
const SIDE_LIMIT: usize = 1 << 14;
/// From a byte to a colour, Q16.
const MULTIPLIER: f64 = (1u32 << TEXTURE_BITS) as f64 / 255.0 * 65_536.0;
/// A texel, Q16.
const TEXEL: i32 = 1 << COORDINATE_BITS;
/// Texels around a texture, on each side, of what lies beyond it: so no corner needs to be held to
/// it.
const BORDER: usize = 1;

/// Makes a level of each material: its texture, or a single texel, times its colour. Red, green,
/// blue and opacity, in bytes, with a border of a texel. Materials that look the same share their
/// texels.
///
/// A material that is `nearest` is looked up so by any command; with
/// [`Corners::Nearest`](quintet_protocol::program::Corners) all of them have to be, since the
/// others' texels are half a texel off.
///
/// # Errors
/// [`GridError::TooFine`], [`GridError::Entries`], of the material's number.
pub fn textures(mesh: &Mesh) -> Result<QuantisedGrid, GridError> {
    let (mut levels, mut table) = (Vec::new(), Vec::new());
    let mut places = HashMap::new();
    for (number, material) in mesh.materials.iter().enumerate() {
        let texture = match material.texture {
            Some(texture) => {
                Some(mesh.textures.get(texture).ok_or(GridError::Entries { level: number })?)
            }
            None => None,
        };
        let [width, height] = texture.map_or([1, 1], |texture| [texture.width, texture.height]);
        if width.max(height) >= SIDE_LIMIT {
            return Err(GridError::TooFine { level: number });
        }
        if width * height == 0 || texture.is_some_and(|it| it.rgba.len() < width * height * 4) {
            return Err(GridError::Entries { level: number });
        }
        let wraps = material.wrap.map(|wrap| wrap == mesh::Wrap::Repeat);
        let look = (material.texture, material.color.map(f32::to_bits), wraps);
        let first = *places.entry(look).or_insert_with(|| {
            let first = table.len() as u32;
            table.extend(texels(material, texture, [width, height]));
            first
        });
        levels.extend(level(material, [width, height], first).to_words());
    }
    let entry = GridEntry::Pixels;
    Ok(QuantisedGrid { levels, table, entry, features: 4, fraction_bits: TEXTURE_BITS })
}

fn level(material: &Material, [width, height]: [usize; 2], first: u32) -> Level {
    let scale = |side: usize| (side as i32) << SCALE_BITS;
    let wrap = |wrap| match wrap {
        mesh::Wrap::Repeat => Wrap::Repeat,
        mesh::Wrap::Mirror => Wrap::Mirror,
        mesh::Wrap::Clamp => Wrap::Clamp,
    };
    let [along_u, along_v] = material.wrap.map(wrap);
    let [columns, rows] = [width, height].map(|side| side + 2 * BORDER);
    Level {
        scale: [scale(width), scale(height), 0],
        // Texels lie in the middles of cells; the first one is of the border.
        offset: if material.nearest { TEXEL } else { TEXEL / 2 },
        first,
        entries: (columns * rows) as u32,
        resolution: [columns as u16, rows as u16, 1],
        wraps: [along_u, along_v, Wrap::Clamp],
        hashed: false,
        nearest: material.nearest,
        multiplier: MULTIPLIER.round() as i32,
    }
}

/// A word each: red, green, blue, opacity from its low byte on; row by row, with the border.
fn texels(material: &Material, texture: Option<&Texture>, size: [usize; 2]) -> Vec<u32> {
    let times = |byte: u8, factor: f32| (f32::from(byte) * factor).round().clamp(0.0, 255.0) as u8;
    // A mirrored texture is beyond its edge as it is at the edge.
    let beyond = |at: usize, axis: usize| match (material.wrap[axis], size[axis]) {
        (mesh::Wrap::Repeat, side) => (at + side - BORDER) % side,
        (mesh::Wrap::Mirror | mesh::Wrap::Clamp, side) => at.clamp(BORDER, side) - BORDER,
    };
    let [columns, rows] = size.map(|side| side + 2 * BORDER);
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| [column, row]));
    let texel = |[column, row]: [usize; 2]| {
        let at = beyond(row, 1) * size[0] + beyond(column, 0);
        let bytes = texture.map_or([255; 4], |texture| texture.rgba.as_chunks().0[at]);
        u32::from_le_bytes([0, 1, 2, 3].map(|i| times(bytes[i], material.color[i])))
    };
    places.map(texel).collect()
}
