//! Means, sums and greatest of bytes that lie at regular places, channel by channel, or four
//! channels at a time where they share words.

use super::to_byte::ToByte;
use quintet_protocol::program::ByteRange;

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

    /// The same places in as few rows as can be.
    fn joined(self) -> Self {
        if self.columns * self.step == self.row_step {
            return Self { rows: 1, columns: self.count(), ..self };
        }
        self
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

    /// Visits every place that there is.
    #[inline(always)]
    fn each<T: Copy>(&self, elements: &[T], mut visit: impl FnMut(T)) {
        let mut first = self.first;
        for _ in 0..self.rows {
            let end = (first + self.columns * self.step).min(elements.len());
            let row = elements.get(..end).unwrap_or_default();
            let mut at = first;
            while let Some(&element) = row.get(at) {
                visit(element);
                at += self.step.max(1);
            }
            first += self.row_step;
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
    /// Reduces as many channels as `output` has bytes; the places are those of the first one.
    #[inline(never)]
    pub fn channels(&self, input: &[u32], places: &Places, output: &mut [u8]) {
        let places = &places.joined();
        let count = (places.count() as u32).max(1);
        match self {
            Self::Mean(range) => each(input, places, output, (sum, sum_of_four), |sum| {
                let mean = (sum.unsigned_abs() + count / 2) / count;
                clamp(mean as i32 * sum.signum(), range)
            }),
            Self::Greatest(range) => {
                let by = (greatest, greatest_of_four);
                each(input, places, output, by, |greatest| clamp(greatest, range));
            }
            Self::Sum { zero, to } => {
                let zeros = count as i32 * i32::from(*zero);
                each(input, places, output, (sum, sum_of_four), |sum| to.byte(sum - zeros));
            }
        }
    }
}

/// Reduces each channel by itself, or four at a time, and makes bytes of what comes out.
#[inline(always)]
fn each(
    input: &[u32],
    places: &Places,
    output: &mut [u8],
    (one, four): (impl Fn(&[u8], &Places) -> i32, impl Fn(&[u32], &Places) -> [i32; 4]),
    byte: impl Fn(i32) -> i8,
) {
    let by_fours = !cfg!(feature = "small") && output.len().is_multiple_of(4);
    let share_words = places.in_words().filter(|_| by_fours);
    if let Some(mut places) = share_words.filter(|places| places.count() <= HALF_PLACES) {
        for bytes in output.as_chunks_mut::<4>().0 {
            *bytes = four(input, &places).map(|value| byte(value) as u8);
            places.first += 1;
        }
    } else {
        let mut places = *places;
        for out in output {
            *out = byte(one(bytemuck::cast_slice(input), &places)) as u8;
            places.first += 1;
        }
    }
}

fn clamp(value: i32, range: &ByteRange) -> i8 {
    value.max(range.least.into()).min(range.greatest.into()) as i8
}

// By themselves these loops have registers for all that they work on.

/// Greatest of a channel's signed bytes.
#[inline(never)]
fn greatest(bytes: &[u8], places: &Places) -> i32 {
    let mut greatest = i8::MIN;
    places.each(bytes, |byte: u8| greatest = greatest.max(byte as i8));
    greatest.into()
}

/// Sum of a channel's signed bytes.
#[inline(never)]
fn sum(bytes: &[u8], places: &Places) -> i32 {
    let mut sum = 0;
    places.each(bytes, |byte: u8| sum += i32::from(byte as i8));
    sum
}

/// Greatest of four channels' signed bytes.
#[inline(never)]
#[cfg(not(armv7em_dsp))]
fn greatest_of_four(words: &[u32], places: &Places) -> [i32; 4] {
    let mut greatest = [i32::from(i8::MIN); 4];
    places.each(words, |word: u32| {
        for (greatest, byte) in greatest.iter_mut().zip(word.to_le_bytes()) {
            *greatest = (*greatest).max((byte as i8).into());
        }
    });
    greatest
}

/// Greatest of four channels' signed bytes, all of them at once.
#[inline(never)]
#[cfg(armv7em_dsp)]
#[allow(unsafe_code)]
fn greatest_of_four(words: &[u32], places: &Places) -> [i32; 4] {
    let mut greatest = 0x8080_8080u32;
    places.each(words, |word: u32| {
        // SAFETY: the instructions work on registers and flags alone.
        unsafe {
            core::arch::asm!(
                "ssub8 {difference}, {word}, {greatest}",
                "sel {greatest}, {word}, {greatest}",
                difference = out(reg) _,
                word = in(reg) word,
                greatest = inout(reg) greatest,
                options(pure, nomem, nostack),
            );
        }
    });
    greatest.to_le_bytes().map(|byte| (byte as i8).into())
}

/// Sums of four channels' signed bytes, two of them at once: each byte 128 too great, so that it
/// has no sign, in halves of two words.
#[inline(never)]
fn sum_of_four(words: &[u32], places: &Places) -> [i32; 4] {
    let (mut even, mut odd) = (0u32, 0u32);
    places.each(words, |word: u32| {
        let word = word ^ 0x8080_8080;
        even = even.wrapping_add(word & 0x00FF_00FF);
        odd = odd.wrapping_add(word >> 8 & 0x00FF_00FF);
    });
    let excess = places.count() as i32 * 128;
    [even & 0xFFFF, odd & 0xFFFF, even >> 16, odd >> 16].map(|sum| sum as i32 - excess)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quintet_protocol::network::Scale;

    const CHANNELS_MAX: usize = 20;
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
        (1..=CHANNELS_MAX).prop_flat_map(|channels| (places(channels), Just(channels)))
    }

    /// The bytes of a channel.
    fn bytes_of(bytes: &[u8], places: &Places, channel: usize) -> Vec<i64> {
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
            let length = (places.first + places.rows * places.row_step).div_ceil(4) + CHANNELS_MAX;
            let random = |at: u32| (at ^ seed).wrapping_mul(0x9E37_79B1).rotate_left(at);
            let words: Vec<u32> =
                (0..length as u32).map(|at| extreme.unwrap_or_else(|| random(at))).collect();
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let range = ByteRange { least, greatest, ..ALL };
            // A sum of up to 800 bytes, scaled by 2^-10.
            let to = ToByte::new(Scale { multiplier: 1 << 30, shift: -9 }, &ALL);
            let by = [
                Reduction::Mean(range),
                Reduction::Greatest(range),
                Reduction::Sum { zero, to },
            ];
            let found = by.map(|by| {
                let mut output = vec![0; channels];
                by.channels(&words, &places, &mut output);
                output
            });
            let expected = |channel: usize| {
                let bytes = bytes_of(&bytes, &places, channel);
                let (count, sum) = (bytes.len() as i64, bytes.iter().sum::<i64>());
                let mean = (sum.abs() * 2 + count) / (2 * count) * sum.signum();
                let most = *bytes.iter().max().unwrap();
                let clamp = |it: i64| it.clamp(least.into(), greatest.into()) as u8;
                let scaled = to.byte((sum - count * i64::from(zero)) as i32);
                [clamp(mean), clamp(most), scaled as u8]
            };
            for channel in 0..channels {
                prop_assert_eq!(found.each_ref().map(|bytes| bytes[channel]), expected(channel));
            }
        }
    }

    extern crate std;
    use std::{vec, vec::Vec};
}
