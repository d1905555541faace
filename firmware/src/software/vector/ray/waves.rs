//! `Vector`, Waves: row by row, the coordinates themselves if they are included, then the sines and
//! cosines of each frequency.

use crate::kernels::sine::waves;
use crate::operands::{Operands, Words, disjoint, in_range};
use crate::software::rows::{self, Count};
use quintet_protocol::feature::{Matrix, wave_columns, wave_words};
use quintet_protocol::program::{Fault, Waves as Command};

/// Most frequencies.
const FREQUENCIES_MAX: u8 = 32;
/// Most coordinates.
const COORDINATES_MAX: u8 = 64;
/// Columns of a step: some 25 instructions each.
const STEP_COLUMNS: usize = 4096;

/// Waves under way.
pub struct Waves {
    input: Words,
    frequencies: Words,
    output: Words,
    count: Count,
    shape: Shape,
    matrix: Matrix,
    /// The next row.
    row: usize,
}

/// What vectors are like, and what becomes of them.
struct Shape {
    coordinates: usize,
    of_halves: bool,
    /// Words, or halves, from vector to vector.
    stride: usize,
    /// First coordinate of a vector.
    first: usize,
    columns: usize,
    includes_input: bool,
    input_shift: u8,
}

impl Waves {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(2, c.frequency_count, 0..=FREQUENCIES_MAX)?;
        in_range(2, c.coordinates, 1..=COORDINATES_MAX)?;
        in_range(4, c.input_shift, 0..=31)?;
        let [stride, first] = [c.input_stride, c.input_first].map(usize::from);
        let coordinates = usize::from(c.coordinates);
        in_range(1, first + coordinates, 0..=stride)?;
        let frequencies = usize::from(c.frequency_count);
        let columns = wave_columns(coordinates, frequencies, c.includes_input);
        rows::columns(3, c.matrix, columns)?;
        let capacity = c.capacity as usize;
        let input_words = match c.of_halves {
            true => {
                in_range(1, (c.input_stride | c.input_first) % 2, 0..=0)?;
                Matrix { stride: c.input_stride, first: c.input_first }.words(capacity)
            }
            false => capacity.saturating_mul(stride),
        };
        let job = Self {
            input: operands.read(c.input, input_words)?,
            frequencies: operands.read(c.frequencies, frequencies * wave_words(coordinates))?,
            output: operands.write(c.output, c.matrix.words(capacity))?,
            count: Count::new(operands, c.count, c.capacity)?,
            shape: Shape {
                coordinates,
                of_halves: c.of_halves,
                stride,
                first,
                columns,
                includes_input: c.includes_input,
                input_shift: c.input_shift,
            },
            matrix: c.matrix,
            row: 0,
        };
        let Self { input, frequencies, output, count, .. } = &job;
        disjoint([output, frequencies, count.place()])?;
        // Features may get waves of their own beside them.
        if input != output || !c.of_halves || !apart(c, columns) {
            disjoint([output, input])?;
        }
        Ok(job)
    }

    /// Rows written; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let left = self.count.rows(arena).checked_sub(self.row).filter(|&left| left > 0)?;
        let rows = left.min(STEP_COLUMNS / self.shape.columns.max(1)).max(1);
        for row in self.row..self.row + rows {
            let mut vector = [0; COORDINATES_MAX as usize];
            let vector = vector.get_mut(..self.shape.coordinates)?;
            self.shape.read(arena.get(self.input.clone())?, row, vector);
            let ranges = [self.frequencies.clone(), self.output.clone()];
            let [frequencies, output] = arena.get_disjoint_mut(ranges).ok()?;
            let out = rows::halves_mut(output, self.matrix, row);
            self.shape.write(vector, frequencies, out.get_mut(..self.shape.columns)?);
        }
        self.row += rows;
        Some(rows)
    }
}

/// Whether waves are written beside the features that they are of, in rows of the same stride.
fn apart(c: &Command, columns: usize) -> bool {
    let [from, to] = [c.input_first, c.matrix.first].map(usize::from);
    let is_apart = from + usize::from(c.coordinates) <= to || to + columns <= from;
    c.input_stride == c.matrix.stride && is_apart
}

impl Shape {
    /// Reads a vector.
    fn read(&self, input: &[u32], row: usize, vector: &mut [i32]) {
        let first = row * self.stride + self.first;
        if self.of_halves {
            let halves: &[i16] = bytemuck::cast_slice(input);
            for (place, half) in vector.iter_mut().zip(halves.get(first..).unwrap_or_default()) {
                *place = i32::from(*half);
            }
        } else {
            for (place, word) in vector.iter_mut().zip(input.get(first..).unwrap_or_default()) {
                *place = *word as i32;
            }
        }
    }

    /// Writes a row.
    fn write(&self, vector: &[i32], frequencies: &[u32], out: &mut [i16]) {
        let included = if self.includes_input { self.coordinates } else { 0 };
        let (first, rest) = out.split_at_mut(included);
        for (out, coordinate) in first.iter_mut().zip(vector) {
            *out = shifted(*coordinate, self.input_shift);
        }
        let records = frequencies.chunks_exact(wave_words(self.coordinates));
        for (out, record) in rest.chunks_exact_mut(2 * self.coordinates).zip(records) {
            let (sines, cosines) = out.split_at_mut(self.coordinates);
            let Some((shift, factors)) = record.split_first() else { return };
            waves(vector, factors.as_chunks().0, *shift, (sines, cosines));
        }
    }
}

/// A coordinate shifted to the right, rounded half up, held to 16 bits.
fn shifted(coordinate: i32, shift: u8) -> i16 {
    let half = (1i64 << shift) >> 1;
    let value = (i64::from(coordinate) + half) >> shift;
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}
