//! Gaussians as primitives: spans from a quadratic form, whose pixels are blended.
//!
//! A splat is drawn row by row. Each row's visible columns are found from the share of the exponent
//! that the row leaves (one look-up), so that hardly a pixel is visited in vain; along the row the
//! exponent advances by two additions, and one look-up turns it into opacity.
//!
//! Instructions on Armv7E-M (assembly): about 50 a row, 13 a pixel, loops included.

use super::super::fixed::{mul_hi, mul_hi_u, mul_shift};
use super::super::project::Splat;
use super::super::tables::{
    ALPHA, ALPHA_BIAS, ALPHA_STEPS, EXPONENT_LIMIT, OPACITY_EXPONENT, ROW_WIDTH,
};
use super::{Accumulator, Area, Primitive, Surface};
use core::ops::Range;

/// Right shift from a Q27 exponent to an index of [`ALPHA`].
const INDEX_SHIFT: u32 = 27 - ALPHA_STEPS.ilog2();
/// The exponent at which a splat ends, as [`ALPHA`] has it, Q27.
const END: u32 = EXPONENT_LIMIT + ((ALPHA_BIAS as u32) << INDEX_SHIFT);
/// Columns are held to this; a power of two less one, as one instruction does it.
const COLUMN_MAX: i32 = 8191;

/// A splat's row; all that changes from row to row does so by additions.
///
/// The assembly relies on the order of the fields.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Rows {
    /// Column of the row's centre from the middle of the column before the frame's first, Q16.
    pub center: i32,
    /// What `center` gains per row.
    pub slope: i32,
    /// Half of the visible width in the splat's widest row, Q8.
    pub half_width: i32,
    /// What the row's distance leaves of the largest exponent, Q27; near the centre, rounding may
    /// leave a little more than there is.
    pub left: i32,
    /// First difference of what is taken from `left`.
    pub left_step: i32,
    /// Second difference.
    pub left_curve: i32,
    /// `2^45` over the largest exponent.
    pub inverse_room: u32,
    /// Colour, Q27, not negative.
    pub color: [i32; 3],
    /// `1 / v`: second difference of the exponent along a row, Q27.
    pub curve: u32,
}

impl Rows {
    /// The rows of a splat from row `first` of the frame on, or from its own first one.
    #[inline(always)]
    pub fn from_row(splat: &Splat, first: i32) -> Self {
        let top = i32::from(splat.rows[0]);
        let dy = (top << 8).wrapping_add(128).wrapping_sub(splat.center[1]); // Q8
        let room = EXPONENT_LIMIT - OPACITY_EXPONENT[usize::from(splat.opacity)];
        let curve = splat.inverse_variance_y;
        let gradient = mul_shift::<8>(curve as i32, dy); // Q27
        let column = (splat.center[0] << 8).wrapping_add(0x8000); // Q16
        let mut rows = Self {
            center: column.wrapping_add(mul_shift::<8>(splat.slope, dy)),
            slope: splat.slope,
            half_width: splat.half_width as i32,
            left: (room as i32).wrapping_sub(mul_shift::<9>(gradient, dy)),
            left_step: gradient.wrapping_add((curve >> 1) as i32),
            left_curve: curve as i32,
            inverse_room: u32::MAX / ((room >> 13) | 1),
            color: splat.color.map(|channel| i32::from(channel) << 15),
            curve: splat.inverse_row_variance,
        };
        if first > top {
            rows.skip(first - top);
        }
        rows
    }

    /// Goes on by `count` rows at once, to the very bits that so many single steps lead to.
    #[inline(always)]
    fn skip(&mut self, count: i32) {
        let pairs = count.wrapping_mul(count.wrapping_sub(1)) / 2;
        self.center = self.center.wrapping_add(self.slope.wrapping_mul(count));
        let taken = self.left_step.wrapping_mul(count);
        let taken = taken.wrapping_add(self.left_curve.wrapping_mul(pairs));
        self.left = self.left.wrapping_sub(taken);
        self.left_step = self.left_step.wrapping_add(self.left_curve.wrapping_mul(count));
    }

    /// Exponent at the middle of column `x` and its first difference there, Q27.
    #[inline(always)]
    fn exponent(&self, x: usize) -> (u32, u32) {
        let dx = ((x as i32 + 1) << 16).wrapping_sub(self.center); // Q16
        let gradient = mul_shift::<16>(self.curve as i32, dx);
        let horizontal = mul_shift::<17>(gradient, dx) as u32;
        let exponent = END.wrapping_sub(self.left as u32).wrapping_add(horizontal);
        (exponent, (gradient as u32).wrapping_add(self.curve >> 1))
    }

    /// The same `skipped` columns after column `first`.
    ///
    /// A row's exponents follow from its first visible column in the frame, whether that lies in
    /// the area or not: so no choice of tiles changes a bit.
    #[inline(always)]
    fn exponent_after(&self, first: usize, skipped: usize) -> (u32, u32) {
        let (mut exponent, mut step) = self.exponent(first);
        if skipped > 0 {
            let skipped = skipped as u32;
            let pairs = skipped.wrapping_mul(skipped.wrapping_sub(1)) / 2;
            exponent = exponent.wrapping_add(step.wrapping_mul(skipped));
            exponent = exponent.wrapping_add(self.curve.wrapping_mul(pairs));
            step = step.wrapping_add(self.curve.wrapping_mul(skipped));
        }
        (exponent, step)
    }

    /// Blends the splat into `area`; returns how many pixels were visited.
    #[cfg(not(armv7em_dsp))]
    #[inline(always)]
    pub fn blend(self, pixels: &mut [Accumulator], area: &Area) -> u32 {
        super::traverse_any(self, pixels, area)
    }
}

/// The loops in portable Rust: what every other version must equal bit for bit.
impl Primitive for Rows {
    type Canvas = [Accumulator];

    #[inline(always)]
    fn columns(&self) -> [usize; 2] {
        let share = mul_hi_u(self.left.max(0) as u32, self.inverse_room) >> 5;
        let half = i32::from(ROW_WIDTH[share as usize & (ROW_WIDTH.len() - 1)]);
        let half = self.half_width.wrapping_mul(half); // Q16
        let held = |column: i32| (column >> 16).clamp(0, COLUMN_MAX) as usize;
        [held(self.center.wrapping_sub(half)), held(self.center.wrapping_add(half))]
    }

    #[inline(always)]
    fn span(&self, first: usize, skipped: usize, range: Range<usize>, pixels: &mut [Accumulator]) {
        let Some(run) = pixels.get_mut(range) else { return };
        let (mut exponent, mut step) = self.exponent_after(first, skipped);
        for pixel in run {
            blend(pixel, exponent, self.color);
            exponent = exponent.wrapping_add(step);
            step = step.wrapping_add(self.curve);
        }
    }

    #[inline(always)]
    fn advance(&mut self) {
        self.center = self.center.wrapping_add(self.slope);
        self.left = self.left.wrapping_sub(self.left_step);
        self.left_step = self.left_step.wrapping_add(self.left_curve);
    }
}

/// A splat among surfaces, which hide what is behind them.
pub struct Behind<'a> {
    /// The splat.
    pub rows: Rows,
    /// Its nearness, as that of the surface.
    pub nearness: u32,
    /// What is nearest at each pixel of the tile.
    pub surface: &'a [Surface],
}

impl Primitive for Behind<'_> {
    type Canvas = [Accumulator];

    #[inline(always)]
    fn columns(&self) -> [usize; 2] {
        self.rows.columns()
    }

    #[inline(always)]
    fn span(&self, first: usize, skipped: usize, range: Range<usize>, pixels: &mut [Accumulator]) {
        let (Some(run), Some(surface)) = (pixels.get_mut(range.clone()), self.surface.get(range))
        else {
            return;
        };
        let (mut exponent, mut step) = self.rows.exponent_after(first, skipped);
        for (pixel, [nearest, _]) in run.iter_mut().zip(surface) {
            if self.nearness >= *nearest {
                blend(pixel, exponent, self.rows.color);
            }
            exponent = exponent.wrapping_add(step);
            step = step.wrapping_add(self.rows.curve);
        }
    }

    #[inline(always)]
    fn advance(&mut self) {
        self.rows.advance();
    }
}

/// Blends a colour into a pixel, with the opacity of an exponent.
#[inline(always)]
fn blend(pixel: &mut Accumulator, exponent: u32, color: [i32; 3]) {
    let alpha = u32::from(ALPHA[(exponent >> INDEX_SHIFT) as usize & (ALPHA.len() - 1)]);
    let [transmittance, red, green, blue] = *pixel;
    let weight = alpha.wrapping_mul(transmittance); // Q31
    let sum = |sum: u32, color| sum.wrapping_add(mul_hi(weight as i32, color) as u32);
    *pixel = [
        transmittance.wrapping_sub(weight >> 15),
        sum(red, color[0]),
        sum(green, color[1]),
        sum(blue, color[2]),
    ];
}

#[cfg(armv7em_dsp)]
mod armv7em {
    //! The loops with their state in registers, which the compiler does not manage: the inner one
    //! uses all 14.
    #![allow(unsafe_code)]

    use super::super::traverse;
    use super::{ALPHA, Accumulator, Area, COLUMN_MAX, END, INDEX_SHIFT, ROW_WIDTH, Rows};
    use core::mem::offset_of;

    /// [`Rows`] and where they go.
    #[repr(C)]
    struct Job {
        rows: Rows,
        width: usize,
        /// First pixel of the row.
        pixels: *mut Accumulator,
        /// Bytes of a row of the tile.
        stride: usize,
        /// One past the last row.
        end: *mut Accumulator,
        visited: u32,
    }

    impl Rows {
        /// Blends the splat into `area`; returns how many pixels were visited.
        #[inline(always)]
        pub fn blend(self, pixels: &mut [Accumulator], area: &Area) -> u32 {
            if area.left > 0 {
                // Frames of more than one column of tiles are rare on such a core.
                return self.blend_inner(pixels, area);
            }
            let &Area { start, width, height, .. } = area;
            let whole = pixels.get_mut(start..start + width * height);
            let Some(pixels) = whole.filter(|pixels| !pixels.is_empty()) else { return 0 };
            let range = pixels.as_mut_ptr_range();
            let mut job = Job {
                rows: self,
                width,
                pixels: range.start,
                stride: width * size_of::<Accumulator>(),
                end: range.end,
                visited: 0,
            };
            // SAFETY: `pixels` to `end` is one mutably borrowed slice, a whole and positive number
            // of rows of `stride` bytes. The assembly holds columns to `0..width` and table indices
            // to the tables' lengths, so it touches nothing but that slice, the tables and `job`.
            unsafe { blend_rows(&mut job) };
            job.visited
        }

        #[inline(never)]
        fn blend_inner(self, pixels: &mut [Accumulator], area: &Area) -> u32 {
            traverse::<Self, true>(self, pixels, area)
        }
    }

    /// Blends all rows of a job.
    ///
    /// # Safety
    /// `pixels` to `end` is one slice that nothing else uses, a positive number of rows.
    // SAFETY: the assembly follows the AAPCS: it saves r4 to r11 and returns by the saved lr.
    #[unsafe(naked)]
    unsafe extern "C" fn blend_rows(job: *mut Job) {
        core::arch::naked_asm!(
            dsp_core!(),
            "push {{r0, r4-r11, lr}}",
            "2:",                               // a row
            "ldr r0, [sp]",
            "ldm r0, {{r1-r7}}",                // center slope half left left_step left_curve room
            "add r2, r1, r2",
            "str r2, [r0, #{center}]",
            "sub r8, r4, r5",
            "add r5, r5, r6",
            "strd r8, r5, [r0, #{left}]",
            "bic r8, r4, r4, asr #31",          // left, not below zero
            "umull r9, r8, r8, r7",
            "ubfx r8, r8, #5, #9",              // share
            "movw r9, #:lower16:{row_width}",
            "movt r9, #:upper16:{row_width}",
            "ldrh r8, [r9, r8, lsl #1]",
            "mls r9, r3, r8, r1",
            "mla r10, r3, r8, r1",
            "ldrd r11, r12, [r0, #{width}]",    // width, pixels
            "ldr r3, [r0, #{stride}]",
            "usat r9, #13, r9, asr #16",        // from
            "usat r10, #13, r10, asr #16",      // to
            "add r3, r3, r12",
            "str r3, [r0, #{pixels}]",
            "cmp r10, r11",
            "it hi",
            "movhi r10, r11",
            "subs r11, r10, r9",
            "bls 4f",
            "ldr r2, [r0, #{visited}]",
            "add r2, r2, r11",
            "str r2, [r0, #{visited}]",
            "add r2, r9, #1",
            "rsb r1, r1, r2, lsl #16",          // dx
            "ldr r8, [r0, #{curve}]",
            "movw r2, #:lower16:{end_exponent}",
            "movt r2, #:upper16:{end_exponent}",
            "smull r3, r5, r1, r8",
            "lsr r3, r3, #16",
            "orr r3, r3, r5, lsl #16",          // gradient
            "sub r2, r2, r4",
            "smull r5, r6, r3, r1",
            "lsr r5, r5, #17",
            "orr r5, r5, r6, lsl #15",          // horizontal
            "add r2, r2, r5",                   // exponent
            "add r3, r3, r8, lsr #1",           // step
            "mov r4, r8",                       // curve
            "ldrd r5, r6, [r0, #{red}]",
            "ldr r7, [r0, #{blue}]",
            "add r0, r12, r9, lsl #4",          // first
            "add r1, r12, r10, lsl #4",         // one past the last
            "movw lr, #:lower16:{alpha}",
            "movt lr, #:upper16:{alpha}",
            "3:",                               // a pixel
            "ubfx r12, r2, #{shift}, #10",      // index
            "ldrh r12, [lr, r12, lsl #1]",      // alpha, Q15
            "ldm r0, {{r8-r11}}",               // transmittance and sums
            "add r2, r2, r3",
            "add r3, r3, r4",
            "mul r12, r12, r8",                 // weight, Q31
            "sub r8, r8, r12, lsr #15",
            "smmla r9, r12, r5, r9",
            "smmla r10, r12, r6, r10",
            "smmla r11, r12, r7, r11",
            "stmia r0!, {{r8-r11}}",
            "cmp r0, r1",
            "bne 3b",
            "ldr r0, [sp]",
            "4:",
            "ldr r1, [r0, #{pixels}]",
            "ldr r2, [r0, #{end}]",
            "cmp r1, r2",
            "bne 2b",
            "pop {{r0, r4-r11, pc}}",
            center = const offset_of!(Job, rows.center),
            left = const offset_of!(Job, rows.left),
            width = const offset_of!(Job, width),
            stride = const offset_of!(Job, stride),
            pixels = const offset_of!(Job, pixels),
            end = const offset_of!(Job, end),
            visited = const offset_of!(Job, visited),
            curve = const offset_of!(Job, rows.curve),
            red = const offset_of!(Job, rows.color),
            blue = const offset_of!(Job, rows.color) + 8,
            shift = const INDEX_SHIFT,
            end_exponent = const END,
            alpha = sym ALPHA,
            row_width = sym ROW_WIDTH,
        )
    }

    // What the assembly takes for granted.
    const _: () = assert!(ALPHA.len() == 1 << 10 && ROW_WIDTH.len() == 1 << 9);
    const _: () = assert!(COLUMN_MAX == (1 << 13) - 1 && size_of::<Accumulator>() == 16);
    const _: () = assert!(offset_of!(Job, pixels) == offset_of!(Job, width) + 4);
}
