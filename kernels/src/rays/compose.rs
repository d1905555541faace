//! Composing samples front to back: volume rendering (Max, "Optical models for direct volume
//! rendering", 1995; NeRF, equation 3).

use super::power::Power;
use crate::fixed::mul_hi;
use quintet_protocol::ray::{
    ACTIVATION_WORDS, COLOR_ENTRIES, COLOR_TABLE, DENSITY_ENTRIES, DENSITY_TABLE, DEPTH_BITS,
    ENDLESS, SAMPLE_WORDS,
};
use quintet_protocol::tile::TRANSMITTANCE_ONE;

/// One, Q30, as weights are.
const ONE: u32 = 1 << 30;
/// Optical depth that nothing gets through.
const DARK: u32 = 31 << DEPTH_BITS;
/// From weights to transmittances, Q16.
const LOSS_SHIFT: u32 = 14;
/// What the number of a sample is multiplied by for its rounding: all of 2^14 numbers come, and
/// those of samples in a row lie far from each other, as it is near 2^14 times the golden ratio's
/// fraction.
const DITHER: u32 = 10_127;

/// Samples that are worked on together: first their opacities, then their weights, then their
/// colours.
const BLOCK: usize = 32;

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
    #[inline(never)]
    pub fn new(words: &'a [u32; ACTIVATION_WORDS]) -> Option<Self> {
        let linear = Density::Linear { multiplier: words[1] & 0xFFFF, shift: words[1] >> 16 & 63 };
        let table = words[DENSITY_TABLE..COLOR_TABLE].try_into().ok()?;
        let density = if words[0] == 0 { linear } else { Density::Table(table) };
        Some(Self { density, color: words[COLOR_TABLE..].try_into().ok()? })
    }

    /// Writes the opacities of samples, Q30, by their densities.
    #[inline(never)]
    fn opacities(
        &self,
        samples: &[[u32; SAMPLE_WORDS]],
        densities: impl Iterator<Item = i16>,
        out: &mut [u32],
    ) {
        let samples = samples.iter().zip(densities).zip(out);
        match self.density {
            Density::Linear { multiplier, shift } => {
                for ((&[_, length], density), out) in samples {
                    *out = opacity(density.max(0) as u32 * multiplier, shift, length);
                }
            }
            Density::Table(table) => {
                for ((&[_, length], density), out) in samples {
                    let Power { mantissa, shift } = Power::of_minus(between(table, density));
                    *out = opacity(mantissa, shift, length);
                }
            }
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

/// Q30 of the light that does not get through a sample of this optical length, of a density of
/// `mantissa * 2^-shift`, the shift below 64.
#[inline(always)]
fn opacity(mantissa: u32, shift: u32, length: u32) -> u32 {
    let depth = u64::from(mantissa) * u64::from(length);
    // As shifting 64 bits at once, which takes a core of 32 bits twice as long.
    let (high, low) = ((depth >> 32) as u32, depth as u32);
    let depth = if shift >= 32 {
        high >> (shift & 31)
    } else if high >> shift != 0 {
        return ONE;
    } else {
        low >> shift | (high << 1) << (31 - shift)
    };
    if depth >= DARK || depth > 0 && length == ENDLESS {
        return ONE;
    }
    let through = Power::of_minus(depth);
    ONE - (through.mantissa >> (through.shift & 31))
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
    /// Halves of a row, at least one.
    pub stride: usize,
    /// The first column.
    pub first: usize,
}

impl<'a> Columns<'a> {
    /// The columns of the rows from this one on, and what is behind them in their rows.
    #[inline(always)]
    fn from(&self, row: usize) -> impl Iterator<Item = &'a [i16]> + use<'a> {
        let rows = self.rows.get(row * self.stride..).unwrap_or_default();
        let first = self.first.min(self.stride);
        rows.chunks_exact(self.stride).map(move |row| row.get(first..).unwrap_or_default())
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
        let (mut row, mut weights) = (first, [0; BLOCK]);
        for samples in samples.chunk_by(|[a, _], [b, _]| (a ^ b) & 0xFFFF == 0) {
            let Some(mut ray) = self.ray(samples) else { continue };
            for samples in samples.chunks(BLOCK) {
                let weights = &mut weights[..samples.len()];
                let densities =
                    densities.from(row).map(|row| row.first().copied().unwrap_or_default());
                activations.opacities(samples, densities, weights);
                ray.attenuate(samples, weights);
                if let Some(colors) = colors {
                    ray.add(weights, colors.from(row), activations);
                }
                row += samples.len();
            }
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
    /// Turns opacities of samples into their weights, Q30, and takes these away from the
    /// transmittance.
    ///
    /// What is lost of 16 bits is rounded up or down by the sample's number, so that neither much
    /// thin fog is lost nor, in the mean, anything else.
    #[inline(never)]
    fn attenuate(&mut self, samples: &[[u32; SAMPLE_WORDS]], opacities: &mut [u32]) {
        let mut transmittance = (*self.transmittance).min(TRANSMITTANCE_ONE);
        for ([place, _], opacity) in samples.iter().zip(opacities) {
            let seen = if transmittance < self.opaque { 0 } else { *opacity };
            let weight = ((u64::from(transmittance) * u64::from(seen)) >> 16) as u32;
            *opacity = weight;
            if seen == 0 {
                continue;
            }
            let number = place >> 16;
            let dither = number.wrapping_mul(DITHER) & ((1 << LOSS_SHIFT) - 1);
            // At most all that was there: a weight of that is a multiple of 2^14.
            transmittance -= (weight + dither) >> LOSS_SHIFT;
            if let Some(place) = self.weights.get_mut(number as usize) {
                *place = weight;
            }
        }
        *self.transmittance = transmittance;
    }

    /// Adds the colours of samples, times their weights.
    #[inline(never)]
    fn add<'r>(
        &mut self,
        weights: &'r [u32],
        colors: impl Iterator<Item = &'r [i16]>,
        activations: &Activations<'_>,
    ) {
        let samples = weights.iter().zip(colors);
        // Three stay in registers.
        match <&mut [u32; 3]>::try_from(&mut *self.sums) {
            Ok(sums) => {
                let mut three = *sums;
                add(&mut three, samples, activations);
                *sums = three;
            }
            Err(_) => add(self.sums, samples, activations),
        }
    }
}

/// Adds colours of rows, times weights, Q30, to sums, Q26.
#[inline(always)]
fn add<'r>(
    sums: &mut [u32],
    samples: impl Iterator<Item = (&'r u32, &'r [i16])>,
    activations: &Activations<'_>,
) {
    for (&weight, colors) in samples {
        let Some(colors) = colors.get(..sums.len()).filter(|_| weight > 0) else { continue };
        for (sum, &number) in sums.iter_mut().zip(colors) {
            let part = mul_hi(weight as i32, activations.color(number));
            *sum = sum.wrapping_add(part as u32);
        }
    }
}
