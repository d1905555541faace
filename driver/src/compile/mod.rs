//! What a user has to a bundle: a program, its constants, and a plan of the device's arena.

mod camera;
mod content;
pub mod field;
pub mod mesh;
pub mod network;
mod plan;
pub mod saved;
mod scene;

pub use camera::{CameraKind, CameraSlot};
pub use content::{Method, content};
pub use scene::{Bundle, CompileError, KEY_BITS, Options, Split, Streamed, compile};

/// Bytes at an offset of the arena.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// What they are, for messages.
    pub name: &'static str,
    /// Byte offset.
    pub offset: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What a bundle sends to a device, and what it keeps until the device asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The encoded program, which lies at byte 0 of the arena.
    pub program: &'a [u8],
    /// Constants and where they go.
    pub constants: &'a [Placed],
    /// The number of the streamed buffer, and its pages.
    pub pages: Option<(u16, &'a [Vec<u8>])>,
}

impl Parts<'_> {
    /// Bytes that go over the link before the first run.
    pub fn upload_bytes(&self) -> usize {
        self.program.len() + self.constants.iter().map(|c| c.bytes.len()).sum::<usize>()
    }
}
