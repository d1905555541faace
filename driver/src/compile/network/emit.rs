//! A draft whose buffers have places to an encoded program and its constants.
//!
//! ```text
//! 0     program
//! ...   constants, those that are the same only once
//! ...   pages of streamed weights, if there are any
//! ...   inputs, outputs and all between them
//! ```

use std::collections::HashMap;

use quintet_protocol::program::{Buffer, BufferId, BufferKind, Program};

use super::PlanError;
use super::bundle::Memory;
use super::draft::{Content, Draft};
use super::operands::{operands, renumbered};
use super::plan::Plan;
use crate::compile::Placed;
use crate::compile::plan::to_bytes;

/// Most buffers and commands of a program that devices take.
const RECORDS_MAX: [usize; 2] = [1024, 4096];

/// A program and where everything is.
pub struct Emitted {
    /// The encoded program.
    pub program: Vec<u8>,
    /// All constants.
    pub constants: Vec<Placed>,
    /// How the arena is split.
    pub memory: Memory,
    /// Byte offset of what changes.
    pub base: u32,
    /// Number of the streamed buffer.
    pub streamed: Option<u16>,
}

/// What a buffer's record says, before it is known where the parts of the arena begin.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Record {
    kind: Kind,
    offset: usize,
    words: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Constant,
    Input,
    Output,
    Scratch,
    Streamed,
}

/// Records of buffers, those that are the same only once.
#[derive(Default)]
struct Records {
    all: Vec<Record>,
    numbers: HashMap<Record, usize>,
}

/// Constant words, those that are the same only once.
#[derive(Default)]
struct Constants<'d> {
    words: Vec<u32>,
    offsets: HashMap<&'d [u32], usize>,
}

impl Records {
    fn number(&mut self, record: Record) -> usize {
        let next = self.all.len();
        let number = *self.numbers.entry(record).or_insert(next);
        if number == next {
            self.all.push(record);
        }
        number
    }
}

impl<'d> Constants<'d> {
    /// Byte offset of some words.
    fn offset(&mut self, words: &'d [u32]) -> usize {
        let next = self.words.len() * 4;
        let offset = *self.offsets.entry(words).or_insert(next);
        if offset == next {
            self.words.extend_from_slice(words);
        }
        offset
    }
}

/// Encodes a draft whose changing buffers are planned. Streamed pages get `page_bytes` of the
/// arena.
///
/// # Errors
/// [`PlanError::TooLong`].
pub fn emit(draft: &Draft, plan: &Plan, page_bytes: usize) -> Result<Emitted, PlanError> {
    let (mut records, mut constants) = (Records::default(), Constants::default());
    let mut numbers = HashMap::new();
    let operands = draft.steps.iter().flat_map(|step| operands(&step.command));
    // An input that nothing reads is written all the same.
    let all = (0..draft.buffers.len()).map(|number| BufferId(number as u16));
    let inputs = all.filter(|&id| draft.at(id).content == Content::Input);
    for id in operands.map(|operand| operand.buffer).chain(inputs) {
        let buffer = draft.at(id);
        let (kind, offset) = match &buffer.content {
            Content::Constant(words) => (Kind::Constant, constants.offset(words)),
            Content::Streamed => (Kind::Streamed, 0),
            Content::Input => (Kind::Input, plan.offset(draft, id)),
            Content::Output => (Kind::Output, plan.offset(draft, id)),
            Content::Value | Content::Scratch => (Kind::Scratch, plan.offset(draft, id)),
        };
        let record = Record { kind, offset, words: buffer.words };
        numbers.insert(id, records.number(record));
    }
    let (buffers, commands) = (records.all.len(), draft.steps.len());
    if buffers > RECORDS_MAX[0] || commands > RECORDS_MAX[1] {
        return Err(PlanError::TooLong { buffers, commands });
    }
    let number = |id: BufferId| BufferId(numbers.get(&id).map_or(id.0, |&number| number as u16));
    let commands: Vec<_> =
        draft.steps.iter().map(|step| renumbered(&step.command, number)).collect();
    let memory = Memory {
        program: Program::encoded_len(buffers, commands.len()),
        constants: constants.words.len() * 4,
        pages: page_bytes,
        changing: plan.peak,
    };
    let pages = memory.program + memory.constants;
    let base = pages + memory.pages;
    let buffer = |record: &Record| {
        let (start, kind) = match record.kind {
            Kind::Constant => (memory.program, BufferKind::Constant),
            Kind::Streamed => (pages, BufferKind::Streamed { page_words: record.words as u16 }),
            Kind::Input => (base, BufferKind::Input),
            Kind::Output => (base, BufferKind::Output),
            Kind::Scratch => (base, BufferKind::Scratch),
        };
        let length = if record.kind == Kind::Streamed { page_bytes } else { record.words * 4 };
        Buffer { kind, offset: (start + record.offset) as u32, length: length as u32 }
    };
    let buffers: Vec<Buffer> = records.all.iter().map(buffer).collect();
    let mut program = vec![0; memory.program];
    Program::emit(&buffers, &commands, &mut program).expect("the length was computed");
    let streamed = records.all.iter().position(|record| record.kind == Kind::Streamed);
    let bytes = to_bytes(&constants.words);
    let offset = memory.program as u32;
    Ok(Emitted {
        program,
        constants: vec![Placed { name: "weights and tables", offset, bytes }],
        memory,
        base: base as u32,
        streamed: streamed.map(|number| number as u16),
    })
}
