//! From pixels to rays.

use crate::fixed::{leading_zeros, mul_hi_u};
use crate::tables::RSQRT;
use quintet_protocol::ray::{DIRECTION_BITS, RAY_WORDS, Ray, RayCamera, WAY_BITS};

/// Fraction bits of a direction while it is worked on.
const BITS: u32 = 28;

/// The rays of a row of pixels, from left to right.
pub struct Row<'a> {
    camera: &'a RayCamera,
    direction: [i64; 3],
}

impl<'a> Row<'a> {
    /// The rays from the pixel in this column on.
    #[inline(never)]
    pub fn new(camera: &'a RayCamera, column: u32, row: u32) -> Self {
        let (column, row) = (i64::from(column), i64::from(row));
        let direction = [0, 1, 2].map(|k| {
            let across = camera.column[k].wrapping_mul(column);
            camera.corner[k].wrapping_add(across).wrapping_add(camera.row[k].wrapping_mul(row))
        });
        Self { camera, direction }
    }

    /// Casts the rays of the next pixels.
    #[inline(never)]
    pub fn cast_all(&mut self, rays: &mut [[u32; RAY_WORDS]]) {
        rays.iter_mut().for_each(|ray| *ray = self.cast().to_words());
    }

    /// The ray of the next pixel.
    fn cast(&mut self) -> Ray {
        let ray = cast(self.camera, self.direction.map(|d| (d >> (DIRECTION_BITS - BITS)) as i32));
        for (part, step) in self.direction.iter_mut().zip(self.camera.column) {
            *part = part.wrapping_add(step);
        }
        ray
    }
}

/// The ray in a direction, Q28, as long as it is to a depth of 1.
fn cast(camera: &RayCamera, depth_one: [i32; 3]) -> Ray {
    let square = |part: i32| (i64::from(part) * i64::from(part)) as u64;
    let squares = depth_one.map(square);
    let length = Length::new(squares[0].wrapping_add(squares[1]).wrapping_add(squares[2]));
    let direction = depth_one.map(|part| length.divides(part));
    let (along, length) = if camera.along_rays {
        (direction.map(|part| part >> 2), camera.length)
    } else {
        (depth_one, length.times(camera.length))
    };
    let way = |k: usize, ways: [u32; 3]| (i64::from(along[k]) * i64::from(ways[k])) >> WAY_BITS;
    Ray {
        start: [0, 1, 2].map(|k| camera.eye[k].wrapping_add(way(k, camera.near)) as i32),
        span: [0, 1, 2].map(|k| way(k, camera.reach) as i32),
        length,
        direction,
    }
}

/// A length from 1 to 16, or what comes of one out of range.
struct Length {
    /// Its square, Q32, in 1/4 .. 1, after a division by `4^(4 - half_zeros)`.
    square: u32,
    /// One over the root of that, Q30, at most 2^31 - 1.
    inverse_root: u32,
    half_zeros: u32,
}

impl Length {
    /// The length whose square is this, Q56.
    fn new(square: u64) -> Self {
        // A square of 1 or more has a bit in the high word.
        let half_zeros = leading_zeros((square >> 32) as u32 | 1) / 2;
        let square = ((square << (2 * half_zeros)) >> 32) as u32;
        // 2^15 sqrt(64 / (i + 1/2)) for a square of (i + 1/2) / 256: to 2^-8, in Q14.
        let mut root = u32::from(RSQRT[(square >> 24) as usize & 0xFF]) << 16;
        // Each of Newton's steps squares the error and makes 3/2 of it: 2^-15, 2^-30.
        for _ in 0..2 {
            let product = mul_hi_u(square, ((u64::from(root) * u64::from(root)) >> 30) as u32);
            let error = (1i64 << 30) - i64::from(product);
            let root_plus = i64::from(root) + ((i64::from(root) * error) >> 31);
            root = root_plus.clamp(0, i32::MAX.into()) as u32;
        }
        Self { square, inverse_root: root, half_zeros }
    }

    /// A part of a vector of this length, Q28, by the length, Q30.
    fn divides(&self, part: i32) -> i32 {
        ((i64::from(part) * i64::from(self.inverse_root)) >> (32 - self.half_zeros)) as i32
    }

    /// The product with a number.
    fn times(&self, number: u32) -> u32 {
        // Root of the square: square / root, Q30.
        let root = mul_hi_u(self.square, self.inverse_root);
        let product = (u64::from(number) * u64::from(root)) >> (26 + self.half_zeros);
        u32::try_from(product).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A camera half a side in front of the box, which looks along z, with ways along rays or not.
    fn camera(along_rays: bool) -> RayCamera {
        let one = 1i64 << DIRECTION_BITS;
        RayCamera {
            eye: [1 << 27, 1 << 27, -(1 << 27)],
            corner: [-one, -one / 2, one],
            column: [one / 50, 0, 0],
            row: [0, one / 50, 0],
            near: [1 << 22, 1 << 23, 1 << 22],
            reach: [1 << 24, 1 << 25, 1 << 24],
            length: 1 << 28,
            along_rays,
        }
    }

    fn vector(words: [i32; 3], bits: i32) -> [f64; 3] {
        words.map(|word| f64::from(word) * (-f64::from(bits)).exp2())
    }

    proptest! {
        #[test]
        fn rays_are_those_of_a_pinhole_camera(column in 0u32..100, row in 0u32..50, along: bool) {
            let camera = camera(along);
            let found = Row::new(&camera, column, row).cast();
            let view = [-1.0 + f64::from(column) / 50.0, -0.5 + f64::from(row) / 50.0, 1.0];
            let norm = view.iter().map(|v| v * v).sum::<f64>().sqrt();
            let scale = if along { 1.0 / norm } else { 1.0 };
            let length = if along { 1.0 } else { norm } * 2.0f64.powi(28);
            prop_assert!((f64::from(found.length) / length - 1.0).abs() < 2.0f64.powi(-26));
            let (start, span) = (vector(found.start, 28), vector(found.span, 28));
            let direction = vector(found.direction, 30);
            for k in 0..3 {
                let sides = if k == 1 { 2.0 } else { 1.0 };
                let eye = [0.5, 0.5, -0.5][k];
                let near = eye + view[k] * scale * 0.25 * sides;
                prop_assert!((start[k] - near).abs() < 2.0f64.powi(-26), "{start:?}");
                prop_assert!((span[k] - view[k] * scale * sides).abs() < 2.0f64.powi(-26));
                prop_assert!((direction[k] - view[k] / norm).abs() < 2.0f64.powi(-27));
            }
        }

        #[test]
        fn rays_of_a_row_are_those_of_its_pixels(column in 0u32..4000, row: u16, along: bool) {
            let camera = camera(along);
            let mut rays = Row::new(&camera, column, row.into());
            rays.cast();
            let expected = Row::new(&camera, column + 1, row.into()).cast();
            prop_assert_eq!(rays.cast(), expected);
        }

        #[test]
        fn lengths_are_exact_to_28_bits(square in 1u64 << 56..1 << 63) {
            let (found, exact) = (Length::new(square), (square as f64 / 2.0f64.powi(56)).sqrt());
            let product = f64::from(found.times(1 << 27)) / 2.0f64.powi(27);
            prop_assert!((product / exact - 1.0).abs() < 2.0f64.powi(-26), "{product} {exact}");
            let inverse = f64::from(found.divides(1 << 28)) / 2.0f64.powi(30);
            prop_assert!((inverse * exact - 1.0).abs() < 2.0f64.powi(-25), "{inverse} {exact}");
        }

        #[test]
        fn any_camera_casts_some_rays(words: [u32; 32], pixel: [u32; 2]) {
            let camera = RayCamera::from_words(&words);
            let mut row = Row::new(&camera, pixel[0], pixel[1]);
            row.cast();
            row.cast();
        }
    }
}
