//! A network to a bundle: a program, its constants, and a plan of the device's arena.
//!
//! ```text
//! network --edges--> what the device sees of it
//!         --lower--> draft: commands whose buffers have no place
//!         --plan---> places
//!         --emit---> program and constants
//! ```

mod bundle;
mod draft;
mod edges;
mod emit;
mod error;
mod graph;
mod lifetimes;
mod lower;
pub mod operands;
mod overlap;
mod place;
mod plan;
mod stream;
mod strided;

use quintet_protocol::program::BufferId;

use crate::infer::Port;
use crate::network::{Network, TensorId};
pub use bundle::{Layer, Life, Memory, NetworkBundle, StreamedWeights};
use draft::{Content, Draft, Step};
use edges::Edge;
use emit::{Emitted, emit};
pub use error::PlanError;
use lower::{Lowered, lower};
use operands::{Access, name, operands};
pub(super) use place::{Item, Relations, place};
use plan::Plan;
use stream::{Paging, SLOTS_MIN, stream};

/// What a network takes and what it gives, before there is a place for it.
///
/// # Errors
/// [`PlanError::Network`].
pub fn ports(network: &Network) -> Result<[Vec<Port>; 2], PlanError> {
    network.check()?;
    let ports = |edges: Vec<Edge>| edges.into_iter().map(|edge| edge.port).collect();
    Ok([ports(edges::inputs(network)?), ports(edges::outputs(network)?)])
}

/// Compiles a network for an arena of so many bytes.
///
/// # Errors
/// A [`PlanError`].
pub fn compile(network: &Network, arena_bytes: usize) -> Result<NetworkBundle, PlanError> {
    network.check()?;
    let (inputs, outputs) = (edges::inputs(network)?, edges::outputs(network)?);
    let tensors = |edges: &[Edge]| edges.iter().map(|edge| edge.tensor).collect::<Vec<TensorId>>();
    let lowered = lower(network, &tensors(&inputs), &tensors(&outputs))?;
    let whole = Compiled::of(lowered.draft.clone(), 0)?;
    let resident = whole.emitted.memory.total();
    if resident <= arena_bytes {
        return Ok(bundle(network, [inputs, outputs], &lowered, whole, None));
    }
    let too_large = |streamed| PlanError::TooLarge { resident, streamed, available: arena_bytes };
    let mut draft = lowered.draft.clone();
    let paging = stream(&mut draft).ok_or(too_large(resident))?;
    let least = Compiled::of(draft.clone(), paging.bytes(SLOTS_MIN))?.emitted.memory;
    let Some(spare) = arena_bytes.checked_sub(least.total()) else {
        return Err(too_large(resident.min(least.total())));
    };
    let slots = paging.slots(least.pages + spare);
    let compiled = Compiled::of(draft, paging.bytes(slots))?;
    Ok(bundle(network, [inputs, outputs], &lowered, compiled, Some((paging, slots))))
}

/// A draft with its plan and its program.
struct Compiled {
    draft: Draft,
    plan: Plan,
    emitted: Emitted,
}

impl Compiled {
    fn of(mut draft: Draft, page_bytes: usize) -> Result<Self, PlanError> {
        let plan = Plan::of(&mut draft);
        let emitted = emit(&draft, &plan, page_bytes)?;
        Ok(Self { draft, plan, emitted })
    }
}

fn bundle(
    network: &Network,
    [inputs, outputs]: [Vec<Edge>; 2],
    lowered: &Lowered,
    Compiled { draft, plan, emitted }: Compiled,
    paging: Option<(Paging, usize)>,
) -> NetworkBundle {
    let ports = |edges: Vec<Edge>, buffers: &[BufferId]| {
        let port = |(edge, &buffer): (Edge, &BufferId)| {
            let offset = emitted.base + plan.offset(&draft, buffer) as u32;
            Port { offset, ..edge.port }
        };
        edges.into_iter().zip(buffers).map(port).collect()
    };
    let streamed = paging.zip(emitted.streamed).map(|((paging, slots), buffer)| StreamedWeights {
        buffer,
        pages: paging.pages,
        slots,
    });
    NetworkBundle {
        inputs: ports(inputs, &lowered.inputs),
        outputs: ports(outputs, &lowered.outputs),
        layers: draft.steps.iter().map(|step| layer(network, &draft, step)).collect(),
        lives: lives(&draft, &plan, emitted.base),
        program: emitted.program,
        constants: emitted.constants,
        memory: emitted.memory,
        streamed,
    }
}

fn layer(network: &Network, draft: &Draft, step: &Step) -> Layer {
    let node = &network.nodes[step.node];
    let operands = operands(&step.command);
    let bytes = |access: Access| {
        let its = operands.iter().filter(|operand| operand.access == access);
        its.map(|operand| draft.at(operand.buffer).words * 4).sum()
    };
    Layer {
        index: node.index,
        operator: node.operator.name().into(),
        command: name(&step.command).unwrap_or_default().into(),
        shape: network.tensor(node.output).shape.clone(),
        macs: step.macs,
        weight_bytes: step.weight_bytes,
        bytes_read: bytes(Access::Read),
        bytes_written: bytes(Access::Write),
    }
}

fn lives(draft: &Draft, plan: &Plan, base: u32) -> Vec<Life> {
    let its = plan.lifetimes.roots.iter().zip(&plan.lifetimes.items);
    let life = |(&id, item): (&BufferId, &place::Item)| {
        let buffer = draft.at(id);
        let is_output = buffer.content == Content::Output;
        Life {
            name: buffer.name.clone(),
            offset: base + plan.offset(draft, id) as u32,
            bytes: item.bytes,
            first: item.first.checked_sub(1),
            last: (!is_output).then(|| item.last.saturating_sub(1)),
        }
    };
    its.map(life).collect()
}
