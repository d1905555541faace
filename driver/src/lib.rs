//! The host side of Quintet: import -> quantise -> compile -> stream -> show.

pub mod budget;
pub mod camera;
pub mod camera_file;
pub mod compile;
pub mod device;
pub mod emulator;
pub mod execute;
pub mod flash;
pub mod framing;
pub mod import;
pub mod infer;
pub mod input;
#[cfg(feature = "log")]
pub mod log;
pub mod measure;
pub mod mlperf;
pub mod network;
pub mod picture;
pub mod quantise;
pub mod reference;
pub mod render;
pub mod scene;
pub mod selftest;
pub mod session;
pub mod transport;
pub mod virtual_device;
