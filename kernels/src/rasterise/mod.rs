//! `Geometry`: primitives to pixels, one tile at a time (GauRast, Li et al. 2025).
//!
//! Triangles and Gaussians go through one rasteriser: a primitive is a number of rows, and each row
//! a span of columns. What differs is how the ends of a span are found and what becomes of its
//! pixels: `rows` has the quadratic form that is blended, front to back, `edges` the edge functions
//! whose nearest depth is kept.

mod behind;
mod edges;
mod rows;

use super::project::Splat;
pub use behind::Backdrop;
use core::ops::Range;
pub use edges::{Corner, NEARNESS_FLOOR, Surface, area};
use quintet_protocol::gaussian::{ACCUMULATOR_WORDS, SPLAT_WORDS};
use rows::{Behind, Rows};

/// A pixel under construction: transmittance in Q16, then red, green and blue in Q26.
pub type Accumulator = [u32; ACCUMULATOR_WORDS];

/// Nothing in front yet.
pub const CLEAR: Accumulator = [1 << 16, 0, 0, 0];

/// A rectangle of the frame and its pixels, which are accumulators or what is nearest.
pub struct Tile<'a, P = Accumulator> {
    /// First column.
    pub x: i32,
    /// First row.
    pub y: i32,
    /// Columns, at least 1.
    pub width: i32,
    /// Rows.
    pub height: i32,
    /// `width * height` pixels, row by row.
    pub pixels: &'a mut [P],
}

/// Where a primitive goes: some rows of a tile.
struct Area {
    /// Number of the first row's first pixel in the tile.
    start: usize,
    /// The frame's column that it lies in.
    left: usize,
    /// Columns.
    width: usize,
    /// Rows.
    height: usize,
}

/// Rows of spans, one after another.
trait Primitive {
    /// The pixels that it is drawn on, by their numbers in the tile.
    type Canvas: ?Sized;

    /// First column of the row's span and one past the last, in the frame; the first may be the
    /// greater one.
    fn columns(&self) -> [usize; 2];

    /// Draws the part of the row's span that lies in the tile: it begins `skipped` columns after
    /// column `first`, where the span begins.
    fn span(&self, first: usize, skipped: usize, pixels: Range<usize>, canvas: &mut Self::Canvas);

    /// Goes on to the next row.
    fn advance(&mut self);
}

/// Draws a primitive's rows; returns how many pixels were visited. `INNER` for an area whose left
/// edge is not the frame's.
#[inline(always)]
fn traverse<P: Primitive, const INNER: bool>(
    mut primitive: P,
    canvas: &mut P::Canvas,
    area: &Area,
) -> u32 {
    let left = if INNER { area.left } else { 0 };
    let (mut visited, mut start) = (0, area.start);
    for _ in 0..area.height {
        let [first, end] = primitive.columns();
        let (from, to) = (first.max(left), end.min(left + area.width));
        if from < to {
            visited += (to - from) as u32;
            let skipped = if INNER { from - first } else { 0 };
            primitive.span(first, skipped, start + from - left..start + to - left, canvas);
        }
        start += area.width;
        primitive.advance();
    }
    visited
}

/// [`traverse`], wherever the area is.
#[inline(always)]
fn traverse_any<P: Primitive>(primitive: P, canvas: &mut P::Canvas, area: &Area) -> u32 {
    match area.left {
        0 => traverse::<P, false>(primitive, canvas, area),
        _ => traverse::<P, true>(primitive, canvas, area),
    }
}

impl<P> Tile<'_, P> {
    /// The part of the tile between two rows of the frame, if there is any.
    #[inline(always)]
    fn area(&self, [first, end]: [i32; 2]) -> Option<Area> {
        let (first, end) = (first.max(self.y), end.min(self.y + self.height));
        (first < end).then(|| Area {
            start: ((first - self.y) * self.width) as usize,
            left: self.x as usize,
            width: self.width as usize,
            height: (end - first) as usize,
        })
    }
}

impl Tile<'_> {
    /// Makes every pixel empty.
    pub fn clear(&mut self) {
        self.pixels.fill(CLEAR);
    }

    /// Draws one splat; returns how many pixels were visited.
    #[inline(never)]
    pub fn draw(&mut self, words: &[u32; SPLAT_WORDS]) -> u32 {
        let splat = Splat::from_words(words);
        let Some(area) = self.area(splat.rows.map(i32::from)) else { return 0 };
        Rows::from_row(&splat, self.y).blend(self.pixels, &area)
    }

    /// Draws one splat where no surface is nearer than `nearness`; returns how many pixels were
    /// visited.
    #[inline(never)]
    pub fn draw_before(
        &mut self,
        words: &[u32; SPLAT_WORDS],
        nearness: u32,
        surface: &[Surface],
    ) -> u32 {
        let splat = Splat::from_words(words);
        let Some(area) = self.area(splat.rows.map(i32::from)) else { return 0 };
        let rows = Rows::from_row(&splat, self.y);
        traverse_any(Behind { rows, nearness, surface }, self.pixels, &area)
    }

    /// Turns pixels, from number `first` on, into bytes over a background.
    #[inline(never)]
    pub fn resolve(&self, first: usize, background: [u8; 3], out: &mut [u8]) {
        let pixels = self.pixels.get(first..).unwrap_or_default();
        for (pixel, bytes) in pixels.iter().zip(out.as_chunks_mut::<3>().0) {
            let [transmittance, color @ ..] = pixel;
            for ((byte, sum), behind) in bytes.iter_mut().zip(color).zip(background) {
                // Both terms in Q18 of a byte.
                let front = (*sum as i32 >> 8).wrapping_mul(255);
                let behind = transmittance.wrapping_mul(u32::from(behind) << 2) as i32;
                let value = front.wrapping_add(behind).wrapping_add(1 << 17) >> 18;
                *byte = value.clamp(0, 255) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    extern crate std;
    use std::vec;

    const SIDE: i32 = 48;

    /// A splat with conditional variance `v`, variance `c` and slope `m`, in pixels.
    fn splat(center: [f64; 2], m: f64, v: f64, c: f64, opacity: u8) -> Splat {
        let room = (f64::from(opacity)).ln();
        let half_rows = (2.0 * room * c).sqrt();
        let first = (center[1] - half_rows - 0.5).ceil();
        let end = (center[1] + half_rows + 0.5).floor();
        let rows = [first, end].map(|row| row.clamp(0.0, f64::from(SIDE)) as u16);
        Splat {
            center: center.map(|x| (x * 256.0).round() as i32),
            slope: (m * 65536.0).round() as i32,
            inverse_row_variance: (f64::from(1 << 27) / v).round() as u32,
            inverse_variance_y: (f64::from(1 << 27) / c).round() as u32,
            half_width: ((2.0 * room * v).sqrt() * 256.0).ceil() as u32,
            rows,
            columns: [0, SIDE as u16],
            color: [4096, 2048, 1024],
            opacity,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn a_splat_follows_the_exponential(
            x in -10.0..58.0f64,
            y in -10.0..58.0f64,
            m in -8.0..8.0f64,
            deviation in 0.55..60.0f64,
            deviation_y in 0.55..60.0f64,
            opacity in 2u8..,
        ) {
            let splat = splat([x, y], m, deviation.powi(2), deviation_y.powi(2), opacity);
            let mut pixels = vec![[0; 4]; (SIDE * SIDE) as usize];
            let mut tile = Tile { x: 0, y: 0, width: SIDE, height: SIDE, pixels: &mut pixels };
            tile.clear();
            tile.draw(&splat.to_words());
            for (i, [transmittance, red, ..]) in pixels.iter().enumerate() {
                let (column, row) = (i % SIDE as usize, i / SIDE as usize);
                let dy = row as f64 + 0.5 - f64::from(splat.center[1]) / 256.0;
                let drift = f64::from(splat.slope) / 65536.0 * dy;
                let dx = column as f64 + 0.5 - f64::from(splat.center[0]) / 256.0 - drift;
                let unit = f64::from(1 << 27);
                let exponent = (dx * dx * f64::from(splat.inverse_row_variance)
                    + dy * dy * f64::from(splat.inverse_variance_y)) / 2.0 / unit;
                let exact = (f64::from(opacity) / 255.0 * (-exponent).exp()).min(0.99);
                let alpha = 1.0 - f64::from(*transmittance) / 65536.0;
                // Half a step of the exponent and a last place; at the cut-off, all or nothing.
                let at_edge = (exact * 255.0 - 1.0).abs() < 0.02;
                let exact = if exact * 255.0 < 1.0 { 0.0 } else { exact };
                let near = |value: f64| (value - exact).abs() < exact * 0.008 + 0.0002;
                prop_assert!(near(alpha) || at_edge, "({column}, {row}): {alpha} for {exact}");
                let red = f64::from(*red) / f64::from(1 << 26);
                prop_assert!(near(red) || at_edge, "({column}, {row}): red {red} for {exact}");
            }
        }
    }
}
