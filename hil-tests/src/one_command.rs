//! Programs of one command: what it makes of given operands, and what that costs.

use std::ops::ControlFlow;

use quintet_driver::device::Connection;
use quintet_driver::session::run::PageSource;
use quintet_driver::session::{Blob, SessionError};
use quintet_protocol::message::{Event, Outcome};
use quintet_protocol::program::{Buffer, BufferKind, Command, Program};

/// An operand; its buffer has the number of its place.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    /// A constant.
    Constant(&'a [u32]),
    /// A tensor that is given.
    Input(&'a [i8]),
    /// So many words to work in.
    Scratch(usize),
    /// So many bytes to be written.
    Output(usize),
    /// Words that are changed: they are given, and among the outputs.
    Changed(&'a [u32]),
    /// Pages that stay with the driver, and how many fit the arena at a time.
    Streamed(&'a [Vec<u8>], usize),
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The outputs in the order of their buffers.
    pub outputs: Vec<Vec<i8>>,
    /// Ticks and items, over all phases.
    pub cost: [u64; 2],
    /// Pages that were pulled.
    pub pulled: usize,
}

impl Operand<'_> {
    fn kind(&self) -> BufferKind {
        match self {
            Self::Constant(_) => BufferKind::Constant,
            Self::Input(_) => BufferKind::Input,
            Self::Scratch(_) => BufferKind::Scratch,
            Self::Output(_) | Self::Changed(_) => BufferKind::Output,
            Self::Streamed(pages, _) => {
                let longest = pages.iter().map(Vec::len).max().unwrap_or_default();
                BufferKind::Streamed { page_words: (longest / 4) as u16 }
            }
        }
    }

    fn words(&self) -> usize {
        match (self, self.kind()) {
            (Self::Constant(words) | Self::Changed(words), _) => words.len(),
            (Self::Input(bytes), _) => bytes.len().div_ceil(4),
            (Self::Scratch(words), _) => *words,
            (Self::Output(bytes), _) => bytes.div_ceil(4),
            (Self::Streamed(_, slots), BufferKind::Streamed { page_words }) => {
                slots * (usize::from(page_words) + 1)
            }
            (Self::Streamed(..), _) => 0,
        }
    }

    /// What is sent before the run.
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Constant(words) | Self::Changed(words) => {
                words.iter().flat_map(|word| word.to_le_bytes()).collect()
            }
            Self::Input(bytes) => bytes.iter().map(|&byte| byte as u8).collect(),
            // What is not written must not look as if it were.
            Self::Output(bytes) => vec![0x55; *bytes],
            Self::Scratch(_) | Self::Streamed(..) => Vec::new(),
        }
    }
}

/// Executes `command` over `operands`.
///
/// # Errors
/// What the session meets; a program that is refused among it.
pub fn run(
    connection: &mut Connection,
    operands: &[Operand<'_>],
    command: Command,
) -> Result<Done, SessionError> {
    let buffers = place(operands);
    let mut program = vec![0; Program::encoded_len(buffers.len(), 1)];
    Program::emit(&buffers, &[command], &mut program).expect("the length was computed");
    let contents: Vec<Vec<u8>> = operands.iter().map(Operand::bytes).collect();
    let given = buffers.iter().zip(&contents).filter(|(_, bytes)| !bytes.is_empty());
    let mut blobs: Vec<Blob<'_>> =
        given.map(|(buffer, bytes)| Blob { offset: buffer.offset, bytes }).collect();
    blobs.push(Blob { offset: 0, bytes: &program });
    let session = connection.session();
    session.load(&blobs, &mut |_| ())?;

    let pages: &PageSource<'_> = &|buffer, page| match operands.get(usize::from(buffer)) {
        Some(Operand::Streamed(pages, _)) => pages.get(page as usize).map(Vec::as_slice),
        _ => None,
    };
    let (mut cost, mut pulled) = ([0; 2], 0);
    let outcome = session.run_streamed(pages, |event| {
        match event {
            Event::Cost { ticks, items, .. } => cost = [cost[0] + ticks, cost[1] + items],
            Event::Need { .. } => pulled += 1,
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    assert_eq!(outcome, Outcome::Completed);
    let mut outputs = Vec::new();
    for (operand, buffer) in operands.iter().zip(&buffers) {
        let bytes = match operand {
            Operand::Output(bytes) => Some(*bytes),
            Operand::Changed(words) => Some(words.len() * 4),
            _ => None,
        };
        if let Some(bytes) = bytes {
            let read = session.download(buffer.offset, bytes as u32)?;
            outputs.push(read.into_iter().map(|byte| byte as i8).collect());
        }
    }
    Ok(Done { outputs, cost, pulled })
}

/// Buffers one after another, behind the program.
fn place(operands: &[Operand<'_>]) -> Vec<Buffer> {
    let mut next = Program::encoded_len(operands.len(), 1);
    let place = |operand: &Operand<'_>| {
        let (offset, length) = (next as u32, operand.words() as u32 * 4);
        next += operand.words() * 4;
        Buffer { kind: operand.kind(), offset, length }
    };
    operands.iter().map(place).collect()
}
