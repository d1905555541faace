//! Blocks of channels times tiles, on Armv7E-M, with sums and operands in registers that the
//! compiler does not manage: two channels and four rows at a time. A dual multiplication does two
//! products.
//!
//! Widened weights are two streams, for channels a and b and for c and d: a word with columns `2i`
//! and `2i + 1` of the first channel, then one of the second.
//!
//! Instructions: 0.69 a product, loop included 0.70; finishing and storing takes 6.4 an output.
#![allow(unsafe_code)]

pub use super::interleave::lay_out;
use super::{Block, Target};
use core::mem::offset_of;
use quintet_protocol::feature::{BLOCK_CHANNELS, BLOCK_HEADER_WORDS, TILE_ROWS};

/// Groups of four columns in the loop.
const UNROLLED: usize = 8;
/// Columns of a group.
const GROUP: usize = 4;
/// Bytes of the code for a group.
const GROUP_CODE: usize = 2 * 11 * 4;

/// Two channels, and the tiles that they are multiplied with.
///
/// The assembly relies on the order of the fields.
#[repr(C)]
struct Job {
    /// Widened weights of both.
    weights: *const u32,
    /// The first channel's bias; the other one's follows, and after two more the multipliers.
    header: *const u32,
    /// The next tile.
    tile: *const u32,
    /// Its end.
    tile_end: *const u32,
    tile_bytes: usize,
    /// The end of all tiles.
    end: *const u32,
    /// The first channel of the next tile's first row.
    out: *mut i16,
    /// Bytes from row to row.
    stride: usize,
    /// Groups that are left for the first turn of the loop.
    rest: usize,
    /// What holds sums to their range: 0 nothing but 16 bits, 1 zero and above, 2 `least` and
    /// `greatest`.
    finish: usize,
    /// Twice each, side by side.
    least: u32,
    greatest: u32,
}

/// Widens the weights of a block.
pub fn widen(record: &[u32], wide: &mut [u32]) {
    let weights = record.get(BLOCK_HEADER_WORDS..).unwrap_or_default();
    let half = wide.len() / 2;
    if weights.len() != half || half == 0 || !half.is_multiple_of(GROUP) {
        return;
    }
    // SAFETY: there are `half` words of weights, a positive multiple of 4, and two times as many
    // are written.
    unsafe { widen_groups(weights.as_ptr(), wide.as_mut_ptr(), 4 * half) };
}

/// Works out a block of channels of the rows of tiles.
pub fn multiply(block: &Block<'_>, target: &mut Target<'_>) {
    let Block { layer, record, wide, tiles, channels } = *block;
    let (tile_words, half) = (layer.tile_words(), layer.inputs);
    let is_whole = half >= GROUP && half.is_multiple_of(GROUP) && wide.len() == 2 * half;
    if tiles.len() < tile_words || !is_whole || record.len() < BLOCK_HEADER_WORDS {
        return;
    }
    let rows = tiles.len() / tile_words * TILE_ROWS;
    let reach = (rows - 1) * target.stride + BLOCK_CHANNELS;
    let Some(out) = target.out.get_mut(..reach) else { return };
    let twice = |value: i16| u32::from(value as u16) * 0x1_0001;
    let mut job = Job {
        weights: wide.as_ptr(),
        header: record.as_ptr(),
        tile: tiles.as_ptr(),
        tile_end: tiles[tile_words..].as_ptr(),
        tile_bytes: 4 * tile_words,
        end: tiles.as_ptr_range().end,
        out: out.as_mut_ptr(),
        stride: 2 * target.stride,
        rest: half / GROUP % UNROLLED,
        finish: match [layer.least, layer.greatest] {
            [i16::MIN, i16::MAX] => 0,
            [0, i16::MAX] => 1,
            _ => 2,
        },
        least: twice(layer.least),
        greatest: twice(layer.greatest),
    };
    // SAFETY: there are whole tiles, at least one, of `2 * inputs` words; the weights have `inputs`
    // words from `weights` on, and the record two biases and two multipliers from `header` on.
    // `out` is mutably borrowed and has two halves at `out` and every `stride` after it, for each
    // row of the tiles. `inputs` is a positive multiple of a group.
    unsafe { multiply_pair(&raw const job) };
    if channels > 2 {
        job.weights = wide[half..].as_ptr();
        job.header = record[2..].as_ptr();
        job.out = out[2..].as_mut_ptr();
        // SAFETY: as before, for the other two channels.
        unsafe { multiply_pair(&raw const job) };
    }
}

/// Widens the weights of a block: two words of it are columns `2i` and `2i + 1` of a and b, and of
/// c and d.
///
/// # Safety
/// From `weights` on there are `bytes` bytes, a positive multiple of 16, and two times as many can
/// be written from `wide` on.
// SAFETY: the assembly follows the AAPCS: it saves r4 to r10 and returns by the saved lr.
#[unsafe(naked)]
unsafe extern "C" fn widen_groups(weights: *const u32, wide: *mut u32, bytes: usize) {
    core::arch::naked_asm!(
        dsp_core!(),
        "push {{r4-r10, lr}}",
        "add r10, r1, r2", // the stream of c and d
        "add r2, r2, r0",
        "2:",
        "ldm r0!, {{r3-r6}}",
        "sxtb16 r7, r3",
        "sxtb16 r8, r3, ror #8",
        "sxtb16 r9, r5",
        "sxtb16 r12, r5, ror #8",
        "stm r1!, {{r7-r9, r12}}",
        "sxtb16 r7, r4",
        "sxtb16 r8, r4, ror #8",
        "sxtb16 r9, r6",
        "sxtb16 r12, r6, ror #8",
        "stm r10!, {{r7-r9, r12}}",
        "cmp r0, r2",
        "bne 2b",
        "pop {{r4-r10, pc}}",
    )
}

/// Two columns: r0 tile, r1 weights; sums of the first channel in r4 to r7, of the second in r8 to
/// r11.
macro_rules! two_columns {
    () => {
        concat!(
            "ldrd r12, lr, [r1], #8\n",
            "ldrd r2, r3, [r0], #8\n",
            "smlad r4, r2, r12, r4\n",
            "smlad r8, r2, lr, r8\n",
            "smlad r5, r3, r12, r5\n",
            "smlad r9, r3, lr, r9\n",
            "ldrd r2, r3, [r0], #8\n",
            "smlad r6, r2, r12, r6\n",
            "smlad r10, r2, lr, r10\n",
            "smlad r7, r3, r12, r7\n",
            "smlad r11, r3, lr, r11\n",
        )
    };
}

/// A group.
macro_rules! group {
    () => {
        concat!(two_columns!(), two_columns!())
    };
}

/// Saturates all sums, and puts the two of each row side by side, in r4 to r7.
macro_rules! saturated {
    ($instruction:literal, $bits:literal) => {
        concat!(
            saturated!($instruction, $bits, "r4", "r8"),
            saturated!($instruction, $bits, "r5", "r9"),
            saturated!($instruction, $bits, "r6", "r10"),
            saturated!($instruction, $bits, "r7", "r11"),
        )
    };
    ($instruction:literal, $bits:literal, $first:literal, $second:literal) => {
        concat!(
            concat!($instruction, " ", $first, ", ", $bits, ", ", $first, "\n"),
            concat!($instruction, " ", $second, ", ", $bits, ", ", $second, "\n"),
            concat!("pkhbt ", $first, ", ", $first, ", ", $second, ", lsl #16\n"),
        )
    };
}

/// Holds two halves to the ranges in r2 and r3.
macro_rules! hold {
    ($halves:literal) => {
        concat!(
            concat!("ssub16 r12, ", $halves, ", r2\n"),
            concat!("sel ", $halves, ", ", $halves, ", r2\n"),
            concat!("ssub16 r12, r3, ", $halves, "\n"),
            concat!("sel ", $halves, ", ", $halves, ", r3\n"),
        )
    };
}

/// Multiplies two channels with tiles.
///
/// # Safety
/// There is at least one tile; from `weights` on are as many groups of both channels as a tile has,
/// at least one; from `header` on two biases and, after two words, two multipliers. A word can be
/// written for each row.
// SAFETY: the assembly follows the AAPCS: it saves r4 to r11 and returns by the saved lr.
#[unsafe(naked)]
unsafe extern "C" fn multiply_pair(job: *const Job) {
    core::arch::naked_asm!(
        dsp_core!(),
        "push {{r4-r11, lr}}",
        "ldm r0, {{r1-r12}}",
        // Where the loop begins, and where it leads to.
        "adr r0, 4f",
        "mov lr, #{group_code}",
        "mls r9, r9, lr, r0",
        "adr r0, 5f",
        "cmp r10, #1",
        "it eq",
        "adreq r0, 6f",
        "it hi",
        "adrhi r0, 7f",
        "orr r9, r9, #1",                   // both are Thumb
        "orr r10, r0, #1",
        "push {{r1-r12}}",
        "mov r0, r3",
        "2:",                               // a tile, at r0
        "ldrd r1, r12, [sp]",               // weights and header
        "ldrd r4, r8, [r12]",
        "mov r5, r4",
        "mov r6, r4",
        "mov r7, r4",
        "mov r9, r8",
        "mov r10, r8",
        "mov r11, r8",
        "ldr pc, [sp, #{rest}]",
        ".p2align 2",
        "3:",                               // eight groups
        group!(), group!(), group!(), group!(),
        group!(), group!(), group!(), group!(),
        "4:",
        "ldr r2, [sp, #{tile_end}]",
        "cmp r0, r2",
        "bne 3b",
        "ldr r12, [sp, #{header}]",
        "ldrd r2, r3, [r12, #16]",
        "smmulr r4, r4, r2",
        "smmulr r5, r5, r2",
        "smmulr r6, r6, r2",
        "smmulr r7, r7, r2",
        "smmulr r8, r8, r3",
        "smmulr r9, r9, r3",
        "smmulr r10, r10, r3",
        "smmulr r11, r11, r3",
        "ldr pc, [sp, #{finish}]",
        ".p2align 2",
        "5:",                               // 16 bits
        saturated!("ssat", "#16"),
        "b 8f",
        ".p2align 2",
        "7:",                               // held to a range
        saturated!("ssat", "#16"),
        "ldrd r2, r3, [sp, #{least}]",      // and greatest
        hold!("r4"),
        hold!("r5"),
        hold!("r6"),
        hold!("r7"),
        "b 8f",
        ".p2align 2",
        "6:",                               // zero and above
        saturated!("usat", "#15"),
        "8:",                               // two halves for each row
        "ldrd r2, r3, [sp, #{out}]",        // and stride
        "str r4, [r2]",
        "str r5, [r2, r3]",
        "str r6, [r2, r3, lsl #1]",
        "add r2, r2, r3, lsl #1",
        "str r7, [r2, r3]",
        "add r2, r2, r3, lsl #1",
        "str r2, [sp, #{out}]",
        "ldrd r2, r3, [sp, #{tile_bytes}]", // and end
        "cmp r0, r3",
        "add r2, r2, r0",
        "str r2, [sp, #{tile_end}]",
        "bne 2b",
        "add sp, sp, #{job}",
        "pop {{r4-r11, pc}}",
        rest = const offset_of!(Job, rest),
        tile_end = const offset_of!(Job, tile_end),
        header = const offset_of!(Job, header),
        finish = const offset_of!(Job, finish),
        least = const offset_of!(Job, least),
        out = const offset_of!(Job, out),
        tile_bytes = const offset_of!(Job, tile_bytes),
        job = const size_of::<Job>(),
        group_code = const GROUP_CODE,
    )
}

// What the assembly takes for granted.
const _: () = assert!(size_of::<Job>() == 12 * 4 && TILE_ROWS == 4 && UNROLLED == 8);
const _: () = assert!(BLOCK_CHANNELS == 4 && BLOCK_HEADER_WORDS == 8);
const _: () = assert!(offset_of!(Job, weights) == 0 && offset_of!(Job, header) == 4);
const _: () = assert!(offset_of!(Job, tile) == 2 * 4);
const _: () = assert!(offset_of!(Job, end) == offset_of!(Job, tile_bytes) + 4);
const _: () = assert!(offset_of!(Job, stride) == offset_of!(Job, out) + 4);
const _: () = assert!(offset_of!(Job, rest) == 8 * 4 && offset_of!(Job, finish) == 9 * 4);
const _: () = assert!(offset_of!(Job, greatest) == offset_of!(Job, least) + 4);
