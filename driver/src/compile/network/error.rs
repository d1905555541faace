//! Why a network cannot be compiled.

/// Why a network cannot be compiled.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// There is nothing to compute.
    #[error("the network computes nothing")]
    Empty,
    /// The device cannot do what an operator asks for.
    #[error("{operator} (operator {index}, tensor \"{tensor}\"): {reason}")]
    Unsupported {
        /// The operator's name.
        operator: &'static str,
        /// Its index in the file.
        index: usize,
        /// The tensor that makes it impossible.
        tensor: String,
        /// What is impossible.
        reason: String,
    },
    /// An input or output of the network has no place in the device.
    #[error("tensor \"{tensor}\", {role} of the network: {reason}")]
    Edge {
        /// The tensor's name.
        tensor: String,
        /// "an input" or "an output".
        role: &'static str,
        /// What is impossible.
        reason: String,
    },
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
        "the network needs {resident} bytes of arena with all its weights there, {streamed} with them \
         streamed, and the device has {available}: {short} too few", short = streamed - available
    )]
    TooLarge {
        /// Bytes needed with all weights in the arena.
        resident: usize,
        /// Bytes needed when weights are streamed.
        streamed: usize,
        /// Bytes of arena.
        available: usize,
    },
}
