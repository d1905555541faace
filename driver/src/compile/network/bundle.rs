//! What comes of compiling a network.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::compile::{Parts, Placed};
use crate::infer::Port;

/// A program with its constants, planned for one size of arena.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkBundle {
    /// The encoded program, which lies at byte 0 of the arena.
    pub program: Vec<u8>,
    /// Constants and where they go.
    pub constants: Vec<Placed>,
    /// What the network takes.
    pub inputs: Vec<Port>,
    /// What it gives.
    pub outputs: Vec<Port>,
    /// What each command is for, in their order.
    pub layers: Vec<Layer>,
    /// What lies where, and when, in the part of the arena that changes.
    pub lives: Vec<Life>,
    /// How the arena is split.
    pub memory: Memory,
    /// Weights that stay with the driver, if they do not fit.
    pub streamed: Option<StreamedWeights>,
}

/// A command as a layer of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Index of the operator in its file.
    pub index: usize,
    /// Name of the operator.
    pub operator: Cow<'static, str>,
    /// Name of the command.
    pub command: Cow<'static, str>,
    /// Shape of what the operator gives.
    pub shape: Vec<usize>,
    /// Multiplications with sums.
    pub macs: u64,
    /// Bytes of weights and biases in the network.
    pub weight_bytes: usize,
    /// Bytes that the command reads, weights and tables among them.
    pub bytes_read: usize,
    /// Bytes that it writes.
    pub bytes_written: usize,
}

/// A buffer and when it is in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Life {
    /// The tensor, or what else it is.
    pub name: String,
    /// Byte offset in the arena.
    pub offset: u32,
    /// Length in bytes.
    pub bytes: usize,
    /// The first command that it is in use at; none if it is before all.
    pub first: Option<usize>,
    /// The last one; none if it is in use after all.
    pub last: Option<usize>,
}

/// How an arena is split, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// The program.
    pub program: usize,
    /// Weights and tables.
    pub constants: usize,
    /// Room for streamed weights.
    pub pages: usize,
    /// Inputs, outputs, and all between them.
    pub changing: usize,
}

/// Weights that stay with the driver.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamedWeights {
    /// Number of the streamed buffer.
    pub buffer: u16,
    /// Its pages, of all layers one after another.
    pub pages: Vec<Vec<u8>>,
    /// Pages that there is room for at a time.
    pub slots: usize,
}

impl Memory {
    /// Bytes in all.
    pub fn total(&self) -> usize {
        self.program + self.constants + self.pages + self.changing
    }

    /// The same, of numbers that may be anything.
    pub(crate) fn checked_total(&self) -> Option<usize> {
        let Self { program, constants, pages, changing } = *self;
        program.checked_add(constants)?.checked_add(pages)?.checked_add(changing)
    }
}

impl NetworkBundle {
    /// What a device is sent.
    pub fn parts(&self) -> Parts<'_> {
        let pages = self.streamed.as_ref().map(|it| (it.buffer, it.pages.as_slice()));
        Parts { program: &self.program, constants: &self.constants, pages }
    }

    /// Bytes that go over the link before the first run.
    pub fn upload_bytes(&self) -> usize {
        self.parts().upload_bytes()
    }

    /// Multiplications with sums of a run.
    pub fn macs(&self) -> u64 {
        self.layers.iter().map(|layer| layer.macs).sum()
    }
}
