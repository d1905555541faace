//! What each command of a network reads and writes.

use quintet_protocol::program::{
    Add, BufferId, Command, Convolve, ConvolveDepthwise, Copy, Fill, Lookup, Multiply, Pool,
    Reduce, Resize, Softmax,
};

/// What a command does to a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It reads it.
    Read,
    /// It writes it, perhaps not all of it.
    Write,
    /// It works in it, and leaves nothing there.
    Scratch,
}

/// An operand of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// What it is to the command.
    pub name: &'static str,
    /// Its buffer.
    pub buffer: BufferId,
    /// What the command does to it.
    pub access: Access,
}

/// The name of a command; `None` if it is none of a network.
pub fn name(command: &Command) -> Option<&'static str> {
    Some(match command {
        Command::Convolve(_) => "convolve",
        Command::ConvolveDepthwise(_) => "convolve_depthwise",
        Command::Add(_) => "add",
        Command::Multiply(_) => "multiply",
        Command::Pool(_) => "pool",
        Command::Reduce(_) => "reduce",
        Command::Softmax(_) => "softmax",
        Command::Lookup(_) => "lookup",
        Command::Copy(_) => "copy",
        Command::Fill(_) => "fill",
        Command::Resize(_) => "resize",
        _ => return None,
    })
}

/// The operands of a command; none if it is none of a network.
pub fn operands(command: &Command) -> Vec<Operand> {
    let mut command = *command;
    let operand = |(name, buffer, access): Named<'_>| Operand { name, buffer: *buffer, access };
    named(&mut command).into_iter().map(operand).collect()
}

/// The command with other numbers for its buffers.
pub fn renumbered(command: &Command, number: impl Fn(BufferId) -> BufferId) -> Command {
    let mut command = *command;
    for (_, buffer, _) in named(&mut command) {
        *buffer = number(*buffer);
    }
    command
}

type Named<'a> = (&'static str, &'a mut BufferId, Access);

fn named(command: &mut Command) -> Vec<Named<'_>> {
    use Access::{Read, Scratch, Write};
    match command {
        Command::Convolve(Convolve { input, weights, scratch, output, .. })
        | Command::ConvolveDepthwise(ConvolveDepthwise {
            input, weights, scratch, output, ..
        }) => vec![
            ("input", input, Read),
            ("weights", weights, Read),
            ("scratch", scratch, Scratch),
            ("output", output, Write),
        ],
        Command::Add(Add { a, b, scratch, output, .. }) => vec![
            ("a", a, Read),
            ("b", b, Read),
            ("scratch", scratch, Scratch),
            ("output", output, Write),
        ],
        Command::Multiply(Multiply { a, b, output, .. }) => {
            vec![("a", a, Read), ("b", b, Read), ("output", output, Write)]
        }
        Command::Lookup(Lookup { input, table, output, .. }) => {
            vec![("input", input, Read), ("table", table, Read), ("output", output, Write)]
        }
        Command::Resize(Resize { input, map, output, .. }) => {
            vec![("input", input, Read), ("map", map, Read), ("output", output, Write)]
        }
        Command::Pool(Pool { input, output, .. })
        | Command::Reduce(Reduce { input, output, .. })
        | Command::Softmax(Softmax { input, output, .. })
        | Command::Copy(Copy { input, output, .. }) => {
            vec![("input", input, Read), ("output", output, Write)]
        }
        Command::Fill(Fill { output, .. }) => vec![("output", output, Write)],
        _ => Vec::new(),
    }
}
