//! Colours of vertices, which the device does not have: as texels.
//!
//! A triangle without a texture gets a patch of 2x2 texels of its own, whose bilinear interpolation
//! is that between the corners. One with a texture gets the mean colour of its material's vertices.

use crate::scene::Mesh;
use crate::scene::mesh::{Texture, Wrap};

type Color = [f32; 4];

/// The mesh without colours of vertices, looking as it did; nothing if it has none.
pub(super) fn as_textures(mesh: &Mesh) -> Option<Mesh> {
    if mesh.colors.iter().all(|color| *color == [1.0; 4]) {
        return None;
    }
    let is_plain = |triangle: usize| {
        let material = &mesh.materials[usize::from(mesh.material_of[triangle])];
        material.texture.is_none()
    };
    let patched: Vec<usize> = (0..mesh.triangles.len()).filter(|&it| is_plain(it)).collect();
    let mut out = Mesh { colors: Vec::new(), ..mesh.clone() };
    tint(mesh, &mut out);
    out.coordinates.resize(mesh.positions.len(), [0.0; 2]);
    let mut atlas = Atlas::new(patched.len());
    for (number, triangle) in patched.into_iter().enumerate() {
        let vertices = mesh.triangles[triangle].map(|vertex| vertex as usize);
        let places = atlas.put(number, vertices.map(|vertex| mesh.colors[vertex]));
        out.triangles[triangle] = [0, 1, 2].map(|k| out.positions.len() as u32 + k);
        for (vertex, place) in vertices.into_iter().zip(places) {
            out.positions.push(mesh.positions[vertex]);
            out.coordinates.push(place);
            if !mesh.normals.is_empty() {
                out.normals.push(mesh.normals[vertex]);
            }
        }
    }
    for (material, source) in out.materials.iter_mut().zip(&mesh.materials) {
        if source.texture.is_none() {
            material.texture = Some(out.textures.len());
            (material.nearest, material.wrap) = (false, [Wrap::Clamp; 2]);
        }
    }
    out.textures.push(atlas.texture);
    Some(out)
}

/// Multiplies the colours of materials with textures by the mean of their vertices'.
fn tint(mesh: &Mesh, out: &mut Mesh) {
    let mut sums = vec![([0.0f64; 4], 0.0f64); mesh.materials.len()];
    for (triangle, &material) in mesh.triangles.iter().zip(&mesh.material_of) {
        let (sum, count) = &mut sums[usize::from(material)];
        for &vertex in triangle {
            let color = mesh.colors[vertex as usize].map(f64::from);
            *sum = [0, 1, 2, 3].map(|c| sum[c] + color[c]);
        }
        *count += 3.0;
    }
    for (material, (sum, count)) in out.materials.iter_mut().zip(sums) {
        if material.texture.is_some() && count > 0.0 {
            material.color = [0, 1, 2, 3].map(|c| material.color[c] * (sum[c] / count) as f32);
        }
    }
}

/// Patches beside each other.
struct Atlas {
    texture: Texture,
    /// Patches in a row.
    across: usize,
}

impl Atlas {
    fn new(patches: usize) -> Self {
        let across = (patches as f64).sqrt().ceil().max(1.0) as usize;
        let (width, height) = (2 * across, 2 * patches.div_ceil(across).max(1));
        Self { texture: Texture { width, height, rgba: vec![0; width * height * 4] }, across }
    }

    /// Puts a triangle's colours on a patch; returns the texture coordinates of its corners.
    fn put(&mut self, number: usize, colors: [Color; 3]) -> [[f32; 2]; 3] {
        // The corner between the others is the one for which the fourth texel is a colour, if any.
        let fourth = |k: usize| {
            let [a, b, c] = [0, 1, 2].map(|i| colors[(k + i) % 3]);
            [0, 1, 2, 3].map(|part| b[part] + c[part] - a[part])
        };
        let excess = |k: usize| -> f32 {
            fourth(k).iter().map(|part| (part - part.clamp(0.0, 1.0)).abs()).sum()
        };
        let first = (0..3).min_by(|&a, &b| excess(a).total_cmp(&excess(b))).unwrap_or(0);
        let corner = [2 * (number % self.across), 2 * (number / self.across)];
        let mut places = [[0.0; 2]; 3];
        for (step, offset) in [[0, 0], [1, 0], [0, 1]].into_iter().enumerate() {
            let k = (first + step) % 3;
            places[k] = self.texel([corner[0] + offset[0], corner[1] + offset[1]], colors[k]);
        }
        self.texel([corner[0] + 1, corner[1] + 1], fourth(first));
        places
    }

    /// Writes a texel; returns the texture coordinates of its middle.
    fn texel(&mut self, [x, y]: [usize; 2], color: Color) -> [f32; 2] {
        let at = (y * self.texture.width + x) * 4;
        let bytes = color.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8);
        self.texture.rgba[at..at + 4].copy_from_slice(&bytes);
        let share = |place: usize, side: usize| ((place as f64 + 0.5) / side as f64) as f32;
        [share(x, self.texture.width), share(y, self.texture.height)]
    }
}
