//! Frequencies of positional encodings to the records of [`quintet_protocol::feature`].

use std::f64::consts::TAU;

use quintet_protocol::feature::wave_words;
use quintet_protocol::tile::POINT_BITS;

/// Largest factor.
const FACTOR_LIMIT: f64 = (1u64 << 31) as f64;
/// Largest shift of a product.
const SHIFT_MAX: i32 = 31;
/// A turn.
const TURN: f64 = (1u64 << 32) as f64;
/// Fraction bits of directions.
const DIRECTION_BITS: i32 = 30;

/// What a coordinate stands for: `origin + unit * coordinate / 2^bits`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinate {
    /// At zero.
    pub origin: f64,
    /// What a whole unit adds.
    pub unit: f64,
    /// Fraction bits.
    pub bits: i32,
}

impl Coordinate {
    /// Points in a box, from its least to its greatest corner.
    pub fn points(bounds: &[[f64; 3]; 2]) -> [Self; 3] {
        let bits = POINT_BITS as i32;
        [0, 1, 2].map(|axis| {
            let [origin, end] = [bounds[0][axis], bounds[1][axis]];
            Self { origin, unit: end - origin, bits }
        })
    }

    /// Directions of rays.
    pub fn directions() -> [Self; 3] {
        [Self::column(DIRECTION_BITS); 3]
    }

    /// A column of a matrix.
    pub fn column(bits: i32) -> Self {
        Self { origin: 0.0, unit: 1.0, bits }
    }
}

/// Records of frequencies, in radians per unit of what coordinates stand for.
pub fn waves(frequencies: &[f64], coordinates: &[Coordinate]) -> Vec<u32> {
    let mut words = Vec::with_capacity(frequencies.len() * wave_words(coordinates.len()));
    for frequency in frequencies {
        // What a step of each coordinate adds to the angle.
        let step = |it: &Coordinate| frequency / TAU * it.unit * (32.0 - f64::from(it.bits)).exp2();
        let largest = coordinates.iter().map(|it| step(it).abs()).fold(0.0, f64::max);
        // Rounding must not make it the limit itself.
        let shift = ((FACTOR_LIMIT - 1.0) / largest).log2().floor();
        let shift = (shift as i32).clamp(0, SHIFT_MAX);
        words.push(shift as u32);
        for coordinate in coordinates {
            let factor = step(coordinate) * f64::from(shift).exp2();
            words.push(wrapped(factor));
            words.push(wrapped((frequency / TAU * coordinate.origin).fract() * TURN));
        }
    }
    words
}

/// A number modulo 2^32: of angles whole turns do not matter, nor do they of factors that are not
/// shifted.
fn wrapped(value: f64) -> u32 {
    value.round().rem_euclid(TURN) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quintet_firmware::kernels::sine::{cosine, sine};

    /// Angle of a coordinate, as the command has it.
    fn angle(record: &[u32], number: usize, coordinate: i32) -> u32 {
        let product = i64::from(coordinate) * i64::from(record[1 + 2 * number] as i32);
        ((product >> record[0]) as u32).wrapping_add(record[2 + 2 * number])
    }

    proptest! {
        /// Of a NeRF: ten octaves of world coordinates, of a box that is seen from inside.
        #[test]
        fn waves_are_of_world_coordinates(
            corner in proptest::array::uniform3(-9.0f64..9.0),
            sides in proptest::array::uniform3(0.1f64..20.0),
            point in proptest::array::uniform3(-(1i32 << 29)..1 << 29),
            octave in 0i32..10,
        ) {
            let corners = [corner, [0, 1, 2].map(|axis| corner[axis] + sides[axis])];
            let frequency = f64::from(octave).exp2();
            let record = waves(&[frequency], &Coordinate::points(&corners));
            for axis in 0..3 {
                let share = f64::from(point[axis]) / 28f64.exp2();
                let world = corner[axis] + sides[axis] * share;
                let angle = angle(&record, axis, point[axis]);
                let found = [sine(angle), cosine(angle)].map(|it| f64::from(it) / 16384.0);
                let exact = [(frequency * world).sin(), (frequency * world).cos()];
                for (found, exact) in found.iter().zip(exact) {
                    prop_assert!((found - exact).abs() < 1.2 / 16384.0, "{found} {exact}");
                }
            }
        }

        #[test]
        fn waves_are_of_directions_and_of_columns(
            direction in -(1i32 << 30)..=1 << 30,
            half: i16,
            frequency in 0.01f64..64.0,
            bits in 4i32..16,
        ) {
            let column = [Coordinate::column(bits)];
            let of_column = waves(&[frequency], &column);
            let of_direction = waves(&[frequency], &Coordinate::directions());
            let cases = [
                (angle(&of_direction, 2, direction), f64::from(direction) / 30f64.exp2()),
                (angle(&of_column, 0, half.into()), f64::from(half) / f64::from(bits).exp2()),
            ];
            for (angle, value) in cases {
                let exact = (frequency * value).sin();
                let error = (f64::from(sine(angle)) / 16384.0 - exact).abs();
                prop_assert!(error < 1.1 / 16384.0, "{error}");
            }
        }
    }

    #[test]
    fn frequencies_of_all_sizes_have_records() {
        let frequencies = [0.0, 1e-30, 1e30, -3.0, f64::NAN, f64::INFINITY];
        let words = waves(&frequencies, &[Coordinate::column(12)]);
        assert_eq!(words.len(), frequencies.len() * wave_words(1));
        assert!(words.iter().step_by(wave_words(1)).all(|&shift| shift <= 31));
    }
}
