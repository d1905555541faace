//! A quantised scene to a bundle: a program, its constants, and a plan of the device's arena.
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

use crate::quantise::QuantisedCloud;
use quintet_protocol::gaussian::{
    ACCUMULATOR_WORDS, CAMERA_WORDS, CHUNK_WORDS, GAUSSIAN_WORDS, SPLAT_WORDS, harmonics_words,
};
use quintet_protocol::program::{
    Buffer, BufferId, BufferKind, Command, Program, ProjectGaussians, RasteriseGaussians, Sort,
};

/// Bits of a digit of the depth sort: two digits make keys of 22 bits.
const DIGIT_BITS: u8 = 11;
/// Bits of a depth key.
pub const KEY_BITS: u32 = 2 * DIGIT_BITS as u32;
/// A tile's accumulators should fit a core's fast memory; the 480 MHz STM32H7 has 128 KiB of DTCM,
/// and the stack wants some.
const TILE_BYTES: usize = 96 * 1024;
/// Bins hold this many times the splats when there is room, so that one batch is enough.
const BIN_FACTOR: usize = 2;
/// Most columns and rows of a tile that devices take.
const TILE_SIDE_MAX: usize = 2048;
/// Rows of a tile below which narrower tiles are tried instead of lower ones.
const TILE_ROWS_MIN: usize = 8;

/// What to make of a scene.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Columns of the picture.
    pub width: u16,
    /// Rows of the picture.
    pub height: u16,
    /// Colour behind everything.
    pub background: [u8; 3],
    /// Bytes of the device's arena.
    pub arena_bytes: usize,
}

/// A program with its constants, planned for one size of arena.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// The encoded program, which lies at byte 0 of the arena.
    pub program: Vec<u8>,
    /// Constants and where they go.
    pub constants: Vec<Placed>,
    /// Byte offset of the camera, the only input.
    pub camera_offset: u32,
    /// Bytes of arena in use.
    pub arena_bytes: usize,
    /// Columns and rows of a tile.
    pub tile: [u16; 2],
}

/// Bytes at an offset of the arena.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// What they are, for messages.
    pub name: &'static str,
    /// Byte offset.
    pub offset: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Bundle {
    /// Bytes that go over the link before the first frame.
    pub fn upload_bytes(&self) -> usize {
        self.program.len() + self.constants.iter().map(|c| c.bytes.len()).sum::<usize>()
    }
}

/// Why a scene cannot be compiled.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// Nothing in the scene can be seen.
    #[error("the scene has no Gaussian with an opacity of 1/255 or more: there is nothing to draw")]
    Empty,
    /// The picture's size is not one that a device can draw.
    #[error("a picture of {width}x{height} cannot be drawn: sides go from 1 to 4096 pixels")]
    PictureSize {
        /// Columns asked for.
        width: u16,
        /// Rows asked for.
        height: u16,
    },
    /// The scene does not fit the arena.
    #[error(
        "{gaussians} Gaussians need {needed} bytes of arena and the device has {available}: \
         a scene of about {fitting} would fit"
    )]
    TooLarge {
        /// Gaussians in the scene.
        gaussians: usize,
        /// Bytes needed.
        needed: usize,
        /// Bytes of arena.
        available: usize,
        /// Gaussians of the same kind that would fit.
        fitting: usize,
    },
}

/// Places buffers one after another.
#[derive(Default)]
struct Plan {
    buffers: Vec<Buffer>,
    next: usize,
    peak: usize,
}

impl Plan {
    fn add(&mut self, kind: BufferKind, words: usize) -> BufferId {
        let buffer = Buffer { kind, offset: self.next as u32, length: (words * 4) as u32 };
        self.next += words * 4;
        self.peak = self.peak.max(self.next);
        self.push(buffer)
    }

    fn push(&mut self, buffer: Buffer) -> BufferId {
        self.buffers.push(buffer);
        BufferId((self.buffers.len() - 1) as u16)
    }

    fn offset(&self, id: BufferId) -> u32 {
        self.buffers[usize::from(id.0)].offset
    }
}

/// Bytes that a scene takes whatever the tile: program, constants, camera, splats, count, order.
fn resident_bytes(cloud: &QuantisedCloud) -> usize {
    let n = cloud.len();
    let constants =
        cloud.chunks.len() * CHUNK_WORDS + n * (GAUSSIAN_WORDS + harmonics_words(cloud.degree));
    let words = constants + CAMERA_WORDS + n * (SPLAT_WORDS + 1) + 1;
    Program::encoded_len(BUFFERS, COMMANDS) + words * 4
}

const BUFFERS: usize = 14;
const COMMANDS: usize = 3;

/// Columns and rows of the largest tile of at most `bytes`, or `None` if not even a pixel fits.
fn tile_of(width: u16, height: u16, bytes: usize) -> Option<[u16; 2]> {
    let pixels = bytes / (ACCUMULATOR_WORDS * 4);
    let rows_wanted = TILE_ROWS_MIN.min(usize::from(height));
    let columns = usize::from(width).min((pixels / rows_wanted).max(1)).min(TILE_SIDE_MAX);
    let rows = (pixels / columns).min(usize::from(height)).min(TILE_SIDE_MAX);
    (rows > 0).then_some([columns as u16, rows as u16])
}

/// Compiles a scene.
///
/// # Errors
/// When there is nothing to draw, the picture is too large, or the scene does not fit.
pub fn compile(cloud: &QuantisedCloud, options: &Options) -> Result<Bundle, CompileError> {
    let Options { width, height, .. } = *options;
    if cloud.is_empty() {
        return Err(CompileError::Empty);
    }
    if !(1..=4096).contains(&width) || !(1..=4096).contains(&height) {
        return Err(CompileError::PictureSize { width, height });
    }
    let n = cloud.len();
    let resident = resident_bytes(cloud);
    let sorting = (2 * n + (2 << DIGIT_BITS)) * 4;
    let smallest_tile = [usize::from(width.min(32)), usize::from(height.min(8))];
    let drawing = |tile: [usize; 2], bins: usize| {
        let tiles = usize::from(width).div_ceil(tile[0]) * usize::from(height).div_ceil(tile[1]);
        (bins + tiles + tile[0] * tile[1] * ACCUMULATOR_WORDS) * 4
    };
    let needed = resident + sorting.max(drawing(smallest_tile, n));
    if needed > options.arena_bytes {
        let fitting = (n as f64 * options.arena_bytes as f64 / needed as f64) as usize;
        let available = options.arena_bytes;
        return Err(CompileError::TooLarge { gaussians: n, needed, available, fitting });
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
    let mut plan = Plan { next: Program::encoded_len(BUFFERS, COMMANDS), ..Plan::default() };
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
    let frame_size = u32::from(width) | u32::from(height) << 16;
    let frame = plan.push(Buffer { kind: BufferKind::Frame, offset: 0, length: frame_size });
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
    let sort = Sort { keys, count, order, scratch, histogram, capacity, digit_bits: DIGIT_BITS };
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
    let mut program = vec![0; Program::encoded_len(plan.buffers.len(), commands.len())];
    Program::emit(&plan.buffers, &commands, &mut program).expect("the length was computed");
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let constants = vec![
        Placed {
            name: "chunks",
            offset: plan.offset(chunks),
            bytes: words(cloud.chunks.as_flattened()),
        },
        Placed {
            name: "Gaussians",
            offset: plan.offset(gaussians),
            bytes: words(cloud.gaussians.as_flattened()),
        },
        Placed {
            name: "harmonics",
            offset: plan.offset(harmonics),
            bytes: words(&cloud.harmonics),
        },
    ];
    Bundle { program, constants, camera_offset: plan.offset(camera), arena_bytes: plan.peak, tile }
}
