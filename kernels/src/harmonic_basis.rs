//! Real spherical harmonics of directions, as encodings of networks: order and signs of
//! [`quintet_protocol::feature`].

use super::fixed::mul_shift;
use quintet_protocol::feature::HARMONIC_BITS;

/// Most harmonics.
pub const HARMONICS_MAX: usize = 16;
/// Fraction bits of a direction.
const DIRECTION_BITS: u32 = 30;
/// Fraction bits of what is worked with: factors are below 8.
const BITS: u32 = 28;

/// `round(value * 2^28)` for a constant given in units of 1e-10.
const fn q28(tenth_nano: i64) -> i32 {
    ((tenth_nano as i128 * (1 << (BITS + 1)) / 10_000_000_000 + 1) >> 1) as i32
}

const C0: i32 = q28(2_820_947_918);
const C1: i32 = q28(4_886_025_119);
const C2_XY: i32 = q28(10_925_484_306);
const C2_ZZ: i32 = q28(9_461_746_958);
const C2: i32 = q28(3_153_915_653);
const C2_XX: i32 = q28(5_462_742_153);
const C3_XXX: i32 = q28(5_900_435_899);
const C3_XYZ: i32 = q28(28_906_114_426);
const C3_ZZX: i32 = q28(4_570_457_995);
const C3_ZZZ: i32 = q28(3_731_763_326);
const C3_ZXX: i32 = q28(14_453_057_213);

/// Product of two Q28 numbers.
#[inline(always)]
fn mul(a: i32, b: i32) -> i32 {
    mul_shift::<BITS>(a, b)
}

/// Harmonics of degrees 0 to 3 of a direction of length 1, Q30, in Q14 each, within 2^-14; of
/// anything longer than 1.4 they are of no use.
#[inline(never)]
pub fn harmonics(direction: [i32; 3]) -> [i16; HARMONICS_MAX] {
    let [x, y, z] = direction.map(|c| c >> (DIRECTION_BITS - BITS));
    let (xx, yy, zz) = (mul(x, x), mul(y, y), mul(z, z));
    let one = 1 << BITS;
    let zz5 = 5i32.wrapping_mul(zz);
    let three = |a: i32, b: i32| 3i32.wrapping_mul(a).wrapping_sub(b);
    let all = [
        C0,
        mul(C1, y),
        mul(C1, z),
        mul(C1, x),
        mul(C2_XY, mul(x, y)),
        mul(C2_XY, mul(y, z)),
        mul(C2_ZZ, zz).wrapping_sub(C2),
        mul(C2_XY, mul(x, z)),
        mul(C2_XX, xx.wrapping_sub(yy)),
        mul(mul(C3_XXX, y), three(xx, yy)),
        mul(mul(C3_XYZ, x), mul(y, z)),
        mul(mul(C3_ZZX, y), zz5.wrapping_sub(one)),
        mul(mul(C3_ZZZ, z), zz5.wrapping_sub(3 * one)),
        mul(mul(C3_ZZX, x), zz5.wrapping_sub(one)),
        mul(mul(C3_ZXX, z), xx.wrapping_sub(yy)),
        mul(mul(C3_XXX, x), xx.wrapping_sub(3i32.wrapping_mul(yy))),
    ];
    const SHIFT: u32 = BITS - HARMONIC_BITS as u32;
    all.map(|value| (value.wrapping_add(1 << (SHIFT - 1)) >> SHIFT) as i16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The formulas of `components_from_spherical_harmonics` of nerfstudio 1.1.5.
    fn exact([x, y, z]: [f64; 3]) -> [f64; 16] {
        let (xx, yy, zz) = (x * x, y * y, z * z);
        [
            0.28209479177387814,
            0.4886025119029199 * y,
            0.4886025119029199 * z,
            0.4886025119029199 * x,
            1.0925484305920792 * x * y,
            1.0925484305920792 * y * z,
            0.9461746957575601 * zz - 0.31539156525252,
            1.0925484305920792 * x * z,
            0.5462742152960396 * (xx - yy),
            0.5900435899266435 * y * (3.0 * xx - yy),
            2.890611442640554 * x * y * z,
            0.4570457994644658 * y * (5.0 * zz - 1.0),
            0.3731763325901154 * z * (5.0 * zz - 3.0),
            0.4570457994644658 * x * (5.0 * zz - 1.0),
            1.445305721320277 * z * (xx - yy),
            0.5900435899266435 * x * (xx - 3.0 * yy),
        ]
    }

    proptest! {
        #[test]
        fn harmonics_are_within_a_step(d in proptest::array::uniform3(-1.0f64..1.0)) {
            let length = d.iter().map(|c| c * c).sum::<f64>().sqrt();
            prop_assume!(length > 0.01);
            let d = d.map(|c| c / length);
            let found = harmonics(d.map(|c| (c * 30f64.exp2()).round() as i32));
            for (number, (found, exact)) in found.iter().zip(exact(d)).enumerate() {
                let error = (f64::from(*found) / 14f64.exp2() - exact).abs();
                prop_assert!(error < (-14f64).exp2(), "{number}: {found} {exact}");
            }
        }

        #[test]
        fn any_direction_has_some(d: [i32; 3]) {
            let _ = harmonics(d);
        }
    }

    #[test]
    fn axes_have_the_greatest_values() {
        let one = 1 << 30;
        for axis in 0..3 {
            for sign in [one, -one] {
                let mut direction = [0; 3];
                direction[axis] = sign;
                let exact = exact(direction.map(|c| f64::from(c) / f64::from(one)));
                for (found, exact) in harmonics(direction).iter().zip(exact) {
                    assert!((f64::from(*found) - exact * 16384.0).abs() < 1.0);
                }
            }
        }
    }
}
