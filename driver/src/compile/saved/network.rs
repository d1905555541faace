//! A compiled network as a file.
//!
//! The file is laid out as [`super::container`] says.
//!
//! | description | what |
//! |---|---|
//! | `name`, `operators` | the network's file, and how many operators it has |
//! | `labels` | names of the classes, or none |
//! | `program` | bytes of the program, which goes to byte 0 of the arena |
//! | `constants` | `offset` in the arena and `bytes` of each |
//! | `inputs`, `outputs` | what the network takes and gives: [`Port`]s |
//! | `layers`, `lives`, `memory` | for people: [`Layer`]s, [`Life`]s and [`Memory`] |
//! | `pages` | null, or of weights that are streamed: number of their `buffer`, `slots`, `bytes` of each |

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SavedError;
use super::container::{self, Constant, Kind, Pieces};
use crate::compile::network::{Layer, Life, Memory, NetworkBundle, StreamedWeights};
use crate::infer::Port;
use crate::network::{Element, MAX_ELEMENTS};

const NETWORK: Kind = Kind { magic: *b"QNTN", name: "network" };

/// A compiled network and what there is to know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedNetwork {
    /// The network's file.
    pub name: String,
    /// Operators of the network.
    pub operators: usize,
    /// Names of the classes; none where they are not known.
    pub labels: Vec<String>,
    /// What a device is sent.
    pub bundle: NetworkBundle,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    name: String,
    operators: usize,
    labels: Vec<String>,
    program: usize,
    constants: Vec<Constant>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    layers: Vec<Layer>,
    lives: Vec<Life>,
    memory: Memory,
    pages: Option<Pages>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pages {
    buffer: u16,
    slots: usize,
    bytes: Vec<usize>,
}

impl SavedNetwork {
    /// Whether a file begins as these do.
    pub fn is_one(path: &Path) -> bool {
        NETWORK.begins(path)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A [`SavedError`].
    pub fn read(path: &Path) -> Result<Self, SavedError> {
        Self::from_bytes(&container::read(path)?)
    }

    /// The content of a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let NetworkBundle { program, constants, streamed, .. } = &self.bundle;
        let pages = streamed.as_ref().map(|it| Pages {
            buffer: it.buffer,
            slots: it.slots,
            bytes: it.pages.iter().map(Vec::len).collect(),
        });
        let description = Description {
            name: self.name.clone(),
            operators: self.operators,
            labels: self.labels.clone(),
            program: program.len(),
            constants: Constant::all(constants),
            inputs: self.bundle.inputs.clone(),
            outputs: self.bundle.outputs.clone(),
            layers: self.bundle.layers.clone(),
            lives: self.bundle.lives.clone(),
            memory: self.bundle.memory,
            pages,
        };
        let constants = constants.iter().map(|constant| &constant.bytes);
        let pages = streamed.iter().flat_map(|it| &it.pages);
        NETWORK.seal(&description, [program].into_iter().chain(constants).chain(pages))
    }

    /// From the content of a file.
    ///
    /// # Errors
    /// A [`SavedError`], but never [`SavedError::Io`].
    pub fn from_bytes(file: &[u8]) -> Result<Self, SavedError> {
        let (description, pieces) = NETWORK.open(file)?;
        Self::assemble(description, pieces)
    }

    fn assemble(description: Description, mut pieces: Pieces<'_>) -> Result<Self, SavedError> {
        let Description { name, operators, labels, inputs, outputs, memory, .. } = description;
        let arena = memory.checked_total().filter(|total| u32::try_from(*total).is_ok());
        let arena = arena.ok_or(SavedError::Damaged("it takes more memory than any device has"))?;
        if inputs.is_empty() || outputs.is_empty() {
            return Err(SavedError::Damaged("it has no inputs, or no outputs"));
        }
        inputs.iter().chain(&outputs).try_for_each(|port| check(port, arena))?;
        let program = pieces.take(description.program)?.to_vec();
        let constants = pieces.constants(description.constants)?;
        let streamed = match description.pages {
            None => None,
            Some(Pages { buffer, slots, bytes }) => {
                Some(StreamedWeights { buffer, slots, pages: pieces.pages(bytes)? })
            }
        };
        pieces.end()?;
        let Description { layers, lives, .. } = description;
        let bundle =
            NetworkBundle { program, constants, inputs, outputs, layers, lives, memory, streamed };
        Ok(Self { name, operators, labels, bundle })
    }
}

/// Refuses ports that cannot be written or read.
fn check(port: &Port, arena: usize) -> Result<(), SavedError> {
    let product = |product: usize, &length| product.checked_mul(length);
    let elements = port.shape.iter().try_fold(1, product).filter(|it| *it <= MAX_ELEMENTS);
    let end = elements.and_then(|elements| elements.checked_add(port.offset as usize));
    if end.is_none_or(|end| end > arena) {
        return Err(SavedError::Damaged("an input or output lies outside of its memory"));
    }
    let of_edges = matches!(port.element, Element::Int8 | Element::Uint8 | Element::Float32);
    let is_byte = i8::try_from(port.zero_point).is_ok();
    if !(of_edges && is_byte && port.scale.is_finite() && port.scale > 0.0) {
        return Err(SavedError::Damaged("an input or output has elements that no network has"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::network::compile;
    use crate::import;

    /// A network of the repository's, streamed or not.
    fn saved(arena_bytes: usize) -> SavedNetwork {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../networks");
        let network = import::network(&folder.join("mlperf_ad01_int8.tflite")).unwrap().network;
        SavedNetwork {
            name: "ad01.tflite".into(),
            operators: network.nodes.len(),
            labels: vec!["good".into(), "bad".into()],
            bundle: compile(&network, arena_bytes).unwrap(),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        for (arena, is_streamed) in [(16 << 20, false), (64 << 10, true)] {
            let mut saved = saved(arena);
            assert_eq!(saved.bundle.streamed.is_some(), is_streamed);
            let read = SavedNetwork::from_bytes(&saved.to_bytes()).unwrap();
            // Constants lose their names, which are for messages only.
            saved.bundle.constants.iter_mut().for_each(|constant| constant.name = "constants");
            assert!(read == saved);
        }
    }

    #[test]
    fn ports_outside_of_the_arena_or_of_no_kind_are_refused() {
        let spoilt = |spoil: &dyn Fn(&mut Port)| {
            let mut saved = saved(16 << 20);
            spoil(&mut saved.bundle.inputs[0]);
            SavedNetwork::from_bytes(&saved.to_bytes()).unwrap_err().to_string()
        };
        for said in [
            spoilt(&|port| port.offset = u32::MAX),
            spoilt(&|port| port.shape = vec![usize::MAX, usize::MAX]),
            spoilt(&|port| port.shape = vec![1 << 28]),
        ] {
            assert!(said.contains("outside of its memory"), "{said}");
        }
        for said in [
            spoilt(&|port| port.element = Element::Int64),
            spoilt(&|port| port.zero_point = 128),
            spoilt(&|port| port.scale = 0.0),
        ] {
            assert!(said.contains("elements that no network has"), "{said}");
        }
    }
}
