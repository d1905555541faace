//! `Geometry`, rasterising triangles: which is nearest at each pixel of a tile, then what is seen
//! of it there.

use super::cursor::{PIXELS_MAX, tile};
use super::transform::{MESH_MAX, SeenParts};
use crate::backend::{Step, Work};
use crate::kernels::rasterise::{Surface, Tile};
use crate::kernels::triangles::{Bound, Fragments, Kind, Lens, Meshes, Output, Seen};
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::mesh::{TRIANGLE_WORDS, VERTEX_WORDS, seen_words};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Fault, RasteriseTriangles as Command};
use quintet_protocol::tile::{CURSOR_WORDS, NORMAL_WORDS, POINT_WORDS, SURFACE_WORDS};

/// A step ends after this many triangles, or when it has touched this many pixels. A triangle
/// counts as some: that is what preparing it takes.
const STEP_TRIANGLES: usize = 4096;
const STEP_TOUCHES: u32 = 8192;
const TRIANGLE_TOUCHES: u32 = 24;
/// Pixels of which a step makes fragments, up to some 200 instructions each.
const STEP_PIXELS: usize = 512;

/// Rasterising under way.
pub struct RasteriseTriangles {
    cursor: Words,
    seen: Words,
    vertices: Words,
    triangles: Words,
    surface: Words,
    pixels: Words,
    points: Words,
    normals: Words,
    vertex_count: usize,
    kind: Kind,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    /// Drawing, from this triangle on.
    Draw { next: usize },
    /// Making fragments, from this pixel on.
    Fragments { next: usize },
}

impl RasteriseTriangles {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.vertex_count, 1..=MESH_MAX)?;
        in_range(1, c.triangle_count, 1..=MESH_MAX)?;
        in_range(2, c.capacity, 1..=PIXELS_MAX)?;
        let kind = match c.attribute {
            0 => Kind::Coordinates,
            1 => Kind::Places,
            _ => return Err(Fault::OutOfRange { parameter: 3 }),
        };
        let [vertex_count, triangle_count, capacity] =
            [c.vertex_count, c.triangle_count, c.capacity].map(|count| count as usize);
        let wanted = |id: Option<_>, words| id.map_or(Ok(0..0), |id| operands.write(id, words));
        let job = Self {
            cursor: operands.read(c.cursor, CURSOR_WORDS)?,
            seen: operands.read(c.seen, seen_words(vertex_count, triangle_count))?,
            vertices: operands.read(c.vertices, vertex_count * VERTEX_WORDS)?,
            triangles: operands.read(c.triangles, triangle_count * TRIANGLE_WORDS)?,
            surface: operands.write(c.surface, capacity * SURFACE_WORDS)?,
            pixels: operands.write(c.pixels, capacity + 1)?,
            points: wanted(c.points, capacity * POINT_WORDS)?,
            normals: wanted(c.normals, capacity * NORMAL_WORDS)?,
            vertex_count,
            kind,
            stage: Stage::Draw { next: 0 },
        };
        disjoint(job.operands())?;
        Ok(job)
    }

    fn operands(&self) -> [&Words; 8] {
        let Self { cursor, seen, vertices, triangles, surface, pixels, points, normals, .. } = self;
        [cursor, seen, vertices, triangles, surface, pixels, points, normals]
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let Ok([cursor, seen, vertices, triangles, surface, pixels, points, normals]) =
            arena.get_disjoint_mut(self.operands().map(Words::clone))
        else {
            return Step::Done(None);
        };
        let Some(parts) = SeenParts::of(seen, self.vertex_count) else { return Step::Done(None) };
        let SeenParts { lens, vertices: seen, bounds } = parts;
        let triangles = triangles.as_chunks::<TRIANGLE_WORDS>().0;
        let meshes = Meshes { lens: Lens::from_words(lens), seen, triangles };
        let mut tile = tile(cursor, surface.as_chunks_mut::<SURFACE_WORDS>().0);
        match self.stage {
            Stage::Draw { next } => {
                if next == 0 {
                    tile.clear();
                    pixels.fill(0);
                }
                let (next, visited) = draw(&mut tile, &meshes, bounds, next);
                self.stage = next.map_or(Stage::Fragments { next: 0 }, |next| Stage::Draw { next });
                Step::Working(Work { phase: Phase::Rasterise, items: visited })
            }
            Stage::Fragments { next } if next < tile.pixels.len() => {
                let vertices = vertices.as_chunks::<VERTEX_WORDS>().0;
                let fragments = Fragments { meshes, bounds, vertices, kind: self.kind };
                let mut output = Output {
                    pixels,
                    points: points.as_chunks_mut::<POINT_WORDS>().0,
                    normals: normals.as_chunks_mut::<NORMAL_WORDS>().0,
                };
                let before = output.count();
                let next = find(&tile, &fragments, next, &mut output);
                self.stage = Stage::Fragments { next };
                let items = (output.count() - before) as u32;
                Step::Working(Work { phase: Phase::Fragment, items })
            }
            Stage::Fragments { .. } => Step::Done(None),
        }
    }
}

/// Draws triangles from number `next` on. Returns where to go on, if there are more, and how many
/// pixels were visited.
fn draw(
    tile: &mut Tile<Surface>,
    meshes: &Meshes,
    bounds: &[u32],
    next: usize,
) -> (Option<usize>, u32) {
    let (mut visited, mut touches) = (0, 0);
    let rows = [tile.y, tile.y + tile.height];
    for (number, &word) in bounds.iter().enumerate().skip(next) {
        if number == next + STEP_TRIANGLES || touches >= STEP_TOUCHES {
            return (Some(number), visited);
        }
        let bound = Bound::from_word(word);
        if bound.rows[1] <= rows[0] || bound.rows[0] >= rows[1] {
            continue;
        }
        let Some((_, vertices)) = meshes.triangle(number) else { continue };
        let before = visited;
        if bound.clipped {
            for corners in meshes.clipped(vertices).triangles(&meshes.lens) {
                visited += tile.draw_triangle(&corners, number as u32);
                touches += TRIANGLE_TOUCHES;
            }
        } else {
            visited += tile.draw_triangle(&vertices.map(Seen::corner), number as u32);
        }
        touches += TRIANGLE_TOUCHES + visited - before;
    }
    (None, visited)
}

/// Makes fragments of some pixels from number `next` on. Returns the pixel to go on with.
fn find(tile: &Tile<Surface>, fragments: &Fragments, next: usize, output: &mut Output) -> usize {
    let end = tile.pixels.len().min(next + STEP_PIXELS);
    let (width, mut next) = (tile.width as usize, next);
    while next < end {
        let (row, column) = (next / width, next % width);
        let stop = end.min((row + 1) * width);
        let part = tile.pixels.get(next..stop).unwrap_or_default();
        fragments.row(part, [tile.x + column as i32, tile.y + row as i32], next, output);
        next = stop;
    }
    next
}
