//! Operators that take a part of a tensor: all become `STRIDED_SLICE` with a first index, a step
//! and a count along each axis, and where axes come or go, a `RESHAPE` after it.

use super::reading::Reading;
use super::schema::StridedSliceOptions;
use crate::import::error::Fault;
use crate::network::{Operator, TensorId};

/// Most entries of `STRIDED_SLICE`, which are axes of input and output.
const MAX_ENTRIES: usize = 16;

/// What is taken along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    begin: usize,
    stride: isize,
    count: usize,
}

impl Part {
    fn all(length: usize) -> Self {
        Part { begin: 0, stride: 1, count: length }
    }
}

/// The axis that a number, perhaps counted from the end, stands for.
pub(super) fn axis(reading: &Reading, axis: i64, count: usize) -> Result<usize, Fault> {
    let wrapped = if axis < 0 { axis.saturating_add(count as i64) } else { axis };
    match usize::try_from(wrapped) {
        Ok(wrapped) if wrapped < count => Ok(wrapped),
        _ => Err(reading.malformed(format!("axis {axis} of only {count}"))),
    }
}

/// `SLICE`: input, first indices, counts; a count of -1 is all the rest.
pub(super) fn slice(reading: &mut Reading) -> Result<(), Fault> {
    let (input, output) = (reading.input(0)?, reading.output(0)?);
    let (begin, size) = (reading.integers(1)?, reading.integers(2)?);
    let shape = &reading.tensor(input).shape;
    if begin.len() != shape.len() || size.len() != shape.len() {
        return Err(reading.malformed("begin and size do not have an entry for each axis"));
    }
    let part = |(axis, &length): (usize, &usize)| {
        let first = usize::try_from(begin[axis]).ok()?;
        let rest = length.checked_sub(first)?;
        let count = if size[axis] == -1 { rest } else { usize::try_from(size[axis]).ok()? };
        (count <= rest).then_some(Part { begin: first, stride: 1, count })
    };
    let parts: Option<Vec<Part>> = shape.iter().enumerate().map(part).collect();
    let Some(parts) = parts else {
        return Err(reading.malformed(format!("{size:?} elements from {begin:?} of {shape:?}")));
    };
    let counts = parts.iter().map(|part| part.count).collect();
    take(reading, input, &parts, counts, output)
}

/// `SPLIT`: axis, input; equal parts.
pub(super) fn split(reading: &mut Reading) -> Result<(), Fault> {
    let (axes, input) = (reading.integers(0)?, reading.input(1)?);
    let along = split_axis(reading, &axes, input)?;
    let (length, parts) = (reading.tensor(input).shape[along], reading.outputs());
    if parts == 0 || !length.is_multiple_of(parts) {
        return Err(reading.malformed(format!("{parts} equal parts of {length}")));
    }
    cut(reading, input, along, &vec![length / parts; parts])
}

/// `SPLIT_V`: input, lengths of the parts, axis; a length of -1 is the rest.
pub(super) fn split_at(reading: &mut Reading) -> Result<(), Fault> {
    let (input, given) = (reading.input(0)?, reading.integers(1)?);
    let axes = reading.integers(2)?;
    let along = split_axis(reading, &axes, input)?;
    let length = reading.tensor(input).shape[along];
    let known = given.iter().filter_map(|&it| usize::try_from(it).ok());
    let rest = length.checked_sub(known.fold(0, usize::saturating_add));
    let size = |&it: &i64| if it == -1 { rest } else { usize::try_from(it).ok() };
    let sizes: Option<Vec<usize>> = given.iter().map(size).collect();
    match sizes {
        Some(sizes) if sizes.len() == reading.outputs() => cut(reading, input, along, &sizes),
        _ => Err(reading.malformed(format!("parts of {given:?} of {length}"))),
    }
}

/// `UNPACK`: the parts of length one along an axis, which is then left out.
pub(super) fn unpack(reading: &mut Reading) -> Result<(), Fault> {
    let input = reading.input(0)?;
    let axis = match reading.options::<super::schema::UnpackOptions>()? {
        Some(options) => options.axis()?.unwrap_or(0),
        None => 0,
    };
    let along = split_axis(reading, &[axis.into()], input)?;
    let parts = reading.tensor(input).shape[along];
    if parts != reading.outputs() {
        return Err(reading.malformed(format!("{} parts of {parts}", reading.outputs())));
    }
    cut(reading, input, along, &vec![1; parts])
}

fn split_axis(reading: &Reading, axes: &[i64], input: TensorId) -> Result<usize, Fault> {
    match *axes {
        [along] => axis(reading, along, reading.tensor(input).shape.len()),
        _ => Err(reading.malformed("other than one axis")),
    }
}

/// Parts of these lengths, one after the other, an output each.
fn cut(reading: &mut Reading, input: TensorId, along: usize, sizes: &[usize]) -> Result<(), Fault> {
    let shape = reading.tensor(input).shape.clone();
    let mut begin = 0;
    for (i, &count) in sizes.iter().enumerate() {
        let output = reading.output(i)?;
        let mut parts: Vec<Part> = shape.iter().copied().map(Part::all).collect();
        parts[along] = Part { begin, stride: 1, count };
        begin = begin.saturating_add(count);
        let axes = reading.tensor(output).shape.len();
        let kept = |(axis, part): (usize, &Part)| {
            (axis != along || axes == shape.len()).then_some(part.count)
        };
        let counts = parts.iter().enumerate().filter_map(kept).collect();
        take(reading, input, &parts, counts, output)?;
    }
    Ok(())
}

/// `STRIDED_SLICE`: input, first and last indices, steps.
pub(super) fn strided_slice(reading: &mut Reading) -> Result<(), Fault> {
    let (input, output) = (reading.input(0)?, reading.output(0)?);
    let entries = entries(reading)?;
    let shape = &reading.tensor(input).shape;
    let Some((parts, counts)) = entries.parts(shape) else {
        let slice = format!("[{:?}:{:?}:{:?}]", entries.begin, entries.end, entries.strides);
        return Err(reading.malformed(format!("{slice} of {shape:?}")));
    };
    take(reading, input, &parts, counts, output)
}

/// What `STRIDED_SLICE` takes of a single axis of that length; none if it is about others.
pub(super) fn indices(reading: &mut Reading, length: usize) -> Result<Option<Vec<usize>>, Fault> {
    let parts = entries(reading)?.parts(&[length]);
    let indices = |part: &Part| {
        let index = |i: usize| part.begin.checked_add_signed(part.stride.checked_mul(i as isize)?);
        (0..part.count).map(index).collect()
    };
    Ok(parts.and_then(|(parts, _)| indices(parts.first()?)))
}

fn entries(reading: &mut Reading) -> Result<Entries, Fault> {
    let [begin, end, strides] = [reading.integers(1)?, reading.integers(2)?, reading.integers(3)?];
    let options: Option<StridedSliceOptions> = reading.options()?;
    let mask = |of: fn(&StridedSliceOptions) -> planus::Result<Option<i32>>| {
        options.as_ref().map_or(Ok(None), of).map(|mask| mask.unwrap_or(0))
    };
    Ok(Entries {
        begin_mask: mask(|it| it.begin_mask())?,
        end_mask: mask(|it| it.end_mask())?,
        ellipsis_mask: mask(|it| it.ellipsis_mask())?,
        new_axis_mask: mask(|it| it.new_axis_mask())?,
        shrink_axis_mask: mask(|it| it.shrink_axis_mask())?,
        relative: match options {
            Some(options) => options.offset()?.unwrap_or(false),
            None => false,
        },
        begin,
        end,
        strides,
    })
}

/// Adds the nodes that take a part and give it its shape.
fn take(
    reading: &mut Reading,
    input: TensorId,
    parts: &[Part],
    shape: Vec<usize>,
    output: TensorId,
) -> Result<(), Fault> {
    reading.settle(output, &shape);
    let given = &reading.tensor(output).shape;
    if *given != shape {
        return Err(reading.malformed(format!("an output of {given:?} instead of {shape:?}")));
    }
    let counts: Vec<usize> = parts.iter().map(|part| part.count).collect();
    let operator = Operator::StridedSlice {
        begin: parts.iter().map(|part| part.begin).collect(),
        strides: parts.iter().map(|part| part.stride).collect(),
    };
    if counts == shape {
        reading.push(operator, vec![Some(input)], output);
        return Ok(());
    }
    let part = reading.like(output, counts)?;
    reading.push(operator, vec![Some(input)], part);
    reading.push(Operator::Reshape, vec![Some(part)], output);
    Ok(())
}

/// The entries of `STRIDED_SLICE`, which are about axes of the input, of the output, or of both.
struct Entries {
    begin: Vec<i64>,
    end: Vec<i64>,
    strides: Vec<i64>,
    begin_mask: i32,
    end_mask: i32,
    ellipsis_mask: i32,
    new_axis_mask: i32,
    shrink_axis_mask: i32,
    /// Whether ends count from the begins.
    relative: bool,
}

impl Entries {
    /// What is taken along each axis of the input, and the shape of the output.
    fn parts(&self, input: &[usize]) -> Option<(Vec<Part>, Vec<usize>)> {
        let entries = self.begin.len();
        if [self.end.len(), self.strides.len()] != [entries; 2] || entries > MAX_ENTRIES {
            return None;
        }
        let bit = |mask: i32, i: usize| mask >> i & 1 == 1;
        let new = |i: usize| bit(self.new_axis_mask, i) && !bit(self.ellipsis_mask, i);
        let own = (0..entries).filter(|&i| !new(i) && !bit(self.ellipsis_mask, i)).count();
        let mut elided = input.len().checked_sub(own)?;
        let (mut parts, mut shape) = (Vec::new(), Vec::new());
        for i in 0..entries {
            if bit(self.ellipsis_mask, i) {
                for _ in 0..std::mem::take(&mut elided) {
                    let length = input[parts.len()];
                    parts.push(Part::all(length));
                    shape.push(length);
                }
            } else if new(i) {
                shape.push(1);
            } else {
                let part = self.part(i, *input.get(parts.len())?)?;
                parts.push(part);
                if !bit(self.shrink_axis_mask, i) {
                    shape.push(part.count);
                }
            }
        }
        // What no entry is about is taken whole.
        for &length in &input[parts.len()..] {
            parts.push(Part::all(length));
            shape.push(length);
        }
        Some((parts, shape))
    }

    /// What entry `i` takes of an axis: `StridedSliceStartForAxis` and `StridedSliceEndForAxis` in
    /// `tensorflow/lite/kernels/internal/strided_slice_logic.h`.
    fn part(&self, i: usize, length: usize) -> Option<Part> {
        let bit = |mask: i32| mask >> i & 1 == 1;
        let (length, stride) = (i64::try_from(length).ok()?, self.strides[i]);
        let wrap = |index: i64| if index < 0 { index.saturating_add(length) } else { index };
        let forward = stride > 0;
        let (least, most) = if forward { (0, length) } else { (-1, length - 1) };
        let begin = match (bit(self.begin_mask), forward) {
            (true, true) => 0,
            (true, false) => length - 1,
            (false, _) => wrap(self.begin[i]).clamp(least, most),
        };
        if bit(self.shrink_axis_mask) {
            let index = wrap(self.begin[i]);
            let inside = (0..length).contains(&index);
            return inside.then_some(Part { begin: index as usize, stride: 1, count: 1 });
        }
        let end = if self.relative { begin.saturating_add(self.end[i]) } else { self.end[i] };
        let end = match (bit(self.end_mask), forward) {
            (true, true) => length,
            (true, false) => -1,
            (false, _) => wrap(end).clamp(least, most),
        };
        let steps = (end - begin).checked_div(stride)?;
        let partial = (end - begin).checked_rem(stride)? != 0;
        let count = usize::try_from(steps + i64::from(partial))
            .ok()
            .filter(|_| (end > begin) == forward && end != begin)?;
        let (begin, stride) = (usize::try_from(begin).ok()?, isize::try_from(stride).ok()?);
        Some(Part { begin, stride, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(begin: &[i64], end: &[i64], strides: &[i64]) -> Entries {
        Entries {
            begin: begin.to_vec(),
            end: end.to_vec(),
            strides: strides.to_vec(),
            begin_mask: 0,
            end_mask: 0,
            ellipsis_mask: 0,
            new_axis_mask: 0,
            shrink_axis_mask: 0,
            relative: false,
        }
    }

    fn part(begin: usize, stride: isize, count: usize) -> Part {
        Part { begin, stride, count }
    }

    #[test]
    fn steps_may_go_back_and_ends_may_count_from_the_end() {
        let entries = entries(&[-1, 1, 0], &[0, -1, 100], &[-2, 1, 3]);
        let (parts, shape) = entries.parts(&[6, 5, 7]).unwrap();
        assert_eq!(parts, [part(5, -2, 3), part(1, 1, 3), part(0, 3, 3)]);
        assert_eq!(shape, [3, 3, 3]);
    }

    #[test]
    fn masks_take_everything_from_either_end() {
        let mut entries = entries(&[3, 3], &[1, 1], &[1, -1]);
        (entries.begin_mask, entries.end_mask) = (0b11, 0b11);
        let (parts, shape) = entries.parts(&[4, 5]).unwrap();
        assert_eq!(parts, [part(0, 1, 4), part(4, -1, 5)]);
        assert_eq!(shape, [4, 5]);
    }

    #[test]
    fn an_ellipsis_stands_for_the_axes_that_no_entry_is_about() {
        // x[..., newaxis, 2]
        let mut entries = entries(&[0, 0, 2], &[0, 0, 3], &[1, 1, 1]);
        (entries.ellipsis_mask, entries.new_axis_mask, entries.shrink_axis_mask) =
            (0b001, 0b010, 0b100);
        let (parts, shape) = entries.parts(&[4, 5, 6]).unwrap();
        assert_eq!(parts, [part(0, 1, 4), part(0, 1, 5), part(2, 1, 1)]);
        assert_eq!(shape, [4, 5, 1]);
    }

    #[test]
    fn nothing_to_take_and_steps_of_zero_are_refused() {
        assert_eq!(entries(&[2], &[2], &[1]).parts(&[4]), None);
        assert_eq!(entries(&[0], &[4], &[-1]).parts(&[4]), None);
        assert_eq!(entries(&[0], &[4], &[0]).parts(&[4]), None);
        assert_eq!(entries(&[0, 0], &[1, 1], &[1, 1]).parts(&[4]), None);
        assert_eq!(entries(&[i64::MIN], &[i64::MAX], &[i64::MIN]).parts(&[4]), None);
    }
}
