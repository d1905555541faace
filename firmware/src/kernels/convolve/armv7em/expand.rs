//! Bytes to the halves of a tile, on Armv7E-M.
//!
//! Instructions: 5 for four bytes, loop included 5.5.

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
    count: usize,
    step: usize,
    pixels: usize,
    pixel_step: usize,
    /// Its number in its tile.
    pixel: usize,
}

/// Expands the runs of some pixels, from number `first` on, one run after another.
#[inline(always)]
pub fn expand(runs: &Runs<'_>, first: usize, tiles: &mut [u32]) {
    let Runs { bytes, pixels, pixel_step, count, step, groups } = *runs;
    if pixels == 0 || count == 0 || groups == 0 {
        return;
    }
    let last = (pixels - 1).saturating_mul(pixel_step);
    let last = last.saturating_add((count - 1).saturating_mul(step));
    let tile_words = (count * groups).saturating_mul(GROUP_WORDS);
    let last_tile = (first + pixels - 1) / TILE_PIXELS;
    let is_there = last.saturating_add(4 * groups) <= bytes.len()
        && (last_tile + 1).saturating_mul(tile_words) <= tiles.len();
    if is_there {
        let pixel = first % TILE_PIXELS;
        let place = first / TILE_PIXELS * tile_words + pixel;
        let place = tiles.as_mut_ptr().wrapping_add(place);
        let bytes = bytes.as_ptr();
        let job = Expansion { bytes, place, groups, count, step, pixels, pixel_step, pixel };
        // SAFETY: the last pixel's last run ends in `bytes`, and the last tile in `tiles`; so do all
        // others. There is at least one of everything.
        unsafe { expand_runs(&raw const job) };
    }
}

/// Four bytes of a run at r10 to their words at r8.
macro_rules! group {
    () => {
        concat!(
            "ldr r12, [r10], #4\n",
            "sxtb16 lr, r12\n",
            "sxtb16 r12, r12, ror #8\n",
            "str lr, [r8], #16\n",
            "str r12, [r8], #16\n",
        )
    };
}

/// Expands all runs of a job.
///
/// # Safety
/// There is at least one pixel, run and group; all that the job names can be read, and written.
// SAFETY: the assembly follows the AAPCS: it saves r4 to r11 and returns by the saved lr.
#[unsafe(naked)]
unsafe extern "C" fn expand_runs(job: *const Expansion) {
    core::arch::naked_asm!(
        "push {{r4-r11, lr}}",
        "ldm r0, {{r0-r7}}", // bytes place groups count step pixels pixel_step pixel
        "push {{r3}}",
        "mov r3, r7",
        "2:", // a pixel
        "mov r7, r0",
        "mov r8, r1",
        "ldr r9, [sp]",
        "3:", // a run
        "mov r10, r7",
        "lsrs r11, r2, #2",
        "beq 5f",
        "4:",
        group!(),
        group!(),
        group!(),
        group!(),
        "subs r11, r11, #1",
        "bne 4b",
        "5:",
        "ands r11, r2, #3",
        "beq 7f",
        "6:",
        group!(),
        "subs r11, r11, #1",
        "bne 6b",
        "7:",
        "add r7, r7, r4",
        "subs r9, r9, #1",
        "bne 3b",
        "add r0, r0, r6",
        "add r1, r1, #4",
        "add r3, r3, #1",
        "tst r3, #3",
        "it eq",
        "subeq r1, r8, #12", // r8 is in the next tile, like the last pixel in its own
        "subs r5, r5, #1",
        "bne 2b",
        "add sp, sp, #4",
        "pop {{r4-r11, pc}}",
    )
}

// What the assembly takes for granted: a group's second words follow four pixels' first ones.
const _: () = assert!(GROUP_WORDS == 8 && size_of::<Expansion>() == 8 * 4);
