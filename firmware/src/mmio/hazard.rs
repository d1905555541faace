//! Which commands may be under way at the same time: those of which neither can see what the other
//! does. It is told by their operands alone, without what they mean.

use core::ops::Range;
use quintet_protocol::program::{BufferId, BufferKind, COMMAND_WORDS, Program};

/// A command as words.
pub type Record = [u32; COMMAND_WORDS];

/// The command of that index as words; none where the program does not lie at whole words.
pub fn record<'p>(program: &Program<'p>, index: u16) -> Option<&'p Record> {
    bytemuck::try_from_bytes(program.record(index)?).ok()
}

/// The operands of a command, and places for operands that it has not.
pub fn operands(record: &Record) -> impl Iterator<Item = BufferId> {
    let [_, a, b, c, d, ..] = *record;
    [a, b, c, d].into_iter().flat_map(|it| [BufferId(it as u16), BufferId((it >> 16) as u16)])
}

/// Whether a command pulls pages.
pub fn streams(program: &Program, record: &Record) -> bool {
    let mut buffers = operands(record).filter_map(|id| program.buffer(id).ok());
    buffers.any(|buffer| matches!(buffer.kind, BufferKind::Streamed { .. }))
}

/// Whether any command of a program can pull pages.
pub fn any_streams(program: &Program) -> bool {
    let ids = (0..program.buffer_count() as u16).map(BufferId);
    let mut buffers = ids.filter_map(|id| program.buffer(id).ok());
    buffers.any(|buffer| matches!(buffer.kind, BufferKind::Streamed { .. }))
}

/// Whether two commands have memory or a picture in common that may change.
#[inline(never)]
pub fn meet(program: &Program, one: &Record, other: &Record) -> bool {
    let places = |record| operands(record).filter_map(|id| place(program, id));
    let overlap = |a: &Place, b: &Place| {
        a.is_frame == b.is_frame && a.range.start < b.range.end && b.range.start < a.range.end
    };
    places(one).any(|a| places(other).any(|b| overlap(&a, &b)))
}

/// Where something lies that may change.
struct Place {
    is_frame: bool,
    /// Bytes of the arena; for a frame, its number.
    range: Range<u32>,
}

/// Where a buffer lies; none for what commands only ever read. Pages are the pager's to keep apart.
fn place(program: &Program, id: BufferId) -> Option<Place> {
    let buffer = program.buffer(id).ok()?;
    let is_frame = match buffer.kind {
        BufferKind::Constant | BufferKind::Streamed { .. } => return None,
        kind => kind == BufferKind::Frame,
    };
    let start = if is_frame { u32::from(id.0) } else { buffer.offset };
    let length = if is_frame { 1 } else { buffer.length };
    Some(Place { is_frame, range: start..start.saturating_add(length) })
}
