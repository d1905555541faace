//! Cells whose entries are four bytes, in Armv7E-M's assembly: all corners of grids of three
//! dimensions, and of textures.
//!
//! Instructions: 132 a point of a hashed level, 123 of a dense one, 74 of a texture.
#![allow(unsafe_code)]

use super::index::{Hashed, Inside};
use super::{Point, Rows};
use core::mem::offset_of;
use quintet_protocol::grid::{HASH_PRIMES, Level, Wrap};

/// What the assembly works on.
///
/// It relies on the order of the fields.
#[repr(C)]
struct Job {
    scale: [i32; 3],
    offset: i32,
    /// What whole coordinates along y and z are multiplied by; those along x are not. A texture has
    /// the first one.
    factors: [u32; 2],
    /// Of a hash.
    mask: u32,
    /// The first entry.
    entries: *const u32,
    /// Which bytes of an entry are multiplied at once.
    apart: u32,
    multiplier: i32,
    /// A sum of features that are zero.
    zero: u32,
    /// The next point, and one past the last.
    point: *const Point,
    end: *const Point,
    /// The row of the next point, and bytes from a row to the next.
    row: *mut i16,
    stride: usize,
}

/// Points, the entries that they are looked up in, and the rows for them.
pub struct Block<'a, 'r> {
    pub level: &'a Level,
    pub entries: &'a [u32],
    /// Stored for a feature that is zero.
    pub zero: i32,
    pub points: &'a [Point],
    pub rows: &'a mut Rows<'r>,
}

impl Block<'_, '_> {
    /// Looks points up in a level whose hashes are such; returns whether it has.
    pub fn hashed(self, index: &Hashed) -> bool {
        let [_, y, z] = HASH_PRIMES;
        let has_all = (index.mask as usize) < self.entries.len();
        let Some(mut job) = self.job([y, z], index.mask).filter(|_| has_all) else { return false };
        // SAFETY: whatever a hash is, with the mask it is the number of an entry. The rest: `job`.
        unsafe { hashed(&raw mut job) };
        true
    }

    /// Looks points up in a dense level, beyond which no corner lies; returns whether it has.
    pub fn inside(self, index: &Inside) -> bool {
        let [x, y, z] = index.strides;
        let sides = self.level.resolution.map(usize::from);
        let count = sides.into_iter().try_fold(1usize, usize::checked_mul);
        let has_all = x == 1 && count.is_some_and(|count| count <= self.entries.len());
        let Some(mut job) = self.job([y, z], 0).filter(|_| has_all) else { return false };
        // SAFETY: all corners lie in the level, and all of its entries are there. The rest: `job`.
        unsafe { dense(&raw mut job) };
        true
    }

    /// Looks points up in a texture that has all corners, and is held along both axes or repeats
    /// along both; returns whether it has.
    pub fn texture(self, index: &Inside) -> bool {
        let [x, y, _] = index.strides;
        let [nx, ny, _] = self.level.resolution.map(usize::from);
        let has_all = x == 1 && nx * ny <= self.entries.len();
        let [along_x, along_y, _] = self.level.wraps;
        let Some(mut job) = self.job([y, 0], 0).filter(|_| has_all) else { return false };
        match [along_x, along_y] {
            // SAFETY: all corners lie in the level, and all of its entries are there. The rest:
            // `job`.
            [Wrap::Repeat, Wrap::Repeat] => unsafe { repeated(&raw mut job) },
            // SAFETY: the same.
            [Wrap::Clamp, Wrap::Clamp] => unsafe { held(&raw mut job) },
            _ => return false,
        }
        true
    }

    /// The job, if there is a row for each point: four halves that begin at a word.
    fn job(self, factors: [u32; 2], mask: u32) -> Option<Job> {
        let Rows { halves, stride } = self.rows;
        let last = self.points.len().checked_sub(1)?;
        halves.get(last.checked_mul(*stride)?.checked_add(3)?)?;
        let is_aligned = halves.as_ptr().cast::<u32>().is_aligned() && stride.is_multiple_of(2);
        let points = self.points.as_ptr_range();
        is_aligned.then_some(Job {
            scale: self.level.scale,
            offset: self.level.offset,
            factors,
            mask,
            entries: self.entries.as_ptr(),
            apart: super::unit::APART,
            multiplier: self.level.multiplier,
            zero: (self.zero as u32) << 16,
            point: points.start,
            end: points.end,
            row: halves.as_mut_ptr(),
            stride: 2 * *stride,
        })
    }
}

/// An edge of a cell along x. `r2` and `r3` are the terms of its ends, `r4` the fraction along it,
/// `r0` the entries and `r1` which bytes go together; `r5` is what y and z contribute and `r6` the
/// edge's weight. Sums are in `r8` to `r11`; `first` multiplies for the first time: "umull", else
/// "umlal". `r5`, `r6`, `r7`, `r12` and `lr` are lost.
macro_rules! edge {
    ($join:literal, $first:literal) => {
        concat!(
            "mul r7, r6, r4\n",
            concat!($join, " r12, r5, r2\n"),
            "ldr r12, [r0, r12, lsl #2]\n",
            "sub r6, r6, r7, lsr #16\n",
            concat!($join, " r5, r5, r3\n"),
            "ldr r5, [r0, r5, lsl #2]\n",
            "lsr r7, r7, #16\n",
            "and lr, r12, r1\n",
            concat!($first, " r8, r9, lr, r6\n"),
            "and lr, r1, r12, ror #16\n",
            concat!($first, " r10, r11, lr, r6\n"),
            "and lr, r5, r1\n",
            "umlal r8, r9, lr, r7\n",
            "and lr, r1, r5, ror #16\n",
            "umlal r10, r11, lr, r7\n",
        )
    };
}

/// Makes numbers of the sums in `r8` to `r11`, stores them, and goes on to the next point.
macro_rules! finish {
    () => {
        concat!(
            "ldr r12, [sp]\n",
            "ldrd r0, r1, [r12, {multiplier}]\n",
            "lsr r2, r8, #24\n",
            "orr r2, r2, r9, lsl #8\n", // the fourth feature
            "lsr r3, r10, #24\n",
            "orr r3, r3, r11, lsl #8\n",   // the second
            "bic r8, r8, #0xFF000000\n",   // the first
            "bic r10, r10, #0xFF000000\n", // the third
            "sub r2, r2, r1\n",
            "sub r3, r3, r1\n",
            "sub r8, r8, r1\n",
            "sub r10, r10, r1\n",
            "ldrd r4, r5, [r12, {row}]\n",
            "smmulr r2, r2, r0\n",
            "smmulr r3, r3, r0\n",
            "smmulr r8, r8, r0\n",
            "smmulr r10, r10, r0\n",
            "pkhbt r6, r8, r3, lsl #16\n",
            "pkhbt r7, r10, r2, lsl #16\n",
            "strd r6, r7, [r4]\n",
            "add r4, r4, r5\n",
            "str r4, [r12, {row}]\n",
            "b 2b\n",
            "9:\n",
            "pop {{r0, r4-r11, pc}}\n",
        )
    };
}

/// Looks up all points. Contributions of axes are joined by `join`, and `mask` masks what they come
/// to.
macro_rules! look_up {
    ($join:literal, $mask:literal) => {
        core::arch::naked_asm!(
            dsp_core!(),
            "push {{r0, r4-r11, lr}}",
            "2:", // a point
            "ldr r12, [sp]",
            "ldrd r0, r1, [r12, {point}]",
            "cmp r0, r1",
            "beq 9f",
            "ldm r0!, {{r1, r2, r3}}",
            "str r0, [r12, {point}]",
            "usat r1, #28, r1",
            "usat r2, #28, r2",
            "usat r3, #28, r3",
            "lsl r1, r1, #3",
            "lsl r2, r2, #3",
            "lsl r3, r3, #3",
            "ldm r12!, {{r4-r10}}", // scales, offset, factors of y and z, mask
            "smmla r4, r1, r4, r7",
            "smmla r5, r2, r5, r7",
            "smmla r6, r3, r6, r7",
            "asr r2, r4, #16", // along x
            "add r3, r2, #1",
            concat!($mask, "and r2, r2, r10"),
            concat!($mask, "and r3, r3, r10"),
            "asr r0, r5, #16", // along y
            "mul r0, r0, r8",
            "add r8, r8, r0",
            "asr r1, r6, #16", // along z
            "mul r1, r1, r9",
            "add r9, r9, r1",
            "uxth r4, r4",
            "uxth r5, r5",
            "uxth r6, r6",
            // Edges are put aside from the last one on: contribution of y and z, share of the edge.
            "mul r7, r5, r6",
            "lsr lr, r7, #16", // y and z
            "sub r11, r5, lr", // y alone
            concat!($join, " r7, r8, r9"),
            concat!($mask, "and r7, r7, r10"),
            "push {{r7, lr}}",
            "sub lr, r6, lr", // z alone
            "rsb r5, r5, #65536",
            "sub r6, r5, lr", // neither
            concat!($join, " r7, r0, r9"),
            concat!($mask, "and r7, r7, r10"),
            "push {{r7, lr}}",
            concat!($join, " r7, r8, r1"),
            concat!($mask, "and r7, r7, r10"),
            "push {{r7, r11}}",
            concat!($join, " r5, r0, r1"),
            concat!($mask, "and r5, r5, r10"),
            "ldm r12, {{r0, r1}}", // entries, apart
            edge!($join, "umull"),
            "pop {{r5, r6}}",
            edge!($join, "umlal"),
            "pop {{r5, r6}}",
            edge!($join, "umlal"),
            "pop {{r5, r6}}",
            edge!($join, "umlal"),
            finish!(),
            point = const offset_of!(Job, point),
            multiplier = const offset_of!(Job, multiplier),
            row = const offset_of!(Job, row),
        )
    };
}

/// Looks up the points of a job in a hashed level.
///
/// # Safety
/// The points can be read, and so can every entry up to the mask's; there is a row for each point.
// SAFETY: the assembly follows the AAPCS: it saves r4 to r11 and returns by the saved lr.
#[unsafe(naked)]
unsafe extern "C" fn hashed(job: *mut Job) {
    look_up!("eor", "")
}

/// Looks up the points of a job in a dense level.
///
/// # Safety
/// As of [`hashed`], with every entry that a corner of a point has.
// SAFETY: as of `hashed`.
#[unsafe(naked)]
unsafe extern "C" fn dense(job: *mut Job) {
    look_up!("add", "@ ")
}

/// Both ends of an edge of a texture, which lie side by side: `r0` is the place of the first, `r1`
/// says which bytes go together, `r2` is the fraction along it and `r3` its weight; the other
/// registers are as of [`edge`]. `r3` to `r6` and `lr` are lost.
macro_rules! texels {
    ($first:literal) => {
        concat!(
            "mul r4, r3, r2\n",
            "ldrd r5, r6, [r0]\n",
            "sub r3, r3, r4, lsr #16\n",
            "lsr r4, r4, #16\n",
            "and lr, r5, r1\n",
            concat!($first, " r8, r9, lr, r3\n"),
            "and lr, r1, r5, ror #16\n",
            concat!($first, " r10, r11, lr, r3\n"),
            "and lr, r6, r1\n",
            "umlal r8, r9, lr, r4\n",
            "and lr, r1, r6, ror #16\n",
            "umlal r10, r11, lr, r4\n",
        )
    };
}

/// Looks up all points in a texture. `wrap` brings a coordinate into the box, Q31.
macro_rules! look_up_texels {
    ($wrap:ident) => {
        core::arch::naked_asm!(
            dsp_core!(),
            "push {{r0, r4-r11, lr}}",
            "2:", // a point
            "ldr r12, [sp]",
            "ldrd r0, r1, [r12, {point}]",
            "cmp r0, r1",
            "beq 9f",
            "ldrd r2, r3, [r0], #12",
            "str r0, [r12, {point}]",
            $wrap!("r2"),
            $wrap!("r3"),
            "ldm r12!, {{r4-r8}}", // scales, offset, texels of a row
            "smmla r2, r2, r4, r7",
            "smmla r3, r3, r5, r7",
            "ldrd r0, r1, [r12, #8]", // entries, apart
            "asr r4, r2, #16",
            "asr r5, r3, #16",
            "mla r4, r5, r8, r4",
            "add r0, r0, r4, lsl #2",
            "lsl r12, r8, #2",
            "uxth r2, r2",
            "uxth r7, r3",
            "rsb r3, r7, #65536",
            texels!("umull"),
            "add r0, r0, r12",
            "mov r3, r7",
            texels!("umlal"),
            finish!(),
            point = const offset_of!(Job, point),
            multiplier = const offset_of!(Job, multiplier),
            row = const offset_of!(Job, row),
        )
    };
}

/// The fraction of a coordinate.
macro_rules! repeat {
    ($at:literal) => {
        concat!("lsl ", $at, ", ", $at, ", #4\nlsr ", $at, ", ", $at, ", #1\n")
    };
}

/// A coordinate held to the box.
macro_rules! hold {
    ($at:literal) => {
        concat!("usat ", $at, ", #28, ", $at, "\nlsl ", $at, ", ", $at, ", #3\n")
    };
}

/// Looks up the points of a job in a texture that repeats.
///
/// # Safety
/// As of [`dense`], in two dimensions.
// SAFETY: as of `hashed`.
#[unsafe(naked)]
unsafe extern "C" fn repeated(job: *mut Job) {
    look_up_texels!(repeat)
}

/// Looks up the points of a job in a texture that is held at its edges.
///
/// # Safety
/// As of [`dense`], in two dimensions.
// SAFETY: as of `hashed`.
#[unsafe(naked)]
unsafe extern "C" fn held(job: *mut Job) {
    look_up_texels!(hold)
}
