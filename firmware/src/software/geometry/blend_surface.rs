//! `Geometry`, blending surfaces: colours of fragments behind what a tile's accumulators hold.

use super::cursor::PIXELS_MAX;
use crate::backend::{Step, Work};
use crate::kernels::rasterise::{Accumulator, Backdrop};
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::gaussian::ACCUMULATOR_WORDS;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{BlendSurface as Command, Fault};

/// Rows of a step, some thirty instructions each.
const STEP_ROWS: usize = 2048;
/// Most fraction bits of a colour.
const COLOR_BITS_MAX: u8 = 15;

/// Blending under way.
pub struct BlendSurface {
    count: Words,
    pixels: Option<Words>,
    colors: Words,
    accumulators: Words,
    /// Halves from row to row, and before the first column of a row.
    stride: usize,
    first: usize,
    backdrop: Backdrop,
    next: usize,
}

impl BlendSurface {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.capacity, 1..=PIXELS_MAX)?;
        // Three columns from the first on.
        in_range(1, c.matrix.stride, 4..=u16::MAX)?;
        in_range(1, c.matrix.first, 0..=c.matrix.stride - 3)?;
        in_range(2, c.color_bits, 0..=COLOR_BITS_MAX)?;
        let capacity = c.capacity as usize;
        let pixels = c.pixels.map(|id| operands.read(id, capacity + 1)).transpose()?;
        let job = Self {
            count: operands.read(c.count, 1)?,
            pixels,
            colors: operands.read(c.colors, c.matrix.words(capacity))?,
            accumulators: operands.write(c.accumulators, capacity * ACCUMULATOR_WORDS)?,
            stride: c.matrix.stride.into(),
            first: c.matrix.first.into(),
            backdrop: Backdrop::new(c.color_bits, c.adds),
            next: 0,
        };
        let listed = job.pixels.clone().unwrap_or(0..0);
        disjoint([&job.colors, &job.accumulators, &listed])?;
        disjoint([&job.colors, &job.accumulators, &job.count])?;
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        // The count may be the list's first word, so it is read by itself.
        let count = arena.get(self.count.start).map_or(0, |&count| count as usize);
        let ranges =
            [self.pixels.clone().unwrap_or(0..0), self.colors.clone(), self.accumulators.clone()];
        let Ok([pixels, colors, accumulators]) = arena.get_disjoint_mut(ranges) else {
            return Step::Done(None);
        };
        let accumulators = accumulators.as_chunks_mut::<ACCUMULATOR_WORDS>().0;
        let count = count.min(accumulators.len());
        let (from, end) = (self.next, count.min(self.next + STEP_ROWS));
        if from >= end {
            return Step::Done(None);
        }
        let colors: &[i16] = bytemuck::cast_slice(colors);
        let colors = colors.get(from * self.stride..end * self.stride).unwrap_or_default();
        let rows = Rows { colors, stride: self.stride, first: self.first };
        if self.pixels.is_some() {
            // The word before the list is the count, or anything.
            let listed = pixels.get(1 + from..).unwrap_or_default();
            put_listed(self.backdrop, &rows, listed, accumulators);
        } else {
            let pixels = accumulators.get_mut(from..).unwrap_or_default();
            for (color, pixel) in rows.colors().zip(pixels) {
                self.backdrop.put(pixel, color);
            }
        }
        self.next = end;
        Step::Working(Work { phase: Phase::Blend, items: (end - from) as u32 })
    }
}

/// Puts a colour into each pixel of a list. By itself, so that all it needs is in registers.
#[inline(never)]
fn put_listed(
    backdrop: Backdrop,
    rows: &Rows<'_>,
    listed: &[u32],
    accumulators: &mut [Accumulator],
) {
    for (color, &pixel) in rows.colors().zip(listed) {
        if let Some(pixel) = accumulators.get_mut(pixel as usize) {
            backdrop.put(pixel, color);
        }
    }
}

/// Rows of columns, three of which are colours.
struct Rows<'a> {
    colors: &'a [i16],
    stride: usize,
    first: usize,
}

impl<'a> Rows<'a> {
    #[inline(always)]
    fn colors(&self) -> impl Iterator<Item = &'a [i16; 3]> {
        let columns = self.first..self.first + 3;
        self.colors
            .chunks_exact(self.stride)
            .filter_map(move |row| row.get(columns.clone()).and_then(|color| color.first_chunk()))
    }
}
