//! Bytes to the halves of a tile.

use super::GROUP_WORDS;
use super::windows::Runs;
use quintet_protocol::network::TILE_PIXELS;

/// Expands the runs of some pixels, from number `first` on, one run after another: all of each column.
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
    let Runs { bytes, pixels, pixel_step, count, step, groups } = *runs;
    let run_words = groups * GROUP_WORDS;
    for pixel in 0..pixels {
        let (tile, slot) = ((first + pixel) / TILE_PIXELS, (first + pixel) % TILE_PIXELS);
        for run in 0..count {
            let from = pixel * pixel_step + run * step;
            let place = (tile * count + run) * run_words;
            let (Some(bytes), Some(place)) =
                (bytes.get(from..from + 4 * groups), tiles.get_mut(place..place + run_words))
            else {
                return;
            };
            let bytes = bytes.as_chunks::<4>().0;
            for (group, &bytes) in place.as_chunks_mut::<GROUP_WORDS>().0.iter_mut().zip(bytes) {
                expand_group(bytes, slot, group);
            }
        }
    }
}

/// Puts four bytes of a pixel in their places.
#[inline(always)]
pub fn expand_group(bytes: [i8; 4], pixel: usize, group: &mut [u32; GROUP_WORDS]) {
    let [a, b, c, d] = bytes.map(i16::from);
    let halves: &mut [[i16; 2]; GROUP_WORDS] = bytemuck::cast_mut(group);
    let pixel = pixel % TILE_PIXELS;
    halves[pixel] = [a, c];
    halves[pixel + TILE_PIXELS] = [b, d];
}
