//! The innermost loop of the Gaussian rasteriser: a run of pixels behind one row of a splat.
//!
//! Instructions per pixel, loop included: 13 on Armv7E-M (assembly below).

use super::rasterise::Accumulator;
use super::tables::{ALPHA, ALPHA_STEPS};

/// Right shift from a Q27 exponent to an index of [`ALPHA`].
pub const INDEX_SHIFT: u32 = 27 - ALPHA_STEPS.ilog2();

/// What stays the same along every row of a splat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Paint {
    /// Second difference of the exponent, Q27.
    pub curve: u32,
    /// Colour, Q27, not negative.
    pub color: [i32; 3],
}

/// Blends a run of pixels of one row.
///
/// `exponent` is that of the first pixel in Q27, `step` its first difference.
#[cfg(not(armv7em_dsp))]
#[inline(never)]
pub fn blend(run: &mut [Accumulator], exponent: u32, step: u32, paint: &Paint) {
    portable(run, exponent, step, paint);
}

/// The loop in portable Rust: what every other version must equal bit for bit.
#[cfg_attr(armv7em_dsp, allow(dead_code))]
#[inline(always)]
pub fn portable(run: &mut [Accumulator], exponent: u32, step: u32, paint: &Paint) {
    let Paint { curve, color } = *paint;
    let (mut exponent, mut step) = (exponent, step);
    for pixel in run {
        let alpha = u32::from(ALPHA[(exponent >> INDEX_SHIFT) as usize & (ALPHA.len() - 1)]);
        exponent = exponent.wrapping_add(step);
        step = step.wrapping_add(curve);
        let [transmittance, red, green, blue] = *pixel;
        let weight = alpha.wrapping_mul(transmittance); // Q31
        let sum = |sum: u32, color: i32| {
            (sum as i32).wrapping_add(super::fixed::mul_hi(weight as i32, color)) as u32
        };
        *pixel = [
            transmittance.wrapping_sub(weight >> 15),
            sum(red, color[0]),
            sum(green, color[1]),
            sum(blue, color[2]),
        ];
    }
}

/// [`portable`] with all of its state in registers, which the compiler does not manage: 14 of them.
#[cfg(armv7em_dsp)]
#[allow(unsafe_code)]
#[inline(always)]
pub fn blend(run: &mut [Accumulator], exponent: u32, step: u32, paint: &Paint) {
    let range = run.as_mut_ptr_range();
    if range.start == range.end {
        return;
    }
    // SAFETY: the range is a non-empty slice of accumulators, borrowed mutably for the call; `paint`
    // is a reference to four words. `blend_armv7em` touches nothing else but the table, whose index
    // is masked to its length.
    unsafe { blend_armv7em(range.start, range.end, exponent, step, paint) }
}

/// Blends the accumulators from `first` to before `end`.
///
/// # Safety
/// `first < end`, and both bound one slice that nothing else uses.
#[cfg(armv7em_dsp)]
#[allow(unsafe_code)]
// SAFETY: the assembly follows the AAPCS: it saves r4 to r11 and returns by the saved lr.
#[unsafe(naked)]
unsafe extern "C" fn blend_armv7em(
    first: *mut Accumulator,
    end: *mut Accumulator,
    exponent: u32,
    step: u32,
    paint: *const Paint,
) {
    core::arch::naked_asm!(
        "push {{r4-r11, lr}}",
        "ldr r12, [sp, #36]",             // paint, the fifth argument
        "ldm r12, {{r4-r7}}",             // curve, red, green, blue
        "movw lr, #:lower16:{alpha}",
        "movt lr, #:upper16:{alpha}",
        "2:",
        "ubfx r12, r2, #{shift}, #10",    // index
        "ldrh r12, [lr, r12, lsl #1]",    // alpha, Q15
        "ldm r0, {{r8-r11}}",             // transmittance and sums
        "add r2, r2, r3",
        "add r3, r3, r4",
        "mul r12, r12, r8",               // weight, Q31
        "sub r8, r8, r12, lsr #15",
        "smmla r9, r12, r5, r9",
        "smmla r10, r12, r6, r10",
        "smmla r11, r12, r7, r11",
        "stmia r0!, {{r8-r11}}",
        "cmp r0, r1",
        "bne 2b",
        "pop {{r4-r11, pc}}",
        alpha = sym ALPHA,
        shift = const INDEX_SHIFT,
    )
}

const _: () = assert!(ALPHA.len() == 1 << 10);
