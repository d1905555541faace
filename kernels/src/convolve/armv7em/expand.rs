//! Bytes to the halves of a tile, on Armv7E-M.
//!
//! Instructions: 4.25 for four bytes of each of four pixels and 7 a run of them, else 7 and 5 a
//! run.

use super::super::GROUP_WORDS;
use super::super::expand::Expansion;
use core::mem::offset_of;
use quintet_protocol::network::TILE_PIXELS;

/// Expands all runs of a job: those of four pixels that make a tile together, others pixel by
/// pixel.
///
/// # Safety
/// There is at least one pixel, run and group; all that the job names can be read, and written.
// SAFETY: the assembly follows the AAPCS: it saves r4 to r11 and returns by the saved lr.
#[unsafe(naked)]
pub unsafe extern "C" fn expand_runs(job: *const Expansion) {
    core::arch::naked_asm!(
        dsp_core!(),
        "push {{r4-r11, lr}}",
        "ldm r0, {{r0-r8}}", // bytes place groups step pixels pixel_step pixel count tile_step
        "push {{r7, r8}}",
        "2:", // a pixel
        "tst r6, #3",
        "bne 8f",
        "cmp r4, #4",
        "bhs 5f",
        "8:", // by itself
        "mov r7, r0",
        "mov r8, r1",
        "ldr r9, [sp]",
        "3:", // a run
        "mov r10, r7",
        "mov r11, r2",
        "4:",
        "ldr r12, [r10], #4",
        "sxtb16 lr, r12",
        "sxtb16 r12, r12, ror #8",
        "str lr, [r8], #16",
        "str r12, [r8], #16",
        "subs r11, r11, #1",
        "bne 4b",
        "add r7, r7, r3",
        "subs r9, r9, #1",
        "bne 3b",
        "add r0, r0, r5",
        "add r1, r1, #4",
        "add r6, r6, #1",
        "tst r6, #3",
        "ittt eq",
        "ldreq r9, [sp, #4]",
        "addeq r1, r8, r9",
        "subeq r1, r1, #12", // r8 is the last pixel's
        "subs r4, r4, #1",
        "bne 2b",
        "b 9f",
        "5:", // a tile
        "ldr r12, [sp]",
        "sub r7, r3, r2, lsl #2", // from the end of a run to the next
        "push {{r0, r3, r4, r6, r7, r12}}",
        "add r3, r5, r5, lsl #1",
        "6:", // a run
        "mov r12, r2",
        "7:", // a group
        "ldr r4, [r0]",
        "ldr r6, [r0, r5]",
        "ldr r7, [r0, r5, lsl #1]",
        "ldr r8, [r0, r3]",
        "add r0, r0, #4",
        "sxtb16 r9, r4",
        "sxtb16 r10, r6",
        "sxtb16 r11, r7",
        "sxtb16 lr, r8",
        "stm r1!, {{r9, r10, r11, lr}}",
        "sxtb16 r4, r4, ror #8",
        "sxtb16 r6, r6, ror #8",
        "sxtb16 r7, r7, ror #8",
        "sxtb16 r8, r8, ror #8",
        "stm r1!, {{r4, r6, r7, r8}}",
        "subs r12, r12, #1",
        "bne 7b",
        "ldrd r4, r6, [sp, #16]",
        "add r0, r0, r4",
        "subs r6, r6, #1",
        "str r6, [sp, #20]",
        "bne 6b",
        "pop {{r0, r3, r4, r6, r7, r12}}",
        "ldr r7, [sp, #4]",
        "add r0, r0, r5, lsl #2",
        "add r1, r1, r7",
        "subs r4, r4, #4",
        "bne 2b",
        "9:",
        "add sp, sp, #8",
        "pop {{r4-r11, pc}}",
    )
}

// What the assembly takes for granted: a group's second words follow four pixels' first ones.
const _: () = assert!(GROUP_WORDS == 8 && TILE_PIXELS == 4);
const _: () = assert!(offset_of!(Expansion, tile_step) == 8 * 4);
