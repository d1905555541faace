//! Windows that slide over pictures: sizes, strides, padding, as `Conv` and the pools have them.

use super::step::Step;
use crate::import::error::Fault;
use crate::network::Window;

/// Axes of a picture with its channels last, by their numbers in the graph.
pub(super) const NHWC: [usize; 4] = [0, 2, 3, 1];

/// The window of an operator, which is `kernel` large, over `input` rows and columns.
pub(super) fn window(step: &Step, kernel: [usize; 2], input: [usize; 2]) -> Result<Window, Fault> {
    let stride = pair(step, "strides", 1)?;
    let dilation = pair(step, "dilations", 1)?;
    let mut window = Window { kernel, stride, dilation, pad: [[0; 2]; 2] };
    match step.text("auto_pad", "NOTSET") {
        "NOTSET" | "" => {
            let pads = step.ints("pads").unwrap_or(&[0; 4]);
            let pads: Option<Vec<_>> = pads.iter().map(|&it| usize::try_from(it).ok()).collect();
            match pads.as_deref() {
                Some(&[top, left, bottom, right]) => window.pad = [[top, bottom], [left, right]],
                _ => return Err(step.option("such padding", "Pads are four numbers from 0 on.")),
            }
        }
        "VALID" => {}
        same @ ("SAME_UPPER" | "SAME_LOWER") => {
            for axis in 0..2 {
                let reach = reach(&window, axis);
                let outputs = input[axis].div_ceil(stride[axis]);
                let covered = (outputs - 1).saturating_mul(stride[axis]).saturating_add(reach);
                let total = covered.saturating_sub(input[axis]);
                let (less, more) = (total / 2, total - total / 2);
                window.pad[axis] = if same == "SAME_UPPER" { [less, more] } else { [more, less] };
            }
        }
        _ => {
            let what = "this auto_pad";
            return Err(step.option(what, "Supported: NOTSET, VALID, SAME_UPPER, SAME_LOWER."));
        }
    }
    Ok(window)
}

/// An attribute of two positive numbers.
pub(super) fn pair(step: &Step, name: &str, default: i64) -> Result<[usize; 2], Fault> {
    let default = [default; 2];
    let pair = step.ints(name).unwrap_or(&default);
    match *pair {
        [rows @ 1..=0xFFFF, columns @ 1..=0xFFFF] => Ok([rows as usize, columns as usize]),
        _ => {
            let what = format!("{name} of {pair:?}");
            Err(step.option(what, "Windows have two axes, of lengths and steps from 1 on."))
        }
    }
}

/// Rows (or columns) from the first of a window to its last.
fn reach(window: &Window, axis: usize) -> usize {
    window.kernel[axis].saturating_sub(1).saturating_mul(window.dilation[axis]).saturating_add(1)
}

/// How many positions a window has along rows and columns.
pub(super) fn positions(
    step: &Step,
    window: &Window,
    input: [usize; 2],
) -> Result<[usize; 2], Fault> {
    let along = |axis: usize| {
        let [before, after] = window.pad[axis];
        let length = input[axis].checked_add(before)?.checked_add(after)?;
        Some(length.checked_sub(reach(window, axis))? / window.stride[axis] + 1)
    };
    match (along(0), along(1)) {
        (Some(rows), Some(columns)) => Ok([rows, columns]),
        _ => {
            let what = format!("a window larger than its input, {window:?},");
            Err(step.option(what, "Windows fit into the padded input."))
        }
    }
}
