//! A network to a bundle: a program, its constants, and a plan of the device's arena.

mod error;

use super::{Parts, Placed};
use crate::infer::Port;
use crate::network::Network;
pub use error::NetworkError;

/// A program with its constants, planned for one size of arena.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkBundle {
    /// The encoded program, which lies at byte 0 of the arena.
    pub program: Vec<u8>,
    /// Constants and where they go.
    pub constants: Vec<Placed>,
    /// What the network takes.
    pub inputs: Vec<Port>,
    /// What it gives.
    pub outputs: Vec<Port>,
}

impl NetworkBundle {
    /// What a device is sent.
    pub fn parts(&self) -> Parts<'_> {
        Parts { program: &self.program, constants: &self.constants, pages: None }
    }
}

/// Compiles a network for an arena of so many bytes.
///
/// # Errors
/// A [`NetworkError`].
pub fn compile(network: &Network, _arena_bytes: usize) -> Result<NetworkBundle, NetworkError> {
    let Some(node) = network.nodes.first() else { return Err(NetworkError::Empty) };
    Err(NetworkError::Unsupported {
        operator: node.operator.name(),
        index: node.index,
        tensor: network.tensor(node.output).name.clone(),
        reason: "it is not compiled yet".into(),
    })
}
