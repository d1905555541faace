//! Laying out windows: what each output pixel sees of the picture, as columns side by side.

use super::GROUP_WORDS;
use super::expand::{expand, expand_group};
use quintet_protocol::network::{TILE_PIXELS, column_bytes, runs};
use quintet_protocol::program::Sliding;

/// The windows of a layer. Of pairs, the first is along columns of pixels, down, and the second across.
pub struct Windows {
    /// Rows and columns of the picture.
    size: [usize; 2],
    /// Bytes from a pixel to the one below, and to the next one.
    steps: [usize; 2],
    /// Columns of the output.
    columns: usize,
    /// Rows of a window, and runs of each.
    runs: [usize; 2],
    /// Bytes of a run.
    run_bytes: usize,
    /// From the first row and column of a window to the last.
    reach: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    pad: [usize; 2],
    column_bytes: usize,
    /// What padding has.
    zero: i8,
}

/// Runs of bytes, all of the same length, from equal places of windows next to one another.
pub struct Runs<'a> {
    /// From the first byte of the first run to the last byte of the last one.
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
        let [rows, columns, channels] = sliding.input.map(usize::from);
        let kernel = sliding.kernel.map(usize::from);
        let dilation = sliding.dilation.map(usize::from);
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
            runs: [kernel[0], runs],
            run_bytes,
            reach: [(kernel[0] - 1) * dilation[0], (kernel[1] - 1) * dilation[1]],
            stride: sliding.stride.map(usize::from),
            dilation,
            pad: sliding.pad.map(usize::from),
            column_bytes: column_bytes(sliding),
            zero,
        }
    }

    /// Lays out tiles of so many output pixels, a multiple of four, from number `first` on.
    pub fn tiles(&self, input: &[i8], first: usize, count: usize, tiles: &mut [u32]) {
        let mut at = [first / self.columns, first % self.columns];
        let mut done = 0;
        while done < count {
            let pixels = (count - done).min(self.columns - at[1]);
            let pixels = match self.inside(at) {
                Some(start) => {
                    self.expand(&input[start.min(input.len())..], at, pixels, done, tiles)
                }
                None => 0,
            };
            if pixels == 0 {
                self.expand_at_edge(input, self.corner(at), done, tiles);
            }
            done += pixels.max(1);
            at[1] += pixels.max(1);
            if at[1] == self.columns {
                at = [at[0] + 1, 0];
            }
        }
    }

    /// Lays out columns of output pixels, from number `first` on, as bytes, one after another.
    pub fn columns(&self, input: &[i8], first: usize, columns: &mut [i8]) {
        for (pixel, column) in (first..).zip(columns.chunks_exact_mut(self.column_bytes)) {
            let corner = self.corner([pixel / self.columns, pixel % self.columns]);
            let places = column.chunks_exact_mut(self.run_bytes.next_multiple_of(4));
            for (place, run) in places.zip(self.runs_of(input, corner)) {
                let [from, to] = run.inside(self.run_bytes);
                place.fill(self.zero);
                if let (Some(place), Some(bytes)) = (place.get_mut(from..to), run.bytes(from, to)) {
                    place.copy_from_slice(bytes);
                }
            }
        }
    }

    /// The row and column of the picture at which the window of an output pixel begins.
    fn corner(&self, at: [usize; 2]) -> [isize; 2] {
        [0, 1].map(|i| (at[i] * self.stride[i]) as isize - self.pad[i] as isize)
    }

    /// The byte of the input at which the window of an output pixel begins, if it does not go beyond the
    /// picture's edge.
    #[inline(always)]
    fn inside(&self, at: [usize; 2]) -> Option<usize> {
        let corner = [0, 1].map(|i| (at[i] * self.stride[i]).wrapping_sub(self.pad[i]));
        let fits = |i: usize| corner[i] < self.size[i] && corner[i] + self.reach[i] < self.size[i];
        let start = || corner[0] * self.steps[0] + corner[1] * self.steps[1];
        (fits(0) && fits(1)).then(start)
    }

    /// Bytes of the input from the first one of a window to the last one, with what pads the last run.
    fn window_bytes(&self) -> usize {
        let across = if self.runs[1] > 1 { self.reach[1] * self.steps[1] } else { 0 };
        self.reach[0] * self.steps[0] + across + self.run_bytes.next_multiple_of(4)
    }

    /// Expands windows that lie in the picture, those of output pixel `at`, which begins with `input`,
    /// and of up to `pixels` next to it; returns of how many.
    fn expand(
        &self,
        input: &[i8],
        at: [usize; 2],
        pixels: usize,
        first: usize,
        tiles: &mut [u32],
    ) -> usize {
        let pixel_step = self.stride[1] * self.steps[1];
        let column = at[1] * self.stride[1] - self.pad[1];
        let fit = (self.size[1] - 1 - self.reach[1] - column) / self.stride[1] + 1;
        let window = self.window_bytes();
        let mut pixels = pixels.min(fit);
        // What pads the last run may lie beyond the input's end.
        while pixels > 0 && (pixels - 1) * pixel_step + window > input.len() {
            pixels -= 1;
        }
        let groups = self.run_bytes.div_ceil(4);
        let [down, across] = [0, 1].map(|i| self.dilation[i] * self.steps[i]);
        let [rows, runs] = self.runs;
        if runs == 1 {
            let runs = Runs { bytes: input, pixels, pixel_step, count: rows, step: down, groups };
            expand(&runs, first, tiles);
            return pixels;
        }
        for pixel in 0..pixels {
            let (slot, tile) = self.tile_of(first + pixel, tiles);
            for (row, place) in tile.chunks_exact_mut(runs * groups * GROUP_WORDS).enumerate() {
                let bytes = input.get(pixel * pixel_step + row * down..).unwrap_or_default();
                let one = Runs { bytes, pixels: 1, pixel_step, count: runs, step: across, groups };
                expand(&one, slot, place);
            }
        }
        pixels
    }

    /// Expands a window that goes beyond the picture's edge.
    fn expand_at_edge(&self, input: &[i8], corner: [isize; 2], pixel: usize, tiles: &mut [u32]) {
        let (pixel, tile) = self.tile_of(pixel, tiles);
        let places = tile.chunks_exact_mut(self.run_bytes.div_ceil(4) * GROUP_WORDS);
        for (place, run) in places.zip(self.runs_of(input, corner)) {
            let [from, to] = run.inside(self.run_bytes);
            // Whole groups of four between the first and the last byte of the picture.
            let (first, last) = (from.div_ceil(4), (to / 4).max(from.div_ceil(4)));
            let (before, rest) = place.split_at_mut(first * GROUP_WORDS);
            let (within, after) = rest.split_at_mut((last - first) * GROUP_WORDS);
            if let Some(bytes) = run.bytes(4 * first, 4 * last) {
                let groups = last - first;
                let run = Runs { bytes, pixels: 1, pixel_step: 0, count: 1, step: 0, groups };
                expand(&run, pixel, within);
            }
            // Those that lie outside as a whole, and those that the picture's edge goes through.
            let [outside_before, outside_after] = [from / 4, to.div_ceil(4)];
            for (groups, number) in [(before, 0), (after, last)] {
                for (number, group) in (number..).zip(groups.as_chunks_mut::<GROUP_WORDS>().0) {
                    let is_outside = number < outside_before || number >= outside_after;
                    let bytes =
                        if is_outside { [self.zero; 4] } else { self.group(&run, 4 * number) };
                    expand_group(bytes, pixel, group);
                }
            }
        }
    }

    /// The tile of a pixel, and its number there.
    fn tile_of<'a>(&self, pixel: usize, tiles: &'a mut [u32]) -> (usize, &'a mut [u32]) {
        let words = self.column_bytes * TILE_PIXELS / 2;
        let start = pixel / TILE_PIXELS * words;
        (pixel % TILE_PIXELS, tiles.get_mut(start..start + words).unwrap_or_default())
    }

    /// All runs of a window, top to bottom.
    fn runs_of<'a>(
        &self,
        input: &'a [i8],
        [y, x]: [isize; 2],
    ) -> impl Iterator<Item = Run<'a>> + use<'a> {
        let Self { size, steps, runs: [rows, runs], .. } = *self;
        let [down, across] = self.dilation.map(|step| step as isize);
        (0..rows as isize).flat_map(move |i| {
            let row = usize::try_from(y + i * down).ok().filter(|&y| y < size[0]);
            let row = row.and_then(|y| input.get(y * steps[0]..(y + 1) * steps[0]));
            let row = row.unwrap_or_default();
            let start = move |j| (x + j * across) * steps[1] as isize;
            (0..runs as isize).map(move |j| Run { row, start: start(j) })
        })
    }

    /// Four bytes of a run, from number `first` on; those outside the picture are its zeros.
    fn group(&self, run: &Run<'_>, first: usize) -> [i8; 4] {
        let [from, to] = run.inside(self.run_bytes);
        [0, 1, 2, 3].map(|i| {
            let place = first + i;
            let inside = (from..to).contains(&place);
            let place = run.start.wrapping_add_unsigned(place) as usize;
            run.row.get(place).filter(|_| inside).map_or(self.zero, |&byte| byte)
        })
    }
}

impl<'a> Run<'a> {
    /// First byte of the run that lies in the picture, and one past the last; the same if none does.
    fn inside(&self, run_bytes: usize) -> [usize; 2] {
        let from = self.start.min(0).unsigned_abs().min(run_bytes);
        let end = self.row.len().saturating_add_signed(self.start.saturating_neg());
        [from, end.clamp(from, run_bytes)]
    }

    /// Bytes of the run, which all lie in the picture.
    fn bytes(&self, from: usize, to: usize) -> Option<&'a [i8]> {
        let start = usize::try_from(self.start.checked_add_unsigned(from)?).ok()?;
        self.row.get(start..start + (to - from))
    }
}
