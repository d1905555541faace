//! TensorFlow Lite: a flatbuffer of tensors and operators, marked `TFL3`.
//!
//! Format: `tensorflow/compiler/mlir/lite/schema/schema.fbs`. What operators mean is in
//! `tensorflow/lite/kernels`. Versions of operators are not looked at: what an operator is asked to
//! do says whether it can be done.

mod batch;
mod budget;
mod dilations;
mod names;
mod operators;
mod reading;
mod rearrange;
mod reductions;
mod schema;
mod shapes;
mod slices;
mod tensors;
mod transposed;
mod windows;

use super::ImportedNetwork;
use super::error::Fault;
use crate::network::{Network, Node, Operator, TensorId};
use planus::Vector;
use reading::Reading;
use schema::{Model, OperatorCode, SubGraph, Tables};
use tensors::{Tensors, Unreadable};

/// The version of the schema that all files have.
const VERSION: u32 = 3;

impl From<planus::Error> for Fault {
    fn from(error: planus::Error) -> Self {
        let at = error.source_location;
        let part = format!("{}.{} at byte {}", at.type_, at.method, at.byte_offset);
        Fault::malformed(part, error.error_kind.to_string().to_lowercase())
    }
}

/// Imports a file's content.
pub(super) fn import(data: &[u8]) -> Result<ImportedNetwork, Fault> {
    let model = Model::of_file(data)?;
    let version = model.version()?.unwrap_or(0);
    if version != VERSION {
        let reason = format!("version {version} of the schema, not {VERSION}");
        return Err(Fault::malformed("the model", reason));
    }
    let graphs = model.subgraphs()?.unwrap_or(Tables::empty());
    let Some(graph) = graphs.get::<SubGraph>(0, "SubGraph")? else {
        return Err(Fault::malformed("the model", "there is no graph in it"));
    };
    let none = Tables::empty();
    let tensors = graph.tensors()?.unwrap_or(none);
    let mut tensors = Tensors::new(data, tensors, model.buffers()?.unwrap_or(none));

    let codes = model.operator_codes()?.unwrap_or(none);
    let operators = graph.operators()?.unwrap_or(none);
    let mut nodes = Vec::new();
    for index in 0..operators.len() {
        let Some(record) = operators.get::<schema::Operator>(index, "Operator")? else { break };
        let name = operator_name(&codes, record.opcode_index()?.unwrap_or(0))?;
        Reading::new(record, index, name, &mut tensors, &mut nodes)?.read()?;
    }
    let inputs = edge(&mut tensors, graph.inputs()?)?;
    let outputs = edge(&mut tensors, graph.outputs()?)?;

    let mut notes = Vec::new();
    let unsigned = tensors.unsigned;
    let computed_with = |node: &Node| {
        let its = node.inputs.iter().flatten().chain([&node.output]);
        node.operator != Operator::Quantize && its.into_iter().any(|id| unsigned.contains(id))
    };
    if nodes.iter().any(computed_with) {
        notes.push(
            "Unsigned bytes are taken as signed ones, less 128; averages may differ by one from \
             those of unsigned kernels."
                .into(),
        );
    }
    let mut network = Network { tensors: tensors.read, nodes, inputs, outputs, unsigned };
    if let Some((single, samples)) = batch::single(&network) {
        notes.push(format!(
            "The network is for {samples} samples at once; they are taken one by one."
        ));
        network = single;
    }
    network.check()?;
    Ok(ImportedNetwork { format: "TensorFlow Lite", network, notes })
}

/// The name of an operator by the index of its code. Codes past 127 came later, in a field of their
/// own.
fn operator_name(codes: &Tables, index: u32) -> Result<String, Fault> {
    let Some(code) = codes.get::<OperatorCode>(index as usize, "OperatorCode")? else {
        return Err(Fault::malformed("an operator", format!("there is no code {index}")));
    };
    let old = i32::from(code.deprecated_builtin_code()?.unwrap_or(0));
    let number = code.builtin_code()?.unwrap_or(0).max(old);
    Ok(match names::name(number) {
        Some(names::CUSTOM) => {
            let custom = code.custom_code()?.unwrap_or_default();
            let custom = &custom[..custom.len().min(reading::MAX_NAME)];
            format!("{} {}", names::CUSTOM, String::from_utf8_lossy(custom))
        }
        Some(name) => name.into(),
        None => format!("operator code {number}"),
    })
}

/// Inputs or outputs of a graph.
fn edge(tensors: &mut Tensors, indices: Option<Vector<i32>>) -> Result<Vec<TensorId>, Fault> {
    let Some(indices) = indices else { return Ok(Vec::new()) };
    tensors.budget().spend(indices.len() * size_of::<TensorId>())?;
    indices
        .iter()
        .map(|index| {
            let index = usize::try_from(index).map_err(|_| {
                Fault::malformed("the graph", format!("tensor {index} at its edge"))
            })?;
            tensors.id(index).map_err(|why| match why {
                Unreadable::Fault(fault) => fault,
                Unreadable::Problem(problem) => reading::about_tensor(tensors, index, problem),
            })
        })
        .collect()
}
