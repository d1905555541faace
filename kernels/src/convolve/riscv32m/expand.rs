//! Bytes to the halves of a tile, on RV32.
//!
//! Instructions: 12 for four bytes, 5 a run and 10 a pixel.

use super::super::GROUP_WORDS;
use super::super::expand::Expansion;
use core::mem::offset_of;
use quintet_protocol::network::TILE_PIXELS;

/// Expands all runs of a job.
///
/// # Safety
/// There is at least one pixel, run and group; all that the job names can be read, and written.
// SAFETY: the assembly follows the ABI: it saves s0 to s2.
#[unsafe(naked)]
pub unsafe extern "C" fn expand_runs(job: *const Expansion) {
    core::arch::naked_asm!(
        // A naked function may be assembled without the target's extensions.
        ".option push",
        compressed!(),
        "addi sp, sp, -16",
        "sw s0, 12(sp)",
        "sw s1, 8(sp)",
        "sw s2, 4(sp)",
        "lw a1, {bytes}(a0)",
        "lw a2, {place}(a0)",
        "lw a3, {groups}(a0)",
        "lw a4, {step}(a0)",
        "lw a5, {pixels}(a0)",
        "lw a6, {pixel_step}(a0)",
        "lw a7, {pixel}(a0)",
        "lw t0, {count}(a0)",
        "lw t1, {tile_step}(a0)",
        "2:", // a pixel
        "mv t2, a1",
        "mv t3, a2",
        "mv t4, t0",
        "3:", // a run
        "mv t5, t2",
        "mv t6, a3",
        "4:", // a group
        "lb a0, 0(t5)",
        "lb s0, 1(t5)",
        "lb s1, 2(t5)",
        "lb s2, 3(t5)",
        "addi t5, t5, 4",
        "sh a0, 0(t3)",
        "sh s0, 16(t3)",
        "sh s1, 2(t3)",
        "sh s2, 18(t3)",
        "addi t3, t3, {group}",
        "addi t6, t6, -1",
        "bnez t6, 4b",
        "add t2, t2, a4",
        "addi t4, t4, -1",
        "bnez t4, 3b",
        "add a1, a1, a6",
        "addi a2, a2, 4",
        "addi a7, a7, 1",
        "andi a0, a7, 3",
        "bnez a0, 5f",
        "addi a2, t3, -12", // t3 is the last pixel's
        "add a2, a2, t1",
        "5:",
        "addi a5, a5, -1",
        "bnez a5, 2b",
        "lw s0, 12(sp)",
        "lw s1, 8(sp)",
        "lw s2, 4(sp)",
        "addi sp, sp, 16",
        "ret",
        ".option pop",
        bytes = const offset_of!(Expansion, bytes),
        place = const offset_of!(Expansion, place),
        groups = const offset_of!(Expansion, groups),
        step = const offset_of!(Expansion, step),
        pixels = const offset_of!(Expansion, pixels),
        pixel_step = const offset_of!(Expansion, pixel_step),
        pixel = const offset_of!(Expansion, pixel),
        count = const offset_of!(Expansion, count),
        tile_step = const offset_of!(Expansion, tile_step),
        group = const 4 * GROUP_WORDS,
    )
}

// What the assembly takes for granted: a group's second words follow four pixels' first ones.
const _: () = assert!(GROUP_WORDS == 8 && TILE_PIXELS == 4);
