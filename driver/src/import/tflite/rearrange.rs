//! Operators that only change where elements are: they become `RESHAPE`, `TRANSPOSE` and
//! `CONCATENATION`.

use super::reading::Reading;
use super::schema::{BlockOptions, PackOptions};
use super::slices;
use crate::import::error::Fault;
use crate::network::{Operator, TensorId};

/// Of a picture whose rows and columns are split in two, between what is in blocks and the blocks.
const BLOCKS: [usize; 6] = [0, 1, 3, 2, 4, 5];

/// `PACK`: tensors of one shape along a new axis.
pub(super) fn pack(reading: &mut Reading) -> Result<(), Fault> {
    let axis = match reading.options::<PackOptions>()? {
        Some(options) => options.axis()?.unwrap_or(0),
        None => 0,
    };
    let output = reading.output(0)?;
    let axis = slices::axis(reading, axis.into(), reading.tensor(output).shape.len())?;
    let mut parts = Vec::new();
    for i in 0..reading.count() {
        let part = reading.input(i)?;
        let mut shape = reading.tensor(part).shape.clone();
        if axis > shape.len() {
            return Err(reading.malformed(format!("axis {axis} in {shape:?}")));
        }
        shape.insert(axis, 1);
        parts.push(Some(reading.reshape(part, shape)?));
    }
    reading.push(Operator::Concatenation { axis }, parts, output);
    Ok(())
}

/// `SPACE_TO_DEPTH`: blocks of pixels become pixels of more channels.
pub(super) fn space_to_depth(reading: &mut Reading) -> Result<(), Fault> {
    let (input, [batch, rows, columns, channels], block) = blocks(reading)?;
    if !rows.is_multiple_of(block) || !columns.is_multiple_of(block) {
        return Err(reading.malformed(format!("blocks of {block} in {rows}x{columns}")));
    }
    let split = vec![batch, rows / block, block, columns / block, block, channels];
    rearrange(reading, input, split)
}

/// `DEPTH_TO_SPACE`: the other way round.
pub(super) fn depth_to_space(reading: &mut Reading) -> Result<(), Fault> {
    let (input, [batch, rows, columns, channels], block) = blocks(reading)?;
    let area = block.saturating_mul(block);
    if !channels.is_multiple_of(area) {
        return Err(reading.malformed(format!("blocks of {block} of {channels} channels")));
    }
    rearrange(reading, input, vec![batch, rows, columns, block, block, channels / area])
}

/// The input, which is a picture, its shape, and the side of a block.
fn blocks(reading: &mut Reading) -> Result<(TensorId, [usize; 4], usize), Fault> {
    let side = match reading.options::<BlockOptions>()? {
        Some(options) => options.side()?.unwrap_or(0),
        None => 0,
    };
    let input = reading.input(0)?;
    let shape = reading.tensor(input).shape[..].try_into();
    match (shape, usize::try_from(side)) {
        (Ok(shape), Ok(side @ 1..)) => Ok((input, shape, side)),
        _ => Err(reading.malformed(format!("blocks of {side} in other than four axes"))),
    }
}

fn rearrange(reading: &mut Reading, input: TensorId, split: Vec<usize>) -> Result<(), Fault> {
    let output = reading.output(0)?;
    let moved = moved(reading, input, (split, BLOCKS.to_vec()), output)?;
    reading.push(Operator::Reshape, vec![Some(moved)], output);
    Ok(())
}

/// A tensor with its axes split and in another order; else it is as `output`.
pub(super) fn moved(
    reading: &mut Reading,
    input: TensorId,
    (split, order): (Vec<usize>, Vec<usize>),
    output: TensorId,
) -> Result<TensorId, Fault> {
    let shape = order.iter().map(|&axis| split[axis]).collect();
    let split = reading.reshape(input, split)?;
    let moved = reading.like(output, shape)?;
    reading.push(Operator::Transpose { order }, vec![Some(split)], moved);
    Ok(moved)
}
