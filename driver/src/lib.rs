//! The host side of Quintet: import -> quantise -> compile -> stream -> show.

#[cfg(unix)]
pub mod emulator;
pub mod import;
pub mod scene;
