//! `Geometry`, blending Gaussians among surfaces: those of a tile that no surface hides.

use super::cursor::{PIXELS_MAX, tile};
use crate::backend::{Step, Work};
use crate::kernels::triangles::nearness;
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::gaussian::{ACCUMULATOR_WORDS, CAMERA_WORDS, Camera, SPLAT_WORDS};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{BlendGaussians as Command, Fault};
use quintet_protocol::tile::{CURSOR_WORDS, SURFACE_WORDS};

/// A step ends after this many splats or pixels, as in [`super::rasterise`].
const STEP_SPLATS: usize = 2048;
const STEP_PIXELS: u32 = 8192;
/// Most splats of a command.
const SPLATS_MAX: u32 = 1 << 24;

/// Blending under way.
pub struct BlendGaussians {
    cursor: Words,
    splats: Words,
    keys: Words,
    order: Words,
    count: Words,
    surface: Words,
    camera: Words,
    accumulators: Words,
    next: usize,
}

impl BlendGaussians {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.capacity, 1..=SPLATS_MAX)?;
        in_range(1, c.pixels, 1..=PIXELS_MAX)?;
        let [capacity, pixels] = [c.capacity, c.pixels].map(|count| count as usize);
        let job = Self {
            cursor: operands.read(c.cursor, CURSOR_WORDS)?,
            splats: operands.read(c.splats, capacity * SPLAT_WORDS)?,
            keys: operands.read(c.keys, capacity)?,
            order: operands.read(c.order, capacity)?,
            count: operands.read(c.count, 1)?,
            surface: operands.read(c.surface, pixels * SURFACE_WORDS)?,
            camera: operands.read(c.camera, CAMERA_WORDS)?,
            accumulators: operands.write(c.accumulators, pixels * ACCUMULATOR_WORDS)?,
            next: 0,
        };
        disjoint(job.operands())?;
        Ok(job)
    }

    fn operands(&self) -> [&Words; 8] {
        let Self { cursor, splats, keys, order, count, surface, camera, accumulators, .. } = self;
        [cursor, splats, keys, order, count, surface, camera, accumulators]
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let Ok([cursor, splats, keys, order, count, surface, camera, accumulators]) =
            arena.get_disjoint_mut(self.operands().map(Words::clone))
        else {
            return Step::Done(None);
        };
        let camera = Camera::from_words(&camera.first_chunk().copied().unwrap_or_default());
        let (near, key_shift) = (camera.near.max(1), camera.key_shift & 31);
        let mut tile = tile(cursor, accumulators.as_chunks_mut::<ACCUMULATOR_WORDS>().0);
        let rows = [tile.y, tile.y + tile.height];
        let splats = splats.as_chunks::<SPLAT_WORDS>().0;
        let surface = surface.as_chunks::<SURFACE_WORDS>().0;
        let count = count.first().map_or(0, |&count| count as usize).min(order.len());
        let (mut place, mut visited) = (self.next, 0);
        while place < count && place < self.next + STEP_SPLATS && visited < STEP_PIXELS {
            let number = order.get(place).map_or(usize::MAX, |&number| number as usize);
            place += 1;
            let Some(splat) = splats.get(number) else { continue };
            if touches(splat[6], rows) {
                let key = keys.get(number).copied().unwrap_or_default();
                let depth = u64::from(key) << key_shift;
                let nearness = nearness(near, depth.min(u32::MAX.into()) as u32);
                visited += tile.draw_before(splat, nearness, surface);
            }
        }
        if place == self.next {
            return Step::Done(None);
        }
        self.next = place;
        Step::Working(Work { phase: Phase::Rasterise, items: visited })
    }
}

/// Whether a pair of first row and one past the last has some of these.
#[inline(always)]
fn touches(pair: u32, rows: [i32; 2]) -> bool {
    let (first, end) = ((pair & 0xFFFF) as i32, (pair >> 16) as i32);
    first < rows[1] && end > rows[0]
}
