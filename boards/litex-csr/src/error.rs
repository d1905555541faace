//! Why no board can be built for a SoC.

/// Why no board can be built for a SoC, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SocError {
    /// Not a `csr.json`.
    #[error("this is not a csr.json as LiteX writes it with --csr-json: {0}")]
    Json(String),
    /// An address or a size that no 32-bit SoC has.
    #[error("{0} is beyond 32-bit addresses: this board is for 32-bit cores")]
    Beyond(String),
    /// Something that a board needs.
    #[error("the SoC lacks {what}: {help}")]
    Missing {
        /// What.
        what: String,
        /// How to get it.
        help: &'static str,
    },
    /// Something that a board cannot deal with.
    #[error("{what}: {help}")]
    Unsupported {
        /// What.
        what: String,
        /// What to have in its place.
        help: &'static str,
    },
    /// Too little main memory.
    #[error(
        "main_ram has {there} bytes, and the firmware with the least arena takes {needed}: give the \
         SoC more, or build the board with fewer features and a smaller memory.flash in board.toml"
    )]
    TooSmall {
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that there are.
        there: u64,
    },
}
