//! `Geometry`, transforming: vertices to the screen, then what each triangle touches.

use crate::backend::{Step, Work};
use crate::kernels::triangles::{Lens, Meshes, Transform};
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::gaussian::{CAMERA_WORDS, Camera};
use quintet_protocol::mesh::{
    SEEN_HEADER_WORDS, SEEN_WORDS, TRIANGLE_WORDS, VERTEX_WORDS, seen_words,
};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Fault, TransformVertices as Command};
use quintet_protocol::tile::FRAME_SIDE_MAX;

/// Most vertices and triangles of a command: keeps every size below 2^32 bytes.
pub const MESH_MAX: u32 = 1 << 24;
/// Vertices or triangles of a step, some hundred instructions each; a triangle that is cut takes
/// some thousand.
const STEP_ITEMS: usize = 256;

/// Transforming under way.
pub struct TransformVertices {
    vertices: Words,
    triangles: Words,
    camera: Words,
    seen: Words,
    vertex_count: usize,
    size: [i32; 2],
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    Vertices { next: usize },
    Triangles { next: usize },
}

/// What a [`TransformVertices`] writes.
pub struct SeenParts<'a> {
    pub lens: &'a mut [u32; SEEN_HEADER_WORDS],
    pub vertices: &'a mut [[u32; SEEN_WORDS]],
    /// A word a triangle.
    pub bounds: &'a mut [u32],
}

impl<'a> SeenParts<'a> {
    pub fn of(seen: &'a mut [u32], vertex_count: usize) -> Option<Self> {
        let (lens, rest) = seen.split_first_chunk_mut()?;
        let (vertices, bounds) = rest.split_at_mut_checked(vertex_count * SEEN_WORDS)?;
        Some(Self { lens, vertices: vertices.as_chunks_mut().0, bounds })
    }
}

impl TransformVertices {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.vertex_count, 1..=MESH_MAX)?;
        in_range(1, c.triangle_count, 1..=MESH_MAX)?;
        in_range(2, c.width, 1..=FRAME_SIDE_MAX)?;
        in_range(2, c.height, 1..=FRAME_SIDE_MAX)?;
        let [vertex_count, triangle_count] =
            [c.vertex_count, c.triangle_count].map(|count| count as usize);
        let job = Self {
            vertices: operands.read(c.vertices, vertex_count * VERTEX_WORDS)?,
            triangles: operands.read(c.triangles, triangle_count * TRIANGLE_WORDS)?,
            camera: operands.read(c.camera, CAMERA_WORDS)?,
            seen: operands.write(c.seen, seen_words(vertex_count, triangle_count))?,
            vertex_count,
            size: [c.width, c.height].map(i32::from),
            stage: Stage::Vertices { next: 0 },
        };
        disjoint([&job.vertices, &job.triangles, &job.camera, &job.seen])?;
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let ranges = [&self.vertices, &self.triangles, &self.camera, &self.seen];
        let Ok([vertices, triangles, camera, seen]) =
            arena.get_disjoint_mut(ranges.map(Words::clone))
        else {
            return Step::Done(None);
        };
        let Some(parts) = SeenParts::of(seen, self.vertex_count) else { return Step::Done(None) };
        let SeenParts { lens, vertices: seen, bounds } = parts;
        match self.stage {
            Stage::Vertices { next } => {
                let camera = Camera::from_words(&camera.first_chunk().copied().unwrap_or_default());
                let transform = Transform::new(&camera);
                *lens = transform.lens.to_words();
                let vertices = vertices.as_chunks::<VERTEX_WORDS>().0.iter().skip(next);
                let mut items = 0;
                for (seen, [x, y, z, ..]) in
                    seen.iter_mut().skip(next).zip(vertices).take(STEP_ITEMS)
                {
                    *seen = transform.vertex([*x, *y, *z]);
                    items += 1;
                }
                let next = next + items;
                let is_last = next >= self.vertex_count;
                self.stage =
                    if is_last { Stage::Triangles { next: 0 } } else { Stage::Vertices { next } };
                Step::Working(Work { phase: Phase::Project, items: items as u32 })
            }
            Stage::Triangles { next } => {
                let triangles = triangles.as_chunks::<TRIANGLE_WORDS>().0;
                let meshes = Meshes { lens: Lens::from_words(lens), seen, triangles };
                let mut items = 0;
                for (number, word) in bounds.iter_mut().enumerate().skip(next).take(STEP_ITEMS) {
                    *word = meshes.bound(number, self.size).to_word();
                    items += 1;
                }
                if items == 0 {
                    return Step::Done(None);
                }
                self.stage = Stage::Triangles { next: next + items };
                Step::Working(Work { phase: Phase::Cull, items: items as u32 })
            }
        }
    }
}
