//! Weights of depthwise convolutions to the records that the device reads: see
//! [`quintet_protocol::network`].

use super::pack::{LayerWeights, finish};
use quintet_protocol::network::Depthwise;
use quintet_protocol::program::Sliding;

/// The records of a depthwise convolution; the shape of `layer` is that of TFLite's weights: 1,
/// rows and columns of the window, output channels.
pub fn depthwise(layer: &LayerWeights, sliding: &Sliding) -> Vec<u32> {
    let shape = Depthwise::new(sliding);
    let channels = shape.channels_out;
    let mut records = vec![0; shape.record_words() * channels];
    for (channel, record) in records.chunks_exact_mut(shape.record_words()).enumerate() {
        let weights: Vec<i8> = layer.weights[channel..].iter().step_by(channels).copied().collect();
        let finish = finish(layer, channel, &weights);
        shape.fill_record(|at| weights[at], finish, record);
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::scale::scale_of;
    use quintet_protocol::network::{Finish, Scale, depthwise_words};

    /// Two channels of a window whose weights are 1, 2, 3, .. and 101, 102, 103, ..
    fn packed(kernel: [u16; 2], dilation: u8, stride: u8) -> Vec<Vec<u32>> {
        let sliding = Sliding {
            input: [9, 9, 2],
            output: [9, 9, 2],
            kernel,
            stride: [1, stride],
            dilation: [1, dilation],
            pad: [1, 1],
        };
        let count = usize::from(kernel[0]) * usize::from(kernel[1]);
        let weights: Vec<i8> =
            (1..=count as i8).flat_map(|weight| [weight, 100 + weight]).collect();
        let [rows, columns] = kernel.map(usize::from);
        let layer = LayerWeights {
            shape: [1, rows, columns, 2],
            weights: &weights,
            bias: Some(&[50, 60]),
            zero_in: -2,
            zero_out: 7,
            scales: &scales(),
        };
        let words = depthwise(&layer, &sliding);
        assert_eq!(words.len(), depthwise_words(&sliding));
        words.chunks(words.len() / 2).map(<[u32]>::to_vec).collect()
    }

    fn scales() -> [Scale; 2] {
        [scale_of(0.01), scale_of(0.02)]
    }

    /// A word of twice these weights.
    fn word(low: u32, high: u32) -> u32 {
        (2 * low) | ((2 * high) << 16)
    }

    #[test]
    fn windows_of_3x3_have_columns_of_words() {
        let records = packed([3, 3], 1, 1);
        let finish = Finish { bias: 50 + 2 * 45, scale: scales()[0] }.to_words(7);
        let last = [word(2, 3), word(5, 6), word(8, 9)];
        let first = [word(1, 2), word(4, 5), word(7, 8)];
        assert_eq!(records[0], [&last[..], &first, &finish].concat());
        assert_eq!(records[1][0], word(102, 103));
    }

    #[test]
    fn other_windows_have_words_for_even_and_for_odd_columns() {
        let even = [word(1, 2), word(3, 0)];
        assert_eq!(packed([1, 3], 1, 1)[0][..4], [even[0], even[1], word(0, 1), word(2, 3)]);
        assert_eq!(packed([1, 3], 1, 2)[0][..2], even);
        // With a stride of 2 there are no odd ones.
        assert_eq!(packed([1, 3], 1, 2)[0].len(), 2 + 4);
        let even = [word(1, 0), word(2, 0), word(3, 0)];
        assert_eq!(packed([1, 3], 2, 2)[0][..3], even);
        // Rows are lines: what two columns of all of them see lies together.
        assert_eq!(packed([2, 2], 1, 2)[0][..2], [word(1, 2), word(3, 4)]);
    }
}
