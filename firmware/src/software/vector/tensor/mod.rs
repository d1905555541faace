//! Vector commands of networks, on tensors of signed bytes.

mod channels;
mod copy;
mod elementwise;
mod fill;
mod lookup;
mod pool;
mod reduce;
mod resize;
mod softmax;

use crate::operands::{Words, disjoint};
use core::ops::Range;
use quintet_protocol::program::Fault;

pub use copy::Copying;
pub use elementwise::Elementwise;
pub use fill::Fill;
pub use lookup::Lookup;
pub use pool::Pool;
pub use reduce::Reduce;
pub use resize::Resize;
pub use softmax::Softmax;

/// Refuses an output that overlaps an input without being the same words: then the input is worked
/// on in its place.
fn same_or_disjoint(input: &Words, output: &Words) -> Result<(), Fault> {
    if input == output { Ok(()) } else { disjoint([input, output]) }
}

/// Brings bytes of an input to their places in its output, unless that is where they are, to be
/// worked on there. The two are the same words or disjoint.
fn bring(arena: &mut [u32], [input, output]: [&Words; 2], range: Range<usize>) -> Option<()> {
    if input != output {
        let [input, output] = arena.get_disjoint_mut([input.clone(), output.clone()]).ok()?;
        let (input, output) = (bytemuck::cast_slice(input), bytemuck::cast_slice_mut(output));
        let to: &mut [u8] = output.get_mut(range.clone())?;
        to.copy_from_slice(input.get(range)?);
    }
    Some(())
}
