//! Networks compiled for devices, as `quintet infer` takes them.

use quintet_driver::compile::network::compile;
use quintet_driver::compile::saved::SavedNetwork;
use quintet_driver::network::Network;

use super::ExportError;

/// Compiles a network for `arena_bytes` of a device's arena, or for as many as it takes: weights
/// that do not fit are streamed. [`SavedNetwork::to_bytes`] is the content of a `.qnt` file.
///
/// # Errors
/// [`ExportError::Plan`].
pub fn bundle(
    network: &Network,
    name: &str,
    labels: &[String],
    arena_bytes: Option<usize>,
) -> Result<SavedNetwork, ExportError> {
    let bundle = compile(network, arena_bytes.unwrap_or(u32::MAX as usize))?;
    Ok(SavedNetwork {
        name: name.to_owned(),
        operators: network.nodes.len(),
        labels: labels.to_vec(),
        bundle,
    })
}
