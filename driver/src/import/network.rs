//! Importers of networks: from the field's file formats to [`crate::network`].
//!
//! | format | file | mark | what the importer accepts |
//! |---|---|---|---|
//! | TensorFlow Lite | `tflite` | `TFL3` at byte 4 | int8, and the uint8 of older files |
//! | ONNX | `onnx` | none: `.onnx`, or a version and a producer | int8 and uint8 in QDQ form |

use super::error::{Fault, ImportError};
use super::{detect, limits};
use crate::network::Network;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The formats that can be imported, for messages.
pub const NETWORK_FORMATS: &str = "TensorFlow Lite .tflite, quantised to int8, and .onnx with QuantizeLinear and DequantizeLinear";

/// A network and what its file says about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImportedNetwork {
    /// Name of the format.
    pub format: &'static str,
    /// The network, which [`Network::check`] found good.
    pub network: Network,
    /// What else the user should know, a sentence each.
    pub notes: Vec<String>,
}

/// Imports a network from a file.
///
/// # Errors
///
/// When the file cannot be read, is of no known format, is damaged, or holds a network that is not
/// supported; the error names the operator and the tensor.
pub fn network(path: &Path) -> Result<ImportedNetwork, ImportError> {
    from_path(path).map_err(|fault| fault.in_file(path.display()))
}

/// Imports a network from a file's content; `name` is for messages and, by its ending, for formats
/// without a mark.
///
/// # Errors
///
/// As [`network`].
pub fn network_from_bytes(name: &str, bytes: &[u8]) -> Result<ImportedNetwork, ImportError> {
    detect::network(name, bytes).map_err(|fault| fault.in_file(name))
}

/// Whether a file is that of a network rather than of a scene, by its mark or the ending of its
/// name.
pub fn holds_network(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    let mut head = Vec::new();
    let file = File::open(path);
    let read = file.and_then(|file| file.take(detect::MARK_BYTES).read_to_end(&mut head));
    read.is_ok() && detect::is_tflite(&head) || ending == "tflite" || ending == "onnx"
}

fn from_path(path: &Path) -> Result<ImportedNetwork, Fault> {
    limits::check_network(std::fs::metadata(path)?.len())?;
    let data = std::fs::read(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    detect::network(&name, &data)
}
