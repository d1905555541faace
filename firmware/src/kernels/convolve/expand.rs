//! Bytes to the halves of a tile.

use super::Group;
use super::windows::Runs;
use quintet_protocol::network::TILE_PIXELS;

/// Expands the runs of some pixels, from number `first` on, one run after another.
#[inline(always)]
pub fn expand(runs: &Runs<'_>, first: usize, tiles: &mut [u32]) {
    #[cfg(armv7em_dsp)]
    super::armv7em::expand(runs, first, tiles);
    #[cfg(not(armv7em_dsp))]
    expand_portable(runs, first, tiles);
}

/// In portable Rust: what every other version must equal bit for bit.
#[cfg(not(armv7em_dsp))]
fn expand_portable(runs: &Runs<'_>, first: usize, tiles: &mut [u32]) {
    let Runs { bytes, pixels, pixel_step, count, step, groups, before, column_groups } = *runs;
    let tiles: &mut [Group] = tiles.as_chunks_mut().0;
    let mut start = first / TILE_PIXELS * column_groups + before;
    let mut pixel = first % TILE_PIXELS;
    let mut from = 0;
    for _ in 0..pixels {
        let (mut place, mut run) = (start, from);
        for _ in 0..count {
            let (Some(bytes), Some(places)) =
                (bytes.get(run..run + 4 * groups), tiles.get_mut(place..place + groups))
            else {
                return;
            };
            for (group, &bytes) in places.iter_mut().zip(bytes.as_chunks().0) {
                expand_group(bytes, pixel, group);
            }
            (place, run) = (place + groups, run + step);
        }
        from += pixel_step;
        pixel += 1;
        if pixel == TILE_PIXELS {
            (pixel, start) = (0, start + column_groups);
        }
    }
}

/// Puts four bytes of a pixel in their places.
#[inline(always)]
pub fn expand_group(bytes: [i8; 4], pixel: usize, group: &mut Group) {
    for (byte, value) in bytes.into_iter().enumerate() {
        expand_byte(value, byte, pixel, group);
    }
}

/// Puts a byte of a pixel, of number `byte` in its column, in its place.
#[inline(always)]
pub fn expand_byte(value: i8, byte: usize, pixel: usize, group: &mut Group) {
    let halves: &mut [i16; 4 * TILE_PIXELS] = bytemuck::cast_mut(group);
    halves[byte % 2 * 2 * TILE_PIXELS + pixel % TILE_PIXELS * 2 + byte / 2 % 2] = value.into();
}
