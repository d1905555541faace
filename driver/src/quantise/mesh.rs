//! Float triangles to the layout of [`quintet_protocol::mesh`].

use super::SceneFrame;
use crate::scene::Mesh;
use crate::scene::mesh::Wrap;
use quintet_protocol::mesh::{
    COORDINATE_BITS, NORMAL_BITS, TRIANGLE_WORDS, Triangle, VERTEX_WORDS, Vertex,
};
use quintet_protocol::tile::POINT_BITS;
use std::borrow::Cow;

/// Texture coordinates of a vertex are below this, either way.
const COORDINATE_LIMIT: f64 = 2047.0;
/// Places in a box, which is `0..1`, are below this, either way.
const PLACE_LIMIT: f64 = 7.9;

/// A quantised mesh, ready to place in the arena.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedMesh {
    /// Vertices.
    pub vertices: Vec<[u32; VERTEX_WORDS]>,
    /// Triangles.
    pub triangles: Vec<[u32; TRIANGLE_WORDS]>,
}

/// What vertices hand on to fragments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Attribute {
    /// Texture coordinates.
    Coordinates,
    /// Places in a box, by the least and the greatest corner of it, in world units.
    Places([[f64; 3]; 2]),
}

/// Quantises a mesh. With `normals` its vertices have normals, those of the faces if the mesh has
/// none.
///
/// Where a texture repeats, coordinates more than 2047 textures off are brought near by whole
/// repeats, for which such triangles get vertices of their own.
pub fn quantise_mesh(
    mesh: &Mesh,
    frame: &SceneFrame,
    attribute: Attribute,
    normals: bool,
) -> QuantisedMesh {
    let mesh = match normals && mesh.normals.is_empty() {
        true => Cow::Owned(mesh.with_face_normals()),
        false => Cow::Borrowed(mesh),
    };
    let reader = Reader { mesh: &mesh, frame, attribute, normals };
    let count = mesh.positions.len();
    let mut vertices: Vec<_> = (0..count).map(|i| reader.vertex(i, [0.0; 2])).collect();
    let mut triangles = Vec::with_capacity(mesh.triangles.len());
    for (corners, &material) in mesh.triangles.iter().zip(&mesh.material_of) {
        let mut numbers = *corners;
        let shift = reader.shift(corners, material);
        if shift != [0.0; 2] {
            let first = vertices.len() as u32;
            numbers = [first, first + 1, first + 2];
            vertices.extend(corners.map(|i| reader.vertex(i as usize, shift)));
        }
        let look = mesh.materials.get(usize::from(material));
        let triangle = Triangle {
            vertices: numbers,
            material,
            double_sided: look.is_some_and(|look| look.double_sided),
            unlit: look.is_some_and(|look| look.unlit),
        };
        triangles.push(triangle.to_words());
    }
    QuantisedMesh { vertices, triangles }
}

struct Reader<'a> {
    mesh: &'a Mesh,
    frame: &'a SceneFrame,
    attribute: Attribute,
    normals: bool,
}

impl Reader<'_> {
    /// Whole repeats that bring the coordinates of a triangle near; zero where they are.
    fn shift(&self, corners: &[u32; 3], material: u16) -> [f64; 2] {
        if self.attribute != Attribute::Coordinates || self.mesh.coordinates.is_empty() {
            return [0.0; 2];
        }
        let wrap =
            self.mesh.materials.get(usize::from(material)).map_or([Wrap::Clamp; 2], |it| it.wrap);
        [0, 1].map(|axis| {
            let values = corners.map(|i| f64::from(self.mesh.coordinates[i as usize][axis]));
            let least = values.iter().copied().fold(f64::MAX, f64::min);
            let is_near = values.iter().all(|value| value.abs() < COORDINATE_LIMIT);
            // An even number, for the mirrored repeats.
            if is_near || wrap[axis] == Wrap::Clamp { 0.0 } else { (least / 2.0).floor() * -2.0 }
        })
    }

    fn vertex(&self, i: usize, shift: [f64; 2]) -> [u32; VERTEX_WORDS] {
        let SceneFrame { origin, units, .. } = *self.frame;
        let point = self.mesh.positions[i].map(f64::from);
        let position = [0, 1, 2].map(|axis| ((point[axis] - origin[axis]) * units).round() as i32);
        let normal = match self.normals {
            true => self.mesh.normals[i],
            false => [0.0; 3],
        };
        let one = f64::from(1 << NORMAL_BITS);
        Vertex {
            position,
            attribute: self.attribute(i, shift),
            normal: normal.map(|part| (f64::from(part) * one).round() as i16),
        }
        .to_words()
    }

    fn attribute(&self, i: usize, shift: [f64; 2]) -> [i32; 3] {
        let fixed = |value: f64, limit: f64, bits: u32| {
            (value.clamp(-limit, limit) * f64::from(1u32 << bits)).round() as i32
        };
        match self.attribute {
            Attribute::Coordinates => {
                let [u, v] = self.mesh.coordinates.get(i).map_or([0.0; 2], |at| at.map(f64::from));
                let place = |value| fixed(value, COORDINATE_LIMIT, COORDINATE_BITS);
                [place(u + shift[0]), place(v + shift[1]), 0]
            }
            Attribute::Places([least, greatest]) => [0, 1, 2].map(|axis| {
                let side = (greatest[axis] - least[axis]).max(f64::MIN_POSITIVE);
                let share = (f64::from(self.mesh.positions[i][axis]) - least[axis]) / side;
                fixed(share, PLACE_LIMIT, POINT_BITS)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::mesh::Material;

    fn triangle(coordinates: [[f32; 2]; 3], wrap: Wrap) -> Mesh {
        let material = Material {
            name: String::new(),
            color: [1.0; 4],
            texture: None,
            wrap: [wrap; 2],
            double_sided: true,
            unlit: false,
            cutoff: None,
            nearest: false,
        };
        Mesh {
            positions: vec![[0.0; 3], [2.0, 0.0, 0.0], [0.0, 2.0, 0.0]],
            coordinates: coordinates.to_vec(),
            triangles: vec![[0, 1, 2]],
            material_of: vec![0],
            materials: vec![material],
            ..Mesh::default()
        }
    }

    fn quantised(mesh: &Mesh) -> (Vec<Vertex>, Triangle) {
        let frame = SceneFrame { origin: [1.0; 3], radius: 2.0, units: 1024.0 };
        let found = quantise_mesh(mesh, &frame, Attribute::Coordinates, true);
        let triangle = Triangle::from_words(&found.triangles[0]);
        let vertices = triangle.vertices.map(|i| found.vertices[i as usize]);
        (vertices.iter().map(Vertex::from_words).collect(), triangle)
    }

    #[test]
    fn positions_are_scene_units_and_normals_those_of_the_face() {
        let (vertices, triangle) =
            quantised(&triangle([[0.0; 2], [1.0, 0.0], [0.5, -0.5]], Wrap::Repeat));
        assert_eq!(vertices[1].position, [1024, -1024, -1024]);
        assert_eq!(vertices[2].attribute, [1 << 19, -(1 << 19), 0]);
        assert_eq!(vertices[0].normal, [0, 0, 1 << 14]);
        assert!(triangle.double_sided && !triangle.unlit);
    }

    #[test]
    fn far_coordinates_come_near_by_an_even_number_of_repeats() {
        let far = [[4097.25, 0.5], [4097.75, 0.5], [4098.25, 0.5]];
        let (vertices, _) = quantised(&triangle(far, Wrap::Mirror));
        let u = [0, 1, 2].map(|i| f64::from(vertices[i].attribute[0]) / f64::from(1 << 20));
        assert_eq!(u, [1.25, 1.75, 2.25]);
        let (vertices, _) = quantised(&triangle(far, Wrap::Clamp));
        assert_eq!(vertices[0].attribute[0], 2047 << 20);
    }
}
