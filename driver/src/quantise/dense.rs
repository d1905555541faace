//! Float dense layers to the records of [`quintet_protocol::feature`]: weights of 8 bits, with a
//! scale for each output, of which the one with the least squared error is taken.

use super::fit::Fit;
use quintet_protocol::feature::{BLOCK_CHANNELS, BLOCK_HEADER_WORDS, block_words, dense_words};

/// Largest weight.
const WEIGHT_MAX: f64 = 127.0;
/// Scales that are tried to each side of the one at which the largest weight is the largest byte.
const SCALES: i32 = 16;
/// How far they are apart, in proportion to that one.
const SCALE_STEP: f64 = 0.0125;
/// Sums are below this.
const SUM_LIMIT: f64 = (1u64 << 31) as f64;
/// Largest magnitude of an input.
const INPUT_MAX: f64 = 32_768.0;
/// Most columns of a layer.
const COLUMNS_MAX: usize = 1024;

/// A dense layer: `weights * input + bias`.
#[derive(Clone, Copy, Debug)]
pub struct DenseLayer<'a> {
    /// Row-major, `[outputs][inputs]`.
    pub weights: &'a [f32],
    /// One an output.
    pub bias: &'a [f32],
    /// Fraction bits of each input column: columns may be of different encodings.
    pub input_bits: &'a [i32],
    /// Fraction bits of the outputs.
    pub output_bits: i32,
    /// Columns that the device reads, a multiple of 4, not less than there are inputs: those after
    /// the inputs get weights of zero.
    pub columns: usize,
}

/// Why a dense layer has no such records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DenseError {
    /// The numbers of weights, biases, inputs and columns do not belong together.
    #[error("{weights} weights and {biases} biases are no layer of {inputs} of {columns} columns")]
    Shape {
        /// How many weights there are.
        weights: usize,
        /// How many biases.
        biases: usize,
        /// How many inputs.
        inputs: usize,
        /// How many columns, of at most 1024.
        columns: usize,
    },
    /// A weight or a bias is not a finite number, or beyond all that numbers of 16 bits come to.
    #[error("output {output} has weights or a bias that are not finite, or out of all proportion")]
    OutOfRange {
        /// The output's number.
        output: usize,
    },
    /// A step of the sum is more than half a step of the output.
    #[error("output {output} has more fraction bits than its inputs and weights give")]
    TooFine {
        /// The output's number.
        output: usize,
    },
}

/// A channel's bias, multiplier and weights.
type Channel = (i32, i32, Vec<i8>);

/// The records of a layer, each weight rounded by itself.
///
/// # Errors
/// [`DenseError`], where weights and fraction bits do not belong together.
pub fn dense(layer: &DenseLayer<'_>) -> Result<Vec<u32>, DenseError> {
    fitted(layer, None)
}

/// The records of a layer, weights rounded so that their errors cancel for inputs as they come.
///
/// # Errors
/// As [`dense`].
pub fn fitted(layer: &DenseLayer<'_>, fit: Option<&Fit>) -> Result<Vec<u32>, DenseError> {
    let (inputs, outputs) = (layer.input_bits.len(), layer.bias.len());
    let columns_will_do = layer.columns.is_multiple_of(4) && inputs <= layer.columns;
    let is_in_range = (4..=COLUMNS_MAX).contains(&layer.columns) && outputs <= COLUMNS_MAX;
    if !columns_will_do || !is_in_range || layer.weights.len() != inputs * outputs {
        return Err(DenseError::Shape {
            weights: layer.weights.len(),
            biases: outputs,
            inputs,
            columns: layer.columns,
        });
    }
    let mut words = vec![0; dense_words(layer.columns, outputs)];
    for output in 0..outputs {
        let (bias, multiplier, weights) = channel(layer, output, fit)?;
        let record = words.chunks_mut(block_words(layer.columns)).nth(output / BLOCK_CHANNELS);
        let record = record.unwrap_or_default();
        let at = output % BLOCK_CHANNELS;
        (record[at], record[BLOCK_CHANNELS + at]) = (bias as u32, multiplier as u32);
        for (column, weight) in weights.into_iter().enumerate() {
            let byte = u32::from(weight as u8) << (16 * (column % 2) + 8 * (at % 2));
            record[BLOCK_HEADER_WORDS + column / 2 * 2 + at / 2] |= byte;
        }
    }
    Ok(words)
}

/// Quantises an output.
fn channel(
    layer: &DenseLayer<'_>,
    output: usize,
    fit: Option<&Fit>,
) -> Result<Channel, DenseError> {
    let inputs = layer.input_bits.len();
    let weights = &layer.weights[output * inputs..(output + 1) * inputs];
    // What a step of each column adds.
    let steps = weights.iter().zip(layer.input_bits);
    let steps: Vec<f64> =
        steps.map(|(&weight, &bits)| f64::from(weight) * f64::from(-bits).exp2()).collect();
    let bias = f64::from(layer.bias[output]);
    let total: f64 = steps.iter().map(|step| step.abs()).sum();
    // Above it no sum wraps, whatever the inputs are: rounding adds half a step to a weight at
    // most.
    let room = SUM_LIMIT - INPUT_MAX * inputs as f64 / 2.0 - 2.0;
    let least_scale = (total * INPUT_MAX + bias.abs()) / room;
    if !least_scale.is_finite() {
        return Err(DenseError::OutOfRange { output });
    }
    if least_scale == 0.0 {
        return Ok((0, 0, vec![0; inputs]));
    }
    let scale = best_scale(&steps, least_scale);
    let multiplier = (scale * f64::from(layer.output_bits + 32).exp2()).round();
    if multiplier > f64::from(i32::MAX) {
        return Err(DenseError::TooFine { output });
    }
    let in_scales: Vec<f64> = steps.iter().map(|step| step / scale).collect();
    let alone = || in_scales.iter().map(|step| quantised(*step, 1.0)).collect();
    // Those that are rounded together may come to more than a half step each.
    let sum_fits = |rounded: &Vec<f64>| {
        let sum: f64 = rounded.iter().map(|weight| weight.abs()).sum();
        sum * INPUT_MAX + (bias / scale).abs() + INPUT_MAX < SUM_LIMIT
    };
    let together = fit.map(|fit| fit.round(&in_scales, WEIGHT_MAX)).filter(sum_fits);
    let lost = match (&together, fit) {
        (Some(rounded), Some(fit)) => fit.mean(in_scales.iter().zip(rounded).map(|(a, b)| a - b)),
        _ => 0.0,
    };
    let rounded: Vec<f64> = together.unwrap_or_else(alone);
    let weights = rounded.into_iter().map(|weight| weight as i8).collect();
    Ok(((bias / scale + lost).round() as i32, multiplier as i32, weights))
}

/// The scale of weights, not below `least`, with the least squared error.
fn best_scale(steps: &[f64], least: f64) -> f64 {
    let largest = steps.iter().fold(0.0, |largest: f64, step| largest.max(step.abs()));
    let middle = least.max(largest / WEIGHT_MAX);
    let error = |scale: &f64| -> f64 {
        steps.iter().map(|step| (step - scale * quantised(*step, *scale)).powi(2)).sum()
    };
    let scales = (-SCALES..=SCALES).map(|number| middle * (1.0 + f64::from(number) * SCALE_STEP));
    let scales = scales.filter(|scale| *scale >= least);
    scales.min_by(|a, b| error(a).total_cmp(&error(b))).unwrap_or(middle)
}

/// A weight in steps of a scale.
fn quantised(step: f64, scale: f64) -> f64 {
    (step / scale).round().clamp(-WEIGHT_MAX, WEIGHT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quintet_firmware::kernels::dense::{Layer, Rows, Target};
    use quintet_protocol::feature::dense_scratch_words;

    /// Numbers about -1..1 that look random (xorshift32).
    struct Random(u32);

    impl Random {
        fn number(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 17;
            self.0 ^= self.0 << 5;
            f64::from(self.0 as i32) / (1u64 << 31) as f64
        }

        /// About normal, of variance 1.
        fn normal(&mut self) -> f64 {
            (0..12).map(|_| self.number()).sum::<f64>() / 2.0
        }
    }

    /// What the firmware makes of one row.
    fn executed(layer: &DenseLayer<'_>, row: &[i16]) -> Vec<i16> {
        let words = dense(layer).unwrap();
        let outputs = layer.bias.len();
        let mut padded = row.to_vec();
        // Padding must not matter.
        padded.resize(layer.columns, 1234);
        let pairs = padded.as_chunks::<2>().0.iter();
        let input: Vec<u32> =
            pairs.map(|pair| u32::from(pair[0] as u16) | u32::from(pair[1] as u16) << 16).collect();
        let kernel = Layer { inputs: layer.columns, outputs, least: i16::MIN, greatest: i16::MAX };
        let mut scratch = vec![0; dense_scratch_words(layer.columns, 1)];
        kernel.lay_out(&Rows { words: &input, stride: input.len(), count: 1 }, &mut scratch);
        let stride = outputs.next_multiple_of(2);
        let mut out = vec![0; stride];
        for (number, record) in words.chunks(block_words(layer.columns)).enumerate() {
            let mut target = Target { out: &mut out, stride };
            kernel.block(number * BLOCK_CHANNELS, record, &mut scratch, 1, &mut target);
        }
        out.truncate(outputs);
        out
    }

    fn exact(layer: &DenseLayer<'_>, row: &[i16]) -> Vec<f64> {
        let inputs = layer.input_bits.len();
        let rows = layer.weights.chunks(inputs.max(1)).zip(layer.bias);
        let value = |weights: &[f32]| -> f64 {
            let terms = weights.iter().zip(row).zip(layer.input_bits);
            terms.map(|((&w, &x), &b)| f64::from(w) * f64::from(x) / f64::from(b).exp2()).sum()
        };
        rows.map(|(weights, &bias)| value(weights) + f64::from(bias)).collect()
    }

    /// Errors of an output that has a variance of 1, in each layer of random perceptrons: rounding
    /// of weights to 7 bits and a sign, as their distribution has it, and nothing else that shows.
    #[test]
    fn layers_of_random_perceptrons_lose_what_weights_of_8_bits_lose() {
        let mut random = Random(5);
        for (inputs, outputs) in [(32, 64), (64, 64), (128, 128), (256, 256), (27, 3)] {
            let spread = 1.0 / f64::from(inputs).sqrt();
            let weights: Vec<f32> =
                (0..inputs * outputs).map(|_| (random.normal() * spread) as f32).collect();
            let bias: Vec<f32> = (0..outputs).map(|_| random.number() as f32 / 4.0).collect();
            let bits = vec![12; inputs as usize];
            let columns = (inputs as usize).next_multiple_of(4);
            let (weights, bias, input_bits) = (&weights, &bias, &bits);
            let layer = DenseLayer { weights, bias, input_bits, output_bits: 12, columns };
            let (mut error, mut count) = (0.0, 0);
            for _ in 0..20 {
                let row: Vec<i16> =
                    bits.iter().map(|_| (random.normal() * 4096.0) as i16).collect();
                for (found, exact) in executed(&layer, &row).iter().zip(exact(&layer, &row)) {
                    error += (f64::from(*found) / 4096.0 - exact).powi(2);
                    count += 1;
                }
            }
            let error = (error / f64::from(count)).sqrt();
            println!("{inputs} -> {outputs}: error {error:.5} of 1");
            // The largest of so many normal weights is 3.2 deviations: its 127th part, rounded.
            assert!(error < 0.0085, "{inputs} -> {outputs}: {error}");
        }
    }

    prop_compose! {
        /// Weights and biases of any size, with fraction bits for which outputs are in range.
        fn case()(
            inputs in 1usize..80,
            outputs in 1usize..7,
            size in -12i32..12,
            bias_size in -4i32..10,
            spread in 0i32..8,
            seed in 1u32..,
        ) -> (Vec<f32>, Vec<f32>, Vec<i32>, i32, Vec<i16>) {
            let mut random = Random(seed);
            let mut numbers = |count: usize, size: i32| -> Vec<f32> {
                (0..count).map(|_| (random.number() * f64::from(size).exp2()) as f32).collect()
            };
            let weights = numbers(inputs * outputs, size);
            let bits = numbers(inputs, 0);
            let bits: Vec<i32> = bits.iter().map(|it| (it * spread as f32) as i32 + 8).collect();
            let row: Vec<i16> = numbers(inputs, 15).iter().map(|&it| it as i16).collect();
            let terms = weights.chunks(inputs).map(|weights| {
                let terms = weights.iter().zip(&row).zip(&bits);
                let term = |((w, x), b): ((&f32, &i16), &i32)| {
                    (f64::from(w * f32::from(*x)) / f64::from(*b).exp2()).abs()
                };
                terms.map(term).sum::<f64>()
            });
            let largest = terms.fold(0.01, f64::max);
            let bias = numbers(outputs, (largest.log2() as i32 + bias_size).min(30));
            let largest = largest + bias.iter().fold(0.0, |a: f64, b| a.max(f64::from(b.abs())));
            let output_bits = (16_000.0 / largest).log2().floor() as i32;
            (weights, bias, bits, output_bits, row)
        }
    }

    proptest! {
        #[test]
        fn outputs_are_off_by_what_rounding_weights_and_results_adds(
            (weights, bias, bits, output_bits, row) in case()
        ) {
            let columns = bits.len().next_multiple_of(4);
            let layer = DenseLayer {
                weights: &weights, bias: &bias, input_bits: &bits, output_bits, columns,
            };
            let found = executed(&layer, &row);
            let one = f64::from(output_bits).exp2();
            for (output, (found, exact)) in found.iter().zip(exact(&layer, &row)).enumerate() {
                let (_, multiplier, _) = channel(&layer, output, None).unwrap();
                // A step of a sum, in steps of the output; and a weight may be held to the range,
                // which is 20 % below the largest at most.
                let step = f64::from(multiplier) / 32f64.exp2();
                let steps = row.iter().map(|&x| f64::from(x).abs()).sum::<f64>() * 0.5 + 0.5;
                let held = row.iter().map(|&x| f64::from(x).abs()).sum::<f64>() * 0.25 * 127.0;
                let error = (f64::from(*found) - exact * one).abs();
                prop_assert!(error <= (steps + held) * step + 1.0, "{error} {step}");
            }
        }

        /// The greatest sums that a layer can have are what wide integers say.
        #[test]
        fn no_sum_wraps((weights, bias, bits, output_bits, _) in case(), all in any::<bool>()) {
            let columns = bits.len().next_multiple_of(4);
            let layer = DenseLayer {
                weights: &weights, bias: &bias, input_bits: &bits, output_bits, columns,
            };
            for output in 0..bias.len() {
                let (bias, _, weights) = channel(&layer, output, None).unwrap();
                let sign = if all { 1 } else { -1 };
                let sum = weights.iter().map(|&weight| i64::from(weight).abs() * 32_768).sum::<i64>();
                prop_assert!(i32::try_from(sign * (sum + i64::from(bias).abs())).is_ok());
            }
        }
    }

    #[test]
    fn a_large_bias_makes_weights_coarser_and_nothing_wrap() {
        let (weights, bias) = ([1e-4; 4], [50.0]);
        let layer = DenseLayer {
            weights: &weights,
            bias: &bias,
            input_bits: &[14; 4],
            output_bits: 9,
            columns: 4,
        };
        assert_eq!(executed(&layer, &[16384; 4]), [25_600]);
    }

    #[test]
    fn layers_of_a_thousand_columns_get_coarser_weights_and_do_not_wrap() {
        let (weights, bits) = ([0.5; 1024], [15; 1024]);
        let layer = DenseLayer {
            weights: &weights,
            bias: &[0.0],
            input_bits: &bits,
            output_bits: 5,
            columns: 1024,
        };
        let [found] = executed(&layer, &[i16::MIN; 1024])[..] else { panic!() };
        assert!((f64::from(found) + 16_384.0).abs() < 80.0, "{found}");
    }

    #[test]
    fn what_has_no_records_is_refused() {
        let refused = |weights: &[f32], bias: &[f32], output_bits, columns| {
            let input_bits = &[12, 12];
            dense(&DenseLayer { weights, bias, input_bits, output_bits, columns }).unwrap_err()
        };
        let shape = |error| matches!(error, DenseError::Shape { .. });
        assert!(shape(refused(&[1.0; 3], &[0.0; 2], 12, 4)));
        assert!(shape(refused(&[1.0; 4], &[0.0; 2], 12, 6)));
        assert!(shape(refused(&[1.0; 4], &[0.0; 2], 12, 0)));
        assert!(shape(refused(&[1.0; 4], &[0.0; 2], 12, 1028)));
        let out_of_range = DenseError::OutOfRange { output: 1 };
        assert_eq!(refused(&[1.0, 1.0, 1.0, f32::NAN], &[0.0; 2], 12, 4), out_of_range);
        assert_eq!(refused(&[1.0; 4], &[0.0, f32::INFINITY], 12, 4), out_of_range);
        assert_eq!(refused(&[1.0; 4], &[0.0; 2], 24, 4), DenseError::TooFine { output: 0 });
    }
}
