//! Coordinates of points among the entries of a level.

use super::super::fixed::mul_hi;
use quintet_protocol::grid::{COORDINATE_BITS, Wrap};
use quintet_protocol::tile::POINT_BITS;

/// Left shift from Q28 to Q31.
const TO_Q31: u32 = 31 - POINT_BITS;
/// The last coordinate inside the box.
const LAST: i32 = (1 << POINT_BITS) - 1;

/// A coordinate brought into the box, Q31.
#[inline(always)]
pub fn into_box(coordinate: i32, wrap: Wrap) -> i32 {
    let inside = match wrap {
        Wrap::Clamp => clamped(coordinate),
        Wrap::Repeat => coordinate & LAST,
        // In every other box the bits are turned over: 1 - x, but for the last place.
        Wrap::Mirror => (coordinate ^ (coordinate << TO_Q31) >> 31) & LAST,
    };
    inside << TO_Q31
}

/// A coordinate held to the box, Q31.
#[inline(always)]
pub fn held(coordinate: i32) -> i32 {
    clamped(coordinate) << TO_Q31
}

/// One instruction, `USAT`, on Armv7-M.
#[inline(always)]
fn clamped(coordinate: i32) -> i32 {
    coordinate.clamp(0, LAST)
}

/// A coordinate in the box, Q31, among entries, Q16.
#[inline(always)]
pub fn among(inside: i32, scale: i32, offset: i32) -> i32 {
    offset.wrapping_add(mul_hi(inside, scale))
}

/// Its whole part.
#[inline(always)]
pub fn whole(coordinate: i32) -> i32 {
    coordinate >> COORDINATE_BITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn coordinates_come_into_the_box_as_textures_do(coordinate: i32) {
            let real = f64::from(coordinate) / f64::from(1u32 << POINT_BITS);
            let step = 1.0 / f64::from(1u32 << POINT_BITS);
            let triangle = 1.0 - (real.rem_euclid(2.0) - 1.0).abs();
            for (wrap, expected) in [
                (Wrap::Clamp, real.clamp(0.0, 1.0)),
                (Wrap::Repeat, real.rem_euclid(1.0)),
                (Wrap::Mirror, triangle),
            ] {
                let inside = into_box(coordinate, wrap);
                prop_assert!(inside >= 0);
                let found = f64::from(inside) / f64::from(1u32 << 31);
                prop_assert!((found - expected).abs() <= step, "{wrap:?} {found} {expected}");
            }
            prop_assert_eq!(held(coordinate), into_box(coordinate, Wrap::Clamp));
        }
    }
}
