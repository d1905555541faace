//! Colours of surfaces behind what is in a pixel already.

use super::Accumulator;
use quintet_protocol::tile::{SUM_BITS, TRANSMITTANCE_ONE};

/// Fraction bits of a transmittance.
const TRANSMITTANCE_BITS: u32 = TRANSMITTANCE_ONE.ilog2();

/// How colours are put behind what there is.
#[derive(Clone, Copy, Debug)]
pub struct Backdrop {
    /// What makes a colour times a transmittance a sum: a shift to the left, one to the right.
    shifts: [u32; 2],
    /// Whether there can still be something behind them.
    adds: bool,
}

impl Backdrop {
    /// For colours of that many fraction bits, 0..=15.
    pub fn new(color_bits: u8, adds: bool) -> Self {
        let (bits, sum_bits) = (u32::from(color_bits).min(15) + TRANSMITTANCE_BITS, SUM_BITS);
        Self { shifts: [sum_bits.saturating_sub(bits), bits.saturating_sub(sum_bits)], adds }
    }

    /// Puts a colour into a pixel.
    #[inline(always)]
    pub fn put(&self, pixel: &mut Accumulator, color: &[i16; 3]) {
        let [transmittance, sums @ ..] = pixel;
        let [up, down] = self.shifts;
        // At most 2^16, unless something else has written there.
        let through = (*transmittance << up) as i32;
        for (sum, &channel) in sums.iter_mut().zip(color) {
            let seen = through.wrapping_mul(channel.into()) >> down;
            *sum = sum.wrapping_add(seen as u32);
        }
        if !self.adds {
            *transmittance = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn colours_are_weighed_by_what_they_are_seen_through(
            transmittance in 0u32..=1 << 16,
            sums in [0u32..1 << 28, 0u32..1 << 28, 0u32..1 << 28],
            color: [i16; 3],
            bits in 0u8..=15,
            adds: bool,
        ) {
            let mut pixel = [transmittance, sums[0], sums[1], sums[2]];
            Backdrop::new(bits, adds).put(&mut pixel, &color);
            prop_assert_eq!(pixel[0], if adds { transmittance } else { 0 });
            for ((found, before), color) in pixel[1..].iter().zip(sums).zip(color) {
                let share = i128::from(color) * i128::from(transmittance);
                let share = (share << 10) >> bits;
                prop_assert_eq!(*found, (i128::from(before) + share) as u32);
            }
        }
    }
}
