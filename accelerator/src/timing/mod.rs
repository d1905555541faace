//! How many clocks commands take.

pub mod frame;

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
    let _ = (program, command, arena);
    let items = work.iter().map(|&(_, items)| items).fold(0, u64::saturating_add);
    Receipt {
        clocks: instance.costs.command.into(),
        items: u32::try_from(items).unwrap_or(u32::MAX),
        ..Receipt::default()
    }
}
