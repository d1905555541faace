//! The commands that begin and end a tile, and draw what lies between as fragments.
//! Layouts: [`crate::tile`].

use super::super::BufferId;
use super::record::{Record, pack, pack_color};
use crate::feature::Matrix;

/// Goes on to the next tile of a frame and clears its accumulators. A cursor that is all zeros, or
/// whose frame is done, begins with the first tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextTile {
    /// The cursor, read and written.
    pub cursor: BufferId,
    /// The picture, a frame.
    pub frame: BufferId,
    /// Accumulators of a tile, written.
    pub accumulators: BufferId,
    /// Parameter 0, low half: columns of a tile, 1..=width and at most 2048.
    pub tile_width: u16,
    /// Parameter 0, high half: rows of a tile, 1..=height and at most 2048.
    pub tile_height: u16,
    /// Parameter 1: channels of an accumulator, 1..=16.
    pub channels: u8,
}

/// Adds colours of fragments, or of anything else that is opaque, behind what the accumulators
/// hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlendSurface {
    /// One word: how many rows of colours there are.
    pub count: BufferId,
    /// A word that is passed over, then for each row the number of its pixel; it may be the buffer
    /// of the count. Without it, row `i` is pixel `i`'s.
    pub pixels: Option<BufferId>,
    /// Rows of three columns, red, green and blue.
    pub colors: BufferId,
    /// Accumulators of the tile, of three channels.
    pub accumulators: BufferId,
    /// Parameter 0: most rows, and most pixels of a tile, 1..=2^22.
    pub capacity: u32,
    /// Parameter 1: columns of `colors`.
    pub matrix: Matrix,
    /// Parameter 2: fraction bits of a colour, 0..=15.
    pub color_bits: u8,
    /// Parameter 3: whether a row's colour is added to what is there, in place of covering it, 0 or
    /// 1.
    pub adds: bool,
}

/// Turns a tile's accumulators into bytes over a background and hands them to the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolveTile {
    /// The cursor.
    pub cursor: BufferId,
    /// Accumulators of the tile, of three channels.
    pub accumulators: BufferId,
    /// The picture, a frame.
    pub frame: BufferId,
    /// Parameter 0: most pixels of a tile, 1..=2^22.
    pub capacity: u32,
    /// Parameter 1: background colour behind everything, `r | g << 8 | b << 16`.
    pub background: [u8; 3],
}

impl NextTile {
    pub(super) fn parse(r: &Record) -> Self {
        let [tile_width, tile_height] = r.pair(0);
        let [cursor, frame, accumulators] = [0, 1, 2].map(|operand| r.buffer(operand));
        let channels = r.byte(1);
        Self { cursor, frame, accumulators, tile_width, tile_height, channels }
    }

    pub(super) fn record(&self) -> Record {
        let tile = pack([self.tile_width, self.tile_height]);
        Record::new([self.cursor, self.frame, self.accumulators], [tile, self.channels.into()])
    }
}

impl BlendSurface {
    pub(super) fn parse(r: &Record) -> Self {
        Self {
            count: r.buffer(0),
            colors: r.buffer(1),
            accumulators: r.buffer(2),
            pixels: r.optional(3),
            capacity: r.parameters[0],
            matrix: r.matrix(1),
            color_bits: r.byte(2),
            adds: r.flag(3),
        }
    }

    pub(super) fn record(&self) -> Record {
        let pixels = Record::or_none(self.pixels);
        let bits = u32::from(self.color_bits);
        Record::new(
            [self.count, self.colors, self.accumulators, pixels],
            [self.capacity, self.matrix.parameter(), bits, self.adds.into()],
        )
    }
}

impl ResolveTile {
    pub(super) fn parse(r: &Record) -> Self {
        let [cursor, accumulators, frame] = [0, 1, 2].map(|operand| r.buffer(operand));
        let (capacity, background) = (r.parameters[0], r.color(1));
        Self { cursor, accumulators, frame, capacity, background }
    }

    pub(super) fn record(&self) -> Record {
        Record::new(
            [self.cursor, self.accumulators, self.frame],
            [self.capacity, pack_color(self.background)],
        )
    }
}
