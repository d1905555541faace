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
/// Half a texel, Q16: texels lie in the middles of cells.
const HALF: i32 = 1 << (COORDINATE_BITS - 1);

/// Makes a level of each material: its texture, or a single texel, times its colour. Red, green, blue
/// and opacity, in bytes. Materials that look the same share their texels.
///
/// A material that is `nearest` is looked up so by any command; with
/// [`Corners::Nearest`](quintet_protocol::program::Corners) all of them have to be, since the others'
/// texels are half a texel off.
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
        let look = (material.texture, material.color.map(f32::to_bits));
        let first = *places.entry(look).or_insert_with(|| {
            let first = table.len() as u32;
            table.extend(texels(material, texture));
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
    Level {
        scale: [scale(width), scale(height), 0],
        offset: if material.nearest { 0 } else { -HALF },
        first,
        entries: (width * height) as u32,
        resolution: [width as u16, height as u16, 1],
        wraps: [along_u, along_v, Wrap::Clamp],
        hashed: false,
        nearest: material.nearest,
        multiplier: MULTIPLIER.round() as i32,
    }
}

/// A word each: red, green, blue, opacity from its low byte on.
fn texels(material: &Material, texture: Option<&Texture>) -> Vec<u32> {
    let one = [255; 4];
    let texels = texture.map_or(std::slice::from_ref(&one), |texture| {
        let count = texture.width * texture.height;
        texture.rgba.as_chunks::<4>().0.get(..count).unwrap_or_default()
    });
    let times = |byte: u8, factor: f32| (f32::from(byte) * factor).round().clamp(0.0, 255.0) as u8;
    let colored = |texel: &[u8; 4]| [0, 1, 2, 3].map(|i| times(texel[i], material.color[i]));
    texels.iter().map(|texel| u32::from_le_bytes(colored(texel))).collect()
}
