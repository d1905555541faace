//! What a program is: a list of commands over numbered buffers, in a fixed little-endian layout.
//!
//! ```text
//! byte  0  u32  magic 0x31_54_4E_51 ("QNT1")
//!       4  u16  layout version, 1
//!       6  u16  number of buffers B
//!       8  u16  number of commands C
//!      10  u16  zero
//!      12  B x buffer,  12 bytes each: see [`Buffer`]
//!       .  C x command, 64 bytes each: see [`Command`]
//! ```
//!
//! Records have one size, so that an executor reaches any of them without a table, and so that an
//! accelerator can fetch commands by itself. [`Program`] is a view of bytes that checks the frame;
//! what the commands ask for is checked by the device before it accepts the program.

mod buffer;
mod command;
mod error;

pub use buffer::{BUFFER_BYTES, Buffer, BufferId, BufferKind};
pub use command::{
    Add, BlendGaussians, BlendSurface, BoundChunks, ByteRange, COMMAND_BYTES, COMMAND_WORDS,
    COMMANDS, CastRays, Command, CommandKind, Composite, Convolve, ConvolveDepthwise, Copy,
    Corners, Dense, FactorReduce, Factors, Fill, Focus, Gather, GridEntry, Harmonics, Interpolate,
    Lookup, March, Multiply, NextTile, Operator, Perceptron, PerceptronGrid, Pool,
    ProjectGaussians, ProjectWindow, RasteriseGaussians, RasteriseTriangles, RasteriseWindow,
    Reduce, RegionGrid, Repeat, Resize, ResolveTile, Shade, Sliding, Softmax, Sort,
    TransformVertices, Waves,
};
pub use error::{Fault, ProgramError};

/// "QNT1", read as a little-endian word.
pub const MAGIC: u32 = u32::from_le_bytes(*b"QNT1");
/// Version of the layout that this crate reads and writes.
pub const VERSION: u16 = 1;
/// Bytes before the first buffer record.
pub const HEADER_BYTES: usize = 12;

/// A checked view of an encoded program: magic, version and length are right, nothing else is
/// known.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    buffers: &'a [[u8; BUFFER_BYTES]],
    commands: &'a [[u8; COMMAND_BYTES]],
}

impl<'a> Program<'a> {
    /// Views `bytes` as a program.
    ///
    /// # Errors
    /// [`ProgramError::NotAProgram`] when magic, version or length are not those of a program.
    pub fn new(bytes: &'a [u8]) -> Result<Self, ProgramError> {
        let (header, rest) =
            bytes.split_first_chunk::<HEADER_BYTES>().ok_or(ProgramError::NotAProgram)?;
        let half = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let magic = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        if magic != MAGIC || half(4) != VERSION || half(10) != 0 {
            return Err(ProgramError::NotAProgram);
        }
        let (buffer_count, command_count) = (usize::from(half(6)), usize::from(half(8)));
        let (buffers, commands) =
            rest.split_at_checked(buffer_count * BUFFER_BYTES).ok_or(ProgramError::NotAProgram)?;
        if commands.len() != command_count * COMMAND_BYTES {
            return Err(ProgramError::NotAProgram);
        }
        Ok(Self { buffers: buffers.as_chunks().0, commands: commands.as_chunks().0 })
    }

    /// Encoded size of a program, in bytes.
    pub const fn encoded_len(buffers: usize, commands: usize) -> usize {
        HEADER_BYTES + buffers * BUFFER_BYTES + commands * COMMAND_BYTES
    }

    /// Writes a program; returns its length, or `None` when `out` is too small or there are more
    /// than 65 535 records of a kind.
    pub fn emit(buffers: &[Buffer], commands: &[Command], out: &mut [u8]) -> Option<usize> {
        let length = Self::encoded_len(buffers.len(), commands.len());
        let (header, rest) = out.get_mut(..length)?.split_first_chunk_mut::<HEADER_BYTES>()?;
        header[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        header[4..6].copy_from_slice(&VERSION.to_le_bytes());
        header[6..8].copy_from_slice(&u16::try_from(buffers.len()).ok()?.to_le_bytes());
        header[8..10].copy_from_slice(&u16::try_from(commands.len()).ok()?.to_le_bytes());
        header[10..12].fill(0);
        let (buffer_bytes, command_bytes) = rest.split_at_mut(buffers.len() * BUFFER_BYTES);
        for (out, buffer) in buffer_bytes.as_chunks_mut().0.iter_mut().zip(buffers) {
            *out = buffer.emit();
        }
        for (out, command) in command_bytes.as_chunks_mut().0.iter_mut().zip(commands) {
            *out = command.emit();
        }
        Some(length)
    }

    /// Number of buffers.
    pub fn buffer_count(&self) -> usize {
        self.buffers.len()
    }

    /// Number of commands.
    pub fn command_count(&self) -> usize {
        self.commands.len()
    }

    /// The buffer of that number.
    ///
    /// # Errors
    /// [`ProgramError::BadBuffer`] when there is none, or its kind is unknown.
    pub fn buffer(&self, id: BufferId) -> Result<Buffer, ProgramError> {
        self.buffers
            .get(usize::from(id.0))
            .and_then(Buffer::parse)
            .ok_or(ProgramError::BadBuffer { buffer: id.0 })
    }

    /// The bytes of a command; none when there is no command of that index.
    pub fn record(&self, index: u16) -> Option<&'a [u8; COMMAND_BYTES]> {
        self.commands.get(usize::from(index))
    }

    /// The command of that index.
    ///
    /// # Errors
    /// [`ProgramError::BadCommand`] when there is none, its operator or mode is unknown, or a
    /// parameter is out of range.
    pub fn command(&self, index: u16) -> Result<Command, ProgramError> {
        self.command_among(index, |_| true)
    }

    /// As [`Program::command`], for who knows some kinds of commands alone: other modes are unknown,
    /// and the code that would read them is left out.
    ///
    /// # Errors
    /// As [`Program::command`].
    pub fn command_among(
        &self,
        index: u16,
        known: impl Fn(CommandKind) -> bool,
    ) -> Result<Command, ProgramError> {
        let fault = |fault| ProgramError::BadCommand { command: index, fault };
        let bytes = self.commands.get(usize::from(index)).ok_or(fault(Fault::UnknownOperator))?;
        Command::parse(bytes, known).map_err(fault)
    }
}
