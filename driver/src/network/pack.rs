//! Weights of convolutions and fully connected layers to the records that the device reads: see
//! [`quintet_protocol::network`].

use quintet_protocol::network::{FINISH_WORDS, Finish, Scale};

/// Weights of a layer and what its sums become.
#[derive(Clone, Copy, Debug)]
pub struct LayerWeights<'a> {
    /// Output channels, rows and columns of the window, input channels.
    pub shape: [usize; 4],
    /// The product of `shape`, the last axis innermost.
    pub weights: &'a [i8],
    /// One for each output channel; zeros if left out.
    pub bias: Option<&'a [i32]>,
    /// The input byte that stands for zero.
    pub zero_in: i8,
    /// The output byte that stands for zero.
    pub zero_out: i8,
    /// What sums are scaled by, one for each output channel.
    pub scales: &'a [Scale],
}

/// Records of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Record by record.
    pub words: Vec<u32>,
    /// Whether every channel has a record of its own.
    pub unpaired: bool,
}

/// A channel's weights in the order of a column, and its finish.
struct Channel {
    column: Vec<i8>,
    finish: [u32; FINISH_WORDS],
}

/// The records of a convolution; `split_runs` if it has a dilation across.
pub fn convolution(layer: &LayerWeights, split_runs: bool) -> Packed {
    let channels: Vec<Channel> =
        (0..layer.shape[0]).map(|number| channel(layer, number, split_runs)).collect();
    let length = channels.first().map_or(0, |channel| channel.column.len());
    let none = Channel { column: vec![0; length], finish: [0; FINISH_WORDS] };
    let pairs: Vec<[&Channel; 2]> =
        channels.chunks(2).map(|pair| [&pair[0], pair.get(1).unwrap_or(&none)]).collect();
    let unpaired = !pairs.iter().all(|pair| can_be_told_apart(pair));
    let words = match unpaired {
        true => channels.iter().flat_map(|channel| record([channel, &none])).collect(),
        false => pairs.into_iter().flat_map(record).collect(),
    };
    Packed { words, unpaired }
}

fn channel(layer: &LayerWeights, number: usize, split_runs: bool) -> Channel {
    let [_, rows, columns, channels_in] = layer.shape;
    let size = rows * columns * channels_in;
    let weights = &layer.weights[number * size..][..size];
    let run = if split_runs { channels_in } else { columns * channels_in };
    let column = weights.chunks(run.max(1)).flat_map(padded).collect();
    Channel { column, finish: finish(layer, number, weights).to_words(layer.zero_out) }
}

/// A run of weights, up to a multiple of four.
fn padded(run: &[i8]) -> impl Iterator<Item = i8> {
    run.iter().copied().chain(std::iter::repeat_n(0, run.len().next_multiple_of(4) - run.len()))
}

/// How a channel's sum becomes a byte, with what the input's zero point adds to each sum.
pub(super) fn finish(layer: &LayerWeights, number: usize, weights: &[i8]) -> Finish {
    let sum: i32 = weights.iter().map(|&weight| i32::from(weight)).sum();
    let bias = layer.bias.map_or(0, |bias| bias[number]);
    let bias = bias.wrapping_sub(i32::from(layer.zero_in).wrapping_mul(sum));
    Finish { bias, scale: layer.scales[number] }
}

/// Whether every half is one of 16 bits and every sum of the second channel one of 24.
fn can_be_told_apart([first, second]: &[&Channel; 2]) -> bool {
    let mut halves = first.column.iter().zip(&second.column).map(|(&a, &b)| half(a, b));
    // Of greatest magnitude is what -128 is multiplied by.
    let extreme = |toward: i64| -> i64 {
        let products = second.column.iter().map(|&weight| -128 * i64::from(weight) * toward);
        let others = second.column.iter().map(|&weight| 127 * i64::from(weight) * toward);
        products.zip(others).map(|(a, b)| a.max(b)).sum()
    };
    halves.all(|half| i16::try_from(half).is_ok()) && extreme(1) < 1 << 23 && extreme(-1) <= 1 << 23
}

fn half(first: i8, second: i8) -> i32 {
    i32::from(first) + 256 * i32::from(second)
}

/// A pair's record.
fn record([first, second]: [&Channel; 2]) -> Vec<u32> {
    let halves: Vec<u16> =
        first.column.iter().zip(&second.column).map(|(&a, &b)| half(a, b) as u16).collect();
    let mut words = [first.finish, second.finish].concat();
    for four in halves.as_chunks::<4>().0 {
        words.push(u32::from(four[0]) | u32::from(four[2]) << 16);
        words.push(u32::from(four[1]) | u32::from(four[3]) << 16);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::scale::scale_of;

    fn layer<'a>(
        shape: [usize; 4],
        weights: &'a [i8],
        bias: &'a [i32],
        scales: &'a [Scale],
    ) -> LayerWeights<'a> {
        LayerWeights { shape, weights, bias: Some(bias), zero_in: -3, zero_out: 5, scales }
    }

    #[test]
    fn a_record_has_two_finishes_and_interleaved_halves() {
        let scales = [scale_of(0.01), scale_of(0.02)];
        let weights = [1, 2, 3, 4, 5, -6, 7, 8, 9, 10];
        let packed = convolution(&layer([2, 1, 1, 5], &weights, &[100, 200], &scales), false);
        assert!(!packed.unpaired);
        let finish = |bias, scale| Finish { bias, scale }.to_words(5);
        let (finishes, halves) = packed.words.split_at(2 * FINISH_WORDS);
        assert_eq!(finishes[..4], finish(100 + 3 * 15, scales[0]));
        assert_eq!(finishes[4..], finish(200 + 3 * 28, scales[1]));
        let word = |a: [i32; 2], b: [i32; 2]| {
            let half = |[first, second]: [i32; 2]| (first + 256 * second) as u16;
            u32::from(half(a)) | u32::from(half(b)) << 16
        };
        let none = [0, 0];
        let expected =
            [word([1, -6], [3, 8]), word([2, 7], [4, 9]), word([5, 10], none), word(none, none)];
        assert_eq!(halves, expected);
    }

    #[test]
    fn runs_are_rows_unless_the_window_is_dilated() {
        let scales = [scale_of(0.01)];
        let weights: Vec<i8> = (1..=6).collect();
        let column = |split| {
            let packed = convolution(&layer([1, 1, 2, 3], &weights, &[0], &scales), split);
            packed.words.len() - 2 * FINISH_WORDS
        };
        assert_eq!((column(false), column(true)), (4, 4));
        let shape = [1, 2, 1, 3];
        assert_eq!(convolution(&layer(shape, &weights, &[0], &scales), false).words.len(), 12);
        let weights: Vec<i8> = (1..=9).collect();
        let column = |split| {
            let packed = convolution(&layer([1, 1, 3, 3], &weights, &[0], &scales), split);
            packed.words.len() - 2 * FINISH_WORDS
        };
        assert_eq!((column(false), column(true)), (6, 6));
        let weights: Vec<i8> = (1..=10).collect();
        let column = |split| {
            let packed = convolution(&layer([1, 1, 2, 5], &weights, &[0], &scales), split);
            packed.words.len() - 2 * FINISH_WORDS
        };
        assert_eq!((column(false), column(true)), (6, 8));
    }

    #[test]
    fn sums_that_could_not_be_told_apart_are_not_paired() {
        let scales = [scale_of(0.001); 2];
        // A half of 17 bits.
        let low = [-128; 8];
        let packed = convolution(&layer([2, 1, 1, 4], &low, &[0; 2], &scales), false);
        assert!(packed.unpaired);
        assert_eq!(packed.words.len(), 2 * (2 * FINISH_WORDS + 2));
        assert_eq!(packed.words[2 * FINISH_WORDS] & 0xFFFF, 0xFF80);
        // The longest column of weights of -127 whose sum has 24 bits: 127 * 128 * 516 < 2^23.
        for (length, unpaired) in [(516, false), (517, true)] {
            let weights = vec![-127; 2 * length];
            let packed = convolution(&layer([2, 1, 1, length], &weights, &[0; 2], &scales), false);
            assert_eq!(packed.unpaired, unpaired, "{length}");
        }
    }

    #[test]
    fn an_odd_last_channel_is_paired_with_zeros() {
        let scales = [scale_of(0.01); 3];
        let weights: Vec<i8> = (0..12).collect();
        let packed = convolution(&layer([3, 1, 1, 4], &weights, &[1, 2, 3], &scales), false);
        assert_eq!(packed.words.len(), 2 * (2 * FINISH_WORDS + 2));
        let last = &packed.words[2 * FINISH_WORDS + 2..];
        assert_eq!(last[FINISH_WORDS..2 * FINISH_WORDS], [0; FINISH_WORDS]);
        assert_eq!(last[2 * FINISH_WORDS..], [8 | 10 << 16, 9 | 11 << 16]);
    }
}
