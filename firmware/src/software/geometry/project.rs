//! `Geometry`, projecting: one chunk a step.

use crate::backend::{Step, Work};
use crate::kernels::project::{Projector, Sink};
use crate::operands::{Operands, Words, disjoint, in_range};
use core::ops::Range;
use quintet_protocol::gaussian::{
    CAMERA_WORDS, CHUNK_CAPACITY, CHUNK_WORDS, Camera, Chunk, GAUSSIAN_WORDS, SPLAT_WORDS,
    harmonics_words,
};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Fault, ProjectGaussians};
use quintet_protocol::tile::FRAME_SIDE_MAX;

/// Most Gaussians in a command: keeps every size below 2^32 bytes.
const GAUSSIANS_MAX: u32 = 1 << 24;

/// Projection under way.
pub struct Project {
    chunks: Words,
    gaussians: Words,
    harmonics: Words,
    camera: Words,
    splats: Words,
    keys: Words,
    count: Words,
    gaussian_count: usize,
    degree: u8,
    size: [u16; 2],
    projector: Option<Projector>,
    /// Next chunk, first Gaussian of it, and splats written so far.
    next_chunk: usize,
    next_gaussian: usize,
    written: usize,
}

impl Project {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &ProjectGaussians) -> Result<Self, Fault> {
        in_range(0, c.chunk_count, 1..=GAUSSIANS_MAX)?;
        in_range(1, c.gaussian_count, 1..=GAUSSIANS_MAX)?;
        in_range(2, c.degree, 0..=3)?;
        in_range(3, c.width, 1..=FRAME_SIDE_MAX)?;
        in_range(3, c.height, 1..=FRAME_SIDE_MAX)?;
        let count = c.gaussian_count as usize;
        let harmonics = match (c.degree, c.harmonics) {
            (0, _) => 0..0,
            (_, None) => return Err(Fault::OutOfRange { parameter: 2 }),
            (degree, Some(id)) => operands.read(id, count * harmonics_words(degree))?,
        };
        let job = Self {
            chunks: operands.read(c.chunks, c.chunk_count as usize * CHUNK_WORDS)?,
            gaussians: operands.read(c.gaussians, count * GAUSSIAN_WORDS)?,
            harmonics,
            camera: operands.read(c.camera, CAMERA_WORDS)?,
            splats: operands.write(c.splats, count * SPLAT_WORDS)?,
            keys: operands.write(c.keys, count)?,
            count: operands.write(c.count, 1)?,
            gaussian_count: count,
            degree: c.degree,
            size: [c.width, c.height],
            projector: None,
            next_chunk: 0,
            next_gaussian: 0,
            written: 0,
        };
        let Self { chunks, gaussians, harmonics, camera, splats, keys, count, .. } = &job;
        disjoint([chunks, gaussians, harmonics, camera, splats, keys, count])?;
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let ranges = [
            self.chunks.clone(),
            self.gaussians.clone(),
            self.harmonics.clone(),
            self.camera.clone(),
            self.splats.clone(),
            self.keys.clone(),
            self.count.clone(),
        ];
        let Ok([chunks, gaussians, harmonics, camera, splats, keys, count]) =
            arena.get_disjoint_mut(ranges)
        else {
            return Step::Done(None);
        };
        let projector = self.projector.get_or_insert_with(|| {
            let words = camera.first_chunk().copied().unwrap_or_default();
            Projector::new(Camera::from_words(&words), self.size[0], self.size[1])
        });
        let chunks = chunks.as_chunks::<CHUNK_WORDS>().0;
        let Some(header) = chunks.get(self.next_chunk) else { return Step::Done(None) };
        // A hostile header may claim any count: it is held to what a step may take and what is
        // left.
        let claimed = usize::from(Chunk::from_words(header).count).min(CHUNK_CAPACITY);
        let end = (self.next_gaussian + claimed).min(self.gaussian_count);
        let range = self.next_gaussian..end;
        let gaussians = gaussians.as_chunks::<GAUSSIAN_WORDS>().0;
        let gaussians = gaussians.get(range.clone()).unwrap_or_default();
        let coefficients = scaled(&range, harmonics_words(self.degree));
        let coefficients = harmonics.get(coefficients).unwrap_or_default();
        let splats = splats.as_chunks_mut::<SPLAT_WORDS>().0;
        let mut sink = Sink { splats, keys, count: self.written, window: None };
        projector.chunk(self.degree, header, gaussians, coefficients, &mut sink);
        self.written = sink.count;
        if let Some(word) = count.first_mut() {
            *word = self.written as u32;
        }
        self.next_chunk += 1;
        self.next_gaussian = end;
        Step::Working(Work { phase: Phase::Project, items: range.len() as u32 })
    }
}

fn scaled(range: &Range<usize>, by: usize) -> Range<usize> {
    range.start * by..range.end * by
}
