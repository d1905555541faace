//! Networks for several samples at once: turned into ones for a single sample.
//!
//! The first axis is that of samples if all that is computed has it, as long as the inputs have.
//! Whether the operators work on each sample by itself is left to [`Network::check`]: one that does
//! not give its output's shape any more once the axis has length 1 does not.

use crate::network::{Network, Operator};

/// The network for a single sample and the samples that it was for, if it can be told.
pub(super) fn single(network: &Network) -> Option<(Network, usize)> {
    let batch = *network.tensor(*network.inputs.first()?).shape.first()?;
    let samples = |shape: &[usize]| shape.len() > 1 && shape[0] == batch;
    let computed = network.tensors.iter().filter(|tensor| tensor.data.is_none());
    if batch == 1 || !computed.clone().all(|tensor| samples(&tensor.shape)) {
        return None;
    }
    if !network.nodes.iter().all(|node| keeps_samples(&node.operator)) {
        return None;
    }
    let mut single = network.clone();
    for tensor in single.tensors.iter_mut().filter(|tensor| tensor.data.is_none()) {
        tensor.shape[0] = 1;
    }
    single.check().ok()?;
    Some((single, batch))
}

/// Whether an operator leaves the first axis alone, where its shapes do not tell.
fn keeps_samples(operator: &Operator) -> bool {
    match operator {
        Operator::StridedSlice { strides, .. } => strides.first() == Some(&1),
        Operator::Transpose { order } => order.first() == Some(&0),
        Operator::Concatenation { axis } => *axis != 0,
        Operator::Mean { axes, .. } => !axes.contains(&0),
        Operator::Pad { amounts, .. } => amounts.first() == Some(&[0; 2]),
        _ => true,
    }
}
