//! Records of weights times a tile, on RV32 with multiplications: two records, which are four
//! channels, at a time, with their 16 sums in registers that the compiler does not manage. Left to
//! itself it spills them.
//!
//! Instructions: 2.56 a product, loop included; finishing and storing takes 18 an output.

use super::super::{Channels, GROUP_WORDS, Target};
use core::mem::offset_of;
use core::ops::Range;
use quintet_protocol::network::{FINISH_WORDS, PAIR_HEADER_WORDS, TILE_PIXELS};

/// How many of so many records are multiplied with tiles: they go two by two.
pub fn whole_steps(records: usize) -> usize {
    records & !1
}

/// Records and the tiles that they are multiplied with.
#[repr(C)]
struct Tiles {
    /// The next record.
    record: *const u32,
    /// One past the last.
    end: *const u32,
    /// The first record.
    first: *const u32,
    record_bytes: usize,
    tile: *const u32,
    tile_end: *const u32,
    tile_bytes: usize,
    /// Tiles that are left, one after another.
    tiles: usize,
    /// The first channel of the next record, of the first pixel.
    out: *mut i8,
    /// Bytes from a pixel to the next.
    stride: usize,
    /// From one past the last channel of a tile's first pixel to the next tile's first.
    out_step: usize,
    least: i32,
    greatest: i32,
}

/// Works out pairs of channels, an even number, that are finished in the short way; returns whether
/// they and the tiles are there.
pub fn tiles(
    channels: &Channels<'_>,
    pairs: Range<usize>,
    tiles: &[u32],
    target: &mut Target<'_>,
) -> bool {
    let tile_words = (channels.pair_words - PAIR_HEADER_WORDS) * TILE_PIXELS;
    let Some(tile) = tiles.get(..tile_words) else { return false };
    let count = tiles.len() / tile_words;
    let words = pairs.start * channels.pair_words..pairs.end * channels.pair_words;
    let out = 2 * pairs.start..(count * TILE_PIXELS - 1) * target.stride + 2 * pairs.end;
    let (Some(records), Some(out)) = (channels.records.get(words), target.out.get_mut(out)) else {
        return false;
    };
    if pairs.is_empty() || !pairs.len().is_multiple_of(2) || 2 * pairs.len() > target.stride {
        return false;
    }
    let (records, tile) = (records.as_ptr_range(), tile.as_ptr_range());
    let mut job = Tiles {
        record: records.start,
        end: records.end,
        first: records.start,
        record_bytes: 4 * channels.pair_words,
        tile: tile.start,
        tile_end: tile.end,
        tile_bytes: 4 * tile_words,
        tiles: count,
        out: out.as_mut_ptr(),
        stride: target.stride,
        out_step: TILE_PIXELS * target.stride - 2 * pairs.len(),
        least: channels.bytes.least.into(),
        greatest: channels.bytes.greatest.into(),
    };
    // SAFETY: `records` is a positive and even number of whole records, whose length says how many
    // groups a tile has; there is at least one tile, and no more than that are whole. `out` goes
    // from the first pixel's first channel to the last pixel's last one, and is mutably borrowed.
    // The assembly reads records and tiles from end to end, and writes two bytes for each record
    // and pixel.
    unsafe { multiply(&raw mut job) };
    true
}

/// Products of a pixel's byte, which is in t1, with the weights of four channels: of the first
/// record's first channel in a5, of both in a6; of the second record's in a7 and t0. Then t1 is the
/// byte at `next`.
macro_rules! pixel {
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

/// A byte of the column: `weight` from a2 and a3 on are its weights, and from a1 on are the four
/// pixels'.
macro_rules! byte {
    ($weight:literal, $p0:literal, $p1:literal, $p2:literal, $p3:literal) => {
        concat!(
            concat!("lh t1, ", $p0, "(a1)\n"),
            concat!("lb a5, ", $weight, "(a2)\n"),
            concat!("lh a6, ", $weight, "(a2)\n"),
            concat!("lb a7, ", $weight, "(a3)\n"),
            concat!("lh t0, ", $weight, "(a3)\n"),
            pixel!(["s0", "s4", "s8", "t3"], concat!("lh t1, ", $p1, "(a1)\n")),
            pixel!(["s1", "s5", "s9", "t4"], concat!("lh t1, ", $p2, "(a1)\n")),
            pixel!(["s2", "s6", "s10", "t5"], concat!("lh t1, ", $p3, "(a1)\n")),
            pixel!(["s3", "s7", "s11", "t6"], ""),
        )
    };
}

/// Starts the sums of a record at `record` with its first channel's bias, which is there twofold:
/// those of both have it, too, so that it is not in their difference.
macro_rules! start {
    ($record:literal, [$first:literal $(, $sum:literal)*]) => {
        concat!(
            concat!("lw ", $first, ", 0(", $record, ")\n"),
            concat!("srai ", $first, ", ", $first, ", 1\n"),
            $(concat!("mv ", $sum, ", ", $first, "\n"),)*
        )
    };
}

/// What finishes a channel, from `finish` of the record at a2 on: a5 bias, a6 multiplier, twofold;
/// a7 offset, t0 shift to the right. And a1 is the first pixel's.
macro_rules! finish {
    ($($word:literal),*) => {
        concat!(
            concat!($("lw ", $word, "(a2)\n",)*),
            "srai a5, a5, 1\n",
            "slli a6, a6, 1\n", // unsigned
            "lw a1, {out}(a0)\n",
        )
    };
}

/// A sum with its bias to a byte of the channel.
macro_rules! to_byte {
    ($sum:literal, $channel:literal) => {
        concat!(
            concat!("mulhsu t1, ", $sum, ", a6\n"),
            concat!("mul t2, ", $sum, ", a6\n"),
            concat!("srai ", $sum, ", ", $sum, ", 31\n"),
            concat!("add ", $sum, ", ", $sum, ", a7\n"),
            "srli t2, t2, 31\n",
            "add t1, t1, t2\n",
            concat!("add t1, t1, ", $sum, "\n"),
            "sra t1, t1, t0\n",
            "bge t1, ra, 6f\n",
            "mv t1, ra\n",
            "6:\n",
            "bge a3, t1, 6f\n",
            "mv t1, a3\n",
            "6:\n",
            concat!("sb t1, ", $channel, "(a1)\n"),
            "add a1, a1, a4\n",
        )
    };
}

/// Sums of a record's first channel, and of both, to bytes.
macro_rules! to_bytes {
    ([$($first:literal),*], [$($both:literal),*], $channel:literal, $next:literal) => {
        concat!(
            // 256 times the second channel's.
            $(concat!("sub ", $both, ", ", $both, ", ", $first, "\n"),)*
            finish!("a5, 0", "a6, 4", "a7, 8", "t0, 12"),
            $(to_byte!($first, $channel),)*
            finish!("a5, 16", "a6, 20", "a7, 24", "t0, 28"),
            $(
                concat!("srai ", $both, ", ", $both, ", 8\n"),
                concat!("add ", $both, ", ", $both, ", a5\n"),
                to_byte!($both, $next),
            )*
        )
    };
}

/// Multiplies records, two at a time, with tiles.
///
/// # Safety
/// There are one or more tiles, an even number of records, at least two, and in a tile
/// [`GROUP_WORDS`] for every two words of weights of a record, at least once. Two bytes can be
/// written for each record and pixel.
// SAFETY: the assembly follows the ABI: it saves s0 to s11 and returns by the saved ra.
#[unsafe(naked)]
unsafe extern "C" fn multiply(job: *mut Tiles) {
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
        "2:", // two records
        "lw a2, {record}(a0)",
        "lw a3, {record_bytes}(a0)",
        "lw a1, {tile}(a0)",
        "lw a4, {tile_end}(a0)",
        "add a3, a3, a2",
        start!("a2", ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"]),
        start!("a3", ["s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"]),
        "addi a2, a2, {header}",
        "addi a3, a3, {header}",
        "3:", // a group: its bytes 0, 2, 1 and 3
        byte!("0", "0", "4", "8", "12"),
        byte!("2", "2", "6", "10", "14"),
        byte!("4", "16", "20", "24", "28"),
        byte!("6", "18", "22", "26", "30"),
        "addi a1, a1, {group}",
        "addi a2, a2, 8",
        "addi a3, a3, 8",
        "bne a1, a4, 3b",
        "lw a2, {record}(a0)",
        "sw a3, {record}(a0)", // where the third record begins
        "lw a4, {stride}(a0)",
        "lw ra, {least}(a0)",
        "lw a3, {greatest}(a0)",
        to_bytes!(["s0", "s1", "s2", "s3"], ["s4", "s5", "s6", "s7"], "0", "1"),
        "lw t1, {record_bytes}(a0)",
        "add a2, a2, t1",
        to_bytes!(["s8", "s9", "s10", "s11"], ["t3", "t4", "t5", "t6"], "2", "3"),
        "lw a1, {out}(a0)",
        "lw a2, {record}(a0)",
        "lw a3, {end}(a0)",
        "addi a1, a1, 4",
        "sw a1, {out}(a0)",
        "bne a2, a3, 2b",
        "lw t1, {tiles}(a0)",
        "addi t1, t1, -1",
        "beqz t1, 9f",
        "lw a2, {first}(a0)",
        "lw a3, {tile_bytes}(a0)",
        "lw a4, {tile}(a0)",
        "lw a5, {tile_end}(a0)",
        "lw a6, {out_step}(a0)",
        "add a4, a4, a3",
        "add a5, a5, a3",
        "add a1, a1, a6",
        "sw t1, {tiles}(a0)",
        "sw a2, {record}(a0)",
        "sw a4, {tile}(a0)",
        "sw a5, {tile_end}(a0)",
        "sw a1, {out}(a0)",
        "j 2b",
        "9:",
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
        record = const offset_of!(Tiles, record),
        end = const offset_of!(Tiles, end),
        first = const offset_of!(Tiles, first),
        record_bytes = const offset_of!(Tiles, record_bytes),
        tile = const offset_of!(Tiles, tile),
        tile_end = const offset_of!(Tiles, tile_end),
        tile_bytes = const offset_of!(Tiles, tile_bytes),
        tiles = const offset_of!(Tiles, tiles),
        out = const offset_of!(Tiles, out),
        stride = const offset_of!(Tiles, stride),
        out_step = const offset_of!(Tiles, out_step),
        least = const offset_of!(Tiles, least),
        greatest = const offset_of!(Tiles, greatest),
        header = const 4 * PAIR_HEADER_WORDS,
        group = const 4 * GROUP_WORDS,
    )
}

// What the assembly takes for granted.
const _: () = assert!(TILE_PIXELS == 4 && GROUP_WORDS == 8);
const _: () = assert!(FINISH_WORDS == 4 && PAIR_HEADER_WORDS == 8);
