//! Writes `.tflite` files: FlatBuffers of TensorFlow Lite's schema, version 3 (`schema.fbs` of
//! TensorFlow 2.14), with the versions of operators that its converter gives int8 networks.

use quintet_driver::network::{Activation, Data, Element, Network, Node, Operator, Tensor, Window};

use super::ExportError;
use super::flatbuffer::{Table, Value, file};

/// Version of the schema.
const SCHEMA: u32 = 3;

/// Codes of operators, of their options, and their versions.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Code {
    operator: u8,
    version: i32,
    options: u8,
}

/// An operator with the options that its table is about.
struct Written {
    code: Code,
    options: Table,
}

/// The content of a file.
///
/// # Errors
/// When the network has operators or padding that the trainer's networks do not have, or is too
/// large.
pub fn to_tflite(network: &Network, description: &str) -> Result<Vec<u8>, ExportError> {
    let mut buffers = vec![Table::default()];
    let mut tensors: Vec<Table> =
        network.tensors.iter().map(|it| tensor(it, &mut buffers)).collect();
    let mut codes = Vec::new();
    let mut operators = Vec::new();
    for node in &network.nodes {
        let Written { code, options } = written(network, node)?;
        let number = codes.iter().position(|it| *it == code).unwrap_or_else(|| {
            codes.push(code);
            codes.len() - 1
        });
        let mut inputs: Vec<i32> =
            node.inputs.iter().map(|it| it.map_or(-1, |id| id.0 as i32)).collect();
        if node.operator == Operator::Reshape {
            inputs.push(tensors.len() as i32);
            tensors.push(shape_of(network.tensor(node.output), &mut buffers));
        }
        let table = Table::default()
            .with(0, number as u32)
            .with(1, inputs)
            .with(2, vec![node.output.0 as i32])
            .with(3, code.options)
            .with(4, options);
        operators.push(table);
    }
    let numbers = |ids: &[quintet_driver::network::TensorId]| {
        ids.iter().map(|id| id.0 as i32).collect::<Vec<i32>>()
    };
    let graph = Table::default()
        .with(0, tensors)
        .with(1, numbers(&network.inputs))
        .with(2, numbers(&network.outputs))
        .with(3, operators)
        .with(4, "main");
    let model = Table::default()
        .with(0, SCHEMA)
        .with(1, codes.iter().map(Code::table).collect::<Vec<_>>())
        .with(2, vec![graph])
        .with(3, description)
        .with(4, buffers);
    file(&model, *b"TFL3").ok_or(ExportError::TooLarge)
}

impl Code {
    fn table(&self) -> Table {
        // Twice: the first is what older readers know.
        Table::default()
            .with(0, self.operator)
            .with(2, self.version)
            .with(3, i32::from(self.operator))
    }
}

/// A tensor; its constants become a buffer, buffer 0 is for those that have none.
fn tensor(tensor: &Tensor, buffers: &mut Vec<Table>) -> Table {
    let mut number = 0;
    if let Some(data) = &tensor.data {
        number = buffers.len();
        buffers.push(Table::default().with(0, bytes(data)));
    }
    let element: u8 = match tensor.element {
        Element::Float32 => 0,
        Element::Int32 => 2,
        Element::Uint8 => 3,
        Element::Int64 => 4,
        _ => 9,
    };
    let table = Table::default()
        .with(0, lengths(&tensor.shape))
        .with(1, element)
        .with(2, number as u32)
        .with(3, tensor.name.as_str());
    let Some(it) = &tensor.quantisation else { return table };
    let zero_points: Vec<i64> = it.zero_points.iter().copied().map(i64::from).collect();
    let quantisation =
        Table::default().with(2, it.scales.clone()).with(3, zero_points).with(6, it.axis as i32);
    table.with(4, quantisation)
}

/// The constant that tells RESHAPE its output's shape.
fn shape_of(output: &Tensor, buffers: &mut Vec<Table>) -> Table {
    let lengths = Data::Int32(lengths(&output.shape));
    tensor(
        &Tensor {
            name: format!("{}/shape", output.name),
            shape: vec![output.shape.len()],
            element: Element::Int32,
            quantisation: None,
            data: Some(lengths),
        },
        buffers,
    )
}

fn lengths(shape: &[usize]) -> Vec<i32> {
    shape.iter().map(|length| *length as i32).collect()
}

fn bytes(data: &Data) -> Value {
    Value::Bytes(match data {
        Data::Int8(all) => all.iter().map(|it| *it as u8).collect(),
        Data::Int32(all) => all.iter().flat_map(|it| it.to_le_bytes()).collect(),
        Data::Int64(all) => all.iter().flat_map(|it| it.to_le_bytes()).collect(),
        Data::Float32(all) => all.iter().flat_map(|it| it.to_le_bytes()).collect(),
    })
}

/// The operator of a node, with the fields of its options by their numbers in the schema.
fn written(network: &Network, node: &Node) -> Result<Written, ExportError> {
    let of = |operator, version, options, table| {
        Ok(Written { code: Code { operator, version, options }, options: table })
    };
    match &node.operator {
        Operator::Conv2d(window, activation) => {
            let table = slid(network, node, window)?.with(3, code(*activation));
            of(3, 3, 1, table)
        }
        Operator::DepthwiseConv2d(window, activation) => {
            let channels = |id: usize| {
                let tensor = node.inputs[id].map(|id| network.tensor(id));
                tensor.and_then(|it| it.shape.last()).map_or(1, |length| *length as i32)
            };
            let multiplier = channels(1) / channels(0).max(1);
            let table = slid(network, node, window)?.with(3, multiplier).with(4, code(*activation));
            of(4, 3, 2, table)
        }
        Operator::AveragePool2d(window, activation) => {
            let [rows, columns] = window.kernel.map(|length| length as i32);
            let table = slid(network, node, window)?.with(3, columns).with(4, rows);
            of(1, 2, 5, table.with(5, code(*activation)))
        }
        Operator::FullyConnected(activation) => {
            of(9, 4, 8, Table::default().with(0, code(*activation)))
        }
        Operator::Add(activation) => of(0, 2, 11, Table::default().with(0, code(*activation))),
        Operator::Reshape => {
            let shape = lengths(&network.tensor(node.output).shape);
            of(22, 1, 17, Table::default().with(0, shape))
        }
        Operator::Softmax { beta } => of(25, 2, 9, Table::default().with(0, *beta)),
        other => {
            let tensor = network.tensor(node.output).name.clone();
            Err(ExportError::Operator { operator: other.name(), tensor })
        }
    }
}

fn code(activation: Activation) -> u8 {
    match activation {
        Activation::None => 0,
        Activation::Relu => 1,
        Activation::ReluN1To1 => 2,
        Activation::Relu6 => 3,
    }
}

/// Padding and strides, which all windows have.
fn slid(network: &Network, node: &Node, window: &Window) -> Result<Table, ExportError> {
    let [rows, columns] = window.stride.map(|stride| stride as i32);
    let output = network.tensor(node.output);
    let fault = || ExportError::Padding { tensor: output.name.clone() };
    let input = node.inputs[0].map(|id| network.tensor(id)).ok_or_else(fault)?;
    let same = |axis: usize| {
        let (input, stride) = (input.shape[1 + axis], window.stride[axis]);
        let reach = (input.div_ceil(stride) - 1) * stride + window.kernel[axis];
        let zeros = reach.saturating_sub(input);
        [zeros / 2, zeros - zeros / 2]
    };
    let padding: u8 = match window.pad {
        _ if window.dilation != [1, 1] => return Err(fault()),
        [[0, 0], [0, 0]] => 1,
        pad if pad == [same(0), same(1)] => 0,
        _ => return Err(fault()),
    };
    Ok(Table::default().with(0, padding).with(1, columns).with(2, rows))
}
