//! A program in the making: commands whose buffers have no place yet.

use quintet_protocol::program::{BufferId, Command};

/// Commands and what they work on.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// In the order of their numbers.
    pub buffers: Vec<DraftBuffer>,
    /// In the order in which they are executed.
    pub steps: Vec<Step>,
}

/// A buffer without a place.
#[derive(Clone, Debug)]
pub struct DraftBuffer {
    /// The tensor, or what else it is.
    pub name: String,
    /// What is in it.
    pub content: Content,
    /// Length in words.
    pub words: usize,
    /// The buffer that it is a part of, and at which of its bytes it begins, a multiple of 4.
    pub within: Option<(BufferId, usize)>,
}

/// What is in a buffer.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// What never changes.
    Constant(Vec<u32>),
    /// An input of the network.
    Input,
    /// An output of the network.
    Output,
    /// A tensor between two commands.
    Value,
    /// What one command needs for itself.
    Scratch,
    /// Pages that stay with the driver.
    Streamed,
}

/// A command, and what it is for.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its operands are buffers of the draft.
    pub command: Command,
    /// Number of the node of the network.
    pub node: usize,
    /// Multiplications with sums.
    pub macs: u64,
    /// Bytes of weights and biases, as the network has them.
    pub weight_bytes: usize,
}

impl Draft {
    /// Adds a buffer of so many bytes.
    pub fn buffer(&mut self, name: &str, content: Content, bytes: usize) -> BufferId {
        self.push(DraftBuffer {
            name: name.to_owned(),
            content,
            words: bytes.div_ceil(4),
            within: None,
        })
    }

    /// Adds a buffer of so many bytes that lies in another one.
    pub fn part(&mut self, name: &str, bytes: usize, within: (BufferId, usize)) -> BufferId {
        let (name, words) = (name.to_owned(), bytes.div_ceil(4));
        self.push(DraftBuffer { name, content: Content::Value, words, within: Some(within) })
    }

    /// Adds constant words.
    pub fn constant(&mut self, name: &str, words: Vec<u32>) -> BufferId {
        let bytes = words.len() * 4;
        self.buffer(name, Content::Constant(words), bytes)
    }

    /// Adds constant bytes.
    pub fn constant_bytes(&mut self, name: &str, bytes: &[i8]) -> BufferId {
        let word = |bytes: &[i8]| {
            let mut word = [0; 4];
            word.iter_mut().zip(bytes).for_each(|(to, &from)| *to = from as u8);
            u32::from_le_bytes(word)
        };
        self.constant(name, bytes.chunks(4).map(word).collect())
    }

    /// Adds a place to work in; of no words if a command needs none.
    pub fn scratch(&mut self, words: usize) -> BufferId {
        self.buffer("scratch", Content::Scratch, words * 4)
    }

    /// A buffer.
    pub fn at(&self, id: BufferId) -> &DraftBuffer {
        &self.buffers[usize::from(id.0)]
    }

    /// A buffer, to change.
    pub fn at_mut(&mut self, id: BufferId) -> &mut DraftBuffer {
        &mut self.buffers[usize::from(id.0)]
    }

    /// The buffer that a buffer lies in, and at which of its bytes.
    pub fn root(&self, id: BufferId) -> (BufferId, usize) {
        let (mut id, mut offset) = (id, 0);
        while let Some((parent, at)) = self.at(id).within {
            (id, offset) = (parent, offset + at);
        }
        (id, offset)
    }

    fn push(&mut self, buffer: DraftBuffer) -> BufferId {
        self.buffers.push(buffer);
        // Whether there are more than a program can have is found before one is written.
        BufferId((self.buffers.len() - 1) as u16)
    }
}
