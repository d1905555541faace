//! `Geometry`, bounding: what each chunk can touch.

use crate::backend::{Step, Work};
use crate::kernels::project::{Bounder, Projector};
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::gaussian::{CAMERA_WORDS, CHUNK_WORDS, Camera};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{BoundChunks, Fault};
use quintet_protocol::tile::FRAME_SIDE_MAX;
use quintet_protocol::window::{BOUNDS_WORDS, WINDOW_WORDS, Window};

/// Chunks of a step: some thousand instructions each.
const STEP_CHUNKS: usize = 128;
/// Most chunks: keeps every size below 2^32 bytes.
pub const CHUNKS_MAX: u32 = 1 << 24;

/// Bounding under way.
pub struct Bound {
    chunks: Words,
    camera: Words,
    bounds: Words,
    keys: Words,
    window: Words,
    size: [u16; 2],
    projector: Option<Projector>,
    next: usize,
}

impl Bound {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &BoundChunks) -> Result<Self, Fault> {
        in_range(0, c.chunk_count, 1..=CHUNKS_MAX)?;
        in_range(1, c.width, 1..=FRAME_SIDE_MAX)?;
        in_range(1, c.height, 1..=FRAME_SIDE_MAX)?;
        let count = c.chunk_count as usize;
        let job = Self {
            chunks: operands.read(c.chunks, count * CHUNK_WORDS)?,
            camera: operands.read(c.camera, CAMERA_WORDS)?,
            bounds: operands.write(c.bounds, count * BOUNDS_WORDS)?,
            keys: operands.write(c.keys, count)?,
            window: operands.write(c.window, WINDOW_WORDS)?,
            size: [c.width, c.height],
            projector: None,
            next: 0,
        };
        disjoint([&job.chunks, &job.camera, &job.bounds, &job.keys, &job.window])?;
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let ranges = [&self.chunks, &self.camera, &self.bounds, &self.keys, &self.window];
        let Ok([chunks, camera, bounds, keys, window]) =
            arena.get_disjoint_mut(ranges.map(Words::clone))
        else {
            return Step::Done(None);
        };
        let projector = self.projector.get_or_insert_with(|| {
            let words = camera.first_chunk().copied().unwrap_or_default();
            Projector::new(Camera::from_words(&words), self.size[0], self.size[1])
        });
        let bounder = Bounder::new(projector);
        let headers = chunks.as_chunks::<CHUNK_WORDS>().0.iter();
        let places = bounds.as_chunks_mut::<BOUNDS_WORDS>().0.iter_mut().zip(keys);
        let mut items = 0;
        for (header, (place, key)) in headers.zip(places).skip(self.next).take(STEP_CHUNKS) {
            let bounds = bounder.bounds(header);
            *place = bounds.to_words();
            *key = bounds.keys[0];
            items += 1;
        }
        if items == 0 {
            window.copy_from_slice(&Window::of_region(0).to_words());
            return Step::Done(None);
        }
        self.next += items;
        Step::Working(Work { phase: Phase::Cull, items: items as u32 })
    }
}
