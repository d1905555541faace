//! Textured triangles.

/// Triangles with their materials, in one world: nodes' transformations are applied.
///
/// Arrays of vertices have one entry a vertex, or none where the file says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    /// Positions, in world units.
    pub positions: Vec<[f32; 3]>,
    /// Normals of length 1; of a file without any, by the importer's choice those of each face.
    pub normals: Vec<[f32; 3]>,
    /// Texture coordinates: v grows downwards in the picture, (0, 0) is its upper left corner.
    pub coordinates: Vec<[f32; 2]>,
    /// Colours, red, green, blue, opacity, in 0..=1, that multiply the material's.
    pub colors: Vec<[f32; 4]>,
    /// Vertices of each triangle, counter-clockwise seen from its front.
    pub triangles: Vec<[u32; 3]>,
    /// Material of each triangle.
    pub material_of: Vec<u16>,
    /// Materials; at least one.
    pub materials: Vec<Material>,
    /// Pictures that materials refer to.
    pub textures: Vec<Texture>,
}

/// How a surface looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    /// Its name in the file, for messages.
    pub name: String,
    /// Red, green, blue, opacity, in 0..=1, that multiply the texture's.
    pub color: [f32; 4],
    /// Number of its picture.
    pub texture: Option<usize>,
    /// How coordinates outside 0..=1 are taken, along u and v.
    pub wrap: [Wrap; 2],
    /// Whether it is seen from behind as well.
    pub double_sided: bool,
    /// Whether light makes no difference to it (`KHR_materials_unlit`).
    pub unlit: bool,
    /// Opacity below which nothing is drawn (glTF's MASK).
    pub cutoff: Option<f32>,
    /// Whether texels are taken as they are, without interpolation between them.
    pub nearest: bool,
}

/// What lies outside a texture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wrap {
    /// The texture again.
    #[default]
    Repeat,
    /// The texture, every other one mirrored.
    Mirror,
    /// Its edge.
    Clamp,
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Texture {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green, blue, opacity, row by row from the top, as in the file: no colour management.
    pub rgba: Vec<u8>,
}

impl Mesh {
    /// The same triangles with the normals of their faces: no two share a vertex.
    pub fn with_face_normals(&self) -> Mesh {
        let corners: Vec<usize> =
            self.triangles.iter().flatten().map(|&vertex| vertex as usize).collect();
        let faces = self.triangles.iter().map(|triangle| self.face_normal(triangle));
        Mesh {
            positions: at(&self.positions, &corners),
            normals: faces.flat_map(|normal| [normal; 3]).collect(),
            coordinates: at(&self.coordinates, &corners),
            colors: at(&self.colors, &corners),
            triangles: (0..self.triangles.len() as u32)
                .map(|i| [3 * i, 3 * i + 1, 3 * i + 2])
                .collect(),
            material_of: self.material_of.clone(),
            materials: self.materials.clone(),
            textures: self.textures.clone(),
        }
    }

    /// The normal of a face, of length 1 unless the face has no area: then zero.
    fn face_normal(&self, triangle: &[u32; 3]) -> [f32; 3] {
        let [a, b, c] = triangle.map(|vertex| self.positions[vertex as usize].map(f64::from));
        let [u, v] = [b, c].map(|end| [0, 1, 2].map(|axis| end[axis] - a[axis]));
        let normal =
            [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
        let length = normal.iter().map(|v| v * v).sum::<f64>().sqrt();
        if length > 0.0 { normal.map(|v| (v / length) as f32) } else { [0.0; 3] }
    }
}

/// The values of some vertices, if vertices have such values.
fn at<T: Copy>(values: &[T], vertices: &[usize]) -> Vec<T> {
    if values.is_empty() {
        Vec::new()
    } else {
        vertices.iter().map(|&vertex| values[vertex]).collect()
    }
}
