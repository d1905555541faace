//! Vector commands of networks, on tensors of signed bytes.

#[cfg(any(feature = "pool", feature = "reduce"))]
mod channels;
#[cfg(feature = "copy")]
mod copy;
#[cfg(any(feature = "add", feature = "multiply"))]
mod elementwise;
#[cfg(feature = "fill")]
mod fill;
#[cfg(feature = "lookup")]
mod lookup;
#[cfg(feature = "pool")]
mod pool;
#[cfg(feature = "reduce")]
mod reduce;
#[cfg(feature = "resize")]
mod resize;
#[cfg(feature = "softmax")]
mod softmax;

use crate::operands::{Operands, Words};
use core::ops::Range;
use quintet_protocol::copy;

#[cfg(feature = "copy")]
pub use copy::Copying;
#[cfg(any(feature = "add", feature = "multiply"))]
pub use elementwise::Elementwise;
#[cfg(feature = "fill")]
pub use fill::Fill;
#[cfg(feature = "lookup")]
pub use lookup::Lookup;
#[cfg(feature = "pool")]
pub use pool::Pool;
#[cfg(feature = "reduce")]
pub use reduce::Reduce;
#[cfg(feature = "resize")]
pub use resize::Resize;
#[cfg(feature = "softmax")]
pub use softmax::Softmax;

/// Finds at fault an output that overlaps an input without being the same words: then the input is worked
/// on in its place.
#[cfg(any(feature = "add", feature = "multiply", feature = "lookup", feature = "softmax"))]
fn same_or_disjoint(operands: &Operands, input: &Words, output: &Words) {
    if input != output {
        operands.disjoint([input, output]);
    }
}

/// Brings bytes of an input to their places in its output, unless that is where they are, to be
/// worked on there. The two are the same words or disjoint.
#[cfg(any(feature = "add", feature = "multiply", feature = "lookup", feature = "softmax"))]
fn bring(arena: &mut [u32], [input, output]: [&Words; 2], range: Range<usize>) -> Option<()> {
    if input != output {
        let [input, output] = arena.get_disjoint_mut([input.clone(), output.clone()]).ok()?;
        let (input, output) = (bytemuck::cast_slice(input), bytemuck::cast_slice_mut(output));
        copy(input.get(range.clone())?, output.get_mut(range)?);
    }
    Some(())
}
