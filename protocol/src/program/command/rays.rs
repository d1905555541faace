//! The commands that cast rays, take samples along them, and compose these. Layouts:
//! [`crate::ray`].

use super::super::BufferId;
use super::record::{Record, pack};
use crate::feature::Matrix;
use crate::ray::Spacing;

/// Casts the rays of a tile's pixels, and has none of their samples looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CastRays {
    /// The cursor.
    pub cursor: BufferId,
    /// The camera of rays, input.
    pub camera: BufferId,
    /// Rays, written.
    pub rays: BufferId,
    /// A word a ray, written: zero.
    pub marks: BufferId,
    /// Parameter 0: most pixels of a tile, up to 2^16.
    pub capacity: u32,
}

/// Takes the next samples of each ray, front to back: those whose cell of an occupancy grid is
/// occupied, until the ray is opaque or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct March {
    /// The cursor.
    pub cursor: BufferId,
    /// Rays.
    pub rays: BufferId,
    /// Marks of the rays, read and written.
    pub marks: BufferId,
    /// Accumulators of the tile, of which the transmittances are read.
    pub accumulators: BufferId,
    /// Shares of each ray, ascending, `per_ray` words a ray; none where they are even.
    pub shares: Option<BufferId>,
    /// Which cells of the unit box are occupied; none where all are. Points outside the box are in
    /// the nearest cell, unless it `clips`.
    pub occupancy: Option<BufferId>,
    /// Where samples are written: two words of count, then `capacity` samples.
    pub samples: BufferId,
    /// Points of the samples, written.
    pub points: BufferId,
    /// Parameter 0: samples of a ray, 1..=4096, if all are taken.
    pub per_ray: u32,
    /// Parameter 1: most samples of a batch, not less than the tile's pixels.
    pub capacity: u32,
    /// Parameter 2: most pixels of a tile.
    pub pixels: u32,
    /// Parameter 3, low half: transmittance below which a ray is opaque, Q16.
    pub opaque: u16,
    /// Parameter 3, high half, low byte: binary logarithm of the grid's side, 2..=8, where there is
    /// an occupancy, else 0.
    pub grid_bits: u8,
    /// Parameter 3, high half, high byte: where samples lie.
    pub spacing: Spacing,
    /// Parameter 4, low byte: channels of an accumulator, 1..=16.
    pub channels: u8,
    /// Parameter 4, second byte: whether nothing outside the unit box is occupied, 0 or 1.
    pub clips: bool,
}

/// Composes samples front to back into their rays' accumulators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Composite {
    /// Samples as [`March`] writes them, with their count.
    pub samples: BufferId,
    /// Rows whose column `density_column` is the density, before its activation.
    pub densities: BufferId,
    /// Rows of `channels` colours, before their activation; none where only weights are wanted.
    pub colors: Option<BufferId>,
    /// What densities and colours become, constant: see [`crate::ray`].
    pub activations: BufferId,
    /// Accumulators of the tile, read and written.
    pub accumulators: BufferId,
    /// Share of each sample in its ray, Q30, `per_ray` words a ray, written; samples that [`March`]
    /// left out are not touched, nor are those behind what is opaque.
    pub weights: Option<BufferId>,
    /// Parameter 0: most samples of a batch.
    pub capacity: u32,
    /// Parameter 1: most pixels of a tile.
    pub pixels: u32,
    /// Parameter 2: samples of a ray.
    pub per_ray: u32,
    /// Parameter 3: the column of densities, and their rows.
    pub density: Matrix,
    /// Parameter 4: columns of colours.
    pub color: Matrix,
    /// Parameter 5, low half: channels of an accumulator, 1..=16.
    pub channels: u8,
    /// Parameter 5, high half: transmittance below which a ray is opaque, Q16: as [`March`]'s, so
    /// that it does not matter where a batch ends.
    pub opaque: u16,
}

/// Spends samples where a coarse pass found something (hierarchical sampling, NeRF, section 5.2):
/// makes shares of weights, has none of their samples looked at, and clears accumulators and
/// weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Focus {
    /// The cursor.
    pub cursor: BufferId,
    /// Weights of the coarse pass, `coarse` a ray, Q30; cleared.
    pub weights: BufferId,
    /// Shares, written, ascending: `fine` a ray, or `coarse` more: see [`Spacing`].
    pub shares: BufferId,
    /// Marks of the rays, written: zero.
    pub marks: BufferId,
    /// Accumulators of the tile, cleared.
    pub accumulators: BufferId,
    /// Parameter 0, low half: samples of a ray in the coarse pass, 4..=1024.
    pub coarse: u16,
    /// Parameter 0, high half: shares that are made of weights, 2..=1024.
    pub fine: u16,
    /// Parameter 1: most pixels of a tile.
    pub pixels: u32,
    /// Parameter 2: added to each weight, Q30, 1..=2^30.
    pub padding: u32,
    /// Parameter 3, low byte: channels of an accumulator, 1..=16; second byte: where samples lie.
    pub channels: u8,
    /// See `channels`.
    pub spacing: Spacing,
}

impl CastRays {
    pub(super) fn parse(r: &Record) -> Self {
        let [cursor, camera, rays, marks] = [0, 1, 2, 3].map(|operand| r.buffer(operand));
        Self { cursor, camera, rays, marks, capacity: r.parameters[0] }
    }

    pub(super) fn record(&self) -> Record {
        Record::new([self.cursor, self.camera, self.rays, self.marks], [self.capacity])
    }
}

impl March {
    pub(super) fn parse(r: &Record) -> Self {
        let [opaque, rest] = r.pair(3);
        let [grid_bits, spacing] = rest.to_le_bytes();
        let [channels, clips] = r.half(4).to_le_bytes();
        r.require(4, clips <= 1);
        Self {
            cursor: r.buffer(0),
            rays: r.buffer(1),
            marks: r.buffer(2),
            accumulators: r.buffer(3),
            samples: r.buffer(4),
            points: r.buffer(5),
            shares: r.optional(6),
            occupancy: r.optional(7),
            per_ray: r.parameters[0],
            capacity: r.parameters[1],
            pixels: r.parameters[2],
            opaque,
            grid_bits,
            spacing: r.known(3, spacing_of(spacing), Spacing::Middles),
            channels,
            clips: clips == 1,
        }
    }

    pub(super) fn record(&self) -> Record {
        let [shares, occupancy] = [self.shares, self.occupancy].map(Record::or_none);
        let Self { cursor, rays, marks, accumulators, samples, points, .. } = *self;
        let rest = u16::from_le_bytes([self.grid_bits, self.spacing as u8]);
        let last = u16::from_le_bytes([self.channels, self.clips.into()]);
        let [per_ray, capacity, pixels] = [self.per_ray, self.capacity, self.pixels];
        Record::new(
            [cursor, rays, marks, accumulators, samples, points, shares, occupancy],
            [per_ray, capacity, pixels, pack([self.opaque, rest]), last.into()],
        )
    }
}

impl Composite {
    pub(super) fn parse(r: &Record) -> Self {
        let [channels, opaque] = r.pair(5);
        Self {
            samples: r.buffer(0),
            densities: r.buffer(1),
            activations: r.buffer(2),
            accumulators: r.buffer(3),
            colors: r.optional(4),
            weights: r.optional(5),
            capacity: r.parameters[0],
            pixels: r.parameters[1],
            per_ray: r.parameters[2],
            density: r.column(3),
            color: r.matrix(4),
            channels: r.narrow(5, channels.into()),
            opaque,
        }
    }

    pub(super) fn record(&self) -> Record {
        let [colors, weights] = [self.colors, self.weights].map(Record::or_none);
        let Self { samples, densities, activations, accumulators, .. } = *self;
        let [capacity, pixels, per_ray] = [self.capacity, self.pixels, self.per_ray];
        let [density, color] = [self.density, self.color].map(|it| it.parameter());
        let last = pack([self.channels.into(), self.opaque]);
        Record::new(
            [samples, densities, activations, accumulators, colors, weights],
            [capacity, pixels, per_ray, density, color, last],
        )
    }
}

impl Focus {
    pub(super) fn parse(r: &Record) -> Self {
        let [coarse, fine] = r.pair(0);
        let [channels, spacing] = r.half(3).to_le_bytes();
        Self {
            cursor: r.buffer(0),
            weights: r.buffer(1),
            shares: r.buffer(2),
            marks: r.buffer(3),
            accumulators: r.buffer(4),
            coarse,
            fine,
            pixels: r.parameters[1],
            padding: r.parameters[2],
            channels,
            spacing: r.known(3, spacing_of(spacing), Spacing::Middles),
        }
    }

    pub(super) fn record(&self) -> Record {
        let Self { cursor, weights, shares, marks, accumulators, .. } = *self;
        let last = u16::from_le_bytes([self.channels, self.spacing as u8]);
        Record::new(
            [cursor, weights, shares, marks, accumulators],
            [pack([self.coarse, self.fine]), self.pixels, self.padding, last.into()],
        )
    }
}

fn spacing_of(code: u8) -> Option<Spacing> {
    match code {
        0 => Some(Spacing::Middles),
        1 => Some(Spacing::Points),
        _ => None,
    }
}
