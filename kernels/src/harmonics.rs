//! View-dependent colour: real spherical harmonics up to degree 3, with the signs and constants of
//! the INRIA implementation (`eval_sh` in its `utils/sh_utils.py`).

use super::fixed::leading_zeros;
use super::tables::RSQRT;

/// Fraction bits of directions and basis values.
const BASIS_BITS: u32 = 14;

/// `round(value * 2^14)` for a constant given in units of 1e-10.
const fn q14(tenth_nano: i64) -> i32 {
    ((tenth_nano * 32_768 / 10_000_000_000 + 1) >> 1) as i32
}

const C1: i32 = q14(4_886_025_119);
const C2_XY: i32 = q14(10_925_484_306);
const C2_ZZ: i32 = q14(3_153_915_653);
const C2_XX: i32 = q14(5_462_742_153);
const C3_XXX: i32 = q14(5_900_435_899);
const C3_XYZ: i32 = q14(28_906_114_426);
const C3_ZZX: i32 = q14(4_570_457_995);
const C3_ZZZ: i32 = q14(3_731_763_326);
const C3_ZXX: i32 = q14(14_453_057_213);

/// Unit vector along `v`, Q14, to 0.4 %.
#[inline(always)]
pub fn direction(v: [i32; 3]) -> [i32; 3] {
    let magnitude = v[0].unsigned_abs() | v[1].unsigned_abs() | v[2].unsigned_abs() | 1;
    // Components below 2^15: the largest has its top bit at 2^14.
    let zeros = leading_zeros(magnitude);
    let scale = |x: i32| if zeros <= 17 { x >> (17 - zeros) } else { x << (zeros - 17) };
    let [x, y, z] = v.map(scale);
    // At most 3 * 2^30, at least 2^28.
    let square = ((x * x) as u32).wrapping_add((y * y) as u32).wrapping_add((z * z) as u32) | 1;
    let shift = leading_zeros(square) & !1;
    // 2^15 / sqrt(square * 2^(shift - 30)): 1 / length = rsqrt * 2^(shift / 2 - 30).
    let rsqrt = i32::from(RSQRT[((square << shift) >> 24) as usize & 0xFF]);
    let down = 16 - (shift / 2).min(15);
    [x, y, z].map(|c| c.wrapping_mul(rsqrt) >> down)
}

/// Product of two Q14 numbers.
#[inline(always)]
fn mul(a: i32, b: i32) -> i32 {
    a.wrapping_mul(b) >> BASIS_BITS
}

/// Adds a run of basis values times their coefficients, three signed bytes each, to `sum`.
#[inline(always)]
fn accumulate<const N: usize>(sum: &mut [i32; 3], basis: [i32; N], bytes: &[u8], first: usize) {
    let Some(triples) = bytes.get(3 * first..3 * (first + N)) else { return };
    for (value, triple) in basis.iter().zip(triples.as_chunks::<3>().0) {
        for (channel, byte) in sum.iter_mut().zip(triple) {
            *channel = channel.wrapping_add(value.wrapping_mul(i32::from(*byte as i8)));
        }
    }
}

/// Sum of basis times coefficient for each channel, Q14 of a coefficient's byte, seen along the
/// unit vector `d` (Q14, from the camera).
#[inline(always)]
pub fn evaluate<const DEGREE: u8>([x, y, z]: [i32; 3], coefficients: &[u8]) -> [i32; 3] {
    let mut sum = [0; 3];
    accumulate(&mut sum, [-mul(C1, y), mul(C1, z), -mul(C1, x)], coefficients, 0);
    if DEGREE == 1 {
        return sum;
    }
    let (xx, yy, zz) = (mul(x, x), mul(y, y), mul(z, z));
    let (xy, yz, xz) = (mul(x, y), mul(y, z), mul(x, z));
    let second = [
        mul(C2_XY, xy),
        -mul(C2_XY, yz),
        mul(C2_ZZ, 2 * zz - xx - yy),
        -mul(C2_XY, xz),
        mul(C2_XX, xx - yy),
    ];
    accumulate(&mut sum, second, coefficients, 3);
    if DEGREE == 2 {
        return sum;
    }
    let third = [
        -mul(C3_XXX, mul(y, 3 * xx - yy)),
        mul(C3_XYZ, mul(xy, z)),
        -mul(C3_ZZX, mul(y, 4 * zz - xx - yy)),
        mul(C3_ZZZ, mul(z, 2 * zz - 3 * xx - 3 * yy)),
        -mul(C3_ZZX, mul(x, 4 * zz - xx - yy)),
        mul(C3_ZXX, mul(z, xx - yy)),
        -mul(C3_XXX, mul(x, xx - 3 * yy)),
    ];
    accumulate(&mut sum, third, coefficients, 8);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The INRIA polynomials in floats.
    fn basis([x, y, z]: [f64; 3]) -> [f64; 15] {
        let (xx, yy, zz) = (x * x, y * y, z * z);
        [
            -0.4886025119029199 * y,
            0.4886025119029199 * z,
            -0.4886025119029199 * x,
            1.0925484305920792 * x * y,
            -1.0925484305920792 * y * z,
            0.31539156525252005 * (2.0 * zz - xx - yy),
            -1.0925484305920792 * x * z,
            0.5462742152960396 * (xx - yy),
            -0.5900435899266435 * y * (3.0 * xx - yy),
            2.890611442640554 * x * y * z,
            -0.4570457994644658 * y * (4.0 * zz - xx - yy),
            0.3731763325901154 * z * (2.0 * zz - 3.0 * xx - 3.0 * yy),
            -0.4570457994644658 * x * (4.0 * zz - xx - yy),
            1.445305721320277 * z * (xx - yy),
            -0.5900435899266435 * x * (xx - 3.0 * yy),
        ]
    }

    proptest! {
        #[test]
        fn direction_has_unit_length(v in proptest::array::uniform3(-(1i32 << 28)..1 << 28)) {
            prop_assume!(v.iter().any(|c| c.abs() > 1 << 10));
            let length = v.iter().map(|&c| f64::from(c).powi(2)).sum::<f64>().sqrt();
            for (unit, c) in direction(v).iter().zip(v) {
                let exact = f64::from(c) / length;
                let error = f64::from(*unit) / 16384.0 - exact;
                prop_assert!(error.abs() < 0.004 * exact.abs() + 0.0002, "{unit} {exact}");
            }
        }

        #[test]
        fn sums_follow_the_polynomials(
            d in proptest::array::uniform3(-1.0f64..1.0),
            bytes in proptest::array::uniform32(any::<u8>()),
            more in proptest::array::uniform13(any::<u8>()),
        ) {
            let length = d.iter().map(|c| c * c).sum::<f64>().sqrt();
            prop_assume!(length > 0.1);
            let d = d.map(|c| c / length);
            let mut coefficients = [0; 45];
            coefficients[..32].copy_from_slice(&bytes);
            coefficients[32..].copy_from_slice(&more);
            let sum = evaluate::<3>(d.map(|c| (c * 16384.0).round() as i32), &coefficients);
            for (channel, s) in sum.iter().enumerate() {
                let exact: f64 = basis(d)
                    .iter()
                    .zip(coefficients.as_chunks::<3>().0)
                    .map(|(value, triple)| value * f64::from(triple[channel] as i8))
                    .sum();
                let error = f64::from(*s) / 16384.0 - exact;
                // Half a unit of the last place per term, times a coefficient of up to 128.
                prop_assert!(error.abs() < 0.6, "{s} {exact}");
            }
        }
    }
}
