//! Composing samples front to back: volume rendering (Max, "Optical models for direct volume
//! rendering", 1995; NeRF, equation 3).

use super::power::Power;
use crate::kernels::fixed::mul_hi;
use quintet_protocol::ray::{
    ACTIVATION_WORDS, COLOR_ENTRIES, COLOR_TABLE, DENSITY_ENTRIES, DENSITY_TABLE, ENDLESS,
    SAMPLE_WORDS,
};
use quintet_protocol::tile::TRANSMITTANCE_ONE;

/// One, Q30, as weights are.
const ONE: u32 = 1 << 30;
/// From weights to transmittances, Q16.
const LOSS_SHIFT: u32 = 14;
/// What the number of a sample is multiplied by for its rounding: all of 2^14 numbers come, and those
/// of samples in a row lie far from each other, as it is near 2^14 times the golden ratio's fraction.
const DITHER: u32 = 10_127;

/// What densities and colours become.
#[derive(Clone, Copy)]
pub struct Activations<'a> {
    density: Density<'a>,
    color: &'a [u32; COLOR_ENTRIES],
}

#[derive(Clone, Copy)]
enum Density<'a> {
    Linear { multiplier: u32, shift: u32 },
    Table(&'a [u32; DENSITY_ENTRIES]),
}

impl<'a> Activations<'a> {
    /// Reads the words of activations.
    pub fn new(words: &'a [u32; ACTIVATION_WORDS]) -> Option<Self> {
        let linear = Density::Linear { multiplier: words[1] & 0xFFFF, shift: words[1] >> 16 & 63 };
        let table = words[DENSITY_TABLE..COLOR_TABLE].try_into().ok()?;
        let density = if words[0] == 0 { linear } else { Density::Table(table) };
        Some(Self { density, color: words[COLOR_TABLE..].try_into().ok()? })
    }

    /// Q30 of the light that gets through a sample of this optical length.
    #[inline(always)]
    fn through(&self, density: i16, length: u32) -> u32 {
        let (mantissa, shift) = match self.density {
            Density::Linear { multiplier, shift } => (density.max(0) as u32 * multiplier, shift),
            Density::Table(table) => {
                let power = Power::of_minus(between(table, density));
                (power.mantissa, power.shift)
            }
        };
        let depth = (u64::from(mantissa) * u64::from(length)) >> shift;
        match u32::try_from(depth) {
            Ok(depth) if depth == 0 || length != ENDLESS => Power::of_minus(depth).value(),
            _ => 0,
        }
    }

    /// The colour of a number, Q28.
    #[inline(always)]
    fn color(&self, number: i16) -> i32 {
        let (entry, into) = place(number);
        let word = self.color[entry];
        let (here, step) = ((word & 0xFFFF) as i32, word as i32 >> 16);
        ((here << 8) + step * into as i32) << 5
    }
}

/// The entry before a number, and how far behind it the number is, of 256.
#[inline(always)]
fn place(number: i16) -> (usize, u32) {
    let steps = u32::from(number as u16 ^ 0x8000);
    ((steps >> 8) as usize, steps & 0xFF)
}

/// What is on a line between a table's entries.
#[inline(always)]
fn between(table: &[u32; DENSITY_ENTRIES], number: i16) -> u32 {
    let (entry, into) = place(number);
    let (here, next) = (table[entry], table[entry + 1]);
    let step = i64::from(next.wrapping_sub(here) as i32) * i64::from(into);
    here.wrapping_add((step >> 8) as u32)
}

/// Columns of rows that belong to samples.
#[derive(Clone, Copy)]
pub struct Columns<'a> {
    /// All rows.
    pub rows: &'a [i16],
    /// Halves from row to row, at least one.
    pub stride: usize,
    /// The first column.
    pub first: usize,
}

impl<'a> Columns<'a> {
    /// The rows from this one on, without what is before the columns in the first of them.
    fn from(&self, row: usize) -> &'a [i16] {
        self.rows.get(row * self.stride + self.first..).unwrap_or_default()
    }
}

/// Where samples are composed.
pub struct Target<'a> {
    /// Of rays, `accumulator_words` each.
    pub accumulators: &'a mut [u32],
    /// Words of an accumulator, at least one.
    pub accumulator_words: usize,
    /// Weights of samples, `per_ray` words a ray; none where they are not wanted.
    pub weights: Option<(&'a mut [u32], usize)>,
    /// Transmittance below which nothing more is seen, Q16.
    pub opaque: u32,
}

impl Target<'_> {
    /// Composes samples, the first of which has that row.
    pub fn compose(
        &mut self,
        samples: &[[u32; SAMPLE_WORDS]],
        first: usize,
        activations: &Activations<'_>,
        densities: Columns<'_>,
        colors: Option<Columns<'_>>,
    ) {
        let mut row = first;
        for samples in samples.chunk_by(|[a, _], [b, _]| (a ^ b) & 0xFFFF == 0) {
            let Some(mut ray) = self.ray(samples) else { continue };
            let densities = densities.from(row).iter().step_by(densities.stride);
            let samples_of_ray = samples.iter().zip(densities);
            match colors {
                Some(colors) => {
                    let rows = colors.from(row).chunks(colors.stride);
                    ray.compose(samples_of_ray.zip(rows), activations);
                }
                None => {
                    ray.compose(samples_of_ray.zip(core::iter::repeat(&[][..])), activations);
                }
            }
            row += samples.len();
        }
    }

    /// The ray that some samples are of.
    fn ray(&mut self, samples: &[[u32; SAMPLE_WORDS]]) -> Option<Ray<'_>> {
        let ray = (samples.first()?[0] & 0xFFFF) as usize;
        let words = self.accumulator_words;
        let accumulator = self.accumulators.get_mut(ray * words..(ray + 1) * words)?;
        let weights = match &mut self.weights {
            Some((weights, per_ray)) => {
                weights.get_mut(ray * *per_ray..(ray + 1) * *per_ray).unwrap_or_default()
            }
            None => Default::default(),
        };
        let (transmittance, sums) = accumulator.split_first_mut()?;
        Some(Ray { transmittance, sums, weights, opaque: self.opaque })
    }
}

/// A ray that samples are composed into.
struct Ray<'a> {
    transmittance: &'a mut u32,
    sums: &'a mut [u32],
    weights: &'a mut [u32],
    opaque: u32,
}

impl Ray<'_> {
    /// Composes samples with their densities and their colours.
    #[inline(always)]
    fn compose<'r>(
        &mut self,
        samples: impl Iterator<Item = ((&'r [u32; SAMPLE_WORDS], &'r i16), &'r [i16])>,
        activations: &Activations<'_>,
    ) {
        let mut transmittance = (*self.transmittance).min(TRANSMITTANCE_ONE);
        for ((&[place, length], &density), colors) in samples {
            if transmittance < self.opaque {
                break;
            }
            let alpha = ONE - activations.through(density, length);
            if alpha == 0 {
                continue;
            }
            let number = place >> 16;
            let weight = attenuate(&mut transmittance, alpha, number);
            if let Some(place) = self.weights.get_mut(number as usize) {
                *place = weight;
            }
            for (sum, &number) in self.sums.iter_mut().zip(colors) {
                let part = mul_hi(weight as i32, activations.color(number));
                *sum = sum.wrapping_add(part as u32);
            }
        }
        *self.transmittance = transmittance;
    }
}

/// Takes a sample's weight, Q30, away from a transmittance, up to one.
///
/// What is lost of 16 bits is rounded up or down by the sample's number, so that neither much thin fog
/// is lost nor, in the mean, anything else.
#[inline(always)]
fn attenuate(transmittance: &mut u32, alpha: u32, number: u32) -> u32 {
    let weight = ((u64::from(*transmittance) * u64::from(alpha)) >> 16) as u32;
    let dither = number.wrapping_mul(DITHER) & ((1 << LOSS_SHIFT) - 1);
    // At most all that was there: a weight of that is a multiple of 2^14.
    *transmittance -= (weight + dither) >> LOSS_SHIFT;
    weight
}
