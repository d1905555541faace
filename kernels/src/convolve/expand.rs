//! Bytes to the halves of a tile.

#[cfg(any(armv7em_dsp, riscv32m))]
use super::GROUP_WORDS;
use super::Group;
use super::windows::Runs;
use quintet_protocol::network::TILE_PIXELS;

/// [`Runs`] and where they go.
///
/// The assembly relies on the order of the fields.
#[repr(C)]
#[cfg(any(armv7em_dsp, riscv32m))]
pub struct Expansion {
    pub bytes: *const i8,
    /// The first pixel's word.
    pub place: *mut u32,
    pub groups: usize,
    pub step: usize,
    pub pixels: usize,
    pub pixel_step: usize,
    /// Its number in its tile.
    pub pixel: usize,
    pub count: usize,
    /// From the end of a tile's last run to the first run of the next tile, in bytes.
    pub tile_step: usize,
}

/// Expands the runs of some pixels, from number `first` on, one run after another.
#[cfg(any(armv7em_dsp, riscv32m))]
#[inline(never)]
#[allow(unsafe_code)]
pub fn expand(runs: &Runs<'_>, first: usize, tiles: &mut [u32]) {
    let Runs { bytes, pixels, pixel_step, count, step, groups, before, column_groups } = *runs;
    if pixels == 0 || count == 0 || groups == 0 || before + count * groups > column_groups {
        return;
    }
    let last = (pixels - 1).saturating_mul(pixel_step);
    let last = last.saturating_add((count - 1).saturating_mul(step));
    let tile_words = column_groups.saturating_mul(GROUP_WORDS);
    let tile_count = (first + pixels).div_ceil(TILE_PIXELS);
    let is_there = last.saturating_add(4 * groups) <= bytes.len()
        && tile_count.saturating_mul(tile_words) <= tiles.len();
    if !is_there {
        return;
    }
    let place = first / TILE_PIXELS * tile_words + before * GROUP_WORDS;
    let tile_step = (column_groups - count * groups) * GROUP_WORDS * 4;
    let job = Expansion {
        bytes: bytes.as_ptr(),
        place: tiles.as_mut_ptr().wrapping_add(place + first % TILE_PIXELS),
        groups,
        step,
        pixels,
        pixel_step,
        pixel: first % TILE_PIXELS,
        count,
        tile_step,
    };
    // SAFETY: the last pixel's last run ends in `bytes`, and the last tile in `tiles`; so do all
    // others. There is at least one of everything.
    unsafe { super::assembly::expand_runs(&raw const job) };
}

/// Expands the runs of some pixels, from number `first` on, one run after another: what the
/// assembly must equal bit for bit.
#[cfg(not(any(armv7em_dsp, riscv32m)))]
pub fn expand(runs: &Runs<'_>, first: usize, tiles: &mut [u32]) {
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
