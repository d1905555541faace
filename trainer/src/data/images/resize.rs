//! Pictures brought to another size, by linear interpolation where they grow and by a triangle as
//! wide as two new pixels where they shrink, so that no old pixel is left out.

use super::decode::Picture;

/// What a new pixel is made of: the first old one, and the weight of it and of those that follow.
type Taps = (usize, Vec<f32>);

/// Writes a picture as height x width x channels. One of the same size stays as it is.
pub fn resize(picture: &Picture, [height, width]: [usize; 2], bytes: &mut [u8]) {
    let ([_, from_width], channels) = (picture.size, picture.channels);
    let columns = taps(from_width, width);
    let rows = taps(picture.size[0], height);
    let mut narrow = Vec::with_capacity(picture.size[0] * width * channels);
    for row in picture.bytes.chunks_exact(from_width * channels) {
        for (first, weights) in &columns {
            for channel in 0..channels {
                let old = row[first * channels + channel..].iter().step_by(channels);
                narrow.push(sum(weights, old.map(|byte| f32::from(*byte))));
            }
        }
    }
    let stride = width * channels;
    for (row, (first, weights)) in bytes.chunks_exact_mut(stride).zip(&rows) {
        for (column, byte) in row.iter_mut().enumerate() {
            let old = narrow[first * stride + column..].iter().step_by(stride);
            *byte = sum(weights, old.copied()).round() as u8;
        }
    }
}

fn sum(weights: &[f32], values: impl Iterator<Item = f32>) -> f32 {
    weights.iter().zip(values).fold(0.0, |sum, (weight, value)| sum + weight * value)
}

/// Of each of `to` new pixels, along a side that has `from`.
fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    let tap = |place: usize| {
        let centre = (place as f64 + 0.5) * scale;
        let first = (centre - reach - 0.5).ceil().max(0.0) as usize;
        let end = ((centre + reach + 0.5).floor() as usize).min(from);
        let weight = |old: usize| (1.0 - (old as f64 + 0.5 - centre).abs() / reach).max(0.0);
        let weights: Vec<f64> = (first..end).map(weight).collect();
        let total: f64 = weights.iter().sum();
        (first, weights.iter().map(|weight| (weight / total) as f32).collect())
    };
    (0..to).map(tap).collect()
}
