//! A streamed scene as the device sees it, and a visit to those of its chunks that meet a window:
//! which comes next, and which pages to ask for before their turn.

use super::grid::Grid;
use crate::kernels::window::Region;
use crate::pager::{Need, Pager, Pages};
use quintet_protocol::gaussian::{CHUNK_CAPACITY, CHUNK_WORDS, Chunk};
use quintet_protocol::window::{BOUNDS_WORDS, Bounds, Window};

/// Chunks that a step passes over at most, in either direction of interest.
const STEP_CHUNKS: usize = 1024;
/// Pages are asked for at most so many visits before their turn. Enough to keep a link busy; asked
/// for much earlier, they would take the place of those that the next frame begins with.
const WAITING_MAX: usize = 8;
/// Bits of a depth in a rank, and of a depth key that do not count there.
const DEPTH_BITS: u32 = 20;
const DEPTH_SHIFT: u32 = 2;

/// The chunks and how they are paged.
pub struct Scene<'a> {
    pub chunks: &'a [[u32; CHUNK_WORDS]],
    pub bounds: &'a [[u32; BOUNDS_WORDS]],
    /// Numbers of chunks from front to back.
    pub order: &'a [u32],
    pub gaussian_words: usize,
    pub grid: &'a Grid,
    pub pages: &'a Pages,
}

impl Scene<'_> {
    /// Gaussians of a chunk. A hostile header may claim any count: none are what a page cannot
    /// hold.
    pub fn gaussians(&self, chunk: usize) -> usize {
        let claimed = self.chunks.get(chunk).map_or(0, |header| Chunk::from_words(header).count);
        let count = usize::from(claimed).min(CHUNK_CAPACITY);
        if count * self.gaussian_words <= self.pages.page_words() { count } else { 0 }
    }

    fn bounds(&self, chunk: usize) -> Bounds {
        self.bounds.get(chunk).map_or(Bounds::NOWHERE, Bounds::from_words)
    }

    fn at(&self, place: usize) -> usize {
        self.order.get(place).map_or(usize::MAX, |&chunk| chunk as usize)
    }
}

/// A visit to the chunks of a window.
pub struct Visit {
    /// The window; `next` goes along.
    pub window: Window,
    /// Its region.
    pub region: Region,
    /// Place in the order of the first chunk whose page was not looked for.
    ahead: usize,
    /// Chunks before that one which are still to be visited.
    waiting: usize,
}

impl Visit {
    /// A visit that goes on where the window stands.
    pub fn new(mut window: Window, grid: &Grid) -> Self {
        // Other commands may have written anything; this much is needed for arithmetic.
        window.next = window.next.min(u32::MAX / 2);
        let region = grid.region((window.region as usize).min(grid.tiles));
        Self { window, region, ahead: window.next as usize, waiting: 0 }
    }

    /// Whether every chunk has been visited.
    pub fn is_over(&self, scene: &Scene) -> bool {
        self.window.next as usize >= scene.order.len()
    }

    /// Whether a chunk may have splats in the window.
    fn meets(&self, scene: &Scene, chunk: usize) -> bool {
        let bounds = scene.bounds(chunk);
        bounds.keys[0] <= self.window.end.key
            && bounds.keys[1] >= self.window.first.key
            && self.region.touches(bounds.rows, bounds.columns)
            && scene.gaussians(chunk) > 0
    }

    /// Goes on to the next chunk that meets the window; none if there is none, or the step is long
    /// enough.
    pub fn find_next(&mut self, scene: &Scene) -> Option<usize> {
        let next = self.window.next as usize;
        let end = scene.order.len().min(next + STEP_CHUNKS);
        let found = (next..end).find(|&place| self.meets(scene, scene.at(place)));
        self.window.next = found.unwrap_or(end) as u32;
        found.map(|place| scene.at(place))
    }

    /// Asks for the next page that will be needed and is neither there nor on its way.
    pub fn ask_ahead(
        &mut self,
        scene: &Scene,
        table: &mut [u32],
        pager: &mut Pager,
    ) -> Option<Need> {
        let next = self.window.next as usize;
        if self.ahead < next {
            (self.ahead, self.waiting) = (next, 0);
        }
        let end = scene.order.len().min(self.ahead + STEP_CHUNKS);
        while self.ahead < end && self.waiting < WAITING_MAX && pager.has_room() {
            let chunk = scene.at(self.ahead);
            let meets = self.meets(scene, chunk);
            let is_there = || {
                scene.pages.find(table, chunk as u32).is_some()
                    || pager.is_coming(scene.pages, chunk as u32)
            };
            let need = match meets && !is_there() {
                true => Some(self.ask(chunk, scene, table, pager)?),
                false => None,
            };
            self.ahead += 1;
            self.waiting += usize::from(meets);
            if need.is_some() {
                return need;
            }
        }
        None
    }

    /// Goes on after the chunk that was found last.
    pub fn pass(&mut self) {
        self.window.next += 1;
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// Asks for a chunk's page.
    pub fn ask(
        &self,
        chunk: usize,
        scene: &Scene,
        table: &mut [u32],
        pager: &mut Pager,
    ) -> Option<Need> {
        let words = scene.gaussians(chunk) * scene.gaussian_words;
        pager.ask(table, scene.pages, (chunk as u32, words), |page| self.rank(scene, page))
    }

    /// How late a page will be needed, if the next frame is seen like this one: what is to be
    /// visited next in this window by depth, then by window, region and depth; what is not seen at
    /// all last.
    fn rank(&self, scene: &Scene, page: u32) -> u32 {
        let (chunk, grid) = (page as usize, scene.grid);
        let next = scene.at(self.window.next as usize);
        if chunk == next {
            return 0;
        }
        let bounds = scene.bounds(chunk);
        let near = bounds.keys[0];
        let at = |later: usize| {
            let later = (later as u32).min(u32::MAX >> DEPTH_BITS >> 1);
            later << DEPTH_BITS | (near >> DEPTH_SHIFT).min((1 << DEPTH_BITS) - 1)
        };
        // Of the same depth some were visited, but these are few.
        let is_to_come = near >= scene.bounds(next).keys[0];
        if is_to_come && self.meets(scene, chunk) {
            return at(0).max(1);
        }
        let ends_here = bounds.keys[1] < self.window.end.key;
        if !ends_here && self.region.touches(bounds.rows, bounds.columns) {
            return at(1);
        }
        let region = self.window.region as usize;
        let touched = |from| grid.next_touched(from, bounds.rows, bounds.columns);
        match (touched(region.saturating_add(1)), touched(0)) {
            (Some(later), _) => at(later - region + 1),
            (None, Some(first)) => at((grid.tiles + first + 2).saturating_sub(region)),
            (None, None) => u32::MAX,
        }
    }
}
