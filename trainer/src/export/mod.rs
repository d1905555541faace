//! Quantised networks as files: `.tflite` for any TensorFlow Lite runtime, and bundles for devices.

pub mod bundle;
mod error;
pub mod evaluate;
mod flatbuffer;
mod integers;
mod tflite;

pub use error::ExportError;
pub use integers::{Ending, integers};
pub use tflite::to_tflite;
