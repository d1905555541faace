//! Why a network cannot be compiled for a device.

use crate::network::NetworkError;

/// Why a network cannot be compiled for a device.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Something in the network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// There are more buffers or commands than a device keeps.
    #[error(
        "the network takes {buffers} buffers and {commands} commands, more than a device keeps"
    )]
    TooLong {
        /// Buffers.
        buffers: usize,
        /// Commands.
        commands: usize,
    },
    /// The network does not fit the arena.
    #[error(
        "the network needs {resident} bytes of arena, {streamed} with its weights streamed; the device \
         has {available}, {short} too few", short = streamed - available
    )]
    TooLarge {
        /// Bytes needed with all weights in the arena.
        resident: usize,
        /// Bytes needed at the least, when weights are streamed; more than `available`.
        streamed: usize,
        /// Bytes of arena.
        available: usize,
    },
}
