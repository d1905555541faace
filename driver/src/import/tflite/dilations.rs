//! `SPACE_TO_BATCH_ND` and `BATCH_TO_SPACE_ND`: converters put them around a convolution that is
//! dilated, where the number of samples is left open. Every so-many-th element becomes a sample of
//! its own.

use super::reading::Reading;
use super::rearrange::moved;
use crate::import::error::Fault;
use crate::network::{Operator, TensorId};

/// `SPACE_TO_BATCH_ND`: input, lengths of blocks, padding before and after.
pub(super) fn space_to_batch(reading: &mut Reading) -> Result<(), Fault> {
    let (input, output) = (reading.input(0)?, reading.output(0)?);
    let (blocks, padding) = blocks(reading)?;
    let (input, shape) = padded(reading, input, &padding)?;
    let (mut split, mut to) = (vec![shape[0]], Vec::new());
    for (&length, &block) in shape[1..].iter().zip(&blocks) {
        if !length.is_multiple_of(block) {
            return Err(reading.malformed(format!("blocks of {blocks:?} in {shape:?}")));
        }
        split.extend([length / block, block]);
        to.push(length / block);
    }
    let rest = &shape[1 + blocks.len()..];
    split.extend(rest);
    // All offsets in a block, then the samples, then the blocks, then the rest.
    let offsets = (0..blocks.len()).map(|axis| 2 + 2 * axis);
    let between = (0..blocks.len()).map(|axis| 1 + 2 * axis);
    let order = offsets.chain([0]).chain(between).chain(1 + 2 * blocks.len()..split.len());
    let samples = blocks.iter().fold(shape[0], |samples, &block| samples.saturating_mul(block));
    let to = [&[samples], &to[..], rest].concat();
    let moved = moved(reading, input, (split, order.collect()), output)?;
    reading.settle(output, &to);
    reading.push(Operator::Reshape, vec![Some(moved)], output);
    Ok(())
}

/// `BATCH_TO_SPACE_ND`: input, lengths of blocks, what is cut off before and after.
pub(super) fn batch_to_space(reading: &mut Reading) -> Result<(), Fault> {
    let (input, output) = (reading.input(0)?, reading.output(0)?);
    let (blocks, cut) = blocks(reading)?;
    let shape = reading.tensor(input).shape.clone();
    let each = blocks.iter().fold(1usize, |product, &block| product.saturating_mul(block));
    let count = blocks.len();
    let lengths = shape.get(1..=count).filter(|_| shape[0].is_multiple_of(each));
    let Some(lengths) = lengths else {
        return Err(reading.malformed(format!("blocks of {blocks:?} of {shape:?}")));
    };
    let samples = shape[0] / each;
    let whole = lengths.iter().zip(&blocks).map(|(length, block)| length.saturating_mul(*block));
    let whole = [&[samples], &whole.collect::<Vec<_>>()[..], &shape[1 + count..]].concat();
    let split = [&blocks[..], &[samples], &shape[1..]].concat();
    let pairs = (0..count).flat_map(|axis| [count + 1 + axis, axis]);
    let order = [count].into_iter().chain(pairs).chain(2 * count + 1..split.len());
    let moved = moved(reading, input, (split, order.collect()), output)?;
    let joined = reading.reshape(moved, whole.clone())?;
    let cut = [&[[0; 2]], &cut[..]].concat();
    let left = |(axis, &length): (usize, &usize)| {
        let [before, after] = cut.get(axis).copied().unwrap_or_default();
        length.checked_sub(before)?.checked_sub(after)
    };
    let Some(left) = whole.iter().enumerate().map(left).collect::<Option<Vec<_>>>() else {
        return Err(reading.malformed(format!("{cut:?} cut off {whole:?}")));
    };
    let mut begin = vec![0; whole.len()];
    cut.iter().zip(&mut begin).for_each(|([before, _], begin)| *begin = *before);
    reading.settle(output, &left);
    let operator = Operator::StridedSlice { begin, strides: vec![1; whole.len()] };
    reading.push(operator, vec![Some(joined)], output);
    Ok(())
}

/// The lengths of blocks along the axes after the first, and the two numbers that each has.
fn blocks(reading: &mut Reading) -> Result<(Vec<usize>, Vec<[usize; 2]>), Fault> {
    let given = [reading.integers(1)?, reading.integers(2)?];
    let axes = reading.input(0)?;
    let axes = reading.tensor(axes).shape.len();
    let sizes = given.map(|given| {
        given.into_iter().map(|it| u32::try_from(it).ok().map(|it| it as usize)).collect()
    });
    let [Some(blocks), Some(ends)]: [Option<Vec<usize>>; 2] = sizes else {
        return Err(reading.malformed("blocks or ends that are negative"));
    };
    let (pairs, _) = ends.as_chunks::<2>();
    if blocks.contains(&0) || blocks.len() >= axes || blocks.len() * 2 != ends.len() {
        return Err(
            reading.malformed(format!("blocks of {blocks:?}, and {ends:?}, of {axes} axes"))
        );
    }
    Ok((blocks, pairs.to_vec()))
}

/// The input with padding along the axes after the first, and its shape.
fn padded(
    reading: &mut Reading,
    input: TensorId,
    padding: &[[usize; 2]],
) -> Result<(TensorId, Vec<usize>), Fault> {
    let mut shape = reading.tensor(input).shape.clone();
    if padding.iter().all(|ends| *ends == [0; 2]) {
        return Ok((input, shape));
    }
    let mut amounts = vec![[0; 2]; shape.len()];
    for (axis, &[before, after]) in (1..).zip(padding) {
        shape[axis] = shape[axis].saturating_add(before).saturating_add(after);
        amounts[axis] = [before, after];
    }
    let padded = reading.like(input, shape.clone())?;
    reading.push(Operator::Pad { amounts, value: None }, vec![Some(input)], padded);
    Ok((padded, shape))
}
