//! Every kernel against the plain definition of what it computes, in f64.

use quintet_trainer::kernels::convolve::{self, Scratch};
use quintet_trainer::kernels::frame::Frame;
use quintet_trainer::kernels::matrix::{self, Panels};
use quintet_trainer::kernels::normalise::{self, Clip};
use quintet_trainer::kernels::{depthwise, patches, pool};
use quintet_trainer::network::{Padding, Window};
use quintet_trainer::quantise::round;
use quintet_trainer::random::Random;

fn numbers(count: usize, seed: usize) -> Vec<f32> {
    let mut random = Random::new(&[seed as u64]);
    (0..count).map(|_| random.normal()).collect()
}

/// Holds numbers to what they should be, to the rounding of some hundred f32 sums.
#[track_caller]
fn assert_near(what: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1.0f64, |most, it| most.max(it.abs()));
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs();
        assert!(error < 1e-5 * scale, "{what}: [{place}] is {found}, not {expected}");
    }
}

/// Windows of odd and even kernels, with and without padding, over pictures that they do not
/// divide.
fn windows() -> Vec<Window> {
    let mut windows = Vec::new();
    for padding in [Padding::Same, Padding::Valid] {
        for (kernel, stride) in [
            ([3, 3], [1, 1]),
            ([3, 3], [2, 2]),
            ([1, 1], [1, 1]),
            ([1, 1], [2, 2]),
            ([2, 2], [2, 2]),
            ([4, 5], [2, 1]),
            ([5, 5], [1, 1]),
            ([3, 1], [1, 3]),
        ] {
            for input in [[5, 6], [6, 7], [17, 9]] {
                windows.push(Window::new(input, kernel, stride, padding));
            }
        }
    }
    windows
}

/// Calls `visit` with the numbers of an output pixel, a tap and the input pixel under it, for all
/// taps inside the picture, from the definition of a window.
fn taps(window: &Window, mut visit: impl FnMut(usize, usize, usize)) {
    let [height, width] = window.input;
    for output in 0..window.output[0] * window.output[1] {
        for tap in 0..window.kernel[0] * window.kernel[1] {
            let place = |axis: usize, output: usize, tap: usize| {
                (output * window.stride[axis] + tap).checked_sub(window.before[axis])
            };
            let row = place(0, output / window.output[1], tap / window.kernel[1]);
            let column = place(1, output % window.output[1], tap % window.kernel[1]);
            if let (Some(row), Some(column)) = (row, column)
                && row < height
                && column < width
            {
                visit(output, tap, row * width + column);
            }
        }
    }
}

#[test]
fn products_of_matrices_of_all_sizes() {
    for rows in [1, 5, 6, 7, 97, 200] {
        for depth in [1, 3, 8, 27] {
            for columns in [1, 7, 8, 9, 16, 17, 24, 41] {
                let what = format!("{rows} x {depth} x {columns}");
                let (x, weights) = (numbers(rows * depth, 1), numbers(depth * columns, 2));
                let bias = numbers(columns, 3);
                let mut expected = vec![0.0; rows * columns];
                for (place, sum) in expected.iter_mut().enumerate() {
                    let (row, column) = (place / columns, place % columns);
                    *sum = f64::from(bias[column]);
                    for k in 0..depth {
                        *sum += f64::from(x[row * depth + k])
                            * f64::from(weights[k * columns + column]);
                    }
                }
                let mut y = vec![f32::NAN; rows * columns];
                let mut panels = Panels::default();
                panels.pack(&weights, depth, columns);
                matrix::multiply(&x, &panels, Some(&bias), &mut y);
                assert_near(&what, &y, &expected);
                // The same from the transpose.
                let mut transposed = vec![0.0; depth * columns];
                for (place, weight) in weights.iter().enumerate() {
                    transposed[place % columns * depth + place / columns] = *weight;
                }
                panels.pack_transposed(&transposed, columns, depth);
                let before = std::mem::replace(&mut y, vec![f32::NAN; rows * columns]);
                matrix::multiply(&x, &panels, Some(&bias), &mut y);
                assert_eq!(y, before, "{what}");
            }
        }
    }
}

#[test]
fn gradients_of_weights_and_biases_are_added() {
    for rows in [1, 6, 95, 96, 97, 300] {
        for (depth, columns) in [(1, 1), (7, 9), (8, 24), (13, 17), (6, 16)] {
            let (x, dy) = (numbers(rows * depth, 1), numbers(rows * columns, 2));
            let (mut gradient, mut bias) = (numbers(depth * columns, 3), numbers(columns, 4));
            let mut expected: Vec<f64> = gradient.iter().copied().map(f64::from).collect();
            let mut of_bias: Vec<f64> = bias.iter().copied().map(f64::from).collect();
            for row in 0..rows {
                for column in 0..columns {
                    let dy = f64::from(dy[row * columns + column]);
                    of_bias[column] += dy;
                    for k in 0..depth {
                        expected[k * columns + column] += f64::from(x[row * depth + k]) * dy;
                    }
                }
            }
            matrix::accumulate(&x, &dy, columns, &mut gradient);
            matrix::accumulate_rows(&dy, &mut bias);
            let what = format!("{rows} x {depth} x {columns}");
            assert_near(&what, &gradient, &expected);
            assert_near(&what, &bias, &of_bias);
        }
    }
}

#[test]
fn depthwise_convolutions_and_their_gradients() {
    const PICTURES: usize = 2;
    // One frame for all, as an engine has it: what a layer left there does not reach the next.
    let mut frame = Frame::default();
    for window in windows() {
        for channels in [1, 5, 8, 19, 24] {
            let what = format!("{window:?}, {channels} channels");
            let [inputs, outputs] =
                [window.input, window.output].map(|[height, width]| height * width * channels);
            let weights = numbers(window.kernel[0] * window.kernel[1] * channels, 1);
            let (x, dy) = (numbers(PICTURES * inputs, 2), numbers(PICTURES * outputs, 3));
            let bias = numbers(channels, 4);
            let mut y: Vec<f64> =
                (0..dy.len()).map(|place| f64::from(bias[place % channels])).collect();
            let mut dx = vec![0.0f64; x.len()];
            let mut gradient = vec![0.0f64; weights.len()];
            for (picture, channel) in
                (0..PICTURES).flat_map(|picture| (0..channels).map(move |it| (picture, it)))
            {
                taps(&window, |output, tap, input| {
                    let output = picture * outputs + output * channels + channel;
                    let input = picture * inputs + input * channels + channel;
                    let weight = tap * channels + channel;
                    y[output] += f64::from(x[input]) * f64::from(weights[weight]);
                    dx[input] += f64::from(dy[output]) * f64::from(weights[weight]);
                    gradient[weight] += f64::from(dy[output]) * f64::from(x[input]);
                });
            }
            let mut found = vec![f32::NAN; y.len()];
            depthwise::convolve(&x, &weights, Some(&bias), &window, &mut frame, &mut found);
            assert_near(&format!("output of {what}"), &found, &y);
            let mut found = vec![f32::NAN; x.len()];
            depthwise::backward(&weights, &dy, &window, &mut frame, &mut found);
            assert_near(&format!("input of {what}"), &found, &dx);
            let mut found = vec![0.0; weights.len()];
            depthwise::accumulate(&x, &dy, &window, &mut frame, &mut found);
            assert_near(&format!("weights of {what}"), &found, &gradient);
        }
    }
}

#[test]
fn patches_are_gathered_and_added_back() {
    let mut frame = Frame::default();
    for window in windows() {
        for channels in [1, 3, 8] {
            let what = format!("{window:?}, {channels} channels");
            let taps_in_all = window.kernel[0] * window.kernel[1];
            let x = numbers(window.input[0] * window.input[1] * channels, 1);
            let back = numbers(window.pixels() * taps_in_all * channels, 2);
            let mut expected = vec![0.0f64; back.len()];
            let mut dx = vec![0.0f64; x.len()];
            taps(&window, |output, tap, input| {
                for channel in 0..channels {
                    let place = (output * taps_in_all + tap) * channels + channel;
                    expected[place] = f64::from(x[input * channels + channel]);
                    dx[input * channels + channel] += f64::from(back[place]);
                }
            });
            frame.reset(&window, channels);
            frame.load(&x);
            let mut rows = Vec::new();
            patches::gather(&frame, &window, channels, 0..window.output[0], &mut rows);
            assert_near(&what, &rows, &expected);
            frame.data.fill(0.0);
            patches::scatter(&back, &window, channels, 0..window.output[0], &mut frame);
            let mut found = vec![f32::NAN; x.len()];
            frame.store(&mut found);
            assert_near(&what, &found, &dx);
        }
    }
}

#[test]
fn convolutions_and_their_gradients() {
    const PICTURES: usize = 2;
    let mut scratch = Scratch::default();
    let large = Window::new([40, 41], [3, 3], [1, 1], Padding::Same);
    for window in windows().into_iter().chain([large]) {
        for (inputs, outputs) in [(3, 5), (16, 24)] {
            let what = format!("{window:?}, {inputs} -> {outputs}");
            let pixels = window.input[0] * window.input[1];
            let depth = window.kernel[0] * window.kernel[1] * inputs;
            let x = numbers(PICTURES * pixels * inputs, 1);
            let weights = numbers(depth * outputs, 2);
            let dy = numbers(PICTURES * window.pixels() * outputs, 3);
            let mut y = vec![0.0f64; dy.len()];
            let mut dx = vec![0.0f64; x.len()];
            let mut gradient = vec![0.0f64; weights.len()];
            for picture in 0..PICTURES {
                taps(&window, |output, tap, input| {
                    let input = (picture * pixels + input) * inputs;
                    let output = (picture * window.pixels() + output) * outputs;
                    for (input, weight) in (input..input + inputs).zip(tap * inputs..) {
                        let of_input = f64::from(x[input]);
                        for (output, place) in (output..output + outputs).zip(weight * outputs..) {
                            let (weight, dy) = (f64::from(weights[place]), f64::from(dy[output]));
                            y[output] += of_input * weight;
                            dx[input] += dy * weight;
                            gradient[place] += dy * of_input;
                        }
                    }
                });
            }
            let layer = (&window, inputs);
            let mut panels = Panels::default();
            panels.pack(&weights, depth, outputs);
            let mut found = vec![f32::NAN; y.len()];
            convolve::convolve(&x, &panels, None, layer, &mut scratch, &mut found);
            assert_near(&format!("output of {what}"), &found, &y);
            panels.pack_transposed(&weights, depth, outputs);
            let mut found = vec![f32::NAN; x.len()];
            convolve::backward(&panels, &dy, layer, &mut scratch, &mut found);
            assert_near(&format!("input of {what}"), &found, &dx);
            let mut found = vec![0.0; weights.len()];
            convolve::accumulate(&x, &dy, layer, outputs, &mut scratch, &mut found);
            assert_near(&format!("weights of {what}"), &found, &gradient);
        }
    }
}

#[test]
fn averages_count_only_pixels_inside() {
    for window in windows().into_iter().chain([Window::whole([5, 7])]) {
        for channels in [1, 5, 8] {
            let what = format!("{window:?}, {channels} channels");
            let x = numbers(window.input[0] * window.input[1] * channels, 1);
            let dy = numbers(window.pixels() * channels, 2);
            let mut counts = vec![0.0f64; window.pixels()];
            taps(&window, |output, _, _| counts[output] += 1.0);
            let mut y = vec![0.0f64; dy.len()];
            let mut dx = vec![0.0f64; x.len()];
            taps(&window, |output, _, input| {
                for channel in 0..channels {
                    let (output, input, count) =
                        (output * channels + channel, input * channels + channel, counts[output]);
                    y[output] += f64::from(x[input]) / count;
                    dx[input] += f64::from(dy[output]) / count;
                }
            });
            let mut found = vec![f32::NAN; y.len()];
            pool::average(&x, &window, channels, &mut found);
            assert_near(&what, &found, &y);
            let mut found = vec![0.0; x.len()];
            pool::average_backward(&dy, &window, channels, &mut found);
            assert_near(&what, &found, &dx);
        }
    }
}

/// An activation and its derivative, from their definition.
fn activation(clip: Clip, z: f64) -> (f64, f64) {
    let (low, high, slope) = (f64::from(clip.low), f64::from(clip.high), f64::from(clip.slope));
    let inside = if z > low && z < high { 1.0 } else { slope };
    (slope * z + (1.0 - slope) * z.clamp(low, high), inside)
}

#[test]
fn normalisations_of_any_number_of_channels_and_rows() {
    let relu6 = Clip { low: 0.0, high: 6.0, slope: 0.0 };
    let clips = [Clip::NONE, Clip { low: 0.0, ..Clip::NONE }, relu6, Clip { slope: 0.3, ..relu6 }];
    for (channels, rows) in [(1, 1000), (3, 1), (8, 16), (19, 50), (24, 33), (128, 5), (300, 3)] {
        for clip in clips {
            let what = format!("{channels} channels, {rows} rows, {clip:?}");
            let (x, dy) = (numbers(rows * channels, 1), numbers(rows * channels, 2));
            let (scale, shift) = (numbers(channels, 3), numbers(channels, 4));
            let (a, b) = (numbers(channels, 5), numbers(channels, 6));
            let mut y = Vec::new();
            let mut dx = Vec::new();
            let mut moments = vec![0.0f64; 2 * channels];
            let mut sums = vec![0.0f64; 2 * channels];
            for (place, (x, dy)) in x.iter().zip(&dy).enumerate() {
                let channel = place % channels;
                let of = |values: &[f32]| f64::from(values[channel]);
                let x = f64::from(*x);
                let (value, derivative) = activation(clip, x * of(&scale) + of(&shift));
                let dz = derivative * f64::from(*dy);
                y.push(value);
                dx.push(dz * of(&scale) + x * of(&a) + of(&b));
                moments[channel] += x;
                moments[channels + channel] += x * x;
                sums[channel] += dz;
                sums[channels + channel] += dz * x;
            }
            let mut found = vec![f32::NAN; y.len()];
            normalise::apply(&x, &scale, &shift, clip, &mut found);
            assert_near(&what, &found, &y);
            let mut found = vec![0.0; 2 * channels];
            normalise::moments(&x, channels, &mut found);
            assert_near(&what, &found, &moments);
            let mut found = vec![0.0; 2 * channels];
            normalise::backward_sums(&x, &scale, &shift, clip, &dy, &mut found);
            assert_near(&what, &found, &sums);
            let mut found = dy.clone();
            normalise::backward_apply(&x, [&scale, &shift], clip, [&a, &b], &mut found);
            assert_near(&what, &found, &dx);
        }
    }
}

#[test]
fn activations_and_their_derivatives() {
    let x = numbers(1001, 1).iter().map(|x| 4.0 * x).collect::<Vec<_>>();
    let dy = numbers(1001, 2);
    for slope in [0.0, 0.25, 1.0] {
        let clip = Clip { low: 0.0, high: 6.0, slope };
        let (expected, derivative): (Vec<_>, Vec<_>) =
            x.iter().map(|x| activation(clip, f64::from(*x))).unzip();
        let mut found = vec![f32::NAN; x.len()];
        normalise::activate(&x, clip, &mut found);
        assert_near("activate", &found, &expected);
        let mut found = dy.clone();
        normalise::activate_backward(&x, clip, &mut found);
        let expected: Vec<f64> = derivative
            .iter()
            .zip(&dy)
            .map(|(derivative, dy)| derivative * f64::from(*dy))
            .collect();
        assert_near("activate_backward", &found, &expected);
    }
}

#[test]
fn rounded_numbers_are_those_that_int8_has() {
    for range in [[-1.0, 1.0], [0.0, 6.0], [-3.5, 0.25], [0.5, 2.0]] {
        let (scale, zero) = round::affine(range);
        assert!((-128..=127).contains(&zero), "{range:?}");
        let x = numbers(1000, 1).iter().map(|x| 3.0 * x).collect::<Vec<_>>();
        let mut y = vec![f32::NAN; x.len()];
        round::apply(&x, range, &mut y);
        let mut dy = vec![1.0; x.len()];
        round::backward(&x, range, &mut dy);
        for ((x, y), dy) in x.iter().zip(&y).zip(&dy) {
            let step = y / scale + zero as f32;
            assert!((step - step.round()).abs() < 1e-3, "{x} becomes {y} in {range:?}");
            assert!((-128.0..=127.0).contains(&step.round()), "{x} becomes {y} in {range:?}");
            // Within half a step where there is a number so near, whose gradient passes.
            let is_near = (x - y).abs() <= 0.5001 * scale;
            assert_eq!(*dy == 1.0, is_near, "{x} becomes {y} in {range:?}");
        }
    }
}
