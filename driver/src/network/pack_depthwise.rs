//! Weights of depthwise convolutions to the records that the device reads: see
//! [`quintet_protocol::network`].

use super::pack::{LayerWeights, finish};
use quintet_protocol::network::Depthwise;
use quintet_protocol::program::Sliding;

/// The records of a depthwise convolution; the shape of `layer` is that of TFLite's weights: 1, rows
/// and columns of the window, output channels.
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
