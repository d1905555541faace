//! `Vector`, sums and means over one axis of three.

use super::channels::Channels;
use crate::kernels::reduce::{PLACES_MAX, Places, Reduction};
use crate::kernels::to_byte::ToByte;
use crate::operands::{Operands, disjoint, in_range, words};
use quintet_protocol::program::{Fault, Reduce as Command};

/// Reducing under way.
pub struct Reduce {
    channels: Channels,
    reduced: usize,
}

impl Reduce {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(1, c.reduced, 1..=PLACES_MAX as u32)?;
        let outputs = u64::from(c.outer) * u64::from(c.inner);
        let inputs = outputs.saturating_mul(c.reduced.into());
        let input = operands.read(c.input, words(inputs))?;
        let output = operands.write(c.output, words(outputs))?;
        disjoint([&input, &output])?;
        let [pixels, channels, reduced] = [c.outer, c.inner, c.reduced].map(|n| n as usize);
        let to = ToByte::new(c.scale, &c.bytes);
        let reduction = Reduction::Sum { zero: c.bytes.zero_in, to };
        let channels = Channels { input, output, pixels, channels, reduction, next: [0; 2] };
        Ok(Self { channels, reduced })
    }

    /// Bytes read; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let (columns, step) = (self.reduced, self.channels.channels);
        let row_step = columns * step;
        let places = |outer| Places { first: outer * row_step, rows: 1, row_step, columns, step };
        self.channels.step(arena, &places)
    }
}
