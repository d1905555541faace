//! How many clocks commands take.

use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Command, Program};

use crate::instance::Instance;

/// What executing a command came to: its phases with the work items that were done in each.
pub type Work = [(Phase, u64)];

/// What a command costs an instance. `program` holds its operands' buffers, `work` what executing it
/// came to, `arena` the memory after it.
pub fn charge(
    instance: &Instance,
    program: &Program,
    command: &Command,
    work: &Work,
    arena: &[u32],
) -> Receipt {
    let _ = (instance, program, command, arena);
    Receipt {
        items: work.iter().map(|&(_, items)| items).sum::<u64>() as u32,
        ..Receipt::default()
    }
}
