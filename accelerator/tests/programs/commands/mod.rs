//! A maker of each command: parameters at random, and buffers that will do for them.

mod gemm;
mod geometry;
mod grids;
mod rays;
mod vectors;

use super::contents;
use super::draft::Draft;
use quintet_protocol::feature::Matrix;
use quintet_protocol::program::{BufferId, ByteRange, Command};
use quintet_protocol::tile::CURSOR_WORDS;

/// Makes a command.
pub type Maker = fn(&mut Draft) -> Command;

/// Every command that a backend executes, with its maker.
pub const MAKERS: [(&str, Maker); 35] = [
    ("ProjectGaussians", geometry::project_gaussians),
    ("RasteriseGaussians", geometry::rasterise_gaussians),
    ("BoundChunks", geometry::bound_chunks),
    ("ProjectWindow", geometry::project_window),
    ("RasteriseWindow", geometry::rasterise_window),
    ("NextTile", NEXT_TILE),
    ("ResolveTile", RESOLVE_TILE),
    ("TransformVertices", geometry::transform_vertices),
    ("RasteriseTriangles", geometry::rasterise_triangles),
    ("BlendGaussians", geometry::blend_gaussians),
    ("BlendSurface", geometry::blend_surface),
    ("CastRays", rays::cast_rays),
    ("Interpolate", grids::interpolate),
    ("March", rays::march),
    ("Factors", grids::factors),
    ("Sort", geometry::sort),
    ("Convolve", gemm::convolve),
    ("ConvolveDepthwise", gemm::convolve_depthwise),
    ("Dense", gemm::dense),
    ("Perceptron", gemm::perceptron),
    ("Add", vectors::add),
    ("Multiply", vectors::multiply),
    ("Pool", vectors::pool),
    ("Reduce", vectors::reduce),
    ("Softmax", vectors::softmax),
    ("Lookup", vectors::lookup),
    ("Copy", vectors::copy),
    ("Fill", vectors::fill),
    ("Resize", vectors::resize),
    ("Waves", grids::waves),
    ("Harmonics", grids::harmonics),
    ("Gather", grids::gather),
    ("Composite", rays::composite),
    ("Focus", rays::focus),
    ("Shade", grids::shade),
];

/// What makes most sense before another command.
const BEFORE: [(&str, Maker); 1] = [("RasteriseTriangles", geometry::transform_vertices)];

/// Adds a command of this name, and before it what makes most sense there. Returns its index,
/// unless there is no room for its buffers.
pub fn add(draft: &mut Draft, (name, make): (&str, Maker)) -> Option<u16> {
    if let Some((_, before)) = BEFORE.iter().find(|(its, _)| *its == name) {
        draft.add(*before);
    }
    draft.add(make)
}

/// Begins a loop over the tiles of a frame.
pub const NEXT_TILE: Maker = geometry::next_tile;
/// Ends what is drawn of one.
pub const RESOLVE_TILE: Maker = geometry::resolve_tile;

/// A cursor: that of the loop, mostly, where there is one.
fn cursor(draft: &mut Draft) -> BufferId {
    match draft.cursor() {
        Some(cursor) if draft.is_free(cursor) && draft.chance(0.9) => draft.again(cursor),
        _ => draft.read(CURSOR_WORDS, contents::cursor),
    }
}

/// So many columns of halves, among others.
fn matrix(draft: &mut Draft, columns: u16) -> Matrix {
    let first = 2 * draft.number(0u16..=2);
    let stride = (first + columns + draft.number(0u16..=3)).next_multiple_of(2);
    Matrix { stride: stride.max(first + 2), first }
}

/// A range of halves that is not empty.
fn range(draft: &mut Draft) -> [i16; 2] {
    let [a, b] = [(); 2].map(|()| draft.any() as i16);
    [a.min(b), a.max(b)]
}

fn bytes(draft: &mut Draft) -> ByteRange {
    let [a, b, zero_in, zero_out] = draft.any().to_le_bytes().map(|byte| byte as i8);
    ByteRange { zero_in, zero_out, least: a.min(b), greatest: a.max(b) }
}
