//! From the network to the giant.

use super::{Boost, Shortcut};
use crate::network::{Activation, Builder, Network, Operation, Padding};

/// Names of what is inserted, behind the replaced convolution's own.
pub(super) const PARTS: [&str; 3] = ["/boost/expand", "/boost/depthwise", "/boost/project"];

/// The giant of a network.
#[must_use]
pub fn expand(network: &Network, boost: &Boost) -> Network {
    let candidates = candidates(network);
    let count = (candidates.len() as f32 * boost.share).round() as usize;
    let chosen: Vec<usize> = (0..count)
        .map(|place| candidates[(2 * place + 1) * candidates.len() / (2 * count)])
        .collect();
    let mut builder = Builder::new(network.input());
    // Where each node's value is in the giant.
    let mut values = vec![0];
    for (number, node) in network.nodes.iter().enumerate().skip(1) {
        let inputs: Vec<usize> = node.inputs.iter().map(|input| values[*input]).collect();
        let value = if chosen.contains(&number) {
            let activation = following(network, number).unwrap_or(Activation::Relu6);
            insert(&mut builder, &node.name, inputs[0], node.shape.channels, activation, boost)
        } else {
            builder.copy(network, number, inputs)
        };
        values.push(value);
    }
    builder.finish()
}

/// Pointwise convolutions, and dense layers of vectors, which are the same: without a bias, and
/// with a normalisation that can take one up.
fn candidates(network: &Network) -> Vec<usize> {
    let is_candidate = |number: &usize| match &network.nodes[*number].operation {
        Operation::Convolve { window, bias: None, .. } => {
            window.is_pointwise() && following(network, *number).is_some()
        }
        Operation::Dense { bias: None, .. } => {
            let input = network.nodes[network.nodes[*number].inputs[0]].shape;
            input.pixels() == [1, 1] && following(network, *number).is_some()
        }
        _ => false,
    };
    (0..network.nodes.len()).filter(is_candidate).collect()
}

/// The activation of the normalisation that alone takes a node's value. One that has none has the
/// network's most common instead.
fn following(network: &Network, number: usize) -> Option<Activation> {
    let mut users = network.nodes.iter().filter(|node| node.inputs.contains(&number));
    let user = users.next()?;
    match (&user.operation, users.next()) {
        (Operation::Normalise { activation: Activation::Linear, .. }, None) => {
            Some(common(network))
        }
        (Operation::Normalise { activation, .. }, None) => Some(*activation),
        _ => None,
    }
}

/// ReLU where a network has that and no ReLU6.
fn common(network: &Network) -> Activation {
    let has = |wanted: Activation| {
        network.nodes.iter().any(|node| match node.operation {
            Operation::Normalise { activation, .. } | Operation::Activate(activation) => {
                activation == wanted
            }
            _ => false,
        })
    };
    if has(Activation::Relu) && !has(Activation::Relu6) {
        Activation::Relu
    } else {
        Activation::Relu6
    }
}

fn insert(
    builder: &mut Builder,
    name: &str,
    from: usize,
    channels: usize,
    activation: Activation,
    boost: &Boost,
) -> usize {
    let pointwise = ([1, 1], [1, 1], Padding::Same);
    let [expand, depthwise, project] = PARTS.map(|part| format!("{name}{part}"));
    let inside = builder.shape(from).channels * boost.ratio;
    let mut value = builder.convolve(&expand, from, inside, pointwise, false);
    value = builder.normalise(&format!("{expand}/norm"), value, activation, true);
    value = builder.depthwise(&depthwise, value, pointwise, false);
    value = builder.normalise(&format!("{depthwise}/norm"), value, activation, true);
    value = builder.convolve(&project, value, channels, pointwise, false);
    match boost.shortcut {
        Shortcut::None => value,
        Shortcut::Linear => {
            let direct = builder.convolve(name, from, channels, pointwise, false);
            builder.add(&format!("{name}/boost/add"), value, direct)
        }
    }
}
