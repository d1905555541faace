//! The plan of a scene that fits the arena as a whole.
//!
//! ```text
//! 0        program
//! ...      constants: chunks, Gaussians, harmonics
//! ...      input: camera
//! ...      splats, count, order                                  project -> rasterise
//! ...      keys, sort's scratch, histogram                       project -> sort
//! (same)   bins, tiles, accumulators                             rasterise
//! ```
//!
//! The last two groups share memory: their lifetimes do not meet.

use super::tile::{smallest_tile, tile_of};
use super::{Bundle, CameraKind, DIGIT_BITS, Options};
use crate::compile::plan::Plan;
use crate::quantise::QuantisedCloud;
use quintet_protocol::gaussian::{
    ACCUMULATOR_WORDS, CAMERA_WORDS, CHUNK_WORDS, GAUSSIAN_WORDS, SPLAT_WORDS, harmonics_words,
};
use quintet_protocol::program::{
    BufferKind, Command, Program, ProjectGaussians, RasteriseGaussians, Sort,
};

/// A tile's accumulators should fit a core's fast memory; the 480 MHz STM32H7 has 128 KiB of DTCM,
/// and the stack wants some.
const TILE_BYTES: usize = 96 * 1024;
/// Bins hold this many times the splats when there is room, so that one batch is enough.
const BIN_FACTOR: usize = 2;
const BUFFERS: usize = 14;
const COMMANDS: usize = 3;

/// Bytes that a scene takes whatever the tile: program, constants, camera, splats, count, order.
fn resident_bytes(cloud: &QuantisedCloud) -> usize {
    let n = cloud.len();
    let constants =
        cloud.chunks.len() * CHUNK_WORDS + n * (GAUSSIAN_WORDS + harmonics_words(cloud.degree));
    let words = constants + CAMERA_WORDS + n * (SPLAT_WORDS + 1) + 1;
    Program::encoded_len(BUFFERS, COMMANDS) + words * 4
}

/// Compiles a scene, or says how many bytes it needs at the least.
pub fn compile(cloud: &QuantisedCloud, options: &Options) -> Result<Bundle, usize> {
    let Options { width, height, .. } = *options;
    let n = cloud.len();
    let resident = resident_bytes(cloud);
    let sorting = (2 * n + (2 << DIGIT_BITS)) * 4;
    let smallest_tile = smallest_tile(width, height).map(usize::from);
    let drawing = |tile: [usize; 2], bins: usize| {
        let tiles = usize::from(width).div_ceil(tile[0]) * usize::from(height).div_ceil(tile[1]);
        (bins + tiles + tile[0] * tile[1] * ACCUMULATOR_WORDS) * 4
    };
    let needed = resident + sorting.max(drawing(smallest_tile, n));
    if needed > options.arena_bytes {
        return Err(needed);
    }
    let spare = options.arena_bytes - resident;
    let mut bins = n;
    let tile_bytes = TILE_BYTES.min(spare - n * 4);
    // The table of tiles takes memory as well: shrink the tile until both fit.
    let tile = (0..)
        .map(|step| tile_bytes.saturating_sub(step * 256))
        .map_while(|bytes| tile_of(width, height, bytes))
        .find(|tile| drawing(tile.map(usize::from), bins) <= spare)
        .unwrap_or(smallest_tile.map(|side| side as u16));
    let sides = tile.map(usize::from);
    if drawing(sides, n * BIN_FACTOR) <= spare {
        bins = n * BIN_FACTOR;
    }
    Ok(emit(cloud, options, tile, bins))
}

/// Lays out the arena and writes the program.
fn emit(cloud: &QuantisedCloud, options: &Options, tile: [u16; 2], bin_words: usize) -> Bundle {
    let Options { width, height, background, .. } = *options;
    let n = cloud.len();
    let mut plan = Plan::after_program(BUFFERS, COMMANDS);
    let chunks = plan.add(BufferKind::Constant, cloud.chunks.len() * CHUNK_WORDS);
    let gaussians = plan.add(BufferKind::Constant, n * GAUSSIAN_WORDS);
    let harmonics = plan.add(BufferKind::Constant, cloud.harmonics.len());
    let camera = plan.add(BufferKind::Input, CAMERA_WORDS);
    let splats = plan.add(BufferKind::Scratch, n * SPLAT_WORDS);
    let count = plan.add(BufferKind::Scratch, 1);
    let order = plan.add(BufferKind::Scratch, n);
    let shared = plan.next;
    let keys = plan.add(BufferKind::Scratch, n);
    let scratch = plan.add(BufferKind::Scratch, n);
    let histogram = plan.add(BufferKind::Scratch, 2 << DIGIT_BITS);
    plan.next = shared;
    let tiles_across = usize::from(width.div_ceil(tile[0]));
    let tile_count = tiles_across * usize::from(height.div_ceil(tile[1]));
    let bins = plan.add(BufferKind::Scratch, bin_words);
    let tiles = plan.add(BufferKind::Scratch, tile_count);
    let pixels = usize::from(tile[0]) * usize::from(tile[1]);
    let accumulators = plan.add(BufferKind::Scratch, pixels * ACCUMULATOR_WORDS);
    let frame = plan.frame(width, height);
    debug_assert_eq!(plan.buffers.len(), BUFFERS);

    let project = ProjectGaussians {
        chunks,
        gaussians,
        harmonics: (cloud.degree > 0).then_some(harmonics),
        camera,
        splats,
        keys,
        count,
        chunk_count: cloud.chunks.len() as u32,
        gaussian_count: n as u32,
        degree: cloud.degree,
        width,
        height,
    };
    let capacity = n as u32;
    let sort = Sort {
        keys,
        count,
        order,
        scratch,
        histogram,
        capacity,
        digit_bits: DIGIT_BITS,
        ties: false,
    };
    let [tile_width, tile_height] = tile;
    let rasterise = RasteriseGaussians {
        splats,
        order,
        count,
        bins,
        tiles,
        accumulators,
        frame,
        capacity,
        tile_width,
        tile_height,
        background,
    };
    let commands = [
        Command::ProjectGaussians(project),
        Command::Sort(sort),
        Command::RasteriseGaussians(rasterise),
    ];
    let constants = vec![
        plan.constant("chunks", chunks, cloud.chunks.as_flattened()),
        plan.constant("Gaussians", gaussians, cloud.gaussians.as_flattened()),
        plan.constant("harmonics", harmonics, &cloud.harmonics),
    ];
    Bundle {
        program: plan.program(&commands),
        constants,
        cameras: vec![plan.camera(camera, CameraKind::View(cloud.frame))],
        arena_bytes: plan.peak,
        tile,
        streamed: None,
    }
}
