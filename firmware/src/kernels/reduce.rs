//! Means, sums and greatest of bytes that lie at regular places, channel by channel, or four channels
//! at a time where they share words.

use super::to_byte::ToByte;
use core::ops::Range;
use quintet_protocol::program::ByteRange;

/// Most places that are reduced together: their sum has 24 bits, and a step stays short.
pub const PLACES_MAX: usize = 1 << 16;

/// Places of a channel that are reduced together: `rows` rows of `columns` places, in bytes, or in words
/// for four channels.
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
    /// From place to place, not zero.
    pub step: usize,
}

impl Places {
    /// Number of places.
    pub fn count(&self) -> usize {
        self.rows * self.columns
    }

    /// Whether four channels share a word at every place.
    pub fn share_words(&self) -> bool {
        (self.first | self.row_step | self.step).is_multiple_of(4)
    }

    /// The same places in as few rows as can be.
    fn joined(self) -> Self {
        if self.columns * self.step == self.row_step {
            return Self { rows: 1, columns: self.count(), ..self };
        }
        self
    }

    /// Visits every place that there is.
    #[inline(always)]
    fn each<T: Copy>(&self, elements: &[T], mut visit: impl FnMut(T)) {
        for row in 0..self.rows {
            let first = self.first + row * self.row_step;
            run(elements, first, self.step, self.columns).for_each(&mut visit);
        }
    }
}

/// `count` elements from `first` on, `step` apart, as far as there are so many.
#[inline(always)]
fn run<T: Copy>(
    elements: &[T],
    first: usize,
    step: usize,
    count: usize,
) -> impl Iterator<Item = T> {
    let rest = elements.get(first..).unwrap_or_default();
    rest.iter().step_by(step.max(1)).take(count).copied()
}

/// How the bytes of a channel become one.
pub trait Reduction {
    /// Of a channel.
    fn byte(&self, bytes: &[u8], places: &Places) -> i8;
    /// Of four channels that share words.
    fn four(&self, words: &[u32], places: &Places) -> [i8; 4];
}

/// The mean, rounded half away from zero, clamped.
pub struct Mean(pub ByteRange);

/// The greatest, clamped.
pub struct Greatest(pub ByteRange);

/// The sum of distances from a zero point, scaled.
pub struct Sum {
    /// The zero point.
    pub zero: i8,
    /// From the sum to a byte.
    pub to: ToByte,
}

impl Reduction for Mean {
    fn byte(&self, bytes: &[u8], places: &Places) -> i8 {
        clamp(rounded_mean(sum(bytes, places), places), &self.0)
    }

    fn four(&self, words: &[u32], places: &Places) -> [i8; 4] {
        sums(words, places).map(|sum| clamp(rounded_mean(sum, places), &self.0))
    }
}

impl Reduction for Greatest {
    fn byte(&self, bytes: &[u8], places: &Places) -> i8 {
        clamp(greatest(bytes, places).into(), &self.0)
    }

    fn four(&self, words: &[u32], places: &Places) -> [i8; 4] {
        greatests(words, places).map(|greatest| clamp(greatest.into(), &self.0))
    }
}

impl Reduction for Sum {
    fn byte(&self, bytes: &[u8], places: &Places) -> i8 {
        self.to.byte(sum(bytes, places) - self.zero_of(places))
    }

    fn four(&self, words: &[u32], places: &Places) -> [i8; 4] {
        sums(words, places).map(|sum| self.to.byte(sum - self.zero_of(places)))
    }
}

impl Sum {
    fn zero_of(&self, places: &Places) -> i32 {
        places.count() as i32 * i32::from(self.zero)
    }
}

fn rounded_mean(sum: i32, places: &Places) -> i32 {
    let count = places.count().max(1) as i32;
    let half = if sum > 0 { count / 2 } else { -(count / 2) };
    (sum + half) / count
}

fn clamp(value: i32, range: &ByteRange) -> i8 {
    value.max(range.least.into()).min(range.greatest.into()) as i8
}

/// Reduces some channels to the bytes of `output`; `places` are those of channel 0, in bytes. The first
/// and last of them are multiples of four where [`Places::share_words`].
pub fn reduce(
    input: &[u32],
    places: &Places,
    channels: Range<usize>,
    output: &mut [u8],
    by: &impl Reduction,
) {
    let Places { first, rows, row_step, columns, step } = places.joined();
    if places.share_words() {
        let (row_step, step) = (row_step / 4, step / 4);
        for (group, four) in (channels.start / 4..).zip(output.as_chunks_mut().0) {
            let places = Places { first: first / 4 + group, rows, row_step, columns, step };
            *four = by.four(input, &places).map(|byte| byte as u8);
        }
    } else {
        let bytes = bytemuck::cast_slice(input);
        for (channel, byte) in channels.zip(output) {
            let places = Places { first: first + channel, rows, row_step, columns, step };
            *byte = by.byte(bytes, &places) as u8;
        }
    }
}

/// Sum of signed bytes.
fn sum(bytes: &[u8], places: &Places) -> i32 {
    let mut sum = 0;
    places.each(bytes, |byte| sum += i32::from(byte as i8));
    sum
}

/// Greatest of signed bytes.
fn greatest(bytes: &[u8], places: &Places) -> i8 {
    let mut greatest = i8::MIN;
    places.each(bytes, |byte| greatest = greatest.max(byte as i8));
    greatest
}

/// Greatest of each of the four signed bytes of words.
fn greatests(words: &[u32], places: &Places) -> [i8; 4] {
    let mut greatest = [i8::MIN; 4];
    places.each(words, |word| {
        for (greatest, byte) in greatest.iter_mut().zip(word.to_le_bytes()) {
            *greatest = (*greatest).max(byte as i8);
        }
    });
    greatest
}

/// Sum of each of the four signed bytes of words.
fn sums(words: &[u32], places: &Places) -> [i32; 4] {
    let mut sums = [0; 4];
    let (mut pairs, mut room) = ([0; 2], LANE_PLACES);
    for row in 0..places.rows {
        let (mut at, mut left) = (places.first + row * places.row_step, places.columns);
        while left > 0 {
            let count = left.min(room);
            pairs = add_pairs(pairs, run(words, at, places.step, count));
            (at, left, room) = (at + count * places.step, left - count, room - count);
            if room == 0 {
                add_lanes(&mut sums, pairs);
                (pairs, room) = ([0; 2], LANE_PLACES);
            }
        }
    }
    add_lanes(&mut sums, pairs);
    let excess = (places.count() * 128) as i32;
    sums.map(|sum| sum - excess)
}

/// Bytes of 255 whose sum fits a half.
const LANE_PLACES: usize = 257;

/// Adds the bytes of words, each 128 too great so that it has no sign: 0 and 2, and 1 and 3, in the
/// halves of two words.
#[inline(always)]
fn add_pairs([mut even, mut odd]: [u32; 2], words: impl Iterator<Item = u32>) -> [u32; 2] {
    words.for_each(|word| {
        let word = word ^ 0x8080_8080;
        even = even.wrapping_add(word & 0x00FF_00FF);
        odd = odd.wrapping_add(word >> 8 & 0x00FF_00FF);
    });
    [even, odd]
}

fn add_lanes(sums: &mut [i32; 4], [even, odd]: [u32; 2]) {
    let lanes = [even & 0xFFFF, odd & 0xFFFF, even >> 16, odd >> 16];
    sums.iter_mut().zip(lanes).for_each(|(sum, lane)| *sum += lane as i32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn places()(
            first in 0usize..4,
            rows in 1usize..5,
            columns in prop_oneof![1usize..6, 250usize..600],
            step in 1usize..4,
            gap in 0usize..3,
        ) -> Places {
            Places { first, rows, row_step: columns * step + gap, columns, step }
        }
    }

    /// The bytes at the places, those of lane `lane` where words hold `lanes`.
    fn bytes_at(bytes: &[u8], places: &Places, lane: usize, lanes: usize) -> Vec<i8> {
        let mut found = Vec::new();
        for row in 0..places.rows {
            for column in 0..places.columns {
                let at = places.first + row * places.row_step + column * places.step;
                found.push(bytes[at * lanes + lane] as i8);
            }
        }
        found
    }

    fn model(bytes: &[i8]) -> (i32, i8) {
        (bytes.iter().map(|&byte| i32::from(byte)).sum(), *bytes.iter().max().unwrap())
    }

    proptest! {
        #[test]
        fn sums_and_maxima_are_those_of_the_bytes(places in places(), seed: u32, extreme: bool) {
            let length = places.first + places.rows * places.row_step;
            let mut state = seed | 1;
            let words: Vec<u32> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(0x9E37_79B1).rotate_left(9) ^ seed;
                    if extreme { 0x7F80_7F80 } else { state }
                })
                .collect();
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            for places in [places, places.joined()] {
                let by_lane = [0, 1, 2, 3].map(|lane| model(&bytes_at(&bytes, &places, lane, 4)));
                prop_assert_eq!(sums(&words, &places), by_lane.map(|(sum, _)| sum));
                prop_assert_eq!(greatests(&words, &places), by_lane.map(|(_, greatest)| greatest));
                let (expected, most) = model(&bytes_at(&bytes, &places, 0, 1));
                prop_assert_eq!(sum(&bytes, &places), expected);
                prop_assert_eq!(greatest(&bytes, &places), most);
            }
        }
    }

    extern crate std;
    use std::vec::Vec;
}
