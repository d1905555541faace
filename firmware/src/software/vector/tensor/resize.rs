//! `Vector`, resizing: each output pixel is copied from the input's that a map names.

use crate::operands::{Operands, Words, disjoint, words};
use quintet_protocol::program::{Fault, Resize as Command};

/// Instructions of a step, roughly.
const STEP_COST: usize = 60_000;
/// What a pixel costs beside its bytes.
const PIXEL_COST: usize = 40;

/// Resizing under way.
pub struct Resize {
    input: Words,
    map: Words,
    output: Words,
    /// Rows, columns, channels.
    shape: [usize; 3],
    /// Rows and columns.
    size: [usize; 2],
    /// The pixel of the output that is next.
    next: usize,
}

impl Resize {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        let bytes = |[rows, columns]: [u16; 2]| {
            u64::from(rows) * u64::from(columns) * u64::from(c.input_shape[2])
        };
        let [rows, columns, _] = c.input_shape;
        let input = operands.read(c.input, words(bytes([rows, columns])))?;
        let halves = u64::from(c.output_size[0]) + u64::from(c.output_size[1]);
        let map = operands.read(c.map, words(2 * halves))?;
        let output = operands.write(c.output, words(bytes(c.output_size)))?;
        disjoint([&input, &map, &output])?;
        let (shape, size) = (c.input_shape.map(usize::from), c.output_size.map(usize::from));
        Ok(Self { input, map, output, shape, size, next: 0 })
    }

    /// Bytes written; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let ranges = [self.input.clone(), self.map.clone(), self.output.clone()];
        let [input, map, output] = arena.get_disjoint_mut(ranges).ok()?;
        let input: &[u8] = bytemuck::cast_slice(input);
        let map: &[u16] = bytemuck::cast_slice(map);
        let output: &mut [u8] = bytemuck::cast_slice_mut(output);
        let [rows, columns, channels] = self.shape;
        let [rows_out, columns_out] = self.size;
        let count = (STEP_COST / (PIXEL_COST + channels)).max(1);
        let end = (rows_out * columns_out).min(self.next + count);
        for pixel in self.next..end {
            let row = usize::from(*map.get(pixel / columns_out)?).min(rows - 1);
            let column = usize::from(*map.get(rows_out + pixel % columns_out)?).min(columns - 1);
            let from = (row * columns + column) * channels;
            let to = pixel * channels;
            output.get_mut(to..to + channels)?.copy_from_slice(input.get(from..from + channels)?);
        }
        let items = (end - self.next) * channels;
        self.next = end;
        Some(items).filter(|&items| items > 0)
    }
}
