//! Channels whose output is the same byte whatever the input.
//!
//! Converters raise the scale of a channel's weights until its bias is at most about 2^30: what is
//! left of its weights is little or nothing (a channel that died in training). Twice such a bias is
//! no longer a word, and such a scale is so small that the device's short form of a finish does not
//! serve, but none of it is needed: the channel can be finished with its byte instead.

use quintet_firmware::kernels::requantise;
use quintet_protocol::network::{Finish, Scale};

/// A finish that gives its zero point whatever the sum, in the short form.
pub const NO_SUM: Finish = Finish { bias: 0, scale: Scale { multiplier: 0, shift: -1 } };

/// The byte that a channel gives whatever the input, if there is one: its weights, its bias, and
/// what its sums become.
pub fn steady_byte(
    weights: impl Iterator<Item = i8>,
    bias: i32,
    zero_in: i8,
    scale: Scale,
    zero_out: i8,
) -> Option<i8> {
    let zero = i64::from(zero_in);
    let ends = [i64::from(i8::MIN) - zero, i64::from(i8::MAX) - zero];
    let [mut least, mut greatest] = [i64::from(bias); 2];
    for weight in weights {
        let products = ends.map(|end| end * i64::from(weight));
        least += products[0].min(products[1]);
        greatest += products[0].max(products[1]);
    }
    // Scaling keeps the order, unless bits are shifted out to the left.
    if least != greatest && scale.shift > 0 {
        return None;
    }
    let byte = |sum: i64| -> Option<i8> {
        let scaled = requantise::scale(i32::try_from(sum).ok()?, scale);
        let value = scaled.saturating_add(i32::from(zero_out));
        Some(value.clamp(i8::MIN.into(), i8::MAX.into()) as i8)
    };
    byte(least).filter(|&least| byte(greatest) == Some(least))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::scale::scale_of;

    /// As in a published MobileNet: 2^30 at a scale of 1.09e-8 is 11.69.
    const DEAD: (i32, f64) = (1 << 30, 1.088_965_703_852_149_2e-8);

    #[test]
    fn a_channel_without_weights_is_steady() {
        let (bias, scale) = DEAD;
        let steady =
            |bias, zero_out| steady_byte([0; 9].into_iter(), bias, -3, scale_of(scale), zero_out);
        assert_eq!(steady(bias, -128), Some(-116));
        assert_eq!(steady(-bias, -128), Some(-128));
        assert_eq!(steady(bias, 127), Some(127));
    }

    #[test]
    fn little_weights_under_a_great_bias_are_steady() {
        let (bias, scale) = DEAD;
        let steady = |weight| steady_byte([weight; 9].into_iter(), bias, -3, scale_of(scale), -128);
        assert_eq!(steady(3), Some(-116));
        assert_eq!(steady(-3), Some(-116));
        assert_eq!(steady_byte([1].into_iter(), 0, 0, scale_of(0.9), 0), None);
    }

    #[test]
    fn a_finish_without_a_sum_gives_its_zero_point_in_the_short_form() {
        assert!(NO_SUM.is_short());
        for zero in [-128, -1, 0, 127] {
            let [bias, multiplier, offset, shifts] = NO_SUM.to_words(zero);
            assert_eq!([bias, multiplier], [0; 2]);
            assert_eq!((offset as i32) >> (shifts & 0xFF), i32::from(zero));
        }
    }
}
