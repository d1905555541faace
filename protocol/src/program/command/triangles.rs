//! The commands that draw triangles, and Gaussians among them. Layouts: [`crate::tile`],
//! [`crate::mesh`].

use super::super::BufferId;
use super::record::{Record, pack};

/// Transforms vertices to view axes and to the screen, and finds the rows that each triangle
/// touches; none of one that is not seen from its front, unless it is double-sided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransformVertices {
    /// Vertices, constant.
    pub vertices: BufferId,
    /// Triangles, constant.
    pub triangles: BufferId,
    /// The camera, as Gaussians have it.
    pub camera: BufferId,
    /// What is seen, written: [`seen_words`](crate::mesh::seen_words).
    pub seen: BufferId,
    /// Parameter 0: number of vertices, 1..=2^24.
    pub vertex_count: u32,
    /// Parameter 1: number of triangles, 1..=2^24.
    pub triangle_count: u32,
    /// Parameter 2, low half: columns of the frame, 1..=4096.
    pub width: u16,
    /// Parameter 2, high half: rows of the frame, 1..=4096.
    pub height: u16,
}

/// Finds the nearest triangle at each pixel of a tile, and writes what is seen of it as fragments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RasteriseTriangles {
    /// The cursor.
    pub cursor: BufferId,
    /// What [`TransformVertices`] wrote.
    pub seen: BufferId,
    /// Vertices with their attributes, constant.
    pub vertices: BufferId,
    /// Triangles, constant.
    pub triangles: BufferId,
    /// What is nearest at each pixel of the tile, written.
    pub surface: BufferId,
    /// A word that says how many fragments there are, then the pixel of each, written.
    pub pixels: BufferId,
    /// Three words a fragment, written: texture coordinates, or by `points` its place in a field's
    /// box.
    pub points: Option<BufferId>,
    /// Normals of fragments, written.
    pub normals: Option<BufferId>,
    /// Parameter 0: number of vertices, 1..=2^24.
    pub vertex_count: u32,
    /// Parameter 1: number of triangles, 1..=2^24.
    pub triangle_count: u32,
    /// Parameter 2: most pixels of a tile, 1..=2^22.
    pub capacity: u32,
    /// Parameter 3: what the attributes of vertices are: texture coordinates (0), or places in a
    /// field's box (1).
    pub attribute: u8,
}

/// Blends splats in the given order into the accumulators of one tile, but where they are behind
/// its surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlendGaussians {
    /// The cursor.
    pub cursor: BufferId,
    /// Splats as [`super::ProjectGaussians`] writes them.
    pub splats: BufferId,
    /// Depth keys of the splats, as [`super::ProjectGaussians`] writes them.
    pub keys: BufferId,
    /// Numbers of splats, front to back, a word each.
    pub order: BufferId,
    /// One word: how many numbers there are.
    pub count: BufferId,
    /// What [`RasteriseTriangles`] found.
    pub surface: BufferId,
    /// The camera, that of the triangles too.
    pub camera: BufferId,
    /// Accumulators of the tile, of three channels.
    pub accumulators: BufferId,
    /// Parameter 0: most splats there can be, 1..=2^24.
    pub capacity: u32,
    /// Parameter 1: most pixels of a tile, 1..=2^22.
    pub pixels: u32,
}

impl TransformVertices {
    pub(super) fn parse(r: &Record) -> Self {
        let [vertices, triangles, camera, seen] = [0, 1, 2, 3].map(|operand| r.buffer(operand));
        let [vertex_count, triangle_count] = [r.parameters[0], r.parameters[1]];
        let [width, height] = r.pair(2);
        Self { vertices, triangles, camera, seen, vertex_count, triangle_count, width, height }
    }

    pub(super) fn record(&self) -> Record {
        let size = pack([self.width, self.height]);
        Record::new(
            [self.vertices, self.triangles, self.camera, self.seen],
            [self.vertex_count, self.triangle_count, size],
        )
    }
}

impl RasteriseTriangles {
    pub(super) fn parse(r: &Record) -> Self {
        Self {
            cursor: r.buffer(0),
            seen: r.buffer(1),
            vertices: r.buffer(2),
            triangles: r.buffer(3),
            surface: r.buffer(4),
            pixels: r.buffer(5),
            points: r.optional(6),
            normals: r.optional(7),
            vertex_count: r.parameters[0],
            triangle_count: r.parameters[1],
            capacity: r.parameters[2],
            attribute: r.byte(3),
        }
    }

    pub(super) fn record(&self) -> Record {
        let [points, normals] = [self.points, self.normals].map(Record::or_none);
        let Self { cursor, seen, vertices, triangles, surface, pixels, .. } = *self;
        let attribute = u32::from(self.attribute);
        Record::new(
            [cursor, seen, vertices, triangles, surface, pixels, points, normals],
            [self.vertex_count, self.triangle_count, self.capacity, attribute],
        )
    }
}

impl BlendGaussians {
    pub(super) fn parse(r: &Record) -> Self {
        let id = |operand| r.buffer(operand);
        let [cursor, splats, keys, order, count] = [0, 1, 2, 3, 4].map(id);
        let [surface, camera, accumulators] = [5, 6, 7].map(id);
        let [capacity, pixels] = [r.parameters[0], r.parameters[1]];
        Self { cursor, splats, keys, order, count, surface, camera, accumulators, capacity, pixels }
    }

    pub(super) fn record(&self) -> Record {
        let Self { cursor, splats, keys, order, count, surface, camera, accumulators, .. } = *self;
        Record::new(
            [cursor, splats, keys, order, count, surface, camera, accumulators],
            [self.capacity, self.pixels],
        )
    }
}
