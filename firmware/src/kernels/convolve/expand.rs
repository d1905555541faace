//! Bytes to the halves of a tile.

use super::GROUP_WORDS;
use super::windows::Runs;

/// Expands the runs of some pixels, from number `first` of the tile on, one run after another.
#[inline(always)]
pub fn expand(runs: &Runs<'_>, first: usize, tile: &mut [u32]) {
    #[cfg(armv7em_dsp)]
    super::armv7em::expand(runs, first, tile);
    #[cfg(not(armv7em_dsp))]
    expand_portable(runs, first, tile);
}

/// In portable Rust: what every other version must equal bit for bit.
#[cfg(not(armv7em_dsp))]
fn expand_portable(runs: &Runs<'_>, first: usize, tile: &mut [u32]) {
    let Runs { bytes, pixels, pixel_step, count, step, groups } = *runs;
    if groups == 0 {
        return;
    }
    for pixel in 0..pixels {
        for (run, place) in tile.chunks_exact_mut(groups * GROUP_WORDS).take(count).enumerate() {
            let from = pixel * pixel_step + run * step;
            let bytes = bytes.get(from..from + 4 * groups).unwrap_or_default().as_chunks::<4>().0;
            for (group, &bytes) in place.as_chunks_mut::<GROUP_WORDS>().0.iter_mut().zip(bytes) {
                expand_group(bytes, first + pixel, group);
            }
        }
    }
}

/// Puts four bytes of a pixel in their places.
#[inline(always)]
pub fn expand_group(bytes: [i8; 4], pixel: usize, group: &mut [u32; GROUP_WORDS]) {
    let [a, b, c, d] = bytes.map(i16::from);
    let halves: &mut [[i16; 2]; GROUP_WORDS] = bytemuck::cast_mut(group);
    let pixel = pixel % (GROUP_WORDS / 2);
    halves[pixel] = [a, c];
    halves[pixel + GROUP_WORDS / 2] = [b, d];
}
