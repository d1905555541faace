//! Laying out windows: what each output pixel sees of the picture, as columns side by side.

use quintet_protocol::network::{TILE_PIXELS, column_bytes, runs};
use quintet_protocol::program::Sliding;

/// Words of a tile that belong to four bytes of each of its columns.
const GROUP_WORDS: usize = 2 * TILE_PIXELS;

/// The windows of a layer.
pub struct Windows {
    sliding: Sliding,
    /// What padding has.
    zero: i8,
    /// Runs of each row, and bytes of one.
    runs: [usize; 2],
    /// Bytes of a row of the picture.
    row_bytes: usize,
    column_bytes: usize,
}

/// Where a run's bytes come from.
struct Run<'a> {
    /// The row of the picture that it lies in; empty if that is not in the picture.
    row: &'a [i8],
    /// Its first byte there; it may be before the row.
    start: isize,
}

impl Windows {
    /// Windows over an input whose zero is `zero`.
    pub fn new(sliding: &Sliding, zero: i8) -> Self {
        let [_, columns, channels] = sliding.input.map(usize::from);
        Self {
            sliding: *sliding,
            zero,
            runs: runs(sliding),
            row_bytes: columns * channels,
            column_bytes: column_bytes(sliding),
        }
    }

    /// Lays out the tile of four output pixels, from number `first` on, as halves.
    pub fn tile(&self, input: &[i8], first: usize, tile: &mut [u32]) {
        for pixel in 0..TILE_PIXELS {
            let corner = self.corner(first + pixel);
            match self.inside(input, corner) {
                Some(window) => self.expand_inside(window, pixel, tile),
                None => self.expand_at_edge(input, corner, pixel, tile),
            }
        }
    }

    /// Lays out columns of output pixels, from number `first` on, as bytes, one after another.
    pub fn columns(&self, input: &[i8], first: usize, columns: &mut [i8]) {
        let run_bytes = self.runs[1];
        for (pixel, column) in (first..).zip(columns.chunks_exact_mut(self.column_bytes)) {
            let corner = self.corner(pixel);
            let places = column.chunks_exact_mut(run_bytes.next_multiple_of(4));
            for (place, run) in places.zip(self.runs_of(input, corner)) {
                let [from, to] = run.inside(run_bytes);
                place.fill(self.zero);
                if let (Some(place), Some(bytes)) = (place.get_mut(from..to), run.bytes(from, to)) {
                    place.copy_from_slice(bytes);
                }
            }
        }
    }

    /// The row and column of the picture at which an output pixel's window begins.
    fn corner(&self, pixel: usize) -> [isize; 2] {
        let Sliding { output, stride, pad, .. } = &self.sliding;
        let columns = usize::from(output[1]);
        let at = [pixel / columns, pixel % columns];
        let place = |i: usize| (at[i] * usize::from(stride[i])) as isize - pad[i] as isize;
        [place(0), place(1)]
    }

    /// All runs of a window, top to bottom.
    fn runs_of<'a>(
        &self,
        input: &'a [i8],
        [y, x]: [isize; 2],
    ) -> impl Iterator<Item = Run<'a>> + use<'a> {
        let Sliding { input: shape, kernel, dilation, .. } = self.sliding;
        let ([count, _], row_bytes) = (self.runs, self.row_bytes);
        let channels = usize::from(shape[2]) as isize;
        let [down, across] = dilation.map(|step| usize::from(step) as isize);
        (0..usize::from(kernel[0]) as isize).flat_map(move |i| {
            let row = usize::try_from(y + i * down).ok().filter(|&y| y < usize::from(shape[0]));
            let row = row.and_then(|y| input.get(y * row_bytes..(y + 1) * row_bytes));
            let row = row.unwrap_or_default();
            (0..count as isize).map(move |j| Run { row, start: (x + j * across) * channels })
        })
    }

    /// Where a window lies in the input, if all of it does, and what its last run is padded with.
    fn inside<'a>(&self, input: &'a [i8], [y, x]: [isize; 2]) -> Option<&'a [i8]> {
        let Sliding { input: shape, kernel, dilation, .. } = &self.sliding;
        let [y, x] = [usize::try_from(y).ok()?, usize::try_from(x).ok()?];
        let last = |i: usize| (usize::from(kernel[i]) - 1) * usize::from(dilation[i]);
        let fits = y + last(0) < usize::from(shape[0]) && x + last(1) < usize::from(shape[1]);
        let start = y * self.row_bytes + x * usize::from(shape[2]);
        let last_run = last(0) * self.row_bytes
            + if self.runs[0] > 1 { last(1) * usize::from(shape[2]) } else { 0 };
        let end = start + last_run + self.runs[1].next_multiple_of(4);
        if fits { input.get(start..end) } else { None }
    }

    /// Expands a window that lies in the picture.
    fn expand_inside(&self, window: &[i8], pixel: usize, tile: &mut [u32]) {
        let Sliding { input: shape, kernel, dilation, .. } = &self.sliding;
        let words = self.runs[1].div_ceil(4);
        let step = usize::from(dilation[0]) * self.row_bytes;
        let across = usize::from(dilation[1]) * usize::from(shape[2]);
        let mut places = tile.chunks_exact_mut(words * GROUP_WORDS);
        for row in 0..usize::from(kernel[0]) {
            for run in 0..self.runs[0] {
                let from = row * step + run * across;
                let (Some(bytes), Some(place)) =
                    (window.get(from..from + 4 * words), places.next())
                else {
                    return;
                };
                expand(bytes, pixel, place);
            }
        }
    }

    /// Expands a window that goes beyond the picture's edge.
    fn expand_at_edge(&self, input: &[i8], corner: [isize; 2], pixel: usize, tile: &mut [u32]) {
        let run_bytes = self.runs[1];
        let places = tile.chunks_exact_mut(run_bytes.div_ceil(4) * GROUP_WORDS);
        for (place, run) in places.zip(self.runs_of(input, corner)) {
            let [from, to] = run.inside(run_bytes);
            // Whole groups of four between the first and the last byte of the picture.
            let (first, last) = (from.div_ceil(4), (to / 4).max(from.div_ceil(4)));
            let (before, rest) = place.split_at_mut(first * GROUP_WORDS);
            let (within, after) = rest.split_at_mut((last - first) * GROUP_WORDS);
            if let Some(bytes) = run.bytes(4 * first, 4 * last) {
                expand(bytes, pixel, within);
            }
            for (groups, number) in [(before, 0), (after, last)] {
                for (number, group) in (number..).zip(groups.as_chunks_mut::<GROUP_WORDS>().0) {
                    expand_group(self.group(&run, 4 * number), pixel, group);
                }
            }
        }
    }

    /// Four bytes of a run, from number `first` on; those outside the picture are zeros of its.
    fn group(&self, run: &Run<'_>, first: usize) -> [i8; 4] {
        [0, 1, 2, 3].map(|i| {
            let place = run.start.checked_add_unsigned(first + i);
            let place = place.and_then(|place| usize::try_from(place).ok());
            let inside = first + i < self.runs[1];
            place
                .filter(|_| inside)
                .and_then(|place| run.row.get(place))
                .map_or(self.zero, |&it| it)
        })
    }
}

impl<'a> Run<'a> {
    /// First byte of the run that lies in the picture, and one past the last; the same if none does.
    fn inside(&self, run_bytes: usize) -> [usize; 2] {
        let from = self.start.min(0).unsigned_abs();
        let end = self.row.len().saturating_add_signed(self.start.saturating_neg());
        [from.min(run_bytes), end.clamp(from.min(run_bytes), run_bytes)]
    }

    /// Bytes of the run, which all lie in the picture.
    fn bytes(&self, from: usize, to: usize) -> Option<&'a [i8]> {
        let start = usize::try_from(self.start.checked_add_unsigned(from)?).ok()?;
        self.row.get(start..start + (to - from))
    }
}

/// Puts bytes into a tile as halves of one of its pixels.
#[inline(always)]
fn expand(bytes: &[i8], pixel: usize, place: &mut [u32]) {
    let groups = place.as_chunks_mut::<GROUP_WORDS>().0.iter_mut();
    groups.zip(bytes.as_chunks::<4>().0).for_each(|(group, &bytes)| {
        expand_group(bytes, pixel, group);
    });
}

#[inline(always)]
fn expand_group([a, b, c, d]: [i8; 4], pixel: usize, group: &mut [u32; GROUP_WORDS]) {
    let pair = |low: i8, high: i8| u32::from(low as i16 as u16) | (high as u32) << 16;
    group[pixel & (TILE_PIXELS - 1)] = pair(a, c);
    group[(pixel & (TILE_PIXELS - 1)) + TILE_PIXELS] = pair(b, d);
}
