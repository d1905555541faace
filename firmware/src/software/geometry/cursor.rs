//! The tile that a cursor stands on: what the commands of a loop over tiles have in common.

use super::grid::Grid;
use crate::backend::{Step, Work};
use crate::kernels::rasterise::{CLEAR, Tile};
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::gaussian::ACCUMULATOR_WORDS;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Fault, NextTile as Command};
use quintet_protocol::tile::{
    CURSOR_WORDS, Cursor, FRAME_SIDE_MAX, TILE_SIDE_MAX, TRANSMITTANCE_ONE,
};

/// Most pixels of a tile.
pub const PIXELS_MAX: u32 = (TILE_SIDE_MAX as u32).pow(2);
/// Words of accumulators that a step clears.
const STEP_WORDS: usize = 32 << 10;
/// Most channels of an accumulator.
const CHANNELS_MAX: u8 = 16;

/// The tile that a cursor stands on, over its pixels. A cursor may say anything: of one that does
/// not fit, there is nothing to draw.
pub fn tile<'a, P>(cursor: &[u32], pixels: &'a mut [P]) -> Tile<'a, P> {
    let words = cursor.first_chunk().copied().unwrap_or_default();
    let Cursor { corner, size, .. } = Cursor::from_words(&words);
    let [width, height] = size.map(usize::from);
    let fits = size.iter().all(|side| (1..=TILE_SIDE_MAX).contains(side))
        && corner.iter().all(|place| *place < FRAME_SIDE_MAX);
    let [x, y] = corner.map(i32::from);
    match pixels.get_mut(..width * height) {
        Some(pixels) if fits => Tile { x, y, width: width as i32, height: height as i32, pixels },
        _ => Tile { x: 0, y: 0, width: 1, height: 0, pixels: &mut [] },
    }
}

/// Going on to the next tile.
pub struct NextTile {
    cursor: Words,
    accumulators: Words,
    grid: Grid,
    /// Words of an accumulator.
    stride: usize,
    /// The next word to clear, once the cursor has gone on.
    next: Option<usize>,
}

impl NextTile {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        let grid = Grid::new(operands.frame(c.frame)?, [c.tile_width, c.tile_height], 0)?;
        in_range(1, c.channels, 1..=CHANNELS_MAX)?;
        let stride = 1 + usize::from(c.channels);
        let job = Self {
            cursor: operands.write(c.cursor, CURSOR_WORDS)?,
            accumulators: operands.write(c.accumulators, grid.pixels() * stride)?,
            grid,
            stride,
            next: None,
        };
        disjoint([&job.cursor, &job.accumulators])?;
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let ranges = [self.cursor.clone(), self.accumulators.clone()];
        let Ok([cursor, accumulators]) = arena.get_disjoint_mut(ranges) else {
            return Step::Done(None);
        };
        let next = *self.next.get_or_insert_with(|| {
            let words = cursor.first_chunk().copied().unwrap_or_default();
            let gone_on = go_on(&self.grid, &Cursor::from_words(&words));
            cursor.copy_from_slice(&gone_on.to_words());
            0
        });
        let used = tile(cursor, accumulators).pixels.len() * self.stride;
        let end = used.min(next + STEP_WORDS / self.stride * self.stride);
        let Some(words) = accumulators.get_mut(next..end).filter(|words| !words.is_empty()) else {
            return Step::Done(None);
        };
        if self.stride == ACCUMULATOR_WORDS {
            // As nearly always.
            words.as_chunks_mut().0.fill(CLEAR);
        } else {
            words.fill(0);
            for transmittance in words.iter_mut().step_by(self.stride) {
                *transmittance = TRANSMITTANCE_ONE;
            }
        }
        self.next = Some(end);
        Step::Working(Work { phase: Phase::Blend, items: 0 })
    }
}

/// The cursor on the tile after it, or on the first one.
fn go_on(grid: &Grid, cursor: &Cursor) -> Cursor {
    let next = cursor.next as usize;
    let tile = if cursor.more && next < grid.tiles { next } else { 0 };
    let (corner, size) = grid.rectangle(tile);
    Cursor {
        next: tile as u32 + 1,
        more: tile + 1 < grid.tiles,
        corner: corner.map(|place| place as u16),
        size: size.map(|side| side as u16),
        pixels: (size[0] * size[1]) as u32,
    }
}
