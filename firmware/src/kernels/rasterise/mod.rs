//! `Geometry`: splats to pixels, one tile at a time, front to back.
//!
//! A splat is drawn row by row. Each row's visible columns are found from the share of the exponent
//! that the row leaves (one look-up), so that hardly a pixel is visited in vain; along the row the
//! exponent advances by two additions, and one look-up turns it into opacity.

mod rows;

use super::fixed::mul_shift;
use super::project::Splat;
use super::tables::{EXPONENT_LIMIT, OPACITY_EXPONENT};
use quintet_protocol::gaussian::{ACCUMULATOR_WORDS, SPLAT_WORDS};
use rows::{Area, Rows};

/// A pixel under construction: transmittance in Q16, then red, green and blue in Q26.
pub type Accumulator = [u32; ACCUMULATOR_WORDS];

/// Nothing in front yet.
const CLEAR: Accumulator = [1 << 16, 0, 0, 0];

/// A rectangle of the frame and its accumulators.
pub struct Tile<'a> {
    /// First column.
    pub x: i32,
    /// First row.
    pub y: i32,
    /// Columns, at least 1.
    pub width: i32,
    /// Rows.
    pub height: i32,
    /// `width * height` accumulators, row by row.
    pub pixels: &'a mut [Accumulator],
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
        let first = i32::from(splat.rows[0]).max(self.y);
        let end = i32::from(splat.rows[1]).min(self.y + self.height);
        if first >= end {
            return 0;
        }
        let width = self.width as usize;
        let start = (first - self.y) as usize * width;
        let pixels = self.pixels.get_mut(start..).unwrap_or_default();
        let mut rows = rows_of(&splat);
        let skipped = first - i32::from(splat.rows[0]);
        if skipped > 0 {
            rows.skip(skipped);
        }
        rows.blend(Area { pixels, left: self.x as usize, width, height: (end - first) as usize })
    }

    /// Turns pixels, from number `first` on, into bytes over a background.
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

/// The rows of a splat from its first one on.
#[inline(always)]
fn rows_of(splat: &Splat) -> Rows {
    let dy = (i32::from(splat.rows[0]) << 8).wrapping_add(128).wrapping_sub(splat.center[1]); // Q8
    let room = EXPONENT_LIMIT - OPACITY_EXPONENT[usize::from(splat.opacity)];
    let curve = splat.inverse_variance_y;
    let gradient = mul_shift::<8>(curve as i32, dy); // Q27
    let column = (splat.center[0] << 8).wrapping_add(0x8000); // Q16
    Rows {
        center: column.wrapping_add(mul_shift::<8>(splat.slope, dy)),
        slope: splat.slope,
        half_width: splat.half_width as i32,
        left: (room as i32).wrapping_sub(mul_shift::<9>(gradient, dy)),
        left_step: gradient.wrapping_add((curve >> 1) as i32),
        left_curve: curve as i32,
        inverse_room: u32::MAX / ((room >> 13) | 1),
        color: splat.color.map(|channel| i32::from(channel) << 15),
        curve: splat.inverse_row_variance,
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
