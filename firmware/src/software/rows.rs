//! What commands over rows have in common: how many rows there are, and which columns they have.

use crate::operands::{Operands, Words, in_range};
use quintet_protocol::feature::Matrix;
use quintet_protocol::program::{BufferId, Fault};

/// Rows that a buffer's first word counts, read once.
pub struct Count {
    place: Words,
    capacity: usize,
    count: Option<usize>,
}

impl Count {
    /// The count in a buffer, which is held to `capacity`.
    pub fn new(operands: &Operands, id: BufferId, capacity: u32) -> Self {
        Self { place: operands.read(id, 1), capacity: capacity as usize, count: None }
    }

    /// Where it lies.
    pub fn place(&self) -> &Words {
        &self.place
    }

    /// How many rows there are.
    pub fn rows(&mut self, arena: &[u32]) -> usize {
        let read = || arena.get(self.place.start).map_or(0, |&word| word as usize);
        *self.count.get_or_insert_with(|| self.capacity.min(read()))
    }
}

/// Refuses columns that the rows of a matrix do not have; `parameter` is the matrix.
pub fn columns(parameter: u8, matrix: Matrix, columns: usize) -> Result<(), Fault> {
    in_range(parameter, matrix.has(columns), true..=true)
}

/// The columns of rows from number `first` on, as halves: from the first row's first column to the
/// last one's end.
pub fn halves_mut(words: &mut [u32], matrix: Matrix, first: usize) -> &mut [i16] {
    let at = first * usize::from(matrix.stride) + usize::from(matrix.first);
    bytemuck::cast_slice_mut(words.get_mut(at / 2..).unwrap_or_default())
}
