//! How far an output may run over the input that it is made of.
//!
//! What slides a window writes its output pixel by pixel, row by row, and reads all that a pixel
//! needs before it writes it. So the output may begin below the input and grow into what is no
//! longer needed.

use quintet_protocol::program::{Command, Sliding};

/// Where an output may begin, against an input that nobody needs after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Where the input begins.
    Same,
    /// At least so many bytes below where the input begins; above it, if negative.
    Below(i64),
}

/// How the output of a command may overlap its input number `which`, in the order of its operands,
/// as far as it may.
pub fn relation(command: &Command, which: usize, has_scratch: bool) -> Option<Relation> {
    match command {
        Command::Lookup(_) => Some(Relation::Same),
        Command::Add(it) if which == 0 || it.period == it.count => Some(Relation::Same),
        Command::Multiply(it) if which == 0 || it.period == it.count => Some(Relation::Same),
        // Without scratch the input is read where it is, once for each pair of channels.
        Command::Convolve(it) if has_scratch && it.page_pairs == 0 => {
            Some(Relation::Below(lead(&it.sliding)))
        }
        Command::ConvolveDepthwise(it) => Some(Relation::Below(lead(&it.sliding))),
        _ => None,
    }
}

/// By how many bytes the output must be ahead of the input, so that no pixel is written over what a
/// later one needs; `i64::MIN` if none needs anything.
pub fn lead(sliding: &Sliding) -> i64 {
    let [rows, columns, channels] = sliding.output.map(i64::from);
    let mut lead = i64::MIN;
    // The first byte that any later pixel reads.
    let mut needed = i64::MAX;
    for pixel in (1..rows * columns).rev() {
        let first = first_byte(sliding, [pixel / columns, pixel % columns]);
        needed = needed.min(first.unwrap_or(i64::MAX));
        lead = lead.max((pixel * channels).saturating_sub(needed));
    }
    lead
}

/// The first byte of the input that an output pixel reads; `None` if it sees nothing but padding.
fn first_byte(sliding: &Sliding, pixel: [i64; 2]) -> Option<i64> {
    let [_, columns, channels] = sliding.input.map(i64::from);
    let mut at = [0; 2];
    for axis in 0..2 {
        let [pad, step] = [sliding.pad[axis].into(), i64::from(sliding.dilation[axis])];
        let start: i64 = pixel[axis] * i64::from(sliding.stride[axis]) - pad;
        let skipped = if start < 0 { (-start + step - 1) / step } else { 0 };
        at[axis] = start + skipped * step;
        if skipped >= sliding.kernel[axis].into() || at[axis] >= sliding.input[axis].into() {
            return None;
        }
    }
    Some((at[0] * columns + at[1]) * channels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn slidings()(
            input in [1u16..9, 1..9, 1..5],
            output in [1u16..9, 1..9, 1..5],
            kernel in [1u16..5, 1..5],
            stride in [1u8..4, 1..4],
            dilation in [1u8..4, 1..4],
            pad in [0u16..4, 0..4],
        ) -> Sliding {
            Sliding { input, output, kernel, stride, dilation, pad }
        }
    }

    /// Bytes of the input that a pixel reads.
    fn reads(sliding: &Sliding, y: i64, x: i64) -> Vec<i64> {
        let [rows, columns, channels] = sliding.input.map(i64::from);
        let mut bytes = Vec::new();
        for i in 0..i64::from(sliding.kernel[0]) {
            for j in 0..i64::from(sliding.kernel[1]) {
                let at = |axis: usize, pixel: i64, element: i64| {
                    pixel * i64::from(sliding.stride[axis]) - i64::from(sliding.pad[axis])
                        + element * i64::from(sliding.dilation[axis])
                };
                let (row, column) = (at(0, y, i), at(1, x, j));
                if (0..rows).contains(&row) && (0..columns).contains(&column) {
                    bytes.extend((0..channels).map(|c| (row * columns + column) * channels + c));
                }
            }
        }
        bytes
    }

    /// Whether pixel after pixel reads what the input was, when the output begins `ahead` bytes
    /// below it.
    fn survives(sliding: &Sliding, ahead: i64) -> bool {
        let [rows, columns, channels] = sliding.output.map(i64::from);
        let mut written = std::collections::HashSet::new();
        for y in 0..rows {
            for x in 0..columns {
                if reads(sliding, y, x).iter().any(|byte| written.contains(byte)) {
                    return false;
                }
                let pixel = y * columns + x;
                written.extend((0..channels).map(|c| pixel * channels + c - ahead));
            }
        }
        true
    }

    proptest! {
        #[test]
        fn every_pixel_reads_what_the_input_was(sliding in slidings()) {
            let lead = lead(&sliding);
            if lead == i64::MIN {
                // A single pixel.
                prop_assert!(survives(&sliding, 0));
            } else {
                // Unless no later pixel reads at all, a byte less is too little.
                let lead = lead.max(-10_000);
                prop_assert!(survives(&sliding, lead));
                prop_assert!(survives(&sliding, lead + 5));
                prop_assert!(lead == -10_000 || !survives(&sliding, lead - 1));
            }
        }
    }

    #[test]
    fn layers_of_the_usual_kind_run_over_their_input() {
        let picture = Sliding {
            input: [32, 32, 16],
            output: [32, 32, 16],
            kernel: [3, 3],
            stride: [1, 1],
            dilation: [1, 1],
            pad: [1, 1],
        };
        // A row and two pixels are kept.
        assert_eq!(lead(&picture), 33 * 16);
        let pointwise = Sliding { kernel: [1, 1], pad: [0, 0], ..picture };
        assert_eq!(lead(&pointwise), 0);
        let wider = Sliding { output: [32, 32, 32], ..pointwise };
        assert_eq!(lead(&wider), 1023 * 16);
    }
}
