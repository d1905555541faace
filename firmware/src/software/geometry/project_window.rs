//! `Geometry`, projecting a window: the chunks that meet it from front to back, one a step, while
//! the pages of the next ones are on their way; until there is no more room for splats.
//!
//! Chunks come in the order of their least depths. So when one does not fit any more, the splats in
//! front of its least depth are complete: they can be drawn, which makes room. Where they are too
//! few the farthest splats are dropped instead, and the window ends in front of them.

use super::bound::CHUNKS_MAX;
use super::grid::Grid;
use super::scene::{Scene, Visit};
use crate::backend::{Step, Work};
use crate::kernels::project::{Projector, Sink};
use crate::kernels::window::{Kept, Store, UNMEASURED};
use crate::operands::{Operands, Words, disjoint, in_range};
use crate::pager::{Pager, Pages};
use quintet_protocol::gaussian::{
    CAMERA_WORDS, CHUNK_CAPACITY, CHUNK_WORDS, Camera, GAUSSIAN_WORDS, SPLAT_WORDS, harmonics_words,
};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Fault, ProjectWindow as Command};
use quintet_protocol::window::{BOUNDS_WORDS, Bounds, LAST_KEY, WINDOW_WORDS, Window};

/// Least and most splats of a window: room for a chunk after the farthest were dropped, and not too
/// many for one step to look at each 64 times.
const CAPACITY: core::ops::RangeInclusive<u32> = 4 * CHUNK_CAPACITY as u32..=1 << 16;
/// Drawing fewer than this share of the splats is not worth a window.
const READY_SHARE: usize = 64;

/// Projecting under way.
pub struct ProjectWindow {
    chunks: Words,
    pages: Pages,
    camera: Words,
    bounds: Words,
    order: Words,
    window: Words,
    splats: Words,
    keys: Words,
    grid: Grid,
    degree: u8,
    state: Option<State>,
}

/// What is known once the camera and the window have been read.
struct State {
    projector: Projector,
    visit: Visit,
}

impl ProjectWindow {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.chunk_count, 1..=CHUNKS_MAX)?;
        in_range(1, c.capacity, CAPACITY)?;
        in_range(4, c.degree, 0..=3)?;
        let (chunks, capacity) = (c.chunk_count as usize, c.capacity as usize);
        let job = Self {
            chunks: operands.read(c.chunks, chunks * CHUNK_WORDS)?,
            pages: operands.pages(c.pages)?,
            camera: operands.read(c.camera, CAMERA_WORDS)?,
            bounds: operands.write(c.bounds, chunks * BOUNDS_WORDS)?,
            order: operands.read(c.order, chunks)?,
            window: operands.write(c.window, WINDOW_WORDS)?,
            splats: operands.write(c.splats, capacity * SPLAT_WORDS)?,
            keys: operands.write(c.keys, 2 * capacity)?,
            grid: Grid::new(c.grid.frame, c.grid.region, 3)?,
            degree: c.degree,
            state: None,
        };
        // Pages overlap nothing that can be an operand: the program was checked for that.
        let Self { chunks, camera, bounds, order, window, splats, keys, .. } = &job;
        disjoint([chunks, camera, bounds, order, window, splats, keys])?;
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32], pager: &mut Pager) -> Step {
        let state = match &mut self.state {
            Some(state) => state,
            slot => slot.insert(State::new(arena, &self.camera, &self.window, &self.grid)),
        };
        let ranges = [&self.chunks, &self.bounds, &self.order, &self.pages.table];
        let Ok([chunks, bounds, order, table]) = arena.get_disjoint_mut(ranges.map(Words::clone))
        else {
            return Step::Done(None);
        };
        let scene = Scene {
            chunks: chunks.as_chunks().0,
            bounds: bounds.as_chunks().0,
            order,
            gaussian_words: GAUSSIAN_WORDS + harmonics_words(self.degree),
            grid: &self.grid,
            pages: &self.pages,
        };
        if let Some(need) = state.visit.ask_ahead(&scene, table, pager) {
            return Step::Need(need);
        }
        let Some(chunk) = state.visit.find_next(&scene) else {
            if state.visit.is_over(&scene) {
                return self.finish(arena, LAST_KEY);
            }
            return Step::Working(Work { phase: Phase::Cull, items: 0 });
        };
        let gaussians = scene.gaussians(chunk);
        if let Some(slot) = self.pages.find(table, chunk as u32) {
            return self.project(arena, slot, chunk, gaussians);
        }
        match pager.is_coming(&self.pages, chunk as u32) {
            true => Step::Starved,
            // It has given way to others before its turn came.
            false => state.visit.ask(chunk, &scene, table, pager).map_or(Step::Starved, Step::Need),
        }
    }

    /// Projects a chunk, which lies in `slot`; or makes room for it.
    fn project(&mut self, arena: &mut [u32], slot: Words, chunk: usize, gaussians: usize) -> Step {
        let Some(State { projector, visit }) = &mut self.state else { return Step::Done(None) };
        let ranges = [&self.chunks, &self.bounds, &slot, &self.splats, &self.keys];
        let Ok([chunks, bounds, page, splats, keys]) =
            arena.get_disjoint_mut(ranges.map(Words::clone))
        else {
            return Step::Done(None);
        };
        let bounds = bounds.as_chunks_mut::<BOUNDS_WORDS>().0.get_mut(chunk);
        let header = chunks.as_chunks::<CHUNK_WORDS>().0.get(chunk);
        let (Some(bounds), Some(header)) = (bounds, header) else { return Step::Done(None) };
        let store = Store::new(splats, keys);
        let known = Bounds::from_words(bounds);
        let (count, capacity) = (visit.window.count as usize, store.keys.len());
        if count + gaussians > capacity {
            return self.make_room(arena, known.keys[0]);
        }
        let (members, coefficients) = page.split_at(gaussians * GAUSSIAN_WORDS);
        let members = members.as_chunks::<GAUSSIAN_WORDS>().0;
        let Store { splats, keys, gaussians: numbers } = store;
        let window = Kept {
            gaussians: numbers,
            window: visit.window,
            region: visit.region,
            first_gaussian: (chunk as u32) << CHUNK_CAPACITY.ilog2(),
            bounds: known,
            measured: UNMEASURED,
        };
        let mut sink = Sink { splats, keys, count, window: Some(window) };
        projector.chunk(self.degree, header, members, coefficients, &mut sink);
        visit.window.count = sink.count as u32;
        if let Some(window) = sink.window {
            *bounds = window.exact().to_words();
        }
        visit.pass();
        Step::Working(Work { phase: Phase::Project, items: gaussians as u32 })
    }

    /// Ends the command if there is enough to draw in front of a chunk whose least key is `key`;
    /// else drops the farthest splats.
    fn make_room(&mut self, arena: &mut [u32], key: u32) -> Step {
        let Some(State { visit, .. }) = &mut self.state else { return Step::Done(None) };
        let ranges = [self.splats.clone(), self.keys.clone()];
        let Ok([splats, keys]) = arena.get_disjoint_mut(ranges) else { return Step::Done(None) };
        let mut store = Store::new(splats, keys);
        let (count, capacity) = (visit.window.count as usize, store.keys.len());
        let held = store.keys.iter().take(count);
        if held.filter(|&&it| it < key).count() >= capacity / READY_SHARE {
            return self.finish(arena, key);
        }
        let most = capacity - (capacity / 8).max(CHUNK_CAPACITY);
        let (count, end) = store.trim(count, most);
        (visit.window.count, visit.window.end) = (count as u32, end);
        Step::Working(Work { phase: Phase::Project, items: 0 })
    }

    /// Writes what came of it: splats of lesser keys than `ready` can be drawn.
    fn finish(&mut self, arena: &mut [u32], ready: u32) -> Step {
        if let Some(State { visit, .. }) = &mut self.state
            && let Some(window) = arena.get_mut(self.window.clone())
        {
            visit.window.ready = ready;
            window.copy_from_slice(&visit.window.to_words());
        }
        Step::Done(None)
    }
}

impl State {
    fn new(arena: &[u32], camera: &Words, window: &Words, grid: &Grid) -> Self {
        let words = |range: &Words| arena.get(range.clone()).unwrap_or_default();
        let camera: [u32; CAMERA_WORDS] = words(camera).first_chunk().copied().unwrap_or_default();
        let [width, height] = grid.frame.map(|side| side as u16);
        let window: [u32; WINDOW_WORDS] = words(window).first_chunk().copied().unwrap_or_default();
        Self {
            projector: Projector::new(Camera::from_words(&camera), width, height),
            visit: Visit::new(Window::from_words(&window), grid),
        }
    }
}
