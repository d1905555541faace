//! The pager: pages of streamed buffers, pulled from the driver when a command needs them.
//!
//! A streamed buffer's range of the arena begins with a table, one word for each slot: the number
//! of the page in it and one more, or zero. The slots follow. What is asked for is known here, in
//! the device's own memory, so that nothing a driver sends can be put anywhere else. A slot counts
//! as filled when its page is complete; pages stay when a run ends.
//!
//! The command that asks says for every resident page how late it will be needed again, and the one
//! that is needed last makes room. Commands scan the same pages again and again, where the least
//! recently used page is just the one needed next.

use crate::arena::Arena;
use crate::operands::Words;
use core::ops::Range;
use quintet_protocol::copy;
use quintet_protocol::message::Refusal;
use quintet_protocol::program::{Buffer, BufferId, BufferKind};

/// Most slots of a buffer: all are looked at for every page.
pub const SLOTS_MAX: usize = 1024;
/// Most pages asked for at a time: with pages of a few KiB enough to keep a link busy while the
/// first of them are worked on.
const ASKED_MAX: usize = 8;

/// A streamed buffer as an operand.
#[derive(Clone, Debug)]
pub struct Pages {
    buffer: u16,
    /// Where the table lies, in words of the arena.
    pub table: Words,
    page_words: usize,
}

impl Pages {
    /// The operand of a buffer, if that is streamed and can be paged.
    pub fn of(id: BufferId, buffer: &Buffer) -> Option<Self> {
        let BufferKind::Streamed { page_words } = buffer.kind else { return None };
        let (start, slots) = (buffer.offset as usize / 4, buffer.slots());
        let page_words = usize::from(page_words);
        (1..=SLOTS_MAX).contains(&slots).then(|| Self {
            buffer: id.0,
            table: start..start + slots,
            page_words,
        })
    }

    /// Words of the longest page.
    pub fn page_words(&self) -> usize {
        self.page_words
    }

    /// Where a page lies in the arena, if it is there: the words of its slot.
    pub fn find(&self, table: &[u32], page: u32) -> Option<Words> {
        let slot = table.iter().position(|&entry| entry == page.wrapping_add(1))?;
        Some(self.slot(slot))
    }

    fn slot(&self, slot: usize) -> Words {
        let start = self.table.end + slot * self.page_words;
        start..start + self.page_words
    }
}

/// A page to ask the driver for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Tells this need from others.
    pub need: u16,
    /// The streamed buffer's number.
    pub buffer: u16,
    /// The page's number.
    pub page: u32,
    /// Its length in bytes.
    pub length: u32,
}

/// A page that is on its way.
#[derive(Clone, Copy)]
struct Asked {
    need: Need,
    slot: usize,
    /// Word of the arena that says what the slot holds.
    entry: usize,
    /// First byte of the slot.
    start: u32,
    /// Bytes that have come.
    filled: u32,
}

/// The pages on their way.
#[derive(Default)]
pub struct Pager {
    asked: [Option<Asked>; ASKED_MAX],
    next: u16,
    /// Pages that were completed, wrapping.
    completed: u32,
}

impl Pager {
    /// Pages asked for that are not complete.
    pub fn wanted(&self) -> usize {
        self.asked.iter().flatten().count()
    }

    /// Pages that have come, wrapping.
    pub fn completed(&self) -> u32 {
        self.completed
    }

    /// Whether more pages can be asked for.
    pub fn has_room(&self) -> bool {
        self.wanted() < ASKED_MAX
    }

    /// Whether a page is on its way.
    pub fn is_coming(&self, pages: &Pages, page: u32) -> bool {
        let mut asked = self.asked.iter().flatten();
        asked.any(|it| it.need.buffer == pages.buffer && it.need.page == page)
    }

    /// Asks for a page of `words` words: it takes an empty slot, or the one whose page ranks
    /// highest. `rank` says how late a page will be needed; nothing gives way to a page of its own
    /// rank or a higher one. None if that leaves no slot, or too much is on its way.
    pub fn ask(
        &mut self,
        table: &mut [u32],
        pages: &Pages,
        (page, words): (u32, usize),
        rank: impl Fn(u32) -> u32,
    ) -> Option<Need> {
        let slot = self.choose(table, pages.buffer, page, rank)?;
        self.ask_into(table, pages, (page, words), slot)
    }

    /// As [`Pager::ask`], for somebody else who has chosen the slot: the accelerator, which may say
    /// anything. None also where there is no such slot, or the slot or the page is on its way
    /// already.
    pub fn adopt(
        &mut self,
        table: &mut [u32],
        pages: &Pages,
        (page, words): (u32, usize),
        slot: usize,
    ) -> Option<Need> {
        let mut asked = self.asked.iter().flatten().filter(|it| it.need.buffer == pages.buffer);
        let is_free = !asked.any(|it| it.slot == slot || it.need.page == page);
        if is_free { self.ask_into(table, pages, (page, words), slot) } else { None }
    }

    #[inline(never)]
    fn ask_into(
        &mut self,
        table: &mut [u32],
        pages: &Pages,
        (page, words): (u32, usize),
        slot: usize,
    ) -> Option<Need> {
        let place = self.asked.iter().position(Option::is_none)?;
        if words == 0 || words > pages.page_words {
            return None;
        }
        *table.get_mut(slot)? = 0;
        let need = Need { need: self.next, buffer: pages.buffer, page, length: words as u32 * 4 };
        self.next = self.next.wrapping_add(1);
        let start = pages.slot(slot).start as u32 * 4;
        self.asked[place] =
            Some(Asked { need, slot, entry: pages.table.start + slot, start, filled: 0 });
        Some(need)
    }

    fn choose(
        &self,
        table: &[u32],
        buffer: u16,
        page: u32,
        rank: impl Fn(u32) -> u32,
    ) -> Option<usize> {
        let mut last = (rank(page), None);
        for (slot, &entry) in table.iter().enumerate() {
            let mut asked = self.asked.iter().flatten();
            if asked.any(|it| it.need.buffer == buffer && it.slot == slot) {
                continue;
            }
            if entry == 0 {
                return Some(slot);
            }
            let its = rank(entry - 1);
            if its > last.0 {
                last = (its, Some(slot));
            }
        }
        last.1
    }

    /// Takes a piece of a page.
    ///
    /// # Errors
    /// [`Refusal::NotNeeded`] and [`Refusal::WrongPiece`].
    pub fn supply(
        &mut self,
        arena: &mut Arena,
        need: u16,
        offset: u32,
        bytes: &[u8],
    ) -> Result<(), Refusal> {
        let its = |it: &&mut Option<Asked>| it.is_some_and(|it| it.need.need == need);
        let place = self.asked.iter_mut().find(its).ok_or(Refusal::NotNeeded { need })?;
        let Some(asked) = place else { return Err(Refusal::NotNeeded { need }) };
        let (expected, length) = (asked.filled, asked.need.length);
        let room = (length - expected) as usize;
        if offset != expected || bytes.len() > room {
            return Err(Refusal::WrongPiece { need, expected, length });
        }
        let piece = bytes.len() as u32;
        copy(bytes, arena.bytes_mut(asked.start + expected, piece)?);
        asked.filled += piece;
        if asked.filled == length {
            if let Some(entry) = arena.words().get_mut(asked.entry) {
                *entry = asked.need.page.wrapping_add(1);
            }
            *place = None;
            self.completed = self.completed.wrapping_add(1);
        }
        Ok(())
    }

    /// The slot that a page will be put into which was asked for by this need.
    pub fn slot(&self, need: u16) -> Option<u16> {
        let asked = self.asked.iter().flatten().find(|it| it.need.need == need)?;
        u16::try_from(asked.slot).ok()
    }

    /// Forgets the pages that are whole now, which another pager has brought. True if there are
    /// any.
    pub fn settle(&mut self, arena: &[u32]) -> bool {
        let before = self.wanted();
        for place in &mut self.asked {
            let has_come = |it: &Asked| {
                arena.get(it.entry).is_some_and(|&entry| entry == it.need.page.wrapping_add(1))
            };
            *place = place.filter(|it| !has_come(it));
        }
        self.wanted() < before
    }

    /// Gives up what is on its way: the run that needs it has ended.
    pub fn forget(&mut self) {
        self.asked = Default::default();
    }
}

/// Makes every slot of a streamed buffer empty: its range may hold anything.
pub fn clear(arena: &mut [u32], table: Range<usize>) {
    arena.get_mut(table).unwrap_or_default().fill(0);
}
