//! Plays a case, as the core, on a model.

use crate::machine::{ARENA, Machine, PIXELS, QUEUE};
use quintet_accelerator::vectors::{Pixel, Vector};
use quintet_accelerator::{Instance, Memory};
use quintet_protocol::accelerator::PIXELS_MIN;
use quintet_protocol::accelerator::descriptor::OWNED;
use quintet_protocol::accelerator::registers as at;
use quintet_protocol::accelerator::registers::{STATUS_HALTED, STATUS_STARVED, STATUS_YIELDED};

/// An accelerator with room for whatever a case asks of it.
const ROOMY: &str = "edge";
/// Yields and pages after which a case counts as endless.
const PATIENCE: u32 = 10_000;
/// Words of a buffer's record.
const RECORD_WORDS: u32 = 3;

/// Plays a case.
///
/// # Errors
/// What is not as it says.
pub fn replay(vector: &Vector) -> Result<(), String> {
    let instance = Instance::preset(ROOMY).expect("a preset");
    let mut player =
        Player { vector, machine: Machine::new(instance), wanted: Vec::new(), pixels: Vec::new() };
    player.begin();
    for _ in 0..PATIENCE {
        player.machine.finish();
        if player.read(at::HEAD) == 1 {
            return player.check();
        }
        player.serve()?;
    }
    Err("it does not come to an end".into())
}

struct Player<'s> {
    vector: &'s Vector,
    machine: Machine,
    /// Pages that were asked for: buffer, slot, bytes, page.
    wanted: Vec<[u32; 4]>,
    pixels: Vec<Pixel>,
}

impl Player<'_> {
    /// Hands the command over.
    fn begin(&mut self) {
        let vector = self.vector;
        self.put(QUEUE.0, &vector.descriptor);
        for (offset, words) in &vector.before {
            self.put(ARENA.0 + offset, words);
        }
        let [offset, count] = vector.table;
        for (register, value) in [
            (at::QUEUE_BASE, QUEUE.0),
            (at::QUEUE_SLOTS, 2),
            (at::ARENA_BASE, ARENA.0),
            (at::ARENA_BYTES, vector.arena_bytes),
            (at::TABLE_OFFSET, offset),
            (at::TABLE_COUNT, count),
            (at::PIXELS_BASE, PIXELS.0),
            (at::PIXELS_BYTES, PIXELS_MIN),
            (at::TAIL, 1),
        ] {
            self.machine.model.write(register, value);
        }
    }

    /// Does what the accelerator waits for.
    fn serve(&mut self) -> Result<(), String> {
        let status = self.read(at::STATUS);
        if status & STATUS_HALTED != 0 {
            return Err(format!("it has halted: {:#x}", self.read(at::ERROR)));
        }
        if status & STATUS_YIELDED != 0 {
            let [a, b, c] = [at::YIELD_0, at::YIELD_1, at::YIELD_2].map(|it| self.read(it));
            match self.read(at::YIELD_REASON) {
                1 => self.take([a & 0xFFFF, a >> 16, b & 0xFFFF, b >> 16, c]),
                2 => self.wanted.push([a & 0xFFFF, a >> 16, b, c]),
                other => return Err(format!("it yields for reason {other}")),
            }
            self.machine.model.write(at::RESUMED, self.read(at::YIELDS));
            return Ok(());
        }
        if status & STATUS_STARVED == 0 || self.wanted.is_empty() {
            return Err(format!("it waits for nothing, its status is {status:#x}"));
        }
        for page in std::mem::take(&mut self.wanted) {
            self.bring(page)?;
        }
        self.machine.model.write(at::NUDGE, self.read(at::NUDGE).wrapping_add(1));
        Ok(())
    }

    /// Takes a rectangle out of the pixel buffer.
    fn take(&mut self, [frame, width, x, y, bytes]: [u32; 5]) {
        let words = self.words(PIXELS.0, bytes.div_ceil(4));
        let bytes: Vec<u8> =
            words.iter().flat_map(|word| word.to_le_bytes()).take(bytes as usize).collect();
        for (number, &[red, green, blue]) in (0..).zip(bytes.as_chunks().0) {
            let place = [frame, y + number / width, x + number % width];
            self.pixels.push((place, u32::from_be_bytes([0, red, green, blue])));
        }
    }

    /// Puts a page into its slot.
    fn bring(&mut self, [buffer, slot, bytes, page]: [u32; 4]) -> Result<(), String> {
        let record = ARENA.0 + self.vector.table[0] + buffer * RECORD_WORDS * 4;
        let record = self.words(record, RECORD_WORDS);
        let (table, length, page_words) = (ARENA.0 + record[0], record[1], record[2] >> 16);
        let slots = length / 4 / (page_words + 1);
        let words = self.vector.pages.get(&page).ok_or(format!("page {page} is not needed"))?;
        if slot >= slots || words.len() * 4 != bytes as usize {
            return Err(format!("{bytes} bytes of page {page} for slot {slot} of {slots}"));
        }
        self.put(table + (slots + slot * page_words) * 4, words);
        self.put(table + slot * 4, &[page + 1]);
        Ok(())
    }

    /// Holds what there is now against what is to be.
    fn check(mut self) -> Result<(), String> {
        let vector = self.vector;
        let first = self.words(QUEUE.0, 1)[0];
        if first != vector.descriptor[0] & !OWNED {
            return Err(format!("the slot comes back as {first:#x}"));
        }
        let sorted = |mut pixels: Vec<Pixel>| {
            pixels.sort_unstable();
            pixels
        };
        if sorted(std::mem::take(&mut self.pixels)) != sorted(vector.pixels.clone()) {
            return Err("pixels differ".into());
        }
        let mut arena = vec![0; vector.arena_bytes as usize / 4];
        for (offset, words) in vector.before.iter().chain(&vector.after) {
            let first = *offset as usize / 4;
            arena[first..first + words.len()].copy_from_slice(words);
        }
        let found = self.words(ARENA.0, arena.len() as u32);
        for (offset, (found, word)) in (0..).step_by(4).zip(found.iter().zip(&arena)) {
            let is_free = vector.free.iter().any(|range| range.contains(&offset));
            if found != word && !is_free {
                return Err(format!("at {offset:#x} is {found:#x}, and not {word:#x}"));
            }
        }
        Ok(())
    }

    fn read(&self, register: u32) -> u32 {
        self.machine.model.read(register)
    }

    fn words(&mut self, address: u32, count: u32) -> Vec<u32> {
        self.machine.memory.words(address, count as usize).expect("memory").to_vec()
    }

    fn put(&mut self, address: u32, words: &[u32]) {
        self.machine.memory.words(address, words.len()).expect("memory").copy_from_slice(words);
    }
}
