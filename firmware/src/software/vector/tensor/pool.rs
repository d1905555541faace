//! `Vector`, pooling: each output is the mean or the greatest of what a window sees of the picture.

use super::channels::Channels;
use crate::kernels::reduce::{PLACES_MAX, Places, Reduction};
use crate::operands::{Operands, in_range, words};
use quintet_protocol::program::{Fault, Pool as Command, Sliding};

/// Pooling under way.
pub struct Pool {
    channels: Channels,
    sliding: Sliding,
}

impl Pool {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        let s = &c.sliding;
        check(s)?;
        let [rows, columns, channels] = s.output.map(usize::from);
        let input = operands.read(c.input, words(s.input_bytes() as u64));
        let output = operands.write(c.output, words(s.output_bytes() as u64));
        operands.disjoint([&input, &output]);
        let reduction =
            if c.greatest { Reduction::Greatest(c.bytes) } else { Reduction::Mean(c.bytes) };
        let pixels = rows * columns;
        let channels = Channels { input, output, pixels, channels, reduction, next: [0; 2] };
        Ok(Self { channels, sliding: c.sliding })
    }

    /// Bytes read; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let Self { channels, sliding } = self;
        channels.step(arena, &|pixel| places(sliding, pixel))
    }
}

/// Refuses windows that are too large, that change the number of channels, or that see nothing.
fn check(s: &Sliding) -> Result<(), Fault> {
    in_range(1, s.output[2], s.input[2]..=s.input[2])?;
    in_range(3, usize::from(s.kernel[0]) * usize::from(s.kernel[1]), 1..=PLACES_MAX)?;
    if s.dilation != [1, 1] {
        return Err(Fault::OutOfRange { parameter: 4 });
    }
    for axis in 0..2 {
        if s.pad[axis] >= s.kernel[axis] {
            return Err(Fault::OutOfRange { parameter: 5 });
        }
        let last = (u32::from(s.output[axis]) - 1) * u32::from(s.stride[axis]);
        if last >= u32::from(s.input[axis]) + u32::from(s.pad[axis]) {
            return Err(Fault::OutOfRange { parameter: 2 });
        }
    }
    Ok(())
}

/// What the window of an output pixel sees.
fn places(s: &Sliding, pixel: usize) -> Places {
    let columns_out = usize::from(s.output[1]).max(1);
    let [rows_in, columns_in, channels] = s.input.map(usize::from);
    let seen = |at: usize, size: usize, [stride, pad, kernel]: [usize; 3]| {
        let start = at * stride;
        start.saturating_sub(pad)..(start + kernel).saturating_sub(pad).min(size)
    };
    let axis = |i: usize| [s.stride[i].into(), s.pad[i].into(), s.kernel[i].into()];
    let rows = seen(pixel / columns_out, rows_in, axis(0));
    let columns = seen(pixel % columns_out, columns_in, axis(1));
    Places {
        first: (rows.start * columns_in + columns.start) * channels,
        rows: rows.len(),
        row_step: columns_in * channels,
        columns: columns.len(),
        step: channels,
    }
}
