//! `Vector`, shading: colours of fragments in the light that they get.

use crate::kernels::shade::{LIGHTS_MAX, Lights};
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::mesh::LIGHT_WORDS;
use quintet_protocol::program::{Fault, Shade as Command};
use quintet_protocol::tile::NORMAL_WORDS;

/// Most fragments of a command: the pixels of the largest tile.
const FRAGMENTS_MAX: u32 = 1 << 22;
/// Fragments of a step, some hundred instructions each for a few lights.
const STEP_FRAGMENTS: usize = 512;

/// Shading under way.
pub struct Shade {
    count: Words,
    normals: Words,
    lights: Words,
    colors: Words,
    /// Halves from row to row, and before the first column of a row.
    stride: usize,
    first: usize,
    next: usize,
}

impl Shade {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.capacity, 1..=FRAGMENTS_MAX)?;
        in_range(1, c.light_count, 0..=LIGHTS_MAX as u8)?;
        // Three columns from the first on.
        in_range(2, c.matrix.stride, 4..=u16::MAX)?;
        in_range(2, c.matrix.first, 0..=c.matrix.stride - 3)?;
        let (capacity, lights) = (c.capacity as usize, 1 + usize::from(c.light_count));
        let job = Self {
            count: operands.read(c.count, 1)?,
            normals: operands.read(c.normals, capacity * NORMAL_WORDS)?,
            lights: operands.read(c.lights, lights * LIGHT_WORDS)?,
            colors: operands.write(c.colors, c.matrix.words(capacity))?,
            stride: c.matrix.stride.into(),
            first: c.matrix.first.into(),
            next: 0,
        };
        disjoint([&job.count, &job.normals, &job.lights, &job.colors])?;
        Ok(job)
    }

    /// Fragments shaded; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let ranges = [&self.count, &self.normals, &self.lights, &self.colors].map(Words::clone);
        let [count, normals, lights, colors] = arena.get_disjoint_mut(ranges).ok()?;
        let normals = normals.as_chunks::<NORMAL_WORDS>().0;
        let count = count.first().map_or(0, |&count| count as usize).min(normals.len());
        let (from, end) = (self.next, count.min(self.next + STEP_FRAGMENTS));
        if from >= end {
            return None;
        }
        let lights = Lights::new(lights.as_chunks::<LIGHT_WORDS>().0);
        let colors: &mut [i16] = bytemuck::cast_slice_mut(colors);
        let colors = colors.get_mut(from * self.stride..end * self.stride)?;
        lights.shade(normals.get(from..end)?, colors, self.stride, self.first);
        self.next = end;
        Some(end - from)
    }
}
