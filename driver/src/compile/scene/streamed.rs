//! The plan of a scene that does not fit the arena: drawn in windows, its chunks pulled as they are
//! needed.
//!
//! ```text
//! 0        program
//! ...      constant: chunk headers
//! ...      input: camera
//! ...      constant: number of chunks
//! ...      bounds, order of the chunks, window, histogram
//! ...      splats, keys, order, sort's scratch       of one window
//! (same)   chunks' keys, sort's scratch              until chunks are in order
//! ...      accumulators                              of one region
//! ...      pages                                     of as many chunks as there is room for
//! ```

use super::tile::{smallest_tile, tile_of};
use super::{Bundle, CameraKind, DIGIT_BITS, Options};
use crate::compile::plan::{Plan, to_bytes};
use crate::quantise::QuantisedCloud;
use quintet_protocol::gaussian::{
    ACCUMULATOR_WORDS, CAMERA_WORDS, CHUNK_WORDS, Chunk, GAUSSIAN_WORDS, SPLAT_WORDS,
    harmonics_words,
};
use quintet_protocol::program::{
    BoundChunks, BufferKind, Command, Program, ProjectWindow, RasteriseWindow, RegionGrid, Repeat,
    Sort,
};
use quintet_protocol::window::{BOUNDS_WORDS, MORE_WORD, WINDOW_WORDS};
use serde::{Deserialize, Serialize};

const BUFFERS: usize = 16;
const COMMANDS: usize = 6;
/// Words of a splat with its key of two words, its place in the order, and the sort's scratch.
const WORDS_PER_SPLAT: usize = SPLAT_WORDS + 4;
/// Least splats of a window that a device takes.
const CAPACITY_MIN: usize = 1024;
/// Least pages: one to project and some on their way.
const SLOTS_MIN: usize = 4;
/// Most pages that a device keeps.
const SLOTS_MAX: usize = 1024;

/// Share of the arena that pages get at the least. In a small arena they pay least, as long as some
/// can be on their way: a frame comes back to a page only after it has pulled many times what fits.
const SLOTS_SHARE: usize = 16;

/// What is streamed, and how the arena is split for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Streamed {
    /// Number of the streamed buffer.
    pub buffer: u16,
    /// Its pages, one for each chunk: Gaussians, then harmonics.
    pub pages: Vec<Vec<u8>>,
    /// How the arena is split.
    pub split: Split,
}

impl Streamed {
    /// Bytes of all pages.
    pub fn bytes(&self) -> usize {
        self.pages.iter().map(Vec::len).sum()
    }
}

/// How an arena is split between what competes for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Columns and rows of a region.
    pub region: [u16; 2],
    /// Splats of a window.
    pub splats: usize,
    /// Pages that can be resident.
    pub slots: usize,
}

/// What a scene needs whatever the split.
struct Needs {
    fixed_bytes: usize,
    page_words: usize,
    gaussians: usize,
    chunks: usize,
    /// Least splats of a window: as much memory as the chunks need to be put in order.
    splats_min: usize,
    size: [u16; 2],
}

impl Needs {
    fn of(cloud: &QuantisedCloud, options: &Options) -> Self {
        let chunks = cloud.chunks.len();
        let words = chunks * (CHUNK_WORDS + BOUNDS_WORDS + 1)
            + CAMERA_WORDS
            + WINDOW_WORDS
            + 1
            + (2 << DIGIT_BITS);
        let largest = cloud.chunks.iter().map(|words| Chunk::from_words(words).count).max();
        let gaussian_words = GAUSSIAN_WORDS + harmonics_words(cloud.degree);
        Self {
            fixed_bytes: Program::encoded_len(BUFFERS, COMMANDS) + words * 4,
            page_words: usize::from(largest.unwrap_or(0)) * gaussian_words,
            gaussians: cloud.len(),
            chunks,
            splats_min: CAPACITY_MIN.max((2 * chunks).div_ceil(WORDS_PER_SPLAT)),
            size: [options.width, options.height],
        }
    }

    /// Bytes of a split.
    fn bytes(&self, split: &Split) -> usize {
        let pixels = usize::from(split.region[0]) * usize::from(split.region[1]);
        let words = pixels * ACCUMULATOR_WORDS
            + split.splats * WORDS_PER_SPLAT
            + split.slots * (self.page_words + 1);
        self.fixed_bytes + words * 4
    }

    fn smallest(&self) -> Split {
        let region = smallest_tile(self.size[0], self.size[1]);
        Split { region, splats: self.splats_min, slots: SLOTS_MIN }
    }

    /// Splats that a window should have room for, in an arena of so many bytes to spare. With fewer
    /// than lie within the depth of a chunk, chunks are pulled again; more of them save nothing. Of
    /// a surface of so many chunks one is as deep as the scene by their square root, and chunks
    /// come in all sizes: so a quarter more, if that leaves two fifths of the arena; and three
    /// fifths more, as far as that takes no more than two fifths. Accumulators get what then is
    /// left, as a chunk is pulled once for each region that it touches; and pages what the whole
    /// frame leaves.
    ///
    /// Measured at 320x240, the mean of eight views: of guitar 2.5, 1.9, 1.6 and 1.2 times the
    /// scene is pulled for a frame through 512 KiB, 768 KiB, 1 MiB and 2 MiB; of PLAYBOT, level 3,
    /// 2.5, 2.1 and 1.7 times through the first three. Without the three fifths guitar takes 2.7
    /// times at 1 MiB. Regions of two, three or four columns gain a tenth here and lose a fifth
    /// there: a chunk meets fewer of them by its size, but most scenes stand in the middle, and
    /// strips waste nothing beside.
    fn splats_enough(&self, spare: usize) -> usize {
        let even = self.gaussians / self.chunks.isqrt().max(1);
        let within =
            |splats: usize, fifths: usize| splats.min(spare * fifths / 5 / (WORDS_PER_SPLAT * 4));
        within(even * 5 / 4, 3).max(within(even * 8 / 5, 2)).max(self.splats_min)
    }

    /// The split of an arena, if any fits.
    fn split(&self, arena_bytes: usize) -> Result<Split, usize> {
        let smallest = self.smallest();
        let needed = self.bytes(&smallest);
        if needed > arena_bytes {
            return Err(needed);
        }
        let spare = arena_bytes - self.fixed_bytes;
        let page_bytes = (self.page_words + 1) * 4;
        let slots_max = self.chunks.clamp(SLOTS_MIN, SLOTS_MAX);
        let slots = (spare / SLOTS_SHARE / page_bytes).clamp(SLOTS_MIN, slots_max);
        let enough = self.splats_enough(spare);
        let splat_bytes = enough * WORDS_PER_SPLAT * 4;
        let region_bytes = spare.saturating_sub(splat_bytes + slots * page_bytes);
        let [width, height] = self.size;
        let mut region = tile_of(width, height, region_bytes / (ACCUMULATOR_WORDS * 4))
            .unwrap_or(smallest.region);
        for axis in [0, 1] {
            // As many regions, but of one size.
            let count = self.size[axis].div_ceil(region[axis]);
            region[axis] = self.size[axis].div_ceil(count);
        }
        let mut split = Split { region, splats: self.splats_min, slots };
        let left = |split: &Split| arena_bytes.saturating_sub(self.bytes(split));
        let splats = split.splats + left(&split) / (WORDS_PER_SPLAT * 4);
        split.splats = splats.min(enough);
        split.slots = (split.slots + left(&split) / page_bytes).min(slots_max);
        if self.bytes(&split) > arena_bytes { Ok(smallest) } else { Ok(split) }
    }
}

/// Compiles a scene, or says how many bytes it needs at the least.
pub fn compile(cloud: &QuantisedCloud, options: &Options) -> Result<Bundle, usize> {
    let needs = Needs::of(cloud, options);
    let split = needs.split(options.arena_bytes)?;
    Ok(emit(cloud, options, &needs, split))
}

/// Lays out the arena and writes the program.
fn emit(cloud: &QuantisedCloud, options: &Options, needs: &Needs, split: Split) -> Bundle {
    let Options { width, height, background, .. } = *options;
    let Split { region, splats: capacity, slots } = split;
    let chunk_count = cloud.chunks.len();
    let mut plan = Plan::after_program(BUFFERS, COMMANDS);
    let chunks = plan.add(BufferKind::Constant, chunk_count * CHUNK_WORDS);
    let count = plan.add(BufferKind::Constant, 1);
    let camera = plan.add(BufferKind::Input, CAMERA_WORDS);
    let bounds = plan.add(BufferKind::Scratch, chunk_count * BOUNDS_WORDS);
    let chunk_order = plan.add(BufferKind::Scratch, chunk_count);
    let window = plan.add(BufferKind::Scratch, WINDOW_WORDS);
    let histogram = plan.add(BufferKind::Scratch, 2 << DIGIT_BITS);
    let shared = plan.next;
    let chunk_keys = plan.add(BufferKind::Scratch, chunk_count);
    let chunk_scratch = plan.add(BufferKind::Scratch, chunk_count);
    plan.next = shared;
    let splats = plan.add(BufferKind::Scratch, capacity * SPLAT_WORDS);
    let keys = plan.add(BufferKind::Scratch, capacity * 2);
    let order = plan.add(BufferKind::Scratch, capacity);
    let scratch = plan.add(BufferKind::Scratch, capacity);
    let pixels = usize::from(region[0]) * usize::from(region[1]);
    let accumulators = plan.add(BufferKind::Scratch, pixels * ACCUMULATOR_WORDS);
    let page_words = needs.page_words;
    let kind = BufferKind::Streamed { page_words: page_words as u16 };
    let pages = plan.add(kind, slots * (page_words + 1));
    let frame = plan.frame(width, height);
    debug_assert_eq!(plan.buffers.len(), BUFFERS);

    let (chunk_count, capacity) = (chunk_count as u32, capacity as u32);
    let grid = RegionGrid { frame: [width, height], region };
    let [region_width, region_height] = region;
    let digit_bits = DIGIT_BITS;
    let commands = [
        Command::BoundChunks(BoundChunks {
            chunks,
            camera,
            bounds,
            keys: chunk_keys,
            window,
            chunk_count,
            width,
            height,
        }),
        Command::Sort(Sort {
            keys: chunk_keys,
            count,
            order: chunk_order,
            scratch: chunk_scratch,
            histogram,
            capacity: chunk_count,
            digit_bits,
            ties: false,
        }),
        Command::ProjectWindow(ProjectWindow {
            chunks,
            pages,
            camera,
            bounds,
            order: chunk_order,
            window,
            splats,
            keys,
            chunk_count,
            capacity,
            grid,
            degree: cloud.degree,
        }),
        // A window begins with the number of its splats.
        Command::Sort(Sort {
            keys,
            count: window,
            order,
            scratch,
            histogram,
            capacity,
            digit_bits,
            ties: true,
        }),
        Command::RasteriseWindow(RasteriseWindow {
            splats,
            keys,
            order,
            window,
            accumulators,
            frame,
            capacity,
            region_width,
            region_height,
            background,
        }),
        Command::Repeat(Repeat { condition: window, from: 2, word: MORE_WORD }),
    ];
    debug_assert_eq!(commands.len(), COMMANDS);
    Bundle {
        program: plan.program(&commands),
        constants: vec![
            plan.constant("chunks", chunks, cloud.chunks.as_flattened()),
            plan.constant("number of chunks", count, &[chunk_count]),
        ],
        cameras: vec![plan.camera(camera, CameraKind::View(cloud.frame))],
        arena_bytes: plan.peak,
        tile: region,
        streamed: Some(Streamed { buffer: pages.0, pages: pages_of(cloud), split }),
    }
}

/// A page for each chunk.
fn pages_of(cloud: &QuantisedCloud) -> Vec<Vec<u8>> {
    let stride = harmonics_words(cloud.degree);
    let (mut gaussians, mut harmonics) = (cloud.gaussians.as_slice(), cloud.harmonics.as_slice());
    let page = |header| {
        let count = usize::from(Chunk::from_words(header).count);
        let (members, other_members) = gaussians.split_at(count);
        let (coefficients, others) = harmonics.split_at(count * stride);
        (gaussians, harmonics) = (other_members, others);
        [to_bytes(members.as_flattened()), to_bytes(coefficients)].concat()
    };
    cloud.chunks.iter().map(page).collect()
}
