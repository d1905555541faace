//! Blocks of channels times tiles, on RV32 with multiplications: four channels and four rows at a
//! time, with their 16 sums in registers that the compiler does not manage. Left to itself it
//! spills them.
//!
//! Instructions: 2.5 a product, loop included 2.55; finishing and storing takes 9 an output.
#![allow(unsafe_code)]

pub use super::interleave::lay_out;
use super::{Block, Target};
use core::mem::offset_of;
use quintet_protocol::feature::{BLOCK_CHANNELS, BLOCK_HEADER_WORDS, TILE_ROWS};

/// Columns of a turn of the loop.
const GROUP: usize = 4;

/// A block of channels, and the tiles that it is multiplied with.
#[repr(C)]
struct Job {
    /// Biases, multipliers and weights.
    record: *const u32,
    /// The next tile.
    tile: *const u32,
    /// Its end.
    tile_end: *const u32,
    tile_bytes: usize,
    /// Tiles that are left.
    tiles: usize,
    /// The first channel of the next tile's first row.
    out: *mut i16,
    /// Bytes from row to row.
    stride: usize,
    least: i32,
    greatest: i32,
}

/// Weights are used as they are: a byte is loaded as fast as a half.
pub fn widen(_: &[u32], _: &mut [u32]) {}

/// Works out a block of channels of the rows of tiles.
pub fn multiply(block: &Block<'_>, target: &mut Target<'_>) {
    let Block { layer, record, tiles, .. } = *block;
    let tile_words = layer.tile_words();
    let count = tiles.len() / tile_words.max(1);
    let reach = (count * TILE_ROWS).saturating_sub(1) * target.stride + BLOCK_CHANNELS;
    let Some(out) = target.out.get_mut(..reach) else { return };
    let is_whole = count > 0 && layer.inputs >= GROUP && layer.inputs.is_multiple_of(GROUP);
    if !is_whole || record.len() < BLOCK_HEADER_WORDS + layer.inputs {
        return;
    }
    let mut job = Job {
        record: record.as_ptr(),
        tile: tiles.as_ptr(),
        tile_end: tiles[tile_words..].as_ptr(),
        tile_bytes: 4 * tile_words,
        tiles: count,
        out: out.as_mut_ptr(),
        stride: 2 * target.stride,
        least: layer.least.into(),
        greatest: layer.greatest.into(),
    };
    // SAFETY: there are `count` tiles, at least one, of `2 * inputs` words; the record has a header
    // and `inputs` words of weights, a positive multiple of a group. `out` is mutably borrowed and
    // has four halves at `out` and every `stride` after it, for each row of the tiles.
    unsafe { multiply_block(&raw mut job) };
}

/// Products of a row's half, which is in t1, with the weights of four channels, which are in a5,
/// a6, a7 and t0. Then t1 is what `next` loads.
macro_rules! row {
    ([$a:literal, $b:literal, $c:literal, $d:literal], $($next:tt)*) => {
        concat!(
            "mul t2, t1, a5\n",
            "mul ra, t1, a6\n",
            concat!("add ", $a, ", ", $a, ", t2\n"),
            concat!("add ", $b, ", ", $b, ", ra\n"),
            "mul t2, t1, a7\n",
            "mul ra, t1, t0\n",
            $($next)*,
            concat!("add ", $c, ", ", $c, ", t2\n"),
            concat!("add ", $d, ", ", $d, ", ra\n"),
        )
    };
}

/// A column: the weights of four channels from a2 on, and four rows from a1 on.
macro_rules! column {
    (
        [$a:literal, $b:literal, $c:literal, $d:literal],
        [$r0:literal, $r1:literal, $r2:literal, $r3:literal]
    ) => {
        concat!(
            concat!("lh t1, ", $r0, "(a1)\n"),
            concat!("lb a5, ", $a, "(a2)\n"),
            concat!("lb a6, ", $b, "(a2)\n"),
            concat!("lb a7, ", $c, "(a2)\n"),
            concat!("lb t0, ", $d, "(a2)\n"),
            row!(["s0", "s4", "s8", "t3"], concat!("lh t1, ", $r1, "(a1)\n")),
            row!(["s1", "s5", "s9", "t4"], concat!("lh t1, ", $r2, "(a1)\n")),
            row!(["s2", "s6", "s10", "t5"], concat!("lh t1, ", $r3, "(a1)\n")),
            row!(["s3", "s7", "s11", "t6"], ""),
        )
    };
}

/// Starts the sums of a channel with its bias, which is at a2.
macro_rules! start {
    ($bias:literal, $first:literal, [$($sum:literal),*]) => {
        concat!(
            concat!("lw ", $first, ", ", $bias, "(a2)\n"),
            $(concat!("mv ", $sum, ", ", $first, "\n"),)*
        )
    };
}

/// A sum times the multiplier in a5, held to t0 and a7, to a place.
macro_rules! half {
    ($sum:literal, $place:expr) => {
        concat!(
            concat!("mulh t1, ", $sum, ", a5\n"),
            concat!("mul t2, ", $sum, ", a5\n"),
            "srli t2, t2, 31\n",
            "add t1, t1, t2\n",
            "bge t1, t0, 6f\n",
            "mv t1, t0\n",
            "6:\n",
            "bge a7, t1, 6f\n",
            "mv t1, a7\n",
            "6:\n",
            concat!("sh t1, ", $place, "\n"),
        )
    };
}

/// The sums of a channel to halves of four rows, which are at a1, a3, a4 and a6.
macro_rules! halves {
    ($multiplier:literal, $channel:literal, [$a:literal, $b:literal, $c:literal, $d:literal]) => {
        concat!(
            concat!("lw a5, ", $multiplier, "(a2)\n"),
            half!($a, concat!($channel, "(a1)")),
            half!($b, concat!($channel, "(a3)")),
            half!($c, concat!($channel, "(a4)")),
            half!($d, concat!($channel, "(a6)")),
        )
    };
}

/// Multiplies a block of channels with tiles.
///
/// # Safety
/// There is at least one tile; the record has a header, and weights of as many columns as a tile
/// has, a positive multiple of a group. Four halves can be written for each row.
// SAFETY: the assembly follows the ABI: it saves s0 to s11 and returns by the saved ra.
#[unsafe(naked)]
unsafe extern "C" fn multiply_block(job: *mut Job) {
    core::arch::naked_asm!(
        // A naked function may be assembled without the target's extensions.
        ".option push",
        ".option arch, +m",
        compressed!(),
        "addi sp, sp, -64",
        "sw ra, 60(sp)",
        "sw s0, 56(sp)",
        "sw s1, 52(sp)",
        "sw s2, 48(sp)",
        "sw s3, 44(sp)",
        "sw s4, 40(sp)",
        "sw s5, 36(sp)",
        "sw s6, 32(sp)",
        "sw s7, 28(sp)",
        "sw s8, 24(sp)",
        "sw s9, 20(sp)",
        "sw s10, 16(sp)",
        "sw s11, 12(sp)",
        "lw a1, {tile}(a0)",
        "2:", // a tile, at a1
        "lw a2, {record}(a0)",
        "lw a4, {tile_end}(a0)",
        start!("0", "s0", ["s1", "s2", "s3"]),
        start!("4", "s4", ["s5", "s6", "s7"]),
        start!("8", "s8", ["s9", "s10", "s11"]),
        start!("12", "t3", ["t4", "t5", "t6"]),
        "addi a2, a2, {header}",
        "3:", // a group
        column!(["0", "1", "4", "5"], ["0", "4", "8", "12"]),
        column!(["2", "3", "6", "7"], ["2", "6", "10", "14"]),
        column!(["8", "9", "12", "13"], ["16", "20", "24", "28"]),
        column!(["10", "11", "14", "15"], ["18", "22", "26", "30"]),
        "addi a1, a1, 32",
        "addi a2, a2, 16",
        "bne a1, a4, 3b",
        "lw a2, {record}(a0)",
        "lw a1, {out}(a0)",
        "lw t1, {stride}(a0)",
        "lw t0, {least}(a0)",
        "lw a7, {greatest}(a0)",
        "add a3, a1, t1",
        "add a4, a3, t1",
        "add a6, a4, t1",
        "add t1, a6, t1",
        "sw t1, {out}(a0)",
        halves!("16", "0", ["s0", "s1", "s2", "s3"]),
        halves!("20", "2", ["s4", "s5", "s6", "s7"]),
        halves!("24", "4", ["s8", "s9", "s10", "s11"]),
        halves!("28", "6", ["t3", "t4", "t5", "t6"]),
        "lw t1, {tiles}(a0)",
        "lw a1, {tile_end}(a0)", // the next tile's start
        "lw t2, {tile_bytes}(a0)",
        "addi t1, t1, -1",
        "sw t1, {tiles}(a0)",
        "add t2, t2, a1",
        "sw t2, {tile_end}(a0)",
        "bnez t1, 2b",
        "lw ra, 60(sp)",
        "lw s0, 56(sp)",
        "lw s1, 52(sp)",
        "lw s2, 48(sp)",
        "lw s3, 44(sp)",
        "lw s4, 40(sp)",
        "lw s5, 36(sp)",
        "lw s6, 32(sp)",
        "lw s7, 28(sp)",
        "lw s8, 24(sp)",
        "lw s9, 20(sp)",
        "lw s10, 16(sp)",
        "lw s11, 12(sp)",
        "addi sp, sp, 64",
        "ret",
        ".option pop",
        record = const offset_of!(Job, record),
        tile = const offset_of!(Job, tile),
        tile_end = const offset_of!(Job, tile_end),
        tile_bytes = const offset_of!(Job, tile_bytes),
        tiles = const offset_of!(Job, tiles),
        out = const offset_of!(Job, out),
        stride = const offset_of!(Job, stride),
        least = const offset_of!(Job, least),
        greatest = const offset_of!(Job, greatest),
        header = const 4 * BLOCK_HEADER_WORDS,
    )
}

// What the assembly takes for granted.
const _: () =
    assert!(TILE_ROWS == 4 && BLOCK_CHANNELS == 4 && BLOCK_HEADER_WORDS == 8 && GROUP == 4);
