//! `Vector`, Harmonics: a row of real spherical harmonics of each ray's direction.

use crate::kernels::harmonic_basis::harmonics;
use crate::operands::{Operands, Words, disjoint, in_range};
use crate::software::rows::{self, Count};
use quintet_protocol::feature::Matrix;
use quintet_protocol::program::{Fault, Harmonics as Command};
use quintet_protocol::ray::{RAY_WORDS, Ray};

/// Greatest degree.
const DEGREE_MAX: u8 = 3;
/// Rays of a step: some 300 instructions each.
const STEP_ROWS: usize = 256;

/// Harmonics under way.
pub struct Harmonics {
    rays: Words,
    output: Words,
    count: Count,
    matrix: Matrix,
    columns: usize,
    /// The next ray.
    row: usize,
}

impl Harmonics {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(1, c.degree, 0..=DEGREE_MAX)?;
        let bands = usize::from(c.degree) + 1;
        rows::columns(2, c.matrix, bands * bands)?;
        let capacity = c.capacity as usize;
        let job = Self {
            rays: operands.read(c.rays, capacity.saturating_mul(RAY_WORDS))?,
            output: operands.write(c.output, c.matrix.words(capacity))?,
            count: Count::new(operands, c.count, c.capacity)?,
            matrix: c.matrix,
            columns: bands * bands,
            row: 0,
        };
        disjoint([&job.output, &job.rays])?;
        disjoint([&job.output, job.count.place()])?;
        Ok(job)
    }

    /// Rows written; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let left = self.count.rows(arena).checked_sub(self.row).filter(|&left| left > 0)?;
        let rows = left.min(STEP_ROWS);
        let [rays, output] =
            arena.get_disjoint_mut([self.rays.clone(), self.output.clone()]).ok()?;
        let rays = rays.as_chunks::<RAY_WORDS>().0.get(self.row..self.row + rows)?;
        let out = rows::halves_mut(output, self.matrix, self.row);
        for (out, ray) in out.chunks_mut(usize::from(self.matrix.stride)).zip(rays) {
            let basis = harmonics(Ray::from_words(ray).direction);
            out.get_mut(..self.columns)?.copy_from_slice(&basis[..self.columns]);
        }
        self.row += rows;
        Some(rows)
    }
}
