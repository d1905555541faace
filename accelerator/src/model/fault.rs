//! What a model does that was told to misbehave: see [`Misbehave`].

use super::queue::Descriptor;
use super::{Model, State};
use crate::memory::Memory;
use crate::misbehave::{Kind, Misbehave};
use quintet_protocol::accelerator::Failure;
use quintet_protocol::accelerator::descriptor::{DESCRIPTOR_WORDS, Yield};
use quintet_protocol::accelerator::registers as at;
use quintet_protocol::accelerator::registers::EVENT_COMPLETED;

/// A code of an error, and of a reason to yield, that no version knows.
const UNKNOWN_CODE: u16 = 0x7777;
/// Anything, in place of a number.
const GARBAGE: u32 = 0x9E37_79B9;
/// Where a descriptor's first word has the lowest bit of the command's index.
const INDEX_BIT: u32 = 1 << 16;

impl Model {
    /// What goes wrong with the command that was taken up last, if anything does.
    fn fault(&self) -> Option<Kind> {
        let Misbehave { kind, at } = self.instance.misbehave?;
        (self.taken == at.wrapping_add(1)).then_some(kind)
    }

    /// Fails in place of executing a command. True if it did.
    pub(super) fn fails_at_once(&mut self, descriptor: &Descriptor) -> bool {
        let code = match self.fault() {
            Some(Kind::NeverAnswers) => {
                self.state = State::Silent;
                return true;
            }
            Some(Kind::NoReset) => {
                self.deaf = true;
                Failure::Internal.code()
            }
            Some(Kind::Error) => Failure::Internal.code(),
            Some(Kind::UnknownError) => UNKNOWN_CODE,
            _ => return false,
        };
        self.halt(code, descriptor.index());
        true
    }

    /// The words of a yield that makes no sense, before a command is executed.
    pub(super) fn false_yield(&self) -> Option<[u32; 5]> {
        match self.fault()? {
            Kind::GarbageYield => Some([UNKNOWN_CODE.into(), GARBAGE, GARBAGE, GARBAGE, GARBAGE]),
            Kind::GarbagePixels => {
                let bytes = self.read(at::PIXELS_BYTES).saturating_add(3) / 3 * 3;
                Some(Yield::Pixels { buffer: 0, x: 0, y: 0, width: 1, bytes }.to_words())
            }
            Kind::GarbagePage => {
                Some(Yield::Page { buffer: 0, slot: u16::MAX, page: 0, bytes: 4 }.to_words())
            }
            _ => None,
        }
    }

    /// Gives the slot of an executed command back in a wrong way. True if it did.
    pub(super) fn completes_wrongly(
        &mut self,
        descriptor: &Descriptor,
        words: &[u32; DESCRIPTOR_WORDS],
        memory: &mut impl Memory,
    ) -> Result<bool, Failure> {
        let mut words = *words;
        let head = match self.fault() {
            Some(Kind::AnswersTwice) => self.read(at::HEAD).wrapping_add(2),
            Some(Kind::GarbageHead) => GARBAGE,
            Some(Kind::GarbageReceipt) => {
                words[1..].fill(GARBAGE);
                self.read(at::HEAD).wrapping_add(1)
            }
            Some(Kind::GarbageSlot) => {
                words[0] ^= INDEX_BIT;
                self.read(at::HEAD).wrapping_add(1)
            }
            Some(Kind::OutOfOrder) => {
                Descriptor::give_back_next(&self.registers, memory)?;
                self.state = State::Silent;
                return Ok(true);
            }
            _ => return Ok(false),
        };
        descriptor.give_back(&words, memory)?;
        self.registers.set(at::HEAD, head);
        if descriptor.notifies() {
            self.registers.event(EVENT_COMPLETED);
        }
        Ok(true)
    }
}
