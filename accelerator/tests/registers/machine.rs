//! The model with a memory around it.

use quintet_accelerator::{Instance, Memory, Model, Progress};

/// Steps in which whatever a case asks for is done: the longest takes some ten thousand.
const PATIENCE: u32 = 1_000_000;

/// Where pieces of memory begin, and their words.
pub const QUEUE: (u32, usize) = (0x1_0000, 0x4000);
pub const ARENA: (u32, usize) = (0x4_0000, 0x2_0000);
pub const PIXELS: (u32, usize) = (0x10_0000, 0x200);

/// Memory in three pieces.
pub struct Pieces(Vec<(u32, Vec<u32>)>);

impl Pieces {
    fn new() -> Self {
        Self([QUEUE, ARENA, PIXELS].map(|(base, words)| (base, vec![0; words])).into())
    }
}

impl Memory for Pieces {
    fn read(&mut self, address: u32) -> Option<u32> {
        self.words(address, 1).map(|words| words[0])
    }

    fn write(&mut self, address: u32, value: u32) -> bool {
        self.words(address, 1).map(|words| words[0] = value).is_some()
    }

    fn words(&mut self, address: u32, words: usize) -> Option<&mut [u32]> {
        assert!(address.is_multiple_of(4), "{address:#x} is not that of a word");
        self.0.iter_mut().find_map(|(base, piece)| {
            let first = address.checked_sub(*base)? as usize / 4;
            piece.get_mut(first..first.checked_add(words)?)
        })
    }
}

/// An accelerator and its memory.
pub struct Machine {
    pub model: Model,
    pub memory: Pieces,
}

impl Machine {
    /// After power-on.
    pub fn new(instance: Instance) -> Self {
        Self { model: Model::new(instance), memory: Pieces::new() }
    }

    /// Works until it can do nothing by itself, or nothing before clocks pass.
    pub fn work(&mut self) -> Progress {
        for _ in 0..PATIENCE {
            match self.model.step(&mut self.memory) {
                Progress::Working => {}
                progress => return progress,
            }
        }
        panic!("it does not come to an end");
    }

    /// Works until it can do nothing by itself, and lets all clocks pass that this takes.
    pub fn finish(&mut self) {
        while let Progress::Timed(clocks) = self.work() {
            self.model.pass(clocks, &mut self.memory);
        }
    }
}
