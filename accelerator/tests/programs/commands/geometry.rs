//! The commands that bring Gaussians and triangles to the screen, and `Sort`, which orders them.

use super::super::contents::{
    self, FRAME, MEMBERS, PIXELS, ROWS, TILE, bounds, camera, chunks, count, gaussians, noise,
    numbers, splats, triangles, vertices, window,
};
use super::super::draft::{Contents, Draft};
use super::{cursor, matrix};
use quintet_protocol::gaussian::{
    ACCUMULATOR_WORDS, CAMERA_WORDS, CHUNK_WORDS, GAUSSIAN_WORDS, SPLAT_WORDS, harmonics_words,
};
use quintet_protocol::mesh::{TRIANGLE_WORDS, VERTEX_WORDS, seen_words};
use quintet_protocol::program::{
    BlendGaussians, BlendSurface, BoundChunks, BufferId, Command, NextTile, ProjectGaussians,
    ProjectWindow, RasteriseGaussians, RasteriseTriangles, RasteriseWindow, RegionGrid,
    ResolveTile, Sort, TransformVertices,
};
use quintet_protocol::tile::{CURSOR_WORDS, NORMAL_WORDS, POINT_WORDS, SURFACE_WORDS};
use quintet_protocol::window::{BOUNDS_WORDS, WINDOW_WORDS};

/// Pixels of a tile.
const TILE_PIXELS: usize = PIXELS as usize;
/// Splats of a window: the fewest that there may be room for.
const WINDOW_SPLATS: u32 = 1024;
/// Vertices of a mesh.
const VERTICES: usize = 12;

/// Columns and rows of a tile.
fn tile(draft: &mut Draft) -> [u16; 2] {
    TILE.map(|side| draft.number(1..=side))
}

fn background(draft: &mut Draft) -> [u8; 3] {
    let [red, green, blue, _] = draft.any().to_le_bytes();
    [red, green, blue]
}

pub fn project_gaussians(draft: &mut Draft) -> Command {
    let chunk_count = draft.number(1u32..=3);
    let gaussian_count = draft.number(1..=ROWS);
    let degree = draft.number(0u8..=3);
    let number = gaussian_count as usize;
    Command::ProjectGaussians(ProjectGaussians {
        chunks: draft.read(chunk_count as usize * CHUNK_WORDS, chunks),
        gaussians: draft.read(number * GAUSSIAN_WORDS, gaussians),
        harmonics: match degree {
            0 => None,
            degree => Some(draft.read(number * harmonics_words(degree), noise)),
        },
        camera: draft.read(CAMERA_WORDS, camera),
        splats: draft.write(number * SPLAT_WORDS, noise),
        keys: draft.write(number, noise),
        count: draft.write(1, count),
        chunk_count,
        gaussian_count,
        degree,
        width: FRAME[0],
        height: FRAME[1],
    })
}

pub fn rasterise_gaussians(draft: &mut Draft) -> Command {
    let capacity = draft.number(1..=ROWS);
    let [tile_width, tile_height] = tile(draft);
    let (columns, rows) = (FRAME[0].div_ceil(tile_width), FRAME[1].div_ceil(tile_height));
    let bins = capacity * draft.number(1u32..=4);
    Command::RasteriseGaussians(RasteriseGaussians {
        splats: draft.read(capacity as usize * SPLAT_WORDS, splats),
        order: draft.read(capacity as usize, numbers),
        count: draft.read(1, count),
        bins: draft.write(bins as usize, noise),
        tiles: draft.write(usize::from(columns) * usize::from(rows) + 1, noise),
        accumulators: draft.write(TILE_PIXELS * ACCUMULATOR_WORDS, noise),
        frame: draft.frame(FRAME),
        capacity,
        tile_width,
        tile_height,
        background: background(draft),
    })
}

pub fn bound_chunks(draft: &mut Draft) -> Command {
    let chunk_count = draft.number(1u32..=6);
    let number = chunk_count as usize;
    Command::BoundChunks(BoundChunks {
        chunks: draft.read(number * CHUNK_WORDS, chunks),
        camera: draft.read(CAMERA_WORDS, camera),
        bounds: draft.write(number * BOUNDS_WORDS, bounds),
        keys: draft.write(number, noise),
        window: draft.write(WINDOW_WORDS, window),
        chunk_count,
        width: FRAME[0],
        height: FRAME[1],
    })
}

pub fn project_window(draft: &mut Draft) -> Command {
    let chunk_count = draft.number(1u32..=6);
    let number = chunk_count as usize;
    let degree = draft.number(0u8..=3);
    let page_words = MEMBERS as usize * (GAUSSIAN_WORDS + harmonics_words(degree));
    let slots = draft.number(1u8..=6);
    let region = FRAME.map(|side| draft.number(side / 2..=side));
    Command::ProjectWindow(ProjectWindow {
        chunks: draft.read(number * CHUNK_WORDS, chunks),
        pages: draft.streamed(page_words, slots.into()),
        camera: draft.read(CAMERA_WORDS, camera),
        bounds: draft.write(number * BOUNDS_WORDS, bounds),
        order: draft.read(number, numbers),
        window: draft.write(WINDOW_WORDS, window),
        splats: draft.write(WINDOW_SPLATS as usize * SPLAT_WORDS, contents::zeros),
        keys: draft.write(2 * WINDOW_SPLATS as usize, contents::zeros),
        chunk_count,
        capacity: WINDOW_SPLATS,
        grid: RegionGrid { frame: FRAME, region },
        degree,
    })
}

pub fn rasterise_window(draft: &mut Draft) -> Command {
    let capacity = draft.number(1..=ROWS);
    let [region_width, region_height] = tile(draft);
    let number = capacity as usize;
    Command::RasteriseWindow(RasteriseWindow {
        splats: draft.write(number * SPLAT_WORDS, splats),
        keys: draft.write(2 * number, noise),
        order: draft.read(number, numbers),
        window: draft.write(WINDOW_WORDS, window),
        accumulators: draft.write(TILE_PIXELS * ACCUMULATOR_WORDS, noise),
        frame: draft.frame(FRAME),
        capacity,
        region_width,
        region_height,
        background: background(draft),
    })
}

pub fn next_tile(draft: &mut Draft) -> Command {
    let [tile_width, tile_height] = TILE;
    let channels = draft.number(1u8..=4);
    let accumulators = TILE_PIXELS * (1 + usize::from(channels));
    let cursor = draft.write(CURSOR_WORDS, contents::cursor);
    Command::NextTile(NextTile {
        cursor,
        frame: draft.frame(FRAME),
        accumulators: draft.write(accumulators, noise),
        tile_width,
        tile_height,
        channels,
    })
}

pub fn resolve_tile(draft: &mut Draft) -> Command {
    Command::ResolveTile(ResolveTile {
        cursor: cursor(draft),
        accumulators: draft.read(TILE_PIXELS * ACCUMULATOR_WORDS, noise),
        frame: draft.frame(FRAME),
        capacity: PIXELS,
        background: background(draft),
    })
}

pub fn transform_vertices(draft: &mut Draft) -> Command {
    let triangle_count = draft.number(1u32..=20);
    Command::TransformVertices(TransformVertices {
        vertices: draft.read(VERTICES * VERTEX_WORDS, vertices),
        triangles: draft.read(triangle_count as usize * TRIANGLE_WORDS, triangles),
        camera: draft.read(CAMERA_WORDS, camera),
        seen: draft.write(seen_words(VERTICES, triangle_count as usize), noise),
        vertex_count: VERTICES as u32,
        triangle_count,
        width: FRAME[0],
        height: FRAME[1],
    })
}

pub fn rasterise_triangles(draft: &mut Draft) -> Command {
    let is_transformed = |command: &Command| match command {
        Command::TransformVertices(it) => Some(*it),
        _ => None,
    };
    let mesh = draft.latest(is_transformed);
    let triangle_count = match &mesh {
        Some(mesh) => mesh.triangle_count,
        None => draft.number(1u32..=20),
    };
    let mut operand = |of_mesh: Option<BufferId>, words: usize, contents: Contents| match of_mesh {
        Some(id) => draft.again(id),
        None => draft.read(words, contents),
    };
    let number = triangle_count as usize;
    let seen = operand(mesh.map(|it| it.seen), seen_words(VERTICES, number), noise);
    let of_vertices = operand(mesh.map(|it| it.vertices), VERTICES * VERTEX_WORDS, vertices);
    let of_triangles = operand(mesh.map(|it| it.triangles), number * TRIANGLE_WORDS, triangles);
    let optional = |draft: &mut Draft, words: usize| match draft.chance(0.7) {
        true => Some(draft.write(words, noise)),
        false => None,
    };
    Command::RasteriseTriangles(RasteriseTriangles {
        cursor: cursor(draft),
        seen,
        vertices: of_vertices,
        triangles: of_triangles,
        surface: draft.write(TILE_PIXELS * SURFACE_WORDS, noise),
        pixels: draft.write(TILE_PIXELS + 1, noise),
        points: optional(draft, TILE_PIXELS * POINT_WORDS),
        normals: optional(draft, TILE_PIXELS * NORMAL_WORDS),
        vertex_count: VERTICES as u32,
        triangle_count,
        capacity: PIXELS,
        attribute: draft.number(0u8..=1),
    })
}

pub fn blend_gaussians(draft: &mut Draft) -> Command {
    let capacity = draft.number(1..=ROWS);
    let number = capacity as usize;
    Command::BlendGaussians(BlendGaussians {
        cursor: cursor(draft),
        splats: draft.read(number * SPLAT_WORDS, splats),
        keys: draft.read(number, noise),
        order: draft.read(number, numbers),
        count: draft.read(1, count),
        surface: draft.read(TILE_PIXELS * SURFACE_WORDS, noise),
        camera: draft.read(CAMERA_WORDS, camera),
        accumulators: draft.write(TILE_PIXELS * ACCUMULATOR_WORDS, noise),
        capacity,
        pixels: PIXELS,
    })
}

pub fn blend_surface(draft: &mut Draft) -> Command {
    let matrix = matrix(draft, 3);
    Command::BlendSurface(BlendSurface {
        count: draft.read(1, count),
        pixels: match draft.chance(0.5) {
            true => Some(draft.read(TILE_PIXELS + 1, numbers)),
            false => None,
        },
        colors: draft.read(matrix.words(TILE_PIXELS), noise),
        accumulators: draft.write(TILE_PIXELS * ACCUMULATOR_WORDS, noise),
        capacity: PIXELS,
        matrix,
        color_bits: draft.number(0u8..=15),
        adds: draft.chance(0.5),
    })
}

pub fn sort(draft: &mut Draft) -> Command {
    let (capacity, digit_bits) = (draft.number(1..=ROWS), draft.number(4u8..=7));
    let ties = draft.chance(0.3);
    let number = capacity as usize;
    Command::Sort(Sort {
        keys: draft.read(number << u32::from(ties), noise),
        count: draft.read(1, count),
        order: draft.write(number, numbers),
        scratch: draft.write(number, noise),
        histogram: draft.write(2 << digit_bits, noise),
        capacity,
        digit_bits,
        ties,
    })
}
