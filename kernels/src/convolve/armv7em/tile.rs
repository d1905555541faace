//! Records of weights times a tile, on Armv7E-M, with sums and operands in registers that the
//! compiler does not manage: all 14 are used. A dual multiplication does two products of 16 bits.
//!
//! Instructions: 0.75 a product, loop included 0.77; finishing and storing takes 7.6 to 8.6 an
//! output.

use super::super::{Channels, GROUP_WORDS, Target};
use super::UNROLLED;
use core::mem::offset_of;
use core::ops::Range;
use quintet_protocol::network::{PAIR_HEADER_WORDS, TILE_PIXELS};
use quintet_protocol::program::ByteRange;

/// Records and the tiles that they are multiplied with.
///
/// The assembly relies on the order of the fields.
#[repr(C)]
struct Tile {
    /// The next record.
    record: *const u32,
    /// One past the last.
    end: *const u32,
    tile: *const u32,
    tile_end: *const u32,
    /// The first channel of the next record, of the first pixel.
    out: *mut i8,
    /// Bytes from a pixel to the next.
    stride: usize,
    /// Groups that are left for the first turn of the loop.
    rest: usize,
    /// What becomes of sums: 0 they are stored as they are, else bytes: 1 any, or held to a range,
    /// 2 of the output's zero and above.
    finish: usize,
    sums: *mut [[i32; TILE_PIXELS]; 2],
    /// The first record.
    first: *const u32,
    /// Tiles that are left, one after another.
    tiles: usize,
    tile_bytes: usize,
    /// From one past the last channel of a tile's first pixel to the next tile's first.
    out_step: usize,
    /// What bytes are held to, four times each; used where `is_held` is 1, else 0.
    least: u32,
    greatest: u32,
    is_held: usize,
}

impl Tile {
    fn new(records: &[u32], tiles: &[u32], tile_words: usize) -> Option<Self> {
        let tile = tiles.get(..tile_words)?;
        // One group is done before the loop.
        let rest = (tile.len() / GROUP_WORDS).checked_sub(1)? % UNROLLED;
        let (records, tile) = (records.as_ptr_range(), tile.as_ptr_range());
        Some(Self {
            record: records.start,
            end: records.end,
            tile: tile.start,
            tile_end: tile.end,
            out: core::ptr::null_mut(),
            stride: 0,
            rest,
            finish: 0,
            sums: core::ptr::null_mut(),
            first: records.start,
            tiles: tiles.len() / tile_words,
            tile_bytes: 4 * tile_words,
            out_step: 0,
            least: 0,
            greatest: 0,
            is_held: 0,
        })
    }
}

/// Works out pairs of channels that are finished in the short way; returns whether they and the
/// tiles are there.
pub fn tiles(
    channels: &Channels<'_>,
    pairs: Range<usize>,
    tiles: &[u32],
    target: &mut Target<'_>,
) -> bool {
    let tile_words = tile_words(channels.pair_words);
    let pixels = tiles.len() / tile_words * TILE_PIXELS;
    let words = pairs.start * channels.pair_words..pairs.end * channels.pair_words;
    let out = 2 * pairs.start..pixels.saturating_sub(1) * target.stride + 2 * pairs.end;
    let (Some(records), Some(out)) = (channels.records.get(words), target.out.get_mut(out)) else {
        return false;
    };
    let will_do = !pairs.is_empty() && 2 * pairs.len() <= target.stride;
    let job = Tile::new(records, tiles, tile_words).filter(|_| will_do);
    let Some(mut job) = job else { return false };
    job.out = out.as_mut_ptr();
    job.stride = target.stride;
    job.out_step = TILE_PIXELS * target.stride - 2 * pairs.len();
    let ByteRange { zero_out, least, greatest, .. } = channels.bytes;
    (job.least, job.greatest) = (super::four(least), super::four(greatest));
    job.is_held = usize::from([least, greatest] != [i8::MIN, i8::MAX]);
    job.finish = if zero_out == i8::MIN && job.is_held == 0 { 2 } else { 1 };
    // SAFETY: `records` is a positive number of whole records, whose length says how many groups a
    // tile has; there is at least one tile, and no more than that are whole. `out` goes from the
    // first pixel's first channel to the last pixel's last one, and is mutably borrowed. The
    // assembly reads records and tiles from end to end, and writes two bytes for each record and
    // pixel.
    unsafe { multiply(&raw const job) };
    true
}

/// Sums of a pair's first channel, and of both, with the pixels of a tile.
pub fn tile_sums(weights: &[u32], tile: &[u32]) -> Option<[[i32; TILE_PIXELS]; 2]> {
    let mut sums = [[0; TILE_PIXELS]; 2];
    let mut job = Tile::new(weights, tile, weights.len() * TILE_PIXELS)?;
    // It is the place of a record's header that is told, which is not read here.
    job.record = job.record.wrapping_sub(PAIR_HEADER_WORDS);
    job.sums = &raw mut sums;
    // SAFETY: the tile has four words for each of weights, a whole number of groups and at least
    // one; nothing but that is read, and nothing but `sums` is written.
    unsafe { multiply(&raw const job) };
    Some(sums)
}

/// Words of a tile for records of so many words.
fn tile_words(pair_words: usize) -> usize {
    (pair_words - PAIR_HEADER_WORDS) * TILE_PIXELS
}

/// The part of the column that belongs to one word of weights: r1 weights, r0 tile; sums of the
/// first channel in r4 to r7, of both in r8 to r11.
macro_rules! word {
    () => {
        concat!(
            "ldr r12, [r1], #4\n",
            "sxtb16 lr, r12\n",
            "ldrd r2, r3, [r0], #8\n",
            "smlad r4, r2, lr, r4\n",
            "smlad r8, r2, r12, r8\n",
            "smlad r5, r3, lr, r5\n",
            "smlad r9, r3, r12, r9\n",
            "ldrd r2, r3, [r0], #8\n",
            "smlad r6, r2, lr, r6\n",
            "smlad r10, r2, r12, r10\n",
            "smlad r7, r3, lr, r7\n",
            "smlad r11, r3, r12, r11\n",
        )
    };
}

/// As `word`, for the first word: nothing is summed yet.
macro_rules! first_word {
    () => {
        concat!(
            "ldr r12, [r1], #4\n",
            "sxtb16 lr, r12\n",
            "ldrd r2, r3, [r0], #8\n",
            "smuad r4, r2, lr\n",
            "smuad r8, r2, r12\n",
            "smuad r5, r3, lr\n",
            "smuad r9, r3, r12\n",
            "ldrd r2, r3, [r0], #8\n",
            "smuad r6, r2, lr\n",
            "smuad r10, r2, r12\n",
            "smuad r7, r3, lr\n",
            "smuad r11, r3, r12\n",
        )
    };
}

/// Bytes of the code for a group, two times [`word`].
const GROUP_CODE: usize = 2 * 12 * 4;

/// All sums of a record to bytes.
macro_rules! to_bytes {
    ($to_byte:ident) => {
        concat!(
            "ldr lr, [sp, #{record}]\n",
            "str r1, [sp, #{record}]\n",
            "sub r8, r8, r4\n", // 256 times the second channel's
            "sub r9, r9, r5\n",
            "sub r10, r10, r6\n",
            "sub r11, r11, r7\n",
            "ldm lr!, {{r0, r2, r3, r12}}\n",
            $to_byte!("r4", "lsl #1"),
            $to_byte!("r5", "lsl #1"),
            $to_byte!("r6", "lsl #1"),
            $to_byte!("r7", "lsl #1"),
            "ldm lr, {{r0, r2, r3, r12}}\n",
            $to_byte!("r8", "asr #7"),
            $to_byte!("r9", "asr #7"),
            $to_byte!("r10", "asr #7"),
            $to_byte!("r11", "asr #7"),
        )
    };
}

/// The bytes of a pixel's two channels side by side.
macro_rules! two_bytes {
    () => {
        concat!(
            "bfi r4, r8, #8, #8\n",
            "bfi r5, r9, #8, #8\n",
            "bfi r6, r10, #8, #8\n",
            "bfi r7, r11, #8, #8\n",
        )
    };
}

/// Multiplies records with tiles.
///
/// # Safety
/// The ranges of the job are such that the tile has [`GROUP_WORDS`] for every two words of weights
/// of each record, at least once. For `finish` 0 there are one record, whose header is not read,
/// and one tile, and `sums` can be written; else two bytes can be written for each record and
/// pixel.
// SAFETY: the assembly follows the AAPCS: it saves r4 to r11 and returns by the saved lr.
#[unsafe(naked)]
unsafe extern "C" fn multiply(job: *const Tile) {
    core::arch::naked_asm!(
        dsp_core!(),
        "push {{r4-r11, lr}}",
        "add r1, r0, #{first}",
        "ldm r1, {{r1-r7}}",
        // Where bytes lead to.
        "adr r8, 8f",
        "cmp r7, #0",
        "it ne",
        "adrne r8, 10f",
        "orr r7, r8, #1",                   // Thumb
        "push {{r1-r7}}",
        "ldm r0, {{r1-r9}}",
        // Where the loop begins, and where it leads to.
        "adr r10, 4f",
        "mov r11, #{group_code}",
        "mls r7, r7, r11, r10",
        "adr r10, 5f",
        "cmp r8, #1",
        "it eq",
        "adreq r10, 6f",
        "it hi",
        "adrhi r10, 7f",
        "mov r8, r10",
        "orr r7, r7, #1",                   // both are Thumb
        "orr r8, r8, #1",
        "push {{r1-r9}}",
        "2:",                               // a record, at r1
        "ldr r0, [sp, #{tile}]",
        "add r1, r1, #{header}",
        first_word!(),
        word!(),
        "ldr pc, [sp, #{rest}]",
        ".p2align 2",
        "3:",                               // four groups
        word!(), word!(),
        word!(), word!(),
        word!(), word!(),
        word!(), word!(),
        "4:",
        "ldr r2, [sp, #{tile_end}]",
        "cmp r0, r2",
        "bne 3b",
        "ldr pc, [sp, #{finish}]",
        ".p2align 2",
        "5:",                               // sums as they are
        "ldr r0, [sp, #{sums}]",
        "stm r0, {{r4-r11}}",
        "b 9f",
        ".p2align 2",
        "6:",
        to_bytes!(to_byte),
        two_bytes!(),
        "ldr pc, [sp, #{is_held}]",
        ".p2align 2",
        "10:",                              // held to a range
        "ldrd r2, r3, [sp, #{least}]",      // and greatest
        hold!("r4", "r2", "r3", "r12"),
        hold!("r5", "r2", "r3", "r12"),
        hold!("r6", "r2", "r3", "r12"),
        hold!("r7", "r2", "r3", "r12"),
        "b 8f",
        ".p2align 2",
        "7:",
        to_bytes!(to_byte_above_zero),
        two_bytes!(),
        ".p2align 2",
        "8:",                               // two bytes for each pixel
        "ldrd r0, r1, [sp, #{out}]",
        "add r2, r0, #2",
        "str r2, [sp, #{out}]",
        "strh r4, [r0]",
        "strh r5, [r0, r1]",
        "strh r6, [r0, r1, lsl #1]",
        "add r0, r0, r1",
        "strh r7, [r0, r1, lsl #1]",
        "ldrd r1, r2, [sp, #{record}]",
        "cmp r1, r2",
        "bne 2b",
        "ldrd r1, r2, [sp, #{first}]",      // and tiles
        "subs r2, r2, #1",
        "beq 9f",
        "str r1, [sp, #{record}]",
        "str r2, [sp, #{tiles}]",
        "ldrd r2, r3, [sp, #{tile_bytes}]", // and out_step
        "ldrd r4, r5, [sp, #{tile}]",       // and tile_end
        "ldr r6, [sp, #{out}]",
        "add r4, r4, r2",
        "add r5, r5, r2",
        "add r6, r6, r3",
        "strd r4, r5, [sp, #{tile}]",
        "str r6, [sp, #{out}]",
        "b 2b",
        "9:",
        "add sp, sp, #{job}",
        "pop {{r4-r11, pc}}",
        record = const offset_of!(Tile, record),
        tile = const offset_of!(Tile, tile),
        tile_end = const offset_of!(Tile, tile_end),
        out = const offset_of!(Tile, out),
        rest = const offset_of!(Tile, rest),
        finish = const offset_of!(Tile, finish),
        sums = const offset_of!(Tile, sums),
        first = const offset_of!(Tile, first),
        tiles = const offset_of!(Tile, tiles),
        tile_bytes = const offset_of!(Tile, tile_bytes),
        least = const offset_of!(Tile, least),
        is_held = const offset_of!(Tile, is_held),
        header = const 4 * PAIR_HEADER_WORDS,
        job = const size_of::<Tile>(),
        group_code = const GROUP_CODE,
    )
}

// What the assembly takes for granted.
const _: () = assert!(size_of::<Tile>() == 16 * 4 && TILE_PIXELS == 4 && UNROLLED == 4);
const _: () = assert!(offset_of!(Tile, end) == offset_of!(Tile, record) + 4);
const _: () = assert!(offset_of!(Tile, stride) == offset_of!(Tile, out) + 4);
const _: () = assert!(offset_of!(Tile, tile_end) == offset_of!(Tile, tile) + 4);
const _: () = assert!(offset_of!(Tile, first) == 9 * 4 && offset_of!(Tile, tiles) == 10 * 4);
const _: () = assert!(offset_of!(Tile, out_step) == offset_of!(Tile, tile_bytes) + 4);
const _: () = assert!(offset_of!(Tile, greatest) == offset_of!(Tile, least) + 4);
const _: () = assert!(offset_of!(Tile, is_held) == 15 * 4);
const _: () = assert!(offset_of!(Tile, rest) == 6 * 4 && offset_of!(Tile, finish) == 7 * 4);
