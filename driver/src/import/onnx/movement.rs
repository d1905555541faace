//! Operators that move elements and change none: shapes, axes, padding, cuts, repetition.

use super::build::Bytes;
use super::step::Step;
use super::weighted::picture;
use super::window::NHWC;
use crate::import::error::Fault;
use crate::network::tables::resize_map;
use crate::network::{MAX_AXES, Operator, Problem};

/// Longest axis of a picture that is resized.
const RESIZED_MAX: usize = 1 << 12;

/// `Reshape`: 0 keeps an axis, -1 takes what is left.
pub(super) fn reshape(step: &mut Step) -> Result<(), Fault> {
    let old = step.shape(0)?;
    let wanted = match step.list(1)? {
        Some(shape) => shape,
        None => step.ints("shape").unwrap_or_default().to_vec(),
    };
    let keeps_zero = step.int("allowzero", 0) != 0;
    let mut shape = Vec::new();
    for (axis, &length) in wanted.iter().enumerate().take(MAX_AXES) {
        shape.push(match usize::try_from(length) {
            Ok(0) if !keeps_zero => old.get(axis).copied().unwrap_or(0),
            Ok(length) => length,
            Err(_) => 1,
        });
    }
    let known = shape.iter().try_fold(1usize, |known, &length| known.checked_mul(length));
    let elements: usize = old.iter().product();
    if let (Some(open), Some(1..)) = (wanted.iter().position(|&it| it == -1), known)
        && let Some(length) = shape.get_mut(open)
    {
        *length = elements / known.unwrap_or(1);
    }
    reshaped(step, shape)
}

/// `Flatten`: axes up to the given one together, and those from it on.
pub(super) fn flatten(step: &mut Step) -> Result<(), Fault> {
    let old = step.shape(0)?;
    let axis = match step.int("axis", 1) {
        all if all == old.len() as i64 => old.len(),
        axis => step.axis(axis, old.len())?,
    };
    let (rows, columns) = old.split_at(axis);
    reshaped(step, vec![rows.iter().product(), columns.iter().product()])
}

/// `Squeeze` and `Unsqueeze`; their axes are an attribute, or an input since version 13.
pub(super) fn squeeze(step: &mut Step, inserts: bool) -> Result<(), Fault> {
    let mut shape = step.shape(0)?;
    let axes = match step.list(1)? {
        Some(axes) => Some(axes),
        None => step.ints("axes").map(<[i64]>::to_vec),
    };
    let axes = axes.unwrap_or_default();
    let rank = if inserts { shape.len() + axes.len().min(MAX_AXES) } else { shape.len() };
    let mut axes: Vec<_> =
        axes.iter().map(|&axis| step.axis(axis, rank)).collect::<Result<_, _>>()?;
    axes.sort_unstable();
    axes.dedup();
    if inserts {
        for axis in axes {
            shape.insert(axis.min(shape.len()), 1);
        }
    } else {
        let gone = |at: usize| if axes.is_empty() { shape[at] == 1 } else { axes.contains(&at) };
        shape = (0..rank).filter(|&at| !gone(at)).map(|at| shape[at]).collect();
    }
    reshaped(step, shape)
}

fn reshaped(step: &mut Step, shape: Vec<usize>) -> Result<(), Fault> {
    let bytes = step.bytes(0)?;
    let elements: usize = step.builder.shape(bytes.id).iter().product();
    let product = shape.iter().try_fold(1usize, |product, &length| product.checked_mul(length));
    if product != Some(elements) {
        let wanted = format!("one of {elements} elements");
        return Err(step.problem(1, Problem::Shape { found: shape, wanted }));
    }
    let order = (0..shape.len()).collect();
    let input = step.builder.flat(&step.place, &bytes)?;
    let id = step.builder.move_bytes(&step.place, Operator::Reshape, input, shape)?;
    step.give_real(id, order);
    Ok(())
}

/// `Transpose`: the axes get other names, and stay where they are.
pub(super) fn transpose(step: &mut Step) -> Result<(), Fault> {
    let bytes = step.bytes(0)?;
    let rank = bytes.order.len();
    let backwards: Vec<i64> = (0..rank as i64).rev().collect();
    let order = step.ints("perm").unwrap_or(&backwards).to_vec();
    let order: Vec<_> =
        order.iter().map(|&axis| step.axis(axis, rank)).collect::<Result<_, _>>()?;
    let renamed = |axis: &usize| order.iter().position(|it| it == axis);
    match bytes.order.iter().map(renamed).collect::<Option<Vec<_>>>() {
        Some(names) if order.len() == rank => {
            step.give_real(bytes.id, names);
            Ok(())
        }
        _ => Err(step.option("such an order of axes", "Each axis comes once.")),
    }
}

/// `Concat`.
pub(super) fn concat(step: &mut Step) -> Result<(), Fault> {
    let first = step.bytes(0)?;
    let rank = first.order.len();
    let axis = step.axis(step.int("axis", 0), rank)?;
    let at = first.order.iter().position(|&it| it == axis).unwrap_or(0);
    let mut shape = step.builder.shape(first.id).to_vec();
    let mut inputs = vec![Some(first.id)];
    for i in 1..step.node.inputs.len() {
        let bytes = step.bytes(i)?;
        if bytes.order.len() != rank {
            let found = step.builder.graph_shape(&bytes);
            let wanted = format!("one of {rank} axes");
            return Err(step.problem(i, Problem::Shape { found, wanted }));
        }
        let bytes = step.builder.arranged(&step.place, &bytes, &first.order)?;
        shape[at] = shape[at].saturating_add(step.builder.shape(bytes.id)[at]);
        inputs.push(Some(bytes.id));
    }
    step.give_pending(Operator::Concatenation { axis: at }, inputs, shape, first.order);
    Ok(())
}

/// `Slice`: its numbers are attributes, or inputs since version 10.
pub(super) fn slice(step: &mut Step) -> Result<(), Fault> {
    let bytes = step.bytes(0)?;
    let rank = bytes.order.len();
    let list = |step: &Step, i: usize, name: &str| -> Result<Option<Vec<i64>>, Fault> {
        Ok(step.list(i)?.or_else(|| step.ints(name).map(<[i64]>::to_vec)))
    };
    let starts = list(step, 1, "starts")?.unwrap_or_default();
    let ends = list(step, 2, "ends")?.unwrap_or_default();
    let axes = list(step, 3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let strides = step.list(4)?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), strides.len()] != [starts.len(); 3] {
        return Err(step.option("a cut with numbers missing", "Each axis has a start and an end."));
    }
    let mut shape = step.builder.shape(bytes.id).to_vec();
    let (mut begin, mut steps) = (vec![0; rank], vec![1isize; rank]);
    for (((&start, &end), &axis), &stride) in starts.iter().zip(&ends).zip(&axes).zip(&strides) {
        let axis = step.axis(axis, rank)?;
        let at = bytes.order.iter().position(|&it| it == axis).unwrap_or(0);
        let cut = Cut::of(start, end, stride, shape[at]).ok_or_else(|| {
            step.option(format!("a cut of nothing along axis {axis}"), "Cuts leave something.")
        })?;
        (begin[at], steps[at], shape[at]) = (cut.begin, cut.stride, cut.length);
    }
    let operator = Operator::StridedSlice { begin, strides: steps };
    let id = step.builder.move_bytes(&step.place, operator, bytes.id, shape)?;
    step.give_real(id, bytes.order);
    Ok(())
}

/// A cut along one axis.
struct Cut {
    begin: usize,
    stride: isize,
    length: usize,
}

impl Cut {
    /// Of an axis of that length; negative ends count from its end, and what is outside is cut off.
    fn of(start: i64, end: i64, stride: i64, length: usize) -> Option<Self> {
        // Wide enough for sums of any numbers that a file may have.
        let [start, end, step] = [start, end, stride].map(i128::from);
        let length = i128::try_from(length).ok()?;
        let from_end = |at: i128| if at < 0 { at + length } else { at };
        let (start, end) = (from_end(start), from_end(end));
        let (begin, count) = match stride {
            1.. => {
                let begin = start.clamp(0, length);
                (begin, (end.clamp(0, length) - begin + step - 1) / step)
            }
            0 => return None,
            _ => {
                let begin = start.clamp(-1, length - 1);
                (begin, (begin - end.clamp(-1, length - 1) - step - 1) / -step)
            }
        };
        let count = usize::try_from(count).ok().filter(|&count| count > 0)?;
        let (begin, stride) = (usize::try_from(begin).ok()?, isize::try_from(stride).ok()?);
        Some(Self { begin, stride, length: count })
    }
}

/// `Pad` with a constant: its numbers are attributes, or inputs since version 11.
pub(super) fn pad(step: &mut Step) -> Result<(), Fault> {
    let bytes = step.bytes(0)?;
    let rank = bytes.order.len();
    if step.text("mode", "constant") != "constant" {
        return Err(step.option("this mode of padding", "Supported: constant."));
    }
    let pads = match step.list(1)? {
        Some(pads) => pads,
        None => step.ints("pads").unwrap_or_default().to_vec(),
    };
    let axes = match step.list(3)? {
        Some(axes) => axes,
        None => (0..rank as i64).collect(),
    };
    let pads: Option<Vec<_>> = pads.iter().map(|&pad| usize::try_from(pad).ok()).collect();
    let pads = pads.filter(|pads| pads.len() == 2 * axes.len()).ok_or_else(|| {
        step.option("such padding", "Pads are two numbers from 0 on for each axis.")
    })?;
    let mut shape = step.builder.shape(bytes.id).to_vec();
    let mut amounts = vec![[0; 2]; rank];
    for (i, &axis) in axes.iter().enumerate() {
        let axis = step.axis(axis, rank)?;
        let at = bytes.order.iter().position(|&it| it == axis).unwrap_or(0);
        amounts[at] = [pads[i], pads[axes.len() + i]];
        shape[at] = shape[at].saturating_add(pads[i]).saturating_add(pads[axes.len() + i]);
    }
    let value = match step.optional(2)?.and_then(|value| value.reals()) {
        Some(reals) => reals.first().copied().unwrap_or(0.0),
        None => step.float("value", 0.0).into(),
    };
    let (scale, zero) = step.builder.steps(bytes.id);
    let byte = (value / f64::from(scale)).round() as i32;
    let byte = byte.saturating_add(zero).clamp(i8::MIN.into(), i8::MAX.into()) as i8;
    let value = (i32::from(byte) != zero).then_some(byte);
    let operator = Operator::Pad { amounts, value };
    let id = step.builder.move_bytes(&step.place, operator, bytes.id, shape)?;
    step.give_real(id, bytes.order);
    Ok(())
}

/// `Resize` to the nearest pixel, in any of ONNX's ways that is one of TFLite's for these sizes.
pub(super) fn resize(step: &mut Step) -> Result<(), Fault> {
    const MODES: &str = "Supported: mode nearest of rows and columns, sampled as TFLite does it \
                         (asymmetric with floor, half_pixel, align_corners).";
    let (Bytes { id, .. }, [rows, columns, channels]) = picture(step)?;
    let scales = step.optional(2)?.and_then(|scales| scales.reals()).unwrap_or_default();
    let sizes = step.list(3)?.unwrap_or_default();
    let scaled = |axis: usize, length: usize| match (&sizes[..], &scales[..]) {
        ([_, _, _, _], _) => usize::try_from(sizes[axis]).ok(),
        (_, [_, _, _, _]) => Some((scales[axis] * length as f64).floor() as usize),
        _ => None,
    };
    let all = [(0, 1), (1, channels), (2, rows), (3, columns)].map(|(axis, old)| scaled(axis, old));
    let [Some(1), Some(deep), Some(tall), Some(wide)] = all else {
        return Err(step.option("this size", MODES));
    };
    let small = |length: usize| (1..=RESIZED_MAX).contains(&length);
    let nearest = step.text("mode", "nearest") == "nearest" && deep == channels;
    if !nearest || ![rows, columns, tall, wide].into_iter().all(small) {
        return Err(step.option("this mode", MODES));
    }
    let map = |from: usize, to: usize, axis: usize| {
        let ratio = scales.get(axis).copied().unwrap_or(to as f64 / from as f64);
        nearest_map(step, from, to, ratio)
    };
    let wanted = [map(rows, tall, 2), map(columns, wide, 3)];
    let ways = [(false, false), (false, true), (true, false)];
    let way = ways.into_iter().find(|&(align, half)| {
        let found = [resize_map(rows, tall, align, half), resize_map(columns, wide, align, half)];
        wanted.iter().zip(&found).all(|(wanted, found)| wanted.as_ref() == Some(found))
    });
    let Some((align_corners, half_pixel_centers)) = way else {
        return Err(step.option("this way of sampling", MODES));
    };
    let operator = Operator::ResizeNearest { align_corners, half_pixel_centers };
    let shape = vec![1, tall, wide, channels];
    let id = step.builder.move_bytes(&step.place, operator, id, shape)?;
    step.give_real(id, NHWC.to_vec());
    Ok(())
}

/// For each output row (or column) the input's, as ONNX has it; `None` for other ways.
fn nearest_map(step: &Step, from: usize, to: usize, ratio: f64) -> Option<Vec<u16>> {
    let way = step.text("coordinate_transformation_mode", "half_pixel");
    let rounding = step.text("nearest_mode", "round_prefer_floor");
    (0..to)
        .map(|at| {
            let at = at as f64;
            let place = match way {
                "half_pixel" => (at + 0.5) / ratio - 0.5,
                "pytorch_half_pixel" if to > 1 => (at + 0.5) / ratio - 0.5,
                "pytorch_half_pixel" => 0.0,
                "asymmetric" => at / ratio,
                "align_corners" if to > 1 => at * (from as f64 - 1.0) / (to as f64 - 1.0),
                "align_corners" => 0.0,
                _ => return None,
            };
            let place = match rounding {
                "round_prefer_floor" => (place - 0.5).ceil(),
                "round_prefer_ceil" => (place + 0.5).floor(),
                "floor" => place.floor(),
                "ceil" => place.ceil(),
                _ => return None,
            };
            Some(place.clamp(0.0, from as f64 - 1.0) as u16)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(start: i64, end: i64, stride: i64) -> Option<(usize, isize, usize)> {
        Cut::of(start, end, stride, 10).map(|it| (it.begin, it.stride, it.length))
    }

    #[test]
    fn cuts_are_numpys() {
        assert_eq!(cut(2, 5, 1), Some((2, 1, 3)));
        assert_eq!(cut(0, i64::MAX, 3), Some((0, 3, 4)));
        assert_eq!(cut(-3, -1, 1), Some((7, 1, 2)));
        assert_eq!(cut(-1, i64::MIN, -1), Some((9, -1, 10)));
        assert_eq!(cut(7, 1, -3), Some((7, -3, 2)));
        for nothing in [(5, 5, 1), (5, 2, 1), (2, 5, -1), (0, 5, 0), (10, 20, 1)] {
            assert_eq!(cut(nothing.0, nothing.1, nothing.2), None, "{nothing:?}");
        }
        assert_eq!(Cut::of(i64::MIN, i64::MAX, i64::MAX, 10).map(|it| it.length), Some(1));
        assert_eq!(Cut::of(i64::MAX, i64::MIN, i64::MIN, 10).map(|it| it.length), Some(1));
    }
}
