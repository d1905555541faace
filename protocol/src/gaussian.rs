//! Layout of Gaussians, their chunks, the camera and the splats in the arena.
//!
//! All integers are little-endian words of 32 bits; `Qn` means `n` fraction bits. Lengths are in
//! *scene units* (su): the quantiser picks how many make a world unit, a power of two, so that a
//! whole scene and the cameras around it fit 28 bits.
//!
//! Gaussians lie in *chunks* of up to [`CHUNK_CAPACITY`] neighbours. A chunk has an origin in full
//! precision; positions are 16-bit offsets from it.
//!
//! ```text
//! chunk, 8 words                          Gaussian, 6 words
//! 0..3  origin x, y, z, su                0  x | y << 16   offsets, signed, << position_shift su
//! 3     radius of a sphere around it, su  1  z | exponent << 16 (6 bits) | harmonics_shift << 22 (2)
//! 4     count | position_shift << 16           | opacity << 24 (255 = 1)
//! 5     harmonics_scale                   2  cxx | cxy << 16   world covariance, signed mantissas
//! 6     exponent_bias, signed             3  cxz | cyy << 16   below 2^14;
//! 7     largest standard deviation, su    4  cyz | czz << 16   times 2^(exponent + exponent_bias) su^2
//!                                         5  r | g << 11 | b << 22   constant colour, 11/11/10 bits
//! ```
//!
//! A colour is `r / 512 - 1`, `g / 512 - 1`, `b / 256 - 1` in units of display white.
//! Spherical-harmonic coefficients are signed bytes, `(degree + 1)^2 - 1` triples (r, g, b), degree
//! 1 first, padded to whole words; a coefficient is `byte * harmonics_scale / 2^(24 +
//! harmonics_shift)`.

/// Most Gaussians in a chunk.
pub const CHUNK_CAPACITY: usize = 256;
/// Words of a chunk header.
pub const CHUNK_WORDS: usize = 8;
/// Words of a Gaussian.
pub const GAUSSIAN_WORDS: usize = 6;
/// Words of a projected splat.
pub const SPLAT_WORDS: usize = 10;
/// Words of a camera.
pub const CAMERA_WORDS: usize = 24;
/// Words of a pixel's accumulator: transmittance, red, green, blue.
pub const ACCUMULATOR_WORDS: usize = 4;

/// Mantissas of a covariance are below this.
pub const COVARIANCE_LIMIT: i32 = 1 << 14;
/// Largest exponent of a covariance, without the bias.
pub const EXPONENT_MAX: i32 = 63;
/// Largest shift of a Gaussian's spherical-harmonic scale.
pub const HARMONICS_SHIFT_MAX: u32 = 3;
/// Depths at or beyond this many scene units are not drawn.
pub const FAR: i32 = 1 << 28;
/// Largest `focal_shift` of a camera.
pub const FOCAL_SHIFT_MAX: u32 = 13;

/// Words of the spherical-harmonic coefficients of one Gaussian.
pub const fn harmonics_words(degree: u8) -> usize {
    let bands = degree as usize + 1;
    ((bands * bands - 1) * 3).div_ceil(4)
}

/// A chunk header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Origin that the positions are relative to, su.
    pub origin: [i32; 3],
    /// Radius of a sphere around the origin that holds every centre, su.
    pub radius: i32,
    /// Gaussians in this chunk, 1..=[`CHUNK_CAPACITY`].
    pub count: u16,
    /// Positions are shifted left by this many bits, 0..=14.
    pub position_shift: u8,
    /// Scale of the spherical-harmonic bytes, Q24.
    pub harmonics_scale: u32,
    /// What is added to the exponents of the covariances.
    pub exponent_bias: i32,
    /// No Gaussian of the chunk has a larger standard deviation along any direction, su.
    pub deviation: u32,
}

impl Chunk {
    /// Reads a header.
    pub fn from_words(w: &[u32; CHUNK_WORDS]) -> Self {
        Self {
            origin: [w[0] as i32, w[1] as i32, w[2] as i32],
            radius: w[3] as i32,
            count: (w[4] & 0xFFFF) as u16,
            position_shift: (w[4] >> 16) as u8,
            harmonics_scale: w[5],
            exponent_bias: w[6] as i32,
            deviation: w[7],
        }
    }

    /// Writes a header.
    pub fn to_words(&self) -> [u32; CHUNK_WORDS] {
        let [x, y, z] = self.origin.map(|v| v as u32);
        let count = u32::from(self.count) | u32::from(self.position_shift) << 16;
        let (radius, bias) = (self.radius as u32, self.exponent_bias as u32);
        [x, y, z, radius, count, self.harmonics_scale, bias, self.deviation]
    }
}

/// A pinhole camera. View axes: x right, y down, z forward; pixel centres at +0.5.
///
/// Rows 0 and 1 of the matrix are the rotation's rows times focal length over `2^focal_shift`, row
/// 2 is the rotation's: so `x'/z * 2^focal_shift` is a distance in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Camera {
    /// Matrix from world to scaled view axes, row-major, Q30, magnitudes up to 1.
    pub matrix: [[i32; 3]; 3],
    /// Translation in scaled view axes, su.
    pub translation: [i32; 3],
    /// Position in the world, su.
    pub position: [i32; 3],
    /// Principal point in pixels, Q8.
    pub center: [i32; 2],
    /// Range of `x'/z` and `y'/z` to which the projection's slope is held, Q12:
    /// `[x_min, x_max, y_min, y_max]`.
    pub slope_limits: [i32; 4],
    /// Nearer Gaussians are not drawn, su, at least 1.
    pub near: i32,
    /// Power of two not below either focal length in pixels; at most [`FOCAL_SHIFT_MAX`].
    pub focal_shift: u32,
    /// Depth key of a splat is its depth shifted right by this.
    pub key_shift: u32,
}

impl Camera {
    /// Reads a camera.
    pub fn from_words(w: &[u32; CAMERA_WORDS]) -> Self {
        let i = |at: usize| w[at] as i32;
        Self {
            matrix: [[i(0), i(1), i(2)], [i(3), i(4), i(5)], [i(6), i(7), i(8)]],
            translation: [i(9), i(10), i(11)],
            position: [i(12), i(13), i(14)],
            center: [i(15), i(16)],
            slope_limits: [i(17), i(18), i(19), i(20)],
            near: i(21),
            focal_shift: w[22],
            key_shift: w[23],
        }
    }

    /// Writes a camera.
    pub fn to_words(&self) -> [u32; CAMERA_WORDS] {
        let mut words = [0; CAMERA_WORDS];
        let signed = self
            .matrix
            .iter()
            .flatten()
            .chain(&self.translation)
            .chain(&self.position)
            .chain(&self.center)
            .chain(&self.slope_limits)
            .chain([&self.near]);
        for (word, value) in words.iter_mut().zip(signed) {
            *word = *value as u32;
        }
        words[22] = self.focal_shift;
        words[23] = self.key_shift;
        words
    }
}
