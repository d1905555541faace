//! The host side of Quintet: import -> quantise -> compile -> stream -> show.

pub mod import;
pub mod scene;
pub mod session;
pub mod transport;
