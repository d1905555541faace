//! Clocks of `Geometry`: primitives to the screen, and to pixels.
//!
//! # Assumptions
//!
//! * A rasteriser lane visits a pixel a clock, whether it is blended, compared or found to be
//!   outside: weights by differences, an exponential from a special unit, of which there may be
//!   fewer than lanes.
//! * A primitive takes `costs.setup` clocks in each tile that it meets: the index phase. Pairs of
//!   primitive and tile are binned `lanes.sort` a clock.
//! * A Gaussian takes `costs.projection` clocks, and its colour three multiply-adds for each
//!   harmonic on the vector lanes. A chunk that is looked at takes as much as a Gaussian.
//! * A vertex takes 16 multiply-adds and a reciprocal, the bounds of a triangle 12; a fragment 24
//!   and a reciprocal: three edges, two attributes or three, a normal. A ray takes 18 and two
//!   roots.
//! * A tile that half of the output buffer does not hold is drawn in parts, and its primitives are
//!   read once for each.
//! * How many splats a window draws is not told by its work items: no more than it has room for,
//!   and each visits at least one pixel.

use quintet_protocol::gaussian::{
    ACCUMULATOR_WORDS, CAMERA_WORDS, CHUNK_WORDS, GAUSSIAN_WORDS, SPLAT_WORDS, harmonics_words,
};
use quintet_protocol::mesh::{SEEN_HEADER_WORDS, SEEN_WORDS, TRIANGLE_WORDS, VERTEX_WORDS};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{
    BlendGaussians, BoundChunks, CastRays, ProjectGaussians, ProjectWindow, RasteriseGaussians,
    RasteriseTriangles, RasteriseWindow, TransformVertices,
};
use quintet_protocol::ray::{RAY_CAMERA_WORDS, RAY_WORDS};
use quintet_protocol::tile::{Cursor, NORMAL_WORDS, POINT_WORDS, SURFACE_WORDS};
use quintet_protocol::window::{BOUNDS_WORDS, WINDOW_WORDS, Window};

use super::demand::Demand;
use super::operands::{Context, product};
use crate::instance::Instance;

/// Bytes of so many words for each of so many things.
const fn bytes(count: u64, words: usize) -> u64 {
    count.saturating_mul(words as u64).saturating_mul(4)
}

/// Bytes of a pixel that leaves the accelerator.
const PIXEL_BYTES: u64 = 3;
/// Multiply-adds, and special results, of a vertex.
const VERTEX: [u64; 2] = [16, 1];
/// Of the bounds of a triangle.
const TRIANGLE: [u64; 2] = [12, 0];
/// Of a fragment.
const FRAGMENT: [u64; 2] = [24, 1];
/// Of a ray.
const RAY: [u64; 2] = [18, 2];

/// So many things on the vector lanes and special units, which work beside each other.
fn each(instance: &Instance, count: u64, [adds, specials]: [u64; 2]) -> Demand {
    let [operations, results] = [adds, specials].map(|each| product([count, each]));
    let lanes = &instance.lanes;
    let reduce = operations.div_ceil(lanes.vector.into());
    Demand {
        reduce: reduce.max(results.div_ceil(lanes.special.into())),
        operations,
        ..Demand::default()
    }
}

/// Pixels visited and primitives set up.
fn visits(instance: &Instance, visited: u64, primitives: u64, specials: bool) -> Demand {
    let lanes = &instance.lanes;
    let slowest = if specials { lanes.rasteriser.min(lanes.special) } else { lanes.rasteriser };
    Demand {
        index: product([primitives, instance.costs.setup.into()]),
        reduce: visited.div_ceil(slowest.into()),
        operations: visited,
        ..Demand::default()
    }
}

/// In how many parts a tile of so many bytes is drawn.
fn parts(instance: &Instance, tile_bytes: u64) -> u64 {
    tile_bytes.div_ceil(instance.scratch.output.half()).max(1)
}

/// Gaussians to splats.
fn project(context: &Context, gaussians: u64, degree: u8) -> Demand {
    let Instance { memory, costs, .. } = context.instance;
    let bands = u64::from(degree) + 1;
    let mut demand = each(context.instance, gaussians, [3 * (bands * bands - 1), 0]);
    demand.index = product([gaussians, costs.projection.into()]);
    demand.operations = demand.operations.saturating_add(gaussians);
    demand.reads.stream(memory, bytes(gaussians, GAUSSIAN_WORDS + harmonics_words(degree)));
    demand.reads.stream(memory, bytes(1, CAMERA_WORDS));
    demand
}

/// All Gaussians of a scene.
pub fn project_gaussians(context: &Context, c: &ProjectGaussians) -> Demand {
    let memory = &context.instance.memory;
    let mut demand = project(context, context.items(Phase::Project), c.degree);
    let splats = context.count(c.count, c.gaussian_count);
    demand.reads.stream(memory, bytes(c.chunk_count.into(), CHUNK_WORDS));
    demand.writes.stream(memory, bytes(splats, SPLAT_WORDS));
    demand.writes.stream(memory, bytes(splats, 1));
    demand
}

/// Those of the next chunks.
pub fn project_window(context: &Context, c: &ProjectWindow) -> Demand {
    let memory = &context.instance.memory;
    let gaussians = context.items(Phase::Project);
    let mut demand = project(context, gaussians, c.degree);
    let window = context.record::<WINDOW_WORDS>(c.window, 0).map(Window::from_words);
    let splats = window.map_or(0, |window| u64::from(window.count)).min(gaussians);
    demand.reads.stream(memory, bytes(c.chunk_count.into(), BOUNDS_WORDS + 1));
    demand.writes.stream(memory, bytes(splats, SPLAT_WORDS));
    demand.writes.stream(memory, bytes(splats, 2));
    demand
}

/// Where chunks are on the screen.
pub fn bound_chunks(context: &Context, c: &BoundChunks) -> Demand {
    let Instance { memory, costs, .. } = context.instance;
    let chunks = context.items(Phase::Cull);
    let mut demand = Demand {
        index: product([chunks, costs.projection.into()]),
        operations: chunks,
        ..Demand::default()
    };
    demand.reads.stream(memory, bytes(c.chunk_count.into(), CHUNK_WORDS));
    demand.writes.stream(memory, bytes(chunks, BOUNDS_WORDS + 1));
    demand
}

/// Splats into tiles and to pixels that leave.
pub fn rasterise_gaussians(context: &Context, c: &RasteriseGaussians) -> Demand {
    let Instance { memory, lanes, .. } = context.instance;
    let pairs = context.items(Phase::Bin);
    let pixels = context.items(Phase::Resolve);
    let splats = context.count(c.count, c.capacity);
    let mut demand = visits(context.instance, context.items(Phase::Rasterise), pairs, true);
    demand.index = demand.index.saturating_add(pairs.div_ceil(lanes.sort.into()));
    demand.reduce = demand.reduce.saturating_add(pixels.div_ceil(lanes.rasteriser.into()));
    let tile = product([c.tile_width.into(), c.tile_height.into()]);
    let parts = parts(context.instance, bytes(tile, ACCUMULATOR_WORDS));
    // Binning takes the order and each splat's bounds; drawing, what was binned and the splats.
    demand.reads.stream(memory, bytes(splats, 1));
    demand.reads.scattered(memory, splats, 8);
    demand.writes.stream(memory, bytes(pairs, 1));
    demand.reads.stream(memory, product([bytes(pairs, 1), parts]));
    demand.reads.scattered(memory, product([pairs, parts]), bytes(1, SPLAT_WORDS));
    demand.writes.stream(memory, product([pixels, PIXEL_BYTES]));
    demand
}

/// Splats that are ready to a region's pixels, which stay in memory from window to window.
pub fn rasterise_window(context: &Context, c: &RasteriseWindow) -> Demand {
    let Instance { memory, lanes, .. } = context.instance;
    let [visited, pixels] = [Phase::Rasterise, Phase::Resolve].map(|phase| context.items(phase));
    let splats = visited.min(c.capacity.into());
    let mut demand = visits(context.instance, visited, splats, true);
    demand.reduce = demand.reduce.saturating_add(pixels.div_ceil(lanes.rasteriser.into()));
    let region = product([c.region_width.into(), c.region_height.into()]);
    let region_bytes = bytes(region, ACCUMULATOR_WORDS);
    let parts = parts(context.instance, region_bytes);
    demand.reads.scattered(memory, product([splats, parts]), bytes(1, SPLAT_WORDS));
    demand.reads.stream(memory, product([bytes(splats, 1), parts]));
    if visited > 0 {
        demand.reads.stream(memory, region_bytes);
        demand.writes.stream(memory, region_bytes);
    }
    demand.writes.stream(memory, product([pixels, PIXEL_BYTES]));
    demand
}

/// Vertices to the screen, and the rows of triangles.
pub fn transform_vertices(context: &Context, _: &TransformVertices) -> Demand {
    let memory = &context.instance.memory;
    let [vertices, triangles] = [Phase::Project, Phase::Cull].map(|phase| context.items(phase));
    let mut demand = each(context.instance, vertices, VERTEX);
    demand.join(each(context.instance, triangles, TRIANGLE));
    demand.reads.stream(memory, bytes(vertices, VERTEX_WORDS));
    demand.reads.stream(memory, bytes(triangles, TRIANGLE_WORDS));
    // Corners of a triangle are vertices anywhere in the mesh, seen a moment ago.
    let corners = product([triangles, 3]);
    let seen = bytes(vertices, SEEN_WORDS);
    if seen > context.instance.scratch.input.half() {
        demand.reads.scattered(memory, corners, bytes(1, SEEN_WORDS));
    }
    demand.writes.stream(memory, seen.saturating_add(bytes(triangles, 1)));
    demand
}

/// The nearest triangle at each pixel, and what is seen of it.
pub fn rasterise_triangles(context: &Context, c: &RasteriseTriangles) -> Demand {
    let Instance { memory, lanes, .. } = context.instance;
    let [visited, fragments] =
        [Phase::Rasterise, Phase::Fragment].map(|phase| context.items(phase));
    let cursor = context.cursor(c.cursor);
    let first = SEEN_HEADER_WORDS + c.vertex_count as usize * SEEN_WORDS;
    let bounds = context.words(c.seen).get(first..).unwrap_or_default();
    let triangles = u64::from(c.triangle_count);
    let rows = |word: u32| [word & 0x1FFF, word >> 13 & 0x1FFF];
    let met =
        bounds.iter().take(c.triangle_count as usize).filter(|&&word| meets(&cursor, rows(word)));
    let drawn = met.count() as u64;
    let mut demand = visits(context.instance, visited, drawn, false);
    demand.index = demand.index.saturating_add(triangles.div_ceil(lanes.sort.into()));
    demand.join(each(context.instance, fragments, FRAGMENT));
    let pixels = u64::from(cursor.pixels.min(c.capacity));
    let parts = parts(context.instance, bytes(pixels, SURFACE_WORDS));
    // Corners to draw; of what is seen, the vertices' attributes as well.
    demand.reads.stream(memory, product([bytes(triangles, 1), parts]));
    demand.reads.scattered(memory, product([drawn, parts]), bytes(1, TRIANGLE_WORDS));
    demand.reads.scattered(memory, product([drawn, parts, 3]), bytes(1, SEEN_WORDS));
    let shown = product([drawn.min(fragments), 3]);
    demand.reads.scattered(memory, shown, bytes(1, VERTEX_WORDS));
    demand.writes.stream(memory, bytes(pixels, SURFACE_WORDS));
    let points = if c.points.is_some() { POINT_WORDS } else { 0 };
    let normals = if c.normals.is_some() { NORMAL_WORDS } else { 0 };
    demand.writes.stream(memory, bytes(fragments, 1 + points + normals));
    demand
}

/// Whether rows of a primitive meet a tile's.
fn meets(cursor: &Cursor, [first, end]: [u32; 2]) -> bool {
    let top = u32::from(cursor.corner[1]);
    first < top + u32::from(cursor.size[1]) && end > top
}

/// Splats among triangles, in a tile.
pub fn blend_gaussians(context: &Context, c: &BlendGaussians) -> Demand {
    let Instance { memory, lanes, .. } = context.instance;
    let cursor = context.cursor(c.cursor);
    let count = context.count(c.count, c.capacity);
    let splats = context.words(c.splats).as_chunks::<SPLAT_WORDS>().0;
    let numbers = context.words(c.order).iter().take(usize::try_from(count).unwrap_or(usize::MAX));
    let found = numbers.filter_map(|&number| splats.get(usize::try_from(number).ok()?));
    let rows = |word: u32| [word & 0xFFFF, word >> 16];
    let drawn = found.filter(|splat| meets(&cursor, rows(splat[6]))).count() as u64;
    let mut demand = visits(context.instance, context.items(Phase::Rasterise), drawn, true);
    demand.index = demand.index.saturating_add(count.div_ceil(lanes.sort.into()));
    let pixels = u64::from(cursor.pixels.min(c.pixels));
    let parts = parts(context.instance, bytes(pixels, ACCUMULATOR_WORDS + SURFACE_WORDS));
    demand.reads.stream(memory, product([bytes(count, 1), parts]));
    demand.reads.scattered(memory, product([count, parts]), 4);
    demand.reads.scattered(memory, product([drawn, parts]), bytes(1, SPLAT_WORDS + 1));
    demand.reads.stream(memory, bytes(pixels, ACCUMULATOR_WORDS + SURFACE_WORDS));
    demand.writes.stream(memory, bytes(pixels, ACCUMULATOR_WORDS));
    demand
}

/// Rays through the pixels of a tile.
pub fn cast_rays(context: &Context, _: &CastRays) -> Demand {
    let memory = &context.instance.memory;
    let rays = context.items(Phase::Cast);
    let mut demand = each(context.instance, rays, RAY);
    demand.reads.stream(memory, bytes(1, RAY_CAMERA_WORDS));
    demand.writes.stream(memory, bytes(rays, RAY_WORDS + 1));
    demand
}
