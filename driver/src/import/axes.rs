//! Half turns between the axes of file formats, applied to centres, rotations and harmonics.
//!
//! | axes | x | y | z | to INRIA's |
//! |---|---|---|---|---|
//! | INRIA (RDF) | right | down | forward | |
//! | SPZ (RUB) | right | up | back | half turn about x |
//! | glTF 2.0, section 3.4 (LUF) | left | up | forward | half turn about z |

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
