//! Laying out windows: what each output pixel sees of the picture, as columns side by side.

use super::Group;
use super::expand::{expand, expand_byte, expand_group};
use core::ops::Range;
use quintet_protocol::copy;
use quintet_protocol::network::{TILE_PIXELS, column_bytes, runs};
use quintet_protocol::program::Sliding;

/// The windows of a layer. Of pairs, the first is along columns of pixels, down, and the second
/// across.
pub struct Windows {
    /// Rows and columns of the picture.
    size: [usize; 2],
    /// Bytes from a pixel to the one below, and to the next one.
    steps: [usize; 2],
    /// Columns of the output.
    columns: usize,
    kernel: [usize; 2],
    /// Runs of each row of a window.
    runs: usize,
    /// Bytes of a run.
    run_bytes: usize,
    stride: [usize; 2],
    dilation: [usize; 2],
    pad: [usize; 2],
    column_bytes: usize,
    /// What padding has.
    zero: i8,
}

/// Runs of bytes, all of the same length, from equal places of windows next to one another.
pub struct Runs<'a> {
    /// From the first byte of the first run to the last byte of the last one, at least.
    pub bytes: &'a [i8],
    /// How many pixels' windows.
    pub pixels: usize,
    /// Bytes from a window to the next.
    pub pixel_step: usize,
    /// Runs of each window.
    pub count: usize,
    /// Bytes from a run to the next.
    pub step: usize,
    /// Four bytes each.
    pub groups: usize,
    /// Groups of a column before the first run.
    pub before: usize,
    /// Groups of a whole column.
    pub column_groups: usize,
}

/// Windows of output pixels next to one another that see the same of the picture's edges.
struct Span {
    /// Where the window of the first pixel begins in the input; before it, if beyond an edge. It
    /// means nothing where nothing is in the picture.
    start: isize,
    pixels: usize,
    /// Which rows and columns of the window are in the picture.
    inside: [Range<usize>; 2],
}

impl Windows {
    /// Windows over an input whose zero is `zero`.
    #[inline(never)]
    pub fn new(sliding: &Sliding, zero: i8) -> Self {
        let [rows, columns, channels] = sliding.input.map(usize::from);
        let kernel = sliding.kernel.map(usize::from);
        let [runs, run_bytes] = runs(sliding);
        let is_each_pixel = kernel == [1, 1]
            && sliding.stride == [1, 1]
            && sliding.pad == [0, 0]
            && sliding.output[..2] == sliding.input[..2];
        let size = if is_each_pixel { [1, rows * columns] } else { [rows, columns] };
        Self {
            size,
            steps: [size[1] * channels, channels],
            columns: if is_each_pixel { size[1] } else { usize::from(sliding.output[1]) },
            kernel,
            runs,
            run_bytes,
            stride: sliding.stride.map(usize::from),
            dilation: sliding.dilation.map(usize::from),
            pad: sliding.pad.map(usize::from),
            column_bytes: column_bytes(sliding),
            zero,
        }
    }

    /// Lays out tiles of so many output pixels, a multiple of four, from number `first` on.
    #[inline(never)]
    pub fn tiles(&self, input: &[i8], first: usize, count: usize, tiles: &mut [u32]) {
        let mut at = [first / self.columns, first % self.columns];
        let mut done = 0;
        while done < count {
            let span = self.span(at, count - done);
            let pixels = self.expand(input, &span, done, tiles);
            if span.inside != self.kernel.map(|count| 0..count) {
                for pixel in done..done + pixels {
                    self.pad(&span.inside, pixel, tiles);
                }
            }
            done += pixels;
            at[1] += pixels;
            if at[1] >= self.columns {
                at = [at[0] + 1, 0];
            }
        }
    }

    /// Lays out columns of output pixels, from number `first` on, as bytes, one after another.
    #[inline(never)]
    pub fn columns(&self, input: &[i8], first: usize, columns: &mut [i8]) {
        let [of_run, channels] = [self.run_bytes.next_multiple_of(4), self.steps[1]];
        // From a column of the window to the next: in its run, or in the run after it.
        let step = if self.runs == 1 { channels } else { of_run };
        for (pixel, column) in (first..).zip(columns.chunks_exact_mut(self.column_bytes.max(1))) {
            column.fill(self.zero);
            let (down, across) = (pixel / self.columns.max(1), pixel % self.columns.max(1));
            let corner = [down * self.stride[0], across * self.stride[1]];
            for row in 0..self.kernel[0] {
                for across in 0..self.kernel[1] {
                    let place = row * self.runs * of_run + across * step;
                    let from = self.byte_inside(&corner, [row, across]);
                    let bytes = from.and_then(|from| input.get(from..from + channels));
                    let place = column.get_mut(place..place + channels);
                    if let (Some(bytes), Some(place)) = (bytes, place) {
                        copy(bytemuck::cast_slice(bytes), bytemuck::cast_slice_mut(place));
                    }
                }
            }
        }
    }

    /// The first byte of what a place of the window at `corner`, padding included, sees of the
    /// picture.
    fn byte_inside(&self, corner: &[usize; 2], at: [usize; 2]) -> Option<usize> {
        let mut byte = 0;
        for i in 0..2 {
            let place = (corner[i] + at[i] * self.dilation[i]).checked_sub(self.pad[i])?;
            if place >= self.size[i] {
                return None;
            }
            byte += place * self.steps[i];
        }
        Some(byte)
    }

    /// The output pixel at `at`, with up to so many pixels next to it that see all columns of their
    /// windows.
    fn span(&self, at: [usize; 2], most: usize) -> Span {
        let corner = [0, 1].map(|i| (at[i] * self.stride[i]) as isize - self.pad[i] as isize);
        let inside = [0, 1].map(|i| self.inside(i, corner[i]));
        let bytes = [0, 1].map(|i| corner[i].wrapping_mul(self.steps[i] as isize));
        let start = bytes[0].wrapping_add(bytes[1]);
        let mut pixels = 1;
        if inside[1] == (0..self.kernel[1]) {
            let reach = (self.kernel[1] - 1) * self.dilation[1];
            let fit = (self.size[1] - 1 - reach - corner[1] as usize) / self.stride[1] + 1;
            pixels = most.min(fit).min(self.columns - at[1]);
        }
        Span { start, pixels, inside }
    }

    /// Which rows or columns of a window are in the picture.
    fn inside(&self, i: usize, corner: isize) -> Range<usize> {
        let dilation = self.dilation[i];
        let start = corner.min(0).unsigned_abs().div_ceil(dilation).min(self.kernel[i]);
        let size = self.size[i] as isize;
        let end = (size - corner).max(0).unsigned_abs().div_ceil(dilation).min(self.kernel[i]);
        start..end.max(start)
    }

    /// Which bytes of a row of a window, its runs with what pads them, such columns are.
    fn bytes_inside(&self, columns: &Range<usize>) -> Range<usize> {
        let [row, each] = match self.runs {
            1 => [self.run_bytes, self.steps[1]],
            runs => [runs, 1].map(|count| count * self.run_bytes.next_multiple_of(4)),
        };
        (columns.start * each).min(row)..(columns.end * each).min(row)
    }

    /// Expands the rows of windows that are in the picture, as if all their columns were; returns
    /// of how many pixels.
    fn expand(&self, input: &[i8], span: &Span, first: usize, tiles: &mut [u32]) -> usize {
        let [down, across] = [0, 1].map(|i| self.dilation[i] * self.steps[i]);
        let Range { start: top, end } = span.inside[0];
        if top == end {
            return span.pixels;
        }
        let groups = self.run_bytes.div_ceil(4);
        let pixel_step = self.stride[1] * self.steps[1];
        let row_bytes = (self.runs - 1) * across + 4 * groups;
        let start = span.start + (top * down) as isize;
        let mut runs = Runs {
            bytes: input.get(start as usize..).unwrap_or_default(),
            pixels: span.pixels,
            pixel_step,
            count: end - top,
            step: down,
            groups,
            before: top * self.runs * groups,
            column_groups: self.column_bytes / 4,
        };
        // What pads the last run may lie beyond the input's end.
        let window = (end - top - 1) * down + row_bytes;
        while runs.pixels > 1 && (runs.pixels - 1) * pixel_step + window > runs.bytes.len() {
            runs.pixels -= 1;
        }
        let pixels = runs.pixels;
        if self.runs == 1 && window <= runs.bytes.len() {
            expand(&runs, first, tiles);
            return pixels;
        }
        // Row by row: there are several runs in each, or some go beyond the input.
        (runs.pixels, runs.count, runs.step) = (1, self.runs, across);
        for row in top..end {
            runs.before = row * self.runs * groups;
            let start = span.start + (row * down) as isize;
            let bytes = input.get(start as usize..).unwrap_or_default();
            if row_bytes <= bytes.len() {
                expand(&Runs { bytes, ..runs }, first, tiles);
            } else {
                self.gather(input, start, (first, runs.before), tiles);
            }
        }
        1
    }

    /// Expands a row of a window, from `start` on, that goes beyond the input.
    #[cold]
    fn gather(
        &self,
        input: &[i8],
        start: isize,
        (pixel, before): (usize, usize),
        tiles: &mut [u32],
    ) {
        let across = self.dilation[1] * self.steps[1];
        let run = self.run_bytes.next_multiple_of(4);
        let groups = self.column_of(pixel, tiles).get_mut(before..).unwrap_or_default();
        for byte in 0..self.runs * run {
            let from = start + (byte / run * across + byte % run) as isize;
            if let Some(group) = groups.get_mut(byte / 4) {
                let value = input.get(from as usize).copied().unwrap_or_default();
                expand_byte(value, byte, pixel, group);
            }
        }
    }

    /// Puts zeros wherever the window of a pixel is not in the picture.
    fn pad(&self, [rows, columns]: &[Range<usize>; 2], pixel: usize, tiles: &mut [u32]) {
        let row_groups = self.runs * self.run_bytes.div_ceil(4);
        let column = self.column_of(pixel, tiles);
        let Some((column, below)) = column.split_at_mut_checked(rows.end * row_groups) else {
            return;
        };
        let Some((above, within)) = column.split_at_mut_checked(rows.start * row_groups) else {
            return;
        };
        for group in above.iter_mut().chain(below) {
            expand_group([self.zero; 4], pixel, group);
        }
        if *columns != (0..self.kernel[1]) {
            let bytes = self.bytes_inside(columns);
            for outside in [0..bytes.start, bytes.end..4 * row_groups] {
                pad_rows(within, row_groups, (outside, pixel), self.zero);
            }
        }
    }

    /// The groups of a pixel's tile.
    fn column_of<'a>(&self, pixel: usize, tiles: &'a mut [u32]) -> &'a mut [Group] {
        let groups = self.column_bytes / 4;
        let start = pixel / TILE_PIXELS * groups;
        let all = tiles.as_chunks_mut().0;
        all.get_mut(start..start + groups).unwrap_or_default()
    }
}

/// Puts `zero` into the same bytes of each of some rows of a pixel's window.
#[inline(never)]
fn pad_rows(
    rows: &mut [Group],
    row_groups: usize,
    (bytes, pixel): (Range<usize>, usize),
    zero: i8,
) {
    let first = bytes.start.div_ceil(4);
    let whole = first..(bytes.end / 4).max(first);
    if !whole.is_empty() {
        for row in rows.chunks_exact_mut(row_groups) {
            for group in row.get_mut(whole.clone()).unwrap_or_default() {
                expand_group([zero; 4], pixel, group);
            }
        }
    }
    // And those of groups that lie in the picture in part.
    let [before, after] =
        [bytes.start..bytes.end.min(4 * whole.start), bytes.start.max(4 * whole.end)..bytes.end];
    for byte in before.chain(after) {
        for row in rows.chunks_exact_mut(row_groups) {
            if let Some(group) = row.get_mut(byte / 4) {
                expand_byte(zero, byte, pixel, group);
            }
        }
    }
}
