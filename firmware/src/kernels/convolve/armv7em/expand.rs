//! Bytes to the halves of a tile, on Armv7E-M.
//!
//! Instructions: 4.25 for four bytes of each of four pixels and 7 a run of them, else 7 and 5 a run.

use super::super::GROUP_WORDS;
use super::super::windows::Runs;
use quintet_protocol::network::TILE_PIXELS;

/// [`Runs`] and where they go.
///
/// The assembly relies on the order of the fields.
#[repr(C)]
struct Expansion {
    bytes: *const i8,
    /// The first pixel's word.
    place: *mut u32,
    groups: usize,
    step: usize,
    pixels: usize,
    pixel_step: usize,
    /// Its number in its tile.
    pixel: usize,
    count: usize,
    /// From the end of a tile's last run to the first run of the next tile, in bytes.
    tile_step: usize,
}

/// Expands the runs of some pixels, from number `first` on, one run after another.
pub fn expand(runs: &Runs<'_>, first: usize, tiles: &mut [u32]) {
    let Runs { bytes, pixels, pixel_step, count, step, groups, before, column_groups } = *runs;
    if pixels == 0 || count == 0 || groups == 0 || before + count * groups > column_groups {
        return;
    }
    let last = (pixels - 1).saturating_mul(pixel_step);
    let last = last.saturating_add((count - 1).saturating_mul(step));
    let tile_words = column_groups.saturating_mul(GROUP_WORDS);
    let tile_count = (first + pixels).div_ceil(TILE_PIXELS);
    let is_there = last.saturating_add(4 * groups) <= bytes.len()
        && tile_count.saturating_mul(tile_words) <= tiles.len();
    if !is_there {
        return;
    }
    let place = first / TILE_PIXELS * tile_words + before * GROUP_WORDS;
    let tile_step = (column_groups - count * groups) * GROUP_WORDS * 4;
    let job = Expansion {
        bytes: bytes.as_ptr(),
        place: tiles.as_mut_ptr().wrapping_add(place + first % TILE_PIXELS),
        groups,
        step,
        pixels,
        pixel_step,
        pixel: first % TILE_PIXELS,
        count,
        tile_step,
    };
    // SAFETY: the last pixel's last run ends in `bytes`, and the last tile in `tiles`; so do all others.
    // There is at least one of everything.
    unsafe { expand_runs(&raw const job) };
}

/// Expands all runs of a job: those of four pixels that make a tile together, others pixel by pixel.
///
/// # Safety
/// There is at least one pixel, run and group; all that the job names can be read, and written.
// SAFETY: the assembly follows the AAPCS: it saves r4 to r11 and returns by the saved lr.
#[unsafe(naked)]
unsafe extern "C" fn expand_runs(job: *const Expansion) {
    core::arch::naked_asm!(
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
const _: () = assert!(GROUP_WORDS == 8 && TILE_PIXELS == 4 && size_of::<Expansion>() == 9 * 4);
