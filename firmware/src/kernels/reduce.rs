//! Means, sums and greatest of bytes that lie at regular places, a block of channels at a time: place by
//! place, as the channels of a place lie side by side.

use super::to_byte::ToByte;
use quintet_protocol::program::ByteRange;

/// Most channels of a block.
pub const BLOCK_CHANNELS: usize = 64;
/// Most places that are reduced together: their sum has 24 bits, and a step stays short.
pub const PLACES_MAX: usize = 1 << 16;
/// Most places whose bytes, of 255 at most, are summed up in halves.
const HALF_PLACES: usize = 257;

/// Places that are reduced together: `rows` rows of `columns` places, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// The first.
    pub first: usize,
    /// Rows.
    pub rows: usize,
    /// From row to row.
    pub row_step: usize,
    /// Places in a row.
    pub columns: usize,
    /// From place to place.
    pub step: usize,
}

impl Places {
    /// Number of places.
    pub fn count(&self) -> usize {
        self.rows * self.columns
    }

    /// The same places in words, if that is what they are made of.
    fn in_words(&self) -> Option<Self> {
        let Self { first, rows, row_step, columns, step } = *self;
        (first | row_step | step).is_multiple_of(4).then_some(Self {
            first: first / 4,
            rows,
            row_step: row_step / 4,
            columns,
            step: step / 4,
        })
    }

    /// Visits every place, with all that lies from there on.
    #[inline(always)]
    fn each<T>(&self, elements: &[T], mut visit: impl FnMut(&[T])) {
        for row in 0..self.rows {
            let mut at = self.first + row * self.row_step;
            for _ in 0..self.columns {
                visit(elements.get(at..).unwrap_or_default());
                at += self.step;
            }
        }
    }
}

/// How the bytes of a channel become one.
pub enum Reduction {
    /// The mean, rounded half away from zero, clamped.
    Mean(ByteRange),
    /// The greatest, clamped.
    Greatest(ByteRange),
    /// The sum of distances from a zero point, scaled.
    Sum {
        /// The zero point.
        zero: i8,
        /// From the sum to a byte.
        to: ToByte,
    },
}

impl Reduction {
    /// Reduces as many channels as `output` has bytes, at most [`BLOCK_CHANNELS`]: those that begin at
    /// the places.
    pub fn block(&self, input: &[u32], places: &Places, output: &mut [u8]) {
        let mut values = [0; BLOCK_CHANNELS];
        let Some(values) = values.get_mut(..output.len()) else { return };
        if let Self::Greatest(_) = self {
            greatest(bytemuck::cast_slice(input), places, values);
        } else {
            sums(input, places, values);
        }
        let count = places.count().max(1) as i32;
        for (byte, &mut value) in output.iter_mut().zip(values) {
            *byte = self.byte(value, count) as u8;
        }
    }

    /// What the sum of `count` bytes, or the greatest of them, becomes.
    fn byte(&self, value: i32, count: i32) -> i8 {
        let (value, range) = match self {
            Self::Mean(range) => {
                let half = if value > 0 { count / 2 } else { -(count / 2) };
                ((value + half) / count, range)
            }
            Self::Greatest(range) => (value, range),
            Self::Sum { zero, to } => return to.byte(value - count * i32::from(*zero)),
        };
        value.max(range.least.into()).min(range.greatest.into()) as i8
    }
}

/// Greatest of each channel's signed bytes.
fn greatest(bytes: &[u8], places: &Places, values: &mut [i32]) {
    values.fill(i8::MIN.into());
    places.each(bytes, |bytes| {
        for (value, &byte) in values.iter_mut().zip(bytes) {
            *value = (*value).max((byte as i8).into());
        }
    });
}

/// Sum of each channel's signed bytes.
fn sums(input: &[u32], places: &Places, values: &mut [i32]) {
    let in_words = places.in_words().filter(|_| values.len().is_multiple_of(4));
    if let Some(places) = in_words.filter(|places| places.count() <= HALF_PLACES) {
        return sums_of_words(input, &places, values.as_chunks_mut().0);
    }
    places.each(bytemuck::cast_slice(input), |bytes: &[u8]| {
        for (value, &byte) in values.iter_mut().zip(bytes) {
            *value += i32::from(byte as i8);
        }
    });
}

/// Sums of four channels in a word, two of them at once: each byte 128 too great, so that it has no sign,
/// in halves of two words.
fn sums_of_words(words: &[u32], places: &Places, values: &mut [[i32; 4]]) {
    let mut pairs = [[0u32; 2]; BLOCK_CHANNELS / 4];
    places.each(words, |words| {
        for ([even, odd], &word) in pairs.iter_mut().zip(words).take(values.len()) {
            let word = word ^ 0x8080_8080;
            *even = even.wrapping_add(word & 0x00FF_00FF);
            *odd = odd.wrapping_add(word >> 8 & 0x00FF_00FF);
        }
    });
    let excess = places.count() as i32 * 128;
    for (four, [even, odd]) in values.iter_mut().zip(pairs) {
        let lanes = [even & 0xFFFF, odd & 0xFFFF, even >> 16, odd >> 16];
        *four = lanes.map(|lane| lane as i32 - excess);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quintet_protocol::network::Scale;

    const ALL: ByteRange = ByteRange { zero_in: 0, zero_out: 0, least: -128, greatest: 127 };

    prop_compose! {
        /// Places for that many channels.
        fn places(channels: usize)(
            first in 0usize..9,
            rows in 1usize..5,
            columns in prop_oneof![1usize..6, 60usize..200],
            step in channels..channels + 3,
            gap in 0usize..5,
            whole: bool,
        ) -> Places {
            let whole = |n: usize| if whole { n.next_multiple_of(4) } else { n };
            let step = whole(step);
            Places { first: whole(first), rows, row_step: whole(columns * step + gap), columns, step }
        }
    }

    fn places_and_channels() -> impl Strategy<Value = (Places, usize)> {
        (1..=BLOCK_CHANNELS).prop_flat_map(|channels| (places(channels), Just(channels)))
    }

    /// The bytes of a channel.
    fn channel(bytes: &[u8], places: &Places, channel: usize) -> Vec<i64> {
        let rows = (0..places.rows).map(|row| places.first + row * places.row_step);
        let all = rows.flat_map(|at| (0..places.columns).map(move |n| at + n * places.step));
        all.map(|at| (bytes[at + channel] as i8).into()).collect()
    }

    proptest! {
        #[test]
        fn channels_are_reduced_as_in_wide_integers(
            (places, channels) in places_and_channels(),
            seed: u32,
            extreme in prop::option::of(prop::sample::select(vec![0x7F7F_7F7Fu32, 0x8080_8080])),
            zero: i8,
            least in -128i8..0,
            greatest in 0i8..,
        ) {
            let length = (places.first + places.rows * places.row_step).div_ceil(4) + BLOCK_CHANNELS;
            let random = |at: u32| (at ^ seed).wrapping_mul(0x9E37_79B1).rotate_left(at);
            let words: Vec<u32> =
                (0..length as u32).map(|at| extreme.unwrap_or_else(|| random(at))).collect();
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let range = ByteRange { least, greatest, ..ALL };
            // A sum of up to 800 bytes, scaled by 2^-10.
            let to = ToByte::new(Scale { multiplier: 1 << 30, shift: -9 }, &ALL);
            let mut found = [(); 3].map(|()| vec![0; channels]);
            Reduction::Mean(range).block(&words, &places, &mut found[0]);
            Reduction::Greatest(range).block(&words, &places, &mut found[1]);
            Reduction::Sum { zero, to }.block(&words, &places, &mut found[2]);
            for c in 0..channels {
                let bytes = channel(&bytes, &places, c);
                let (count, sum) = (bytes.len() as i64, bytes.iter().sum::<i64>());
                let mean = (sum.abs() * 2 + count) / (2 * count) * sum.signum();
                let most = *bytes.iter().max().unwrap();
                let clamped = [mean, most].map(|it| it.clamp(least.into(), greatest.into()) as i8);
                prop_assert_eq!([found[0][c] as i8, found[1][c] as i8], clamped);
                prop_assert_eq!(found[2][c] as i8, to.byte((sum - count * i64::from(zero)) as i32));
            }
        }
    }

    extern crate std;
    use std::{vec, vec::Vec};
}
