//! Levels of dense and hashed grids.

use super::{Bits, GRID_FEATURES_MAX, GridError, QuantisedGrid, fraction_bits, largest, words};
use crate::scene::field;
use quintet_protocol::grid::{COORDINATE_BITS, Level, MULTIPLIER_ONE, SCALE_BITS, Wrap};

/// Scales are below this.
const SCALE_LIMIT: f64 = 16_384.0;

/// Quantises a grid: a scale for each level, so that its largest feature is the largest byte or
/// half, and the same fraction bits for all that come out.
///
/// Corners beyond a dense level are numbered as tiny-cuda-nn does it, by the same formula and
/// modulo the entries; there the level becomes larger, by copies of the entries that this names.
///
/// # Errors
/// [`GridError`]: no device takes such a grid.
pub fn grid(grid: &field::Grid, bits: Bits) -> Result<QuantisedGrid, GridError> {
    let features = grid.features;
    if !(1..=GRID_FEATURES_MAX).contains(&features) {
        return Err(GridError::Features { features, most: GRID_FEATURES_MAX });
    }
    let tables = grid.levels.iter().enumerate();
    let tables = tables.map(|(number, level)| table_of(grid, number, level));
    let tables = tables.collect::<Result<Vec<_>, _>>()?;
    let ranges: Vec<f64> = tables
        .iter()
        .map(|table| largest(table.entries.iter().copied().flatten().copied()))
        .collect();
    let fraction_bits = fraction_bits(ranges.iter().copied().fold(0.0, f64::max));
    let (mut levels, mut bytes, mut first) = (Vec::new(), Vec::new(), 0);
    for ((level, table), range) in grid.levels.iter().zip(&tables).zip(ranges) {
        let step = range.max(f64::MIN_POSITIVE) / bits.most();
        let multiplier = step * f64::from(fraction_bits).exp2() * f64::from(MULTIPLIER_ONE);
        for &feature in table.entries.iter().copied().flatten() {
            bits.push(&mut bytes, f64::from(feature) / step);
        }
        let quantised = Level {
            scale: level.scale.map(|scale| fixed(scale, SCALE_BITS)),
            offset: fixed(level.offset, COORDINATE_BITS),
            first,
            entries: table.entries.len() as u32,
            resolution: table.resolution,
            wraps: [Wrap::Clamp; 3],
            hashed: level.hashed,
            nearest: false,
            multiplier: multiplier.round() as i32,
        };
        levels.extend(quantised.to_words());
        first += table.entries.len() as u32;
    }
    let table = words(bytes);
    Ok(QuantisedGrid { levels, table, entry: bits.entry(), features, fraction_bits })
}

/// Entries of a level as the device has them.
struct Table<'a> {
    /// Features of each entry.
    entries: Vec<&'a [f32]>,
    /// Entries along each axis, of a dense level.
    resolution: [u16; 3],
}

/// The entries of a level, with those of corners beyond it.
fn table_of<'a>(
    grid: &'a field::Grid,
    number: usize,
    level: &field::Level,
) -> Result<Table<'a>, GridError> {
    let too_fine = || GridError::TooFine { level: number };
    let fits = |scale: &f64| (0.0..SCALE_LIMIT).contains(scale);
    if !level.scale.iter().all(fits) || !(-8.0..=8.0).contains(&level.offset) {
        return Err(too_fine());
    }
    let [nx, ny, nz] = level.resolution;
    let expected = if level.hashed { level.entries } else { nx * ny * nz };
    let entries = grid.table.chunks_exact(grid.features).skip(level.first).take(level.entries);
    let entries: Vec<&[f32]> = entries.collect();
    if entries.is_empty() || entries.len() < expected.min(level.entries) || expected == 0 {
        return Err(GridError::Entries { level: number });
    }
    if level.hashed {
        return match level.entries.is_power_of_two() {
            true => Ok(Table { entries, resolution: [1; 3] }),
            false => Err(GridError::HashSize { level: number, entries: level.entries }),
        };
    }
    let side = |axis: usize| {
        let upper = (level.scale[axis] + level.offset).floor() + 1.0;
        // Where entries lie in the middles of cells the nearest one is taken beyond the level.
        let reached = if level.offset < 0.0 { 0 } else { upper as usize + 1 };
        u16::try_from(level.resolution[axis].max(reached)).map_err(|_| too_fine())
    };
    let resolution = [side(0)?, side(1)?, side(2)?];
    let [sx, sy, sz] = resolution.map(usize::from);
    let places = (0..sz).flat_map(|z| (0..sy).flat_map(move |y| (0..sx).map(move |x| (x, y, z))));
    let of = |(x, y, z)| entries[(x + nx * (y + ny * z)) % entries.len()];
    Ok(Table { entries: places.map(of).collect(), resolution })
}

/// A number with so many fraction bits.
fn fixed(value: f64, bits: u32) -> i32 {
    (value * f64::from(1u32 << bits)).round() as i32
}
