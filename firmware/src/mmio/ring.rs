//! The ring of descriptors: commands go to the accelerator in it, and come back as receipts.
//!
//! The core writes a slot, which is its own, and hands over all that it has written together. Then
//! they are the accelerator's until it clears the ownership bit of each, in their order.

use super::shared::{QUEUE_SLOTS, Word};
use quintet_protocol::accelerator::descriptor::{DESCRIPTOR_WORDS, NOTIFY, OWNED, Receipt, header};

/// The core's side of the ring. All counts wrap.
pub struct DescriptorRing<'m, W> {
    /// A power of two of them.
    slots: &'m [[W; DESCRIPTOR_WORDS]],
    /// First words of what was written, in memory that only the core has.
    headers: [u32; QUEUE_SLOTS],
    /// Descriptors written.
    written: u32,
    /// Descriptors handed over.
    handed: u32,
    /// Descriptors taken back.
    returned: u32,
}

/// What the slot is like that is to come back next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// It is still the accelerator's, or there is none.
    Owned,
    /// It is the core's again.
    Returned(Receipt),
    /// It is the core's, but what came back is not the command that went.
    Strange,
}

impl<'m, W: Word> DescriptorRing<'m, W> {
    /// An empty ring of as many of these slots as are a power of two, [`QUEUE_SLOTS`] at the most.
    pub fn new(slots: &'m [[W; DESCRIPTOR_WORDS]]) -> Self {
        let most = slots.len().min(QUEUE_SLOTS);
        let count = most.checked_ilog2().map_or(0, |bits| 1 << bits);
        let slots = slots.get(..count).unwrap_or_default();
        Self { slots, headers: [0; QUEUE_SLOTS], written: 0, handed: 0, returned: 0 }
    }

    /// How many slots there are.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Descriptors handed over and not taken back.
    pub fn in_flight(&self) -> u32 {
        self.handed.wrapping_sub(self.returned)
    }

    /// Descriptors taken back.
    pub fn returned(&self) -> u32 {
        self.returned
    }

    /// Whether nothing was written that was not taken back.
    pub fn is_empty(&self) -> bool {
        self.written == self.returned
    }

    /// Whether every slot is taken.
    pub fn is_full(&self) -> bool {
        self.written.wrapping_sub(self.returned) as usize >= self.slots.len()
    }

    /// Writes a command, whose index in its program is `index`, behind the others. False if there
    /// is no slot for it.
    pub fn write(&mut self, command: &[u32; DESCRIPTOR_WORDS], index: u16) -> bool {
        if self.is_full() {
            return false;
        }
        let number = self.number(self.written);
        let Some([_, rest @ ..]) = self.slots.get(number) else { return false };
        let [code, words @ ..] = command;
        for (word, &value) in rest.iter().zip(words) {
            word.store(value);
        }
        // The last of a half of the ring is an event, so that the core fills that while the
        // accelerator works on the other.
        let last = (self.slots.len() / 2).saturating_sub(1);
        let notify = number & last == last;
        self.headers[number % QUEUE_SLOTS] = header(*code, index, notify);
        self.written = self.written.wrapping_add(1);
        true
    }

    /// Makes all that was written the accelerator's. Completing the last one is an event. Returns
    /// how many were handed over in all, for the doorbell; none if there was nothing to hand over.
    pub fn hand_over(&mut self) -> Option<u32> {
        if self.handed == self.written {
            return None;
        }
        while self.handed != self.written {
            let number = self.number(self.handed);
            self.handed = self.handed.wrapping_add(1);
            let header = &mut self.headers[number % QUEUE_SLOTS];
            if self.handed == self.written {
                *header |= NOTIFY;
            }
            if let Some([word, ..]) = self.slots.get(number) {
                word.store_release(*header);
            }
        }
        Some(self.handed)
    }

    /// Looks at the slot that is to come back next; one that has is free after that.
    pub fn take_back(&mut self) -> Slot {
        let number = self.number(self.returned);
        let Some(slot) = self.slots.get(number).filter(|_| self.in_flight() > 0) else {
            return Slot::Owned;
        };
        let [first, ..] = slot;
        let found = first.load_acquire();
        if found & OWNED != 0 {
            return Slot::Owned;
        }
        if found != self.headers[number % QUEUE_SLOTS] & !OWNED {
            return Slot::Strange;
        }
        let mut words = [0; DESCRIPTOR_WORDS];
        for (value, word) in words.iter_mut().zip(slot).skip(1) {
            *value = word.load();
        }
        self.returned = self.returned.wrapping_add(1);
        Slot::Returned(Receipt::of_words(&words))
    }

    /// Empties the ring, after the accelerator was reset: every slot is the core's.
    pub fn clear(&mut self) {
        for [first, ..] in self.slots {
            first.store(0);
        }
        (self.written, self.handed, self.returned) = (0, 0, 0);
    }

    /// The slot of a count.
    fn number(&self, count: u32) -> usize {
        count as usize & self.slots.len().saturating_sub(1)
    }
}
