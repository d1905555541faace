//! The commands that march along rays.

use super::super::contents::{PIXELS, noise, numbers, points, ray_camera, samples, zeros};
use super::super::draft::Draft;
use super::{cursor, matrix};
use quintet_protocol::feature::Matrix;
use quintet_protocol::program::{CastRays, Command, Composite, Focus, March};
use quintet_protocol::ray::{
    ACTIVATION_WORDS, COUNT_WORDS, RAY_CAMERA_WORDS, RAY_WORDS, SAMPLE_WORDS, Spacing,
    occupancy_words,
};
use quintet_protocol::tile::POINT_WORDS;

/// Pixels of a tile.
const TILE: usize = PIXELS as usize;

fn spacing(draft: &mut Draft) -> Spacing {
    draft.one_of(&[Spacing::Middles, Spacing::Points])
}

pub fn cast_rays(draft: &mut Draft) -> Command {
    Command::CastRays(CastRays {
        cursor: cursor(draft),
        camera: draft.read(RAY_CAMERA_WORDS, ray_camera),
        rays: draft.write(TILE * RAY_WORDS, noise),
        marks: draft.write(TILE, noise),
        capacity: PIXELS,
    })
}

pub fn march(draft: &mut Draft) -> Command {
    let (per_ray, channels) = (draft.number(1u32..=6), draft.number(1u8..=4));
    let capacity = PIXELS + draft.number(0u32..=60);
    let grid_bits = draft.one_of(&[0, 2, 3]);
    Command::March(March {
        cursor: cursor(draft),
        rays: draft.read(TILE * RAY_WORDS, points),
        marks: draft.write(TILE, zeros),
        accumulators: draft.read(TILE * (1 + usize::from(channels)), noise),
        shares: match draft.chance(0.3) {
            true => Some(draft.read(TILE * per_ray as usize, points)),
            false => None,
        },
        occupancy: match grid_bits {
            0 => None,
            bits => Some(draft.read(occupancy_words(bits), noise)),
        },
        samples: draft.write(COUNT_WORDS + capacity as usize * SAMPLE_WORDS, samples),
        points: draft.write(capacity as usize * POINT_WORDS, noise),
        per_ray,
        capacity,
        pixels: PIXELS,
        opaque: draft.any() as u16 >> 4,
        grid_bits: grid_bits as u8,
        spacing: spacing(draft),
        channels,
        clips: draft.chance(0.5),
    })
}

pub fn composite(draft: &mut Draft) -> Command {
    let capacity = draft.number(1u32..=90);
    let (per_ray, channels) = (draft.number(1u32..=6), draft.number(1u16..=4));
    let [density, color] = [1, channels].map(|columns| matrix(draft, columns));
    let count = capacity as usize;
    let colors = match draft.chance(0.8) {
        true => Some(draft.read(color.words(count), noise)),
        false => None,
    };
    Command::Composite(Composite {
        samples: draft.read(COUNT_WORDS + count * SAMPLE_WORDS, samples),
        densities: draft.read(density.words(count), noise),
        colors,
        activations: draft.read(ACTIVATION_WORDS, noise),
        accumulators: draft.write(TILE * (1 + usize::from(channels)), noise),
        weights: match draft.chance(0.5) {
            true => Some(draft.write(TILE * per_ray as usize, noise)),
            false => None,
        },
        capacity,
        pixels: PIXELS,
        per_ray,
        density,
        color: colors.map_or(Matrix { stride: 0, first: 0 }, |_| color),
        channels: channels as u8,
        opaque: draft.any() as u16 >> 4,
    })
}

pub fn focus(draft: &mut Draft) -> Command {
    let (coarse, fine) = (draft.number(4u16..=8), draft.number(2u16..=6));
    let (spacing, channels) = (spacing(draft), draft.number(1u8..=4));
    let shares = match spacing {
        Spacing::Middles => fine,
        Spacing::Points => fine + coarse,
    };
    Command::Focus(Focus {
        cursor: cursor(draft),
        weights: draft.write(TILE * usize::from(coarse), points),
        shares: draft.write(TILE * usize::from(shares), numbers),
        marks: draft.write(TILE, noise),
        accumulators: draft.write(TILE * (1 + usize::from(channels)), noise),
        coarse,
        fine,
        pixels: PIXELS,
        padding: draft.number(1u32..=1 << 30),
        channels,
        spacing,
    })
}
