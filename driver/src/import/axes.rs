//! Rotations of scenes: half turns between the axes of file formats, and any turn of harmonics.
//!
//! | axes | x | y | z | to INRIA's |
//! |---|---|---|---|---|
//! | INRIA (RDF) | right | down | forward | |
//! | SPZ (RUB) | right | up | back | half turn about x |
//! | glTF 2.0, section 3.4 (LUF) | left | up | forward | half turn about z |

use std::f32::consts::TAU;

/// A rotation by 180 degrees about an axis (0 x, 1 y, 2 z): the other two change sign.
#[derive(Clone, Copy)]
pub(super) struct HalfTurn(pub usize);

/// Which of x (bit 0), y (bit 1) and z (bit 2) occur to an odd power in each real spherical
/// harmonic, in the order of 3DGS files: degree 1, then 2, then 3.
const ODD: [u8; 15] = [
    0b010, 0b100, 0b001, // y, z, x
    0b011, 0b110, 0b000, 0b101, 0b000, // xy, yz, 3zz-1, xz, xx-yy
    0b010, 0b111, 0b010, 0b100, 0b001, 0b100,
    0b001, // y(..), xyz, y(..), z(..), x(..), z(..), x(..)
];

impl HalfTurn {
    /// Turns a vector.
    pub(super) fn vector(self, v: [f32; 3]) -> [f32; 3] {
        std::array::from_fn(|axis| if axis == self.0 { v[axis] } else { -v[axis] })
    }

    /// Turns the world and the local axes alike: q becomes f q f*. The covariance that comes out is
    /// that of [`HalfTurn::world`], since half turns about the axes commute with scaling.
    pub(super) fn both(self, [w, x, y, z]: [f32; 4]) -> [f32; 4] {
        let [x, y, z] = self.vector([x, y, z]);
        [w, x, y, z]
    }

    /// Turns the world: q becomes f q.
    pub(super) fn world(self, [w, x, y, z]: [f32; 4]) -> [f32; 4] {
        match self.0 {
            0 => [-x, w, -z, y],
            1 => [-y, z, w, -x],
            _ => [-z, -y, x, w],
        }
    }

    /// Turns harmonics, coefficient-major with colour innermost.
    pub(super) fn harmonics(self, values: &mut [f32]) {
        let changed = 0b111 & !(1u8 << self.0);
        for (coefficient, odd) in values.chunks_exact_mut(3).zip(ODD) {
            if (odd & changed).count_ones() % 2 == 1 {
                coefficient.iter_mut().for_each(|value| *value = -*value);
            }
        }
    }
}

/// A rotation of spherical harmonics, one square matrix per degree.
#[derive(Clone)]
pub(super) struct HarmonicRotation([Box<[[f32; 7]; 7]>; 3]);

impl HarmonicRotation {
    /// For a unit quaternion (w, x, y, z). Entry (i, j) of a degree is the integral over the
    /// sphere of Y_i(d) Y_j(R* d), taken exactly: the product has degree 6, for which four
    /// Gauss-Legendre heights of eight azimuths each suffice.
    pub(super) fn new(rotation: [f32; 4]) -> Self {
        /// Nodes and weights of Gauss-Legendre quadrature on -1..1 with four points.
        const HEIGHTS: [(f32, f32); 4] = [
            (-0.861_136_3, 0.347_854_85),
            (-0.339_981_04, 0.652_145_15),
            (0.339_981_04, 0.652_145_15),
            (0.861_136_3, 0.347_854_85),
        ];
        let [w, x, y, z] = rotation;
        let back = [w, -x, -y, -z];
        let mut matrices = std::array::from_fn(|_| Box::new([[0.0; 7]; 7]));
        for (height, weight) in HEIGHTS {
            for azimuth in 0..8 {
                let (sin, cos) = (azimuth as f32 * (TAU / 8.0) + 0.1).sin_cos();
                let radius = (1.0 - height * height).sqrt();
                let direction = [radius * cos, radius * sin, height];
                let here = harmonics_basis(direction);
                let there = harmonics_basis(quaternion_turn(back, direction));
                let weight = weight * TAU / 8.0;
                for (degree, matrix) in matrices.iter_mut().enumerate() {
                    let band = band(degree);
                    for (row, i) in matrix.iter_mut().zip(band.clone()) {
                        for (entry, j) in row.iter_mut().zip(band.clone()) {
                            *entry += weight * here[i] * there[j];
                        }
                    }
                }
            }
        }
        HarmonicRotation(matrices)
    }

    /// Turns harmonics, coefficient-major with colour innermost.
    pub(super) fn apply(&self, values: &mut [f32]) {
        for (degree, matrix) in self.0.iter().enumerate() {
            let band = band(degree);
            let Some(values) = values.get_mut(3 * band.start..3 * band.end) else { return };
            let before = values.to_vec();
            for (after, row) in values.chunks_exact_mut(3).zip(matrix.iter()) {
                for (channel, after) in after.iter_mut().enumerate() {
                    let column = before.iter().skip(channel).step_by(3);
                    *after = row.iter().zip(column).map(|(a, b)| a * b).sum();
                }
            }
        }
    }
}

/// Indices of the coefficients of degree `index + 1` in [`harmonics_basis`].
fn band(index: usize) -> std::ops::Range<usize> {
    [0..3, 3..8, 8..15][index].clone()
}

/// The real spherical harmonics of degrees 1 to 3 in a direction, with the signs of 3DGS files.
pub(crate) fn harmonics_basis([x, y, z]: [f32; 3]) -> [f32; 15] {
    let (xx, yy, zz) = (x * x, y * y, z * z);
    [
        -0.488_602_5 * y,
        0.488_602_5 * z,
        -0.488_602_5 * x,
        1.092_548_4 * x * y,
        -1.092_548_4 * y * z,
        0.315_391_57 * (2.0 * zz - xx - yy),
        -1.092_548_4 * x * z,
        0.546_274_2 * (xx - yy),
        -0.590_043_6 * y * (3.0 * xx - yy),
        2.890_611_4 * x * y * z,
        -0.457_045_8 * y * (4.0 * zz - xx - yy),
        0.373_176_34 * z * (2.0 * zz - 3.0 * xx - 3.0 * yy),
        -0.457_045_8 * x * (4.0 * zz - xx - yy),
        1.445_305_7 * z * (xx - yy),
        -0.590_043_6 * x * (xx - 3.0 * yy),
    ]
}

/// The Hamilton product of quaternions (w, x, y, z): `b` first, then `a`.
pub(super) fn quaternion_product(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
    [
        a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
        a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
        a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
        a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
    ]
}

/// A vector turned by a unit quaternion (w, x, y, z).
pub(super) fn quaternion_turn(q: [f32; 4], [x, y, z]: [f32; 3]) -> [f32; 3] {
    let back = [q[0], -q[1], -q[2], -q[3]];
    let [_, x, y, z] = quaternion_product(quaternion_product(q, [0.0, x, y, z]), back);
    [x, y, z]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 15 coefficients of three channels, all different.
    fn harmonics() -> Vec<f32> {
        (0..45u8).map(|i| (f32::from(i) * 1.7).sin()).collect()
    }

    fn close(a: &[f32], b: &[f32]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
    }

    #[test]
    fn half_turns_are_rotations_of_the_harmonics() {
        for (axis, q) in
            [(0, [0.0, 1.0, 0.0, 0.0]), (1, [0.0, 0.0, 1.0, 0.0]), (2, [0.0, 0.0, 0.0, 1.0])]
        {
            let (mut a, mut b) = (harmonics(), harmonics());
            HalfTurn(axis).harmonics(&mut a);
            HarmonicRotation::new(q).apply(&mut b);
            assert!(close(&a, &b), "axis {axis}: {a:?} {b:?}");
            assert_eq!(
                HalfTurn(axis).world([0.5, -0.1, 0.7, 0.2]),
                quaternion_product(q, [0.5, -0.1, 0.7, 0.2])
            );
            assert!(close(
                &HalfTurn(axis).vector([1.0, 2.0, 3.0]),
                &quaternion_turn(q, [1.0, 2.0, 3.0])
            ));
        }
    }

    #[test]
    fn turned_harmonics_have_the_old_value_in_the_turned_direction() {
        let q = [0.5, -0.7, 0.1, 0.5];
        let mut turned = harmonics();
        HarmonicRotation::new(q).apply(&mut turned);
        let value = |values: &[f32], direction| -> f32 {
            harmonics_basis(direction)
                .iter()
                .zip(values.iter().step_by(3))
                .map(|(a, b)| a * b)
                .sum()
        };
        let direction = [0.36, 0.48, -0.8];
        let (old, new) =
            (value(&harmonics(), direction), value(&turned, quaternion_turn(q, direction)));
        assert!((old - new).abs() < 1e-5, "{old} {new}");
    }
}
