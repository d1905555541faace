//! `Geometry`, casting the rays of a tile.

use crate::backend::{Step, Work};
use crate::kernels::rays::cast::Row;
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{CastRays as Command, Fault};
use quintet_protocol::ray::{RAY_CAMERA_WORDS, RAY_WORDS, RayCamera};
use quintet_protocol::tile::{CURSOR_WORDS, Cursor};

/// Rays of a step: some 200 instructions each.
const STEP_RAYS: u32 = 256;
/// Most pixels of a tile.
const PIXELS_MAX: u32 = 1 << 16;

/// Casting under way.
pub struct CastRays {
    cursor: Words,
    camera: Words,
    rays: Words,
    marks: Words,
    next: u32,
}

impl CastRays {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.capacity, 1..=PIXELS_MAX)?;
        let capacity = c.capacity as usize;
        let job = Self {
            cursor: operands.read(c.cursor, CURSOR_WORDS)?,
            camera: operands.read(c.camera, RAY_CAMERA_WORDS)?,
            rays: operands.write(c.rays, capacity * RAY_WORDS)?,
            marks: operands.write(c.marks, capacity)?,
            next: 0,
        };
        disjoint([&job.cursor, &job.camera, &job.rays, &job.marks])?;
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        match self.cast(arena) {
            Some(items) => Step::Working(Work { phase: Phase::Cast, items }),
            None => Step::Done(None),
        }
    }

    /// Rays cast; `None` if none was left.
    fn cast(&mut self, arena: &mut [u32]) -> Option<u32> {
        let ranges = [&self.cursor, &self.camera, &self.rays, &self.marks].map(Words::clone);
        let [cursor, camera, rays, marks] = arena.get_disjoint_mut(ranges).ok()?;
        let cursor = Cursor::from_words(cursor.first_chunk()?);
        let camera = RayCamera::from_words(camera.first_chunk()?);
        let rays = rays.as_chunks_mut::<RAY_WORDS>().0;
        let end = (self.next + STEP_RAYS).min(cursor.pixels).min(rays.len() as u32);
        let range = self.next as usize..end as usize;
        let (rays, marks) = (rays.get_mut(range.clone())?, marks.get_mut(range)?);
        if rays.is_empty() {
            return None;
        }
        marks.fill(0);
        let columns = u32::from(cursor.size[0]).max(1);
        let (mut column, mut row) = (self.next % columns, self.next / columns);
        let mut rest = rays;
        while !rest.is_empty() {
            let count = rest.len().min((columns - column) as usize);
            let (pixels, after) = rest.split_at_mut(count);
            let [left, top] = cursor.corner.map(u32::from);
            Row::new(&camera, left + column, top + row).cast_all(pixels);
            (rest, column, row) = (after, 0, row + 1);
        }
        let items = end - self.next;
        self.next = end;
        Some(items)
    }
}
