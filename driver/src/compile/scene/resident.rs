//! The plan of a scene that fits the arena as a whole.
//!
//! ```text
//! 0        program
//! ...      input: camera
//! ...      constants: chunks, Gaussians, harmonics
//! ...      splats, count, order                                  project -> rasterise
//! ...      keys, sort's scratch, histogram                       project -> sort
//! (same)   bins, tiles, accumulators                             rasterise
//! ```
//!
//! The last two groups share memory: their lifetimes do not meet.

use super::gaussians::{self, Gaussians};
use super::tile::{smallest_tile, tile_of};
use super::{Bundle, CameraKind, Options};
use crate::compile::plan::Plan;
use crate::quantise::QuantisedCloud;
use quintet_protocol::gaussian::{ACCUMULATOR_WORDS, CAMERA_WORDS};
use quintet_protocol::program::{BufferKind, Command, Program, RasteriseGaussians};

/// A tile's accumulators should fit a core's fast memory; the 480 MHz STM32H7 has 128 KiB of DTCM,
/// and the stack wants some.
const TILE_BYTES: usize = 96 * 1024;
/// Bins hold this many times the splats when there is room, so that one batch is enough.
const BIN_FACTOR: usize = 2;
const BUFFERS: usize = gaussians::BUFFERS + 6;
const COMMANDS: usize = gaussians::COMMANDS + 1;

/// Bytes that a scene takes whatever the tile: program, constants, camera, splats, count, order.
fn resident_bytes(cloud: &QuantisedCloud) -> usize {
    let words = gaussians::resident_words(cloud) + CAMERA_WORDS;
    Program::encoded_len(BUFFERS, COMMANDS) + words * 4
}

/// Compiles a scene, or says how many bytes it needs at the least.
pub fn compile(cloud: &QuantisedCloud, options: &Options) -> Result<Bundle, usize> {
    let Options { width, height, .. } = *options;
    let n = cloud.len();
    let resident = resident_bytes(cloud);
    let sorting = (n + gaussians::sort_words(cloud)) * 4;
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
        .map_while(|bytes| tile_of(width, height, bytes / (ACCUMULATOR_WORDS * 4)))
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
    let camera = plan.add(BufferKind::Input, CAMERA_WORDS);
    let gaussians = Gaussians::place(&mut plan, cloud);
    let shared = plan.next;
    let keys = plan.add(BufferKind::Scratch, n);
    let [project, sort] = gaussians.commands(&mut plan, camera, keys, options);
    plan.next = shared;
    let tiles_across = usize::from(width.div_ceil(tile[0]));
    let tile_count = tiles_across * usize::from(height.div_ceil(tile[1]));
    let bins = plan.add(BufferKind::Scratch, bin_words);
    let tiles = plan.add(BufferKind::Scratch, tile_count);
    let pixels = usize::from(tile[0]) * usize::from(tile[1]);
    let accumulators = plan.add(BufferKind::Scratch, pixels * ACCUMULATOR_WORDS);
    let frame = plan.frame(width, height);
    debug_assert_eq!(plan.buffers.len(), BUFFERS);

    let Gaussians { splats, count, order, capacity, .. } = gaussians;
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
    let commands = [project, sort, Command::RasteriseGaussians(rasterise)];
    Bundle {
        program: plan.program(&commands),
        constants: gaussians.constants(&plan).into(),
        cameras: vec![plan.camera(camera, CameraKind::View(cloud.frame))],
        arena_bytes: plan.peak,
        tile,
        streamed: None,
    }
}
