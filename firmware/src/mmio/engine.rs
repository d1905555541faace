//! The accelerator's registers as the core uses them: found, set up, rung, listened to, reset.

use super::Accelerator;
use super::ring::{DescriptorRing, Slot};
use super::shared::{Shared, copy_bytes};
use core::sync::atomic::AtomicU32;
use quintet_protocol::accelerator::descriptor::{DESCRIPTOR_WORDS, Receipt, Yield};
use quintet_protocol::accelerator::registers::{
    ARENA_BASE, ARENA_BYTES, CAPABILITIES, CLOCK_KHZ, ERROR, EVENT_ACKNOWLEDGED, EVENT_COMPLETED,
    EVENT_ENABLE, EVENT_HALTED, EVENT_YIELDED, EVENTS, HEAD, IDENTIFICATION, INSTANCE, NUDGE,
    PIXELS_BASE, PIXELS_BYTES, PROGRESS, QUEUE_BASE, QUEUE_MAX, QUEUE_SLOTS, RESET, RESET_DONE,
    RESUMED, STATUS, STATUS_HALTED, TABLE_COUNT, TABLE_OFFSET, TAIL, VERSION, YIELD_0, YIELD_1,
    YIELD_2, YIELD_3, YIELD_REASON, YIELDS,
};
use quintet_protocol::accelerator::{
    Capabilities, Failure, MAGIC, Presence, QUEUE_MIN, VERSION as OUR_VERSION,
};
use quintet_protocol::program::{HEADER_BYTES, Program};

/// How often the core looks whether a reset is done: on a core of 100 MHz for some 20 ms, in which
/// the link is not served.
const RESET_LOOKS: u32 = 1 << 18;

/// An accelerator that was found to be of a version that this core knows.
pub struct Engine<'m, A> {
    accelerator: A,
    shared: &'m Shared,
    ring: DescriptorRing<'m, AtomicU32>,
    capabilities: Capabilities,
    /// Commands completed, when that was looked at last.
    head: u32,
    /// Yields dealt with.
    yields: u32,
    /// Events seen.
    events: u32,
    /// Pages that the pager had completed when the accelerator was nudged last.
    pages: u32,
}

/// What the accelerator has to say.
pub enum Answer {
    /// Nothing new.
    Nothing,
    /// The command that was handed over first is finished.
    Returned(Receipt),
    /// That command cannot go on without the core.
    Yielded(Yield),
    /// It failed, at the command of this index if it said so.
    Failed(Option<u16>, Failure),
}

impl<'m, A: Accelerator> Engine<'m, A> {
    /// Looks whether there is an accelerator, resets it and tells it where queue and pixel buffer
    /// are. Returns one that can be used, and what the device is to say of it.
    pub fn find(mut accelerator: A, shared: &'m Shared) -> (Option<Self>, Presence) {
        if accelerator.read(IDENTIFICATION) != MAGIC {
            return (None, Presence::Absent);
        }
        let version = accelerator.read(VERSION);
        let most = accelerator.read(QUEUE_MAX);
        if version >> 16 != OUR_VERSION >> 16 || most < QUEUE_MIN {
            return (None, Presence::Unknown { version });
        }
        let slots = shared.queue.get(..most as usize).unwrap_or(&shared.queue);
        let mut words = [0; _];
        for (word, offset) in words.iter_mut().zip((CAPABILITIES..).step_by(4)) {
            *word = accelerator.read(offset);
        }
        let capabilities = Capabilities(words);
        let ring = DescriptorRing::new(slots);
        let (head, yields, events, pages) = (0, 0, 0, 0);
        let mut it = Self { accelerator, shared, ring, capabilities, head, yields, events, pages };
        if !it.reset() {
            return (None, Presence::Lost);
        }
        it.write(QUEUE_BASE, it.accelerator.address(&shared.queue));
        it.write(QUEUE_SLOTS, it.ring.slots() as u32);
        it.write(PIXELS_BASE, it.accelerator.address(&shared.pixels));
        let instance = it.accelerator.read(INSTANCE);
        let clock_khz = it.accelerator.read(CLOCK_KHZ);
        (Some(it), Presence::Ready { version, instance, clock_khz, capabilities })
    }

    /// A run begins of a program whose first byte is at `offset` of the arena; pixels leave by
    /// `pixels_bytes` bytes at a time.
    pub fn begin(&mut self, arena: &[u32], program: &Program, offset: u32, pixels_bytes: u32) {
        let arena_base = self.accelerator.address(arena);
        for (register, value) in [
            (ARENA_BASE, arena_base),
            (ARENA_BYTES, size_of_val(arena) as u32),
            (TABLE_OFFSET, offset + HEADER_BYTES as u32),
            (TABLE_COUNT, program.buffer_count() as u32),
            (PIXELS_BYTES, pixels_bytes),
            (EVENT_ENABLE, EVENT_COMPLETED | EVENT_YIELDED | EVENT_HALTED),
        ] {
            self.write(register, value);
        }
    }

    /// Whether it executes a command.
    pub fn executes(&self, operator: u8, mode: u8) -> bool {
        self.capabilities.has_code(operator, mode)
    }

    /// Whether commands were given to it that have not come back.
    pub fn is_engaged(&self) -> bool {
        !self.ring.is_empty()
    }

    /// Takes a command, to hand it over with others; false if there is no room.
    pub fn take(&mut self, command: &[u32; DESCRIPTOR_WORDS], index: u16) -> bool {
        self.ring.write(command, index)
    }

    /// Hands over what was taken, and lets an accelerator work that does so in this process.
    pub fn ring(&mut self, arena: &mut [u32]) {
        if let Some(tail) = self.ring.hand_over() {
            self.announce(TAIL, tail);
        }
        self.accelerator.lend(arena);
    }

    /// Tells it if pages have come: the pager has completed so many.
    pub fn nudge(&mut self, pages: u32) {
        if self.pages != pages {
            self.pages = pages;
            self.announce(NUDGE, pages);
        }
    }

    /// Asks what there is to say. Events are acknowledged first, so that one which comes after this
    /// has looked raises the interrupt again.
    pub fn poll(&mut self) -> Answer {
        if self.head == self.ring.returned() {
            let events = self.accelerator.read(EVENTS);
            if events != self.events {
                self.events = events;
                self.write(EVENT_ACKNOWLEDGED, events);
            }
            let (status, yields) = (self.accelerator.read(STATUS), self.accelerator.read(YIELDS));
            // Read after these two, so that what was completed before them is told before them.
            let head = self.accelerator.read(HEAD);
            let completed = head.wrapping_sub(self.head);
            if completed == 0 {
                return self.listen(status, yields);
            }
            if completed > self.ring.in_flight() {
                return Answer::Failed(None, Failure::Nonsense);
            }
            self.head = head;
            self.accelerator.barrier();
        }
        match self.ring.take_back() {
            Slot::Returned(receipt) => Answer::Returned(receipt),
            Slot::Owned | Slot::Strange => Answer::Failed(None, Failure::Nonsense),
        }
    }

    fn listen(&mut self, status: u32, yields: u32) -> Answer {
        if status & STATUS_HALTED != 0 {
            let error = self.accelerator.read(ERROR);
            return Answer::Failed(Some((error >> 16) as u16), Failure::of_code(error as u16));
        }
        match yields.wrapping_sub(self.yields) {
            0 => Answer::Nothing,
            1 => {
                self.accelerator.barrier();
                let words = [YIELD_REASON, YIELD_0, YIELD_1, YIELD_2, YIELD_3]
                    .map(|register| self.accelerator.read(register));
                Yield::of_words(words)
                    .map_or(Answer::Failed(None, Failure::Nonsense), Answer::Yielded)
            }
            _ => Answer::Failed(None, Failure::Nonsense),
        }
    }

    /// Copies pixels that it has put into the pixel buffer; false if there are fewer.
    pub fn copy_pixels(&self, to: &mut [u8]) -> bool {
        copy_bytes(&self.shared.pixels, to)
    }

    /// Its last yield was dealt with.
    pub fn resume(&mut self) {
        self.yields = self.yields.wrapping_add(1);
        self.announce(RESUMED, self.yields);
    }

    /// What counts up while it gets on.
    pub fn progress(&mut self) -> u32 {
        self.accelerator.read(PROGRESS)
    }

    /// The run is over, and it has nothing left to do: no events until the next.
    pub fn rest(&mut self) {
        self.write(EVENT_ENABLE, 0);
    }

    /// Resets it: nothing that was handed over is executed after this. False if it does not come
    /// back.
    pub fn reset(&mut self) -> bool {
        for register in [TAIL, RESUMED, EVENT_ENABLE] {
            self.write(register, 0);
        }
        let number = self.accelerator.read(RESET_DONE).wrapping_add(1);
        self.announce(RESET, number);
        let is_done = (0..RESET_LOOKS).any(|_| self.accelerator.read(RESET_DONE) == number);
        self.accelerator.barrier();
        self.ring.clear();
        (self.head, self.yields) = (0, 0);
        is_done
    }

    fn write(&mut self, register: u32, value: u32) {
        self.accelerator.write(register, value);
    }

    /// Writes a register that says that something in memory, or in other registers, is ready.
    fn announce(&mut self, register: u32, value: u32) {
        self.accelerator.barrier();
        self.accelerator.write(register, value);
    }
}
