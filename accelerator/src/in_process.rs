//! The model as a part of the process that runs the firmware: it works while it is lent the arena.

use crate::instance::Instance;
use crate::memory::Memory;
use crate::model::{Model, Progress};
use quintet_firmware::mmio::{Accelerator, Shared};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering, fence};

/// Where the model finds queue and pixel buffer, and where the arena. Pointers of a host do not fit
/// the registers; these are apart, whatever they are.
const SHARED: u32 = 0x1000_0000;
const ARENA: u32 = 0x4000_0000;
/// Clocks that pass each time that the arena is lent, so that runs repeat exactly.
const CLOCKS_A_TURN: u64 = 1 << 16;

/// An accelerator in this process.
pub struct InProcess {
    model: Model,
    shared: Arc<Shared>,
}

/// The memory around the model while it works.
struct Around<'a> {
    shared: &'a Shared,
    arena: &'a mut [u32],
}

impl InProcess {
    /// An accelerator after power-on, which shares this memory with the core.
    pub fn new(instance: Instance, shared: Arc<Shared>) -> Self {
        Self { model: Model::new(instance), shared }
    }
}

impl Accelerator for InProcess {
    fn read(&mut self, offset: u32) -> u32 {
        self.model.read(offset)
    }

    fn write(&mut self, offset: u32, value: u32) {
        self.model.write(offset, value);
    }

    fn barrier(&mut self) {
        fence(Ordering::SeqCst);
    }

    fn address<T>(&self, memory: &[T]) -> u32 {
        let shared = Arc::as_ptr(&self.shared).addr();
        match memory.as_ptr().addr().checked_sub(shared) {
            Some(within) if within < size_of::<Shared>() => SHARED + within as u32,
            _ => ARENA,
        }
    }

    fn lend(&mut self, arena: &mut [u32]) {
        let mut around = Around { shared: &self.shared, arena };
        if let Progress::Timed(clocks) = self.model.step(&mut around) {
            self.model.pass(clocks.min(CLOCKS_A_TURN), &mut around);
        }
    }
}

impl Around<'_> {
    /// A word of queue or pixel buffer.
    fn shared(&self, address: u32) -> Option<&AtomicU32> {
        let word = address.checked_sub(SHARED)? as usize / 4;
        let queue = self.shared.queue.as_flattened();
        queue.get(word).or_else(|| self.shared.pixels.get(word.checked_sub(queue.len())?))
    }

    /// The number of a word of the arena.
    fn word(&self, address: u32) -> Option<usize> {
        address.checked_sub(ARENA).map(|offset| offset as usize / 4)
    }
}

impl Memory for Around<'_> {
    fn read(&mut self, address: u32) -> Option<u32> {
        match self.word(address) {
            Some(word) => self.arena.get(word).copied(),
            None => self.shared(address).map(|word| word.load(Ordering::Acquire)),
        }
    }

    fn write(&mut self, address: u32, value: u32) -> bool {
        match self.word(address) {
            Some(word) => self.arena.get_mut(word).map(|it| *it = value).is_some(),
            None => self.shared(address).map(|it| it.store(value, Ordering::Release)).is_some(),
        }
    }

    fn words(&mut self, address: u32, words: usize) -> Option<&mut [u32]> {
        let first = self.word(address)?;
        self.arena.get_mut(first..first.checked_add(words)?)
    }

    fn barrier(&mut self) {
        fence(Ordering::SeqCst);
    }
}
