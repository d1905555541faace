//! Weights of a layer: records that lie in the arena, or come page by page while earlier ones are
//! used.

use crate::backend::Step;
use crate::operands::{Operands, Words, in_range};
use crate::pager::{Need, Pager, Pages};
use core::ops::Range;
use quintet_protocol::program::{BufferId, Fault};

/// Pages are looked for at most so many before they are needed: more than can be on their way.
const AHEAD_MAX: usize = 16;

/// Records of a layer, some of which can be used at a time: a *part*.
pub struct Weights {
    place: Place,
    /// Records of the layer.
    count: usize,
    record_words: usize,
}

enum Place {
    Resident(Words),
    Streamed(Stream),
}

/// How far a layer has come through its pages.
struct Stream {
    pages: Pages,
    /// Number of the layer's first page.
    first: u32,
    /// Records of a page; the last one may have fewer.
    records: usize,
    /// The page that is used, counted from the layer's first.
    current: usize,
    /// The first page that was not looked for.
    ahead: usize,
}

impl Weights {
    /// Records that a command reads from `id`; in pages of `page_records` from number `first_page`
    /// on, if that is not zero.
    #[inline(never)]
    pub fn new(
        operands: &Operands,
        id: BufferId,
        [count, record_words]: [usize; 2],
        (first_page, page_records): (u32, u16),
    ) -> Result<Self, Fault> {
        if page_records == 0 {
            in_range(8, first_page, 0..=0)?;
            let place = operands.read(id, count.saturating_mul(record_words));
            return Ok(Self { place: Place::Resident(place), count, record_words });
        }
        let pages = operands.pages(id)?;
        let records = usize::from(page_records).max(1);
        let words = records.min(count).saturating_mul(record_words);
        if words > pages.page_words() {
            return Err(Fault::OutOfRange { parameter: 9 });
        }
        let stream = Stream { pages, first: first_page, records, current: 0, ahead: 0 };
        // A table has room for the number of a page and one more.
        in_range(8, first_page, 0..=u32::MAX - 1 - count.div_ceil(records) as u32)?;
        Ok(Self { place: Place::Streamed(stream), count, record_words })
    }

    /// Numbers of the records that are used now; empty when all have been.
    pub fn part(&self) -> Range<usize> {
        match &self.place {
            Place::Resident(_) => 0..self.count,
            Place::Streamed(stream) => {
                let start = self.count.min(stream.current * stream.records);
                start..self.count.min(start + stream.records)
            }
        }
    }

    /// Where the records lie, if they all do.
    pub fn resident(&self) -> Option<&Words> {
        match &self.place {
            Place::Resident(words) => Some(words),
            Place::Streamed(_) => None,
        }
    }

    /// Whether all records are one part.
    pub fn is_one_part(&self) -> bool {
        self.part() == (0..self.count)
    }

    /// Goes on to the next part; false if there is none.
    pub fn next_part(&mut self) -> bool {
        match &mut self.place {
            Place::Resident(_) => false,
            Place::Streamed(stream) => {
                stream.current += 1;
                !self.part().is_empty()
            }
        }
    }

    /// Where the records of this part lie. While its page is not there, what the step has come to;
    /// that is also what asks for the pages to come.
    pub fn find(&mut self, arena: &mut [u32], pager: &mut Pager) -> Result<Words, Step> {
        let part = self.part();
        let (count, record_words) = (self.count, self.record_words);
        let stream = match &mut self.place {
            Place::Resident(words) => return Ok(words.clone()),
            Place::Streamed(stream) => stream,
        };
        let words = |page: usize| {
            let left = count.saturating_sub(page * stream.records);
            left.min(stream.records) * record_words
        };
        let ask_of = |page: usize| (stream.first + page as u32, words(page));
        let last = count.div_ceil(stream.records.max(1));
        let table = arena.get_mut(stream.pages.table.clone()).unwrap_or_default();
        stream.ahead = stream.ahead.max(stream.current);
        let last = last.min(stream.current + AHEAD_MAX);
        while stream.ahead < last && pager.has_room() {
            let page = ask_of(stream.ahead);
            let is_there = stream.pages.find(table, page.0).is_some();
            if !is_there && !pager.is_coming(&stream.pages, page.0) {
                let Some(need) = stream.ask(table, pager, page) else { break };
                stream.ahead += 1;
                return Err(Step::Need(need));
            }
            stream.ahead += 1;
        }
        let page = ask_of(stream.current);
        if let Some(slot) = stream.pages.find(table, page.0) {
            return Ok(slot.start..slot.start + part.len() * record_words);
        }
        if pager.is_coming(&stream.pages, page.0) {
            return Err(Step::Starved);
        }
        Err(stream.ask(table, pager, page).map_or(Step::Starved, Step::Need))
    }
}

impl Stream {
    /// Asks for a page. Those that are needed last make room, layer after layer and run after run:
    /// the pages of a network are numbered in the order of their use, and those that have been used
    /// come again after all others.
    fn ask(&self, table: &mut [u32], pager: &mut Pager, page: (u32, usize)) -> Option<Need> {
        let current = self.first + self.current as u32;
        pager.ask(table, &self.pages, page, |other| other.wrapping_sub(current))
    }
}
