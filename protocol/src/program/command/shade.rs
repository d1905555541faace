//! The command that lights fragments.

use super::super::BufferId;
use super::record::Record;
use crate::feature::Matrix;

/// Multiplies colours of fragments by the light that their normals get (Lambert):
/// `color * (ambient + sum(light * max(0, normal . direction)))`, for each channel. Layouts:
/// [`crate::mesh`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shade {
    /// One word: how many fragments there are.
    pub count: BufferId,
    /// Normals of the fragments.
    pub normals: BufferId,
    /// Lights, input or constant, the ambient one first: see [`crate::mesh`].
    pub lights: BufferId,
    /// Rows whose first three columns are colours, read and written.
    pub colors: BufferId,
    /// Parameter 0: most fragments.
    pub capacity: u32,
    /// Parameter 1: number of lights beside the ambient one, 0..=8.
    pub light_count: u8,
    /// Parameter 2: columns of the colours.
    pub matrix: Matrix,
}

impl Shade {
    pub(super) fn parse(r: &Record) -> Self {
        let [count, normals, lights, colors] = [0, 1, 2, 3].map(|operand| r.buffer(operand));
        let (capacity, light_count) = (r.parameters[0], r.byte(1));
        Self { count, normals, lights, colors, capacity, light_count, matrix: r.matrix(2) }
    }

    pub(super) fn record(&self) -> Record {
        let parameters = [self.capacity, self.light_count.into(), self.matrix.parameter()];
        Record::new([self.count, self.normals, self.lights, self.colors], parameters)
    }
}
