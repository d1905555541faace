//! Programs of one command: what it makes of given operands, and what that costs.

use quintet_driver::compile::{Parts, Placed};
use quintet_driver::device::Connection;
use quintet_driver::session::SessionError;
use quintet_protocol::message::Outcome;
use quintet_protocol::program::{Buffer, BufferKind, Command, Program};

use crate::case::Case;

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

    /// Bytes that are read after the run, if any are.
    fn given_back(&self) -> Option<usize> {
        match self {
            Self::Output(bytes) => Some(*bytes),
            Self::Changed(words) => Some(words.len() * 4),
            _ => None,
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
    let case = case("one command", operands, command);
    let session = connection.session();
    case.load(session)?;
    let ran = case.run(session)?;
    assert_eq!(ran.outcome, Outcome::Completed);
    let signed = |bytes: Vec<u8>| bytes.into_iter().map(|byte| byte as i8).collect();
    let outputs = ran.outputs.into_iter().map(signed).collect();
    Ok(Done { outputs, cost: [ran.spent[0].ticks, ran.spent[0].items], pulled: ran.pulled })
}

/// `command` over `operands`, to be executed.
pub fn case(name: &str, operands: &[Operand<'_>], command: Command) -> Case {
    let buffers = place(operands);
    let mut program = vec![0; Program::encoded_len(buffers.len(), 1)];
    Program::emit(&buffers, &[command], &mut program).expect("the length was computed");
    let given = buffers.iter().zip(operands).map(|(buffer, operand)| Placed {
        name: "operand",
        offset: buffer.offset,
        bytes: operand.bytes(),
    });
    let given: Vec<Placed> = given.filter(|placed| !placed.bytes.is_empty()).collect();
    let pages = (0..).zip(operands).find_map(|(number, operand)| match operand {
        Operand::Streamed(pages, _) => Some((number, *pages)),
        _ => None,
    });
    let outputs = buffers.iter().zip(operands).filter_map(|(buffer, operand)| {
        operand.given_back().map(|bytes| (buffer.offset, bytes as u32))
    });
    let outputs: Vec<_> = outputs.collect();
    Case::of(name, Parts { program: &program, constants: &given, pages }, &outputs)
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
