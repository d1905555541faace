//! Tensors of a file: read when an operator first asks for them, unsigned bytes turned into signed
//! ones.

use std::collections::{HashMap, HashSet};

use super::budget::Budget;
use super::schema::{Buffer, QuantizationParameters, Tables, Tensor as Record};
use crate::import::error::Fault;
use crate::network::{
    Data, Element, MAX_AXES, MAX_ELEMENTS, Problem, Quantisation, Tensor, TensorId,
};

/// What the signed byte of an unsigned one is less by.
const UNSIGNED_OFFSET: i32 = 128;
/// Most bytes of a name; converters join the names of all that they fuse.
const MAX_NAME: usize = 200;

/// The tensors of a graph.
pub(super) struct Tensors<'a> {
    file: &'a [u8],
    records: Tables<'a>,
    buffers: Tables<'a>,
    budget: Budget,
    ids: HashMap<usize, TensorId>,
    /// Integers that were computed from shapes.
    known: HashMap<usize, Vec<i64>>,
    /// Those whose shape is left open for a part.
    open: HashSet<TensorId>,
    /// Those that were asked for.
    pub read: Vec<Tensor>,
    /// Those that have unsigned bytes in the file.
    pub unsigned: Vec<TensorId>,
}

/// What can be said about a tensor before it is read.
pub(super) struct Glance {
    /// For messages.
    pub name: String,
    /// As the schema names it.
    pub element: &'static str,
    /// Whether its elements are in the file.
    pub constant: bool,
}

/// A tensor that cannot be read: damaged, or not supported.
pub(super) enum Unreadable {
    Fault(Fault),
    Problem(Problem),
}

impl From<Fault> for Unreadable {
    fn from(fault: Fault) -> Self {
        Unreadable::Fault(fault)
    }
}

impl From<planus::Error> for Unreadable {
    fn from(error: planus::Error) -> Self {
        Unreadable::Fault(error.into())
    }
}

impl<'a> Tensors<'a> {
    pub(super) fn new(file: &'a [u8], records: Tables<'a>, buffers: Tables<'a>) -> Self {
        let budget = Budget::of_file(file.len());
        let (ids, known, open) = (HashMap::new(), HashMap::new(), HashSet::new());
        let (read, unsigned) = (Vec::new(), Vec::new());
        Tensors { file, records, buffers, budget, ids, known, open, read, unsigned }
    }

    /// What all reading shares.
    pub(super) fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    /// The number of tensor `index` of the file.
    pub(super) fn id(&mut self, index: usize) -> Result<TensorId, Unreadable> {
        if let Some(&id) = self.ids.get(&index) {
            return Ok(id);
        }
        let tensor = self.tensor(index)?;
        let id = self.add(tensor);
        self.ids.insert(index, id);
        let record = self.record(index)?;
        if record.element()? == Some(UINT8) {
            self.unsigned.push(id);
        }
        let signature = record.shape_signature()?;
        if signature.is_some_and(|lengths| lengths.iter().any(|length| length < 0)) {
            self.open.insert(id);
        }
        Ok(id)
    }

    /// A tensor that is not in the file.
    pub(super) fn add(&mut self, tensor: Tensor) -> TensorId {
        self.read.push(tensor);
        TensorId(self.read.len() - 1)
    }

    /// Keeps what the integers of tensor `index` are.
    pub(super) fn know(&mut self, index: i32, integers: Vec<i64>) -> Result<(), Fault> {
        self.budget.spend(integers.len() * size_of::<i64>())?;
        if let Ok(index) = usize::try_from(index) {
            self.known.insert(index, integers);
        }
        Ok(())
    }

    /// Whether the file leaves the shape of a tensor open.
    pub(super) fn is_open(&self, id: TensorId) -> bool {
        self.open.contains(&id)
    }

    /// Gives a tensor its shape where the file leaves that open.
    pub(super) fn settle(&mut self, id: TensorId, shape: &[usize]) {
        if self.is_open(id) {
            self.read[id.0].shape = shape.to_vec();
        }
    }

    /// A look at tensor `index` of the file.
    pub(super) fn glance(&self, index: usize) -> Result<Glance, Fault> {
        let record = self.record(index)?;
        let name = name(&record, index)?;
        let element = element_name(record.element()?.unwrap_or(0));
        let constant = self.data(&record)?.is_some();
        Ok(Glance { name, element, constant })
    }

    /// The elements of tensor `index`, a vector of integers such as axes: constant, or computed
    /// from shapes.
    pub(super) fn integers(&mut self, index: usize) -> Result<Vec<i64>, Unreadable> {
        if let Some(known) = self.known.get(&index) {
            return Ok(known.clone());
        }
        let tensor = self.tensor(index)?;
        match tensor.data {
            Some(Data::Int32(elements)) => Ok(elements.into_iter().map(i64::from).collect()),
            Some(Data::Int64(elements)) => Ok(elements),
            Some(_) => {
                let found = tensor.element.name().into();
                Err(Unreadable::Problem(Problem::Element { found, wanted: "int32" }))
            }
            None => {
                let wanted = "a constant";
                Err(Unreadable::Problem(Problem::Role { found: "computed", wanted }))
            }
        }
    }

    fn record(&self, index: usize) -> Result<Record<'a>, Fault> {
        let count = self.records.len();
        self.records.get(index, "Tensor")?.ok_or_else(|| {
            Fault::malformed("an operator", format!("tensor {index} of only {count}"))
        })
    }

    /// The constant bytes of a tensor. An empty buffer says that there are none.
    fn data(&self, record: &Record<'a>) -> Result<Option<&'a [u8]>, Fault> {
        let index = record.buffer()?.unwrap_or(0) as usize;
        let Some(buffer) = self.buffers.get::<Buffer>(index, "Buffer")? else {
            return Err(Fault::malformed("a tensor", format!("there is no buffer {index}")));
        };
        let data = buffer.data()?.unwrap_or_default();
        // Offsets 0 and 1 say that nothing lies outside of the tables.
        let data = match (data, buffer.offset()?.unwrap_or(0)) {
            ([], offset @ 2..) => self.outside(offset, buffer.size()?.unwrap_or(0))?,
            _ => data,
        };
        Ok((!data.is_empty()).then_some(data))
    }

    fn outside(&self, offset: u64, size: u64) -> Result<&'a [u8], Fault> {
        let range = || {
            let start = usize::try_from(offset).ok()?;
            self.file.get(start..start.checked_add(usize::try_from(size).ok()?)?)
        };
        range().ok_or_else(|| Fault::Truncated {
            part: "a buffer behind the tables".into(),
            at: offset,
            needed: size,
            available: (self.file.len() as u64).saturating_sub(offset),
        })
    }

    fn tensor(&mut self, index: usize) -> Result<Tensor, Unreadable> {
        let record = self.record(index)?;
        let name = name(&record, index)?;
        let shape = self.shape(&record)?;
        if record.is_variable()?.unwrap_or(false) {
            let wanted = "one without state from run to run";
            return Err(Unreadable::Problem(Problem::Role { found: "a variable", wanted }));
        }
        if record.sparsity()?.is_some() {
            let found = "sparse".into();
            return Err(Unreadable::Problem(Problem::Element { found, wanted: "dense int8" }));
        }
        let code = record.element()?.unwrap_or(0);
        let Some(element) = element(code) else {
            let found = element_name(code).into();
            return Err(Unreadable::Problem(Problem::Element { found, wanted: "int8" }));
        };
        let unsigned = code == UINT8;
        let bytes = self.data(&record)?;
        self.budget.spend(name.len() + bytes.map_or(0, <[u8]>::len))?;
        let elements = shape.iter().product();
        let data = bytes.map(|bytes| constant(bytes, code, elements)).transpose()?;
        let mut quantisation = match record.quantization()? {
            Some(parameters) => self.quantisation(&parameters)?,
            None => None,
        };
        if let Some(quantisation) = quantisation.as_mut().filter(|_| unsigned) {
            for zero in &mut quantisation.zero_points {
                *zero = zero.saturating_sub(UNSIGNED_OFFSET);
            }
        }
        // Biases are used as they are, and some files have them quantised along an axis they lack.
        if element != Element::Int8 {
            quantisation = None;
        }
        Ok(Tensor { name, shape, element, quantisation, data })
    }

    fn shape(&mut self, record: &Record) -> Result<Vec<usize>, Unreadable> {
        let Some(lengths) = record.shape()? else { return Ok(Vec::new()) };
        if lengths.len() > MAX_AXES {
            let found = lengths.iter().take(2 * MAX_AXES).map(|it| it.max(0) as usize).collect();
            let wanted = format!("one of up to {MAX_AXES} axes");
            return Err(Unreadable::Problem(Problem::Shape { found, wanted }));
        }
        let shape: Vec<usize> = lengths
            .iter()
            .map(|length| {
                usize::try_from(length).map_err(|_| {
                    Fault::malformed("the shape of a tensor", format!("a length of {length}"))
                })
            })
            .collect::<Result<_, _>>()?;
        let elements = shape.iter().try_fold(1usize, |elements, &it| elements.checked_mul(it));
        if elements.is_none_or(|elements| elements > MAX_ELEMENTS) {
            let wanted = format!("one of up to {MAX_ELEMENTS} elements");
            return Err(Unreadable::Problem(Problem::Shape { found: shape, wanted }));
        }
        Ok(shape)
    }

    /// None if there are no scales. Zero points that are left out are zero.
    fn quantisation(
        &mut self,
        parameters: &QuantizationParameters,
    ) -> Result<Option<Quantisation>, Fault> {
        let Some(scales) = parameters.scale()?.filter(|scales| !scales.is_empty()) else {
            return Ok(None);
        };
        self.budget.spend(scales.len() * 2 * size_of::<f32>())?;
        let mut zero_points = vec![0; scales.len()];
        let given = parameters.zero_point()?.filter(|given| !given.is_empty());
        if let Some(given) = given {
            if given.len() != scales.len() {
                let reason = format!("{} scales and {} zero points", scales.len(), given.len());
                return Err(Fault::malformed("the quantisation of a tensor", reason));
            }
            for (zero, given) in zero_points.iter_mut().zip(given.iter()) {
                *zero = i32::try_from(given).unwrap_or(i32::MAX);
            }
        }
        let axis = parameters.quantized_dimension()?.unwrap_or(0);
        let axis = usize::try_from(axis).unwrap_or(usize::MAX);
        Ok(Some(Quantisation { scales: scales.iter().collect(), zero_points, axis }))
    }
}

fn name(record: &Record, index: usize) -> Result<String, Fault> {
    let bytes = record.name()?.unwrap_or_default();
    if bytes.is_empty() {
        return Ok(format!("tensor {index}"));
    }
    Ok(String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_NAME)]).into_owned())
}

/// Elements from the file's bytes.
fn constant(bytes: &[u8], code: i8, elements: usize) -> Result<Data, Fault> {
    let data = match code {
        INT8 => Data::Int8(bytes.iter().map(|&byte| byte as i8).collect()),
        UINT8 => Data::Int8(bytes.iter().map(|&byte| (byte ^ 0x80) as i8).collect()),
        INT32 => Data::Int32(numbers(bytes, i32::from_le_bytes)),
        INT64 => Data::Int64(numbers(bytes, i64::from_le_bytes)),
        _ => Data::Float32(numbers(bytes, f32::from_le_bytes)),
    };
    let size = match code {
        INT8 | UINT8 => 1,
        INT64 => 8,
        _ => 4,
    };
    if elements.checked_mul(size) != Some(bytes.len()) {
        let reason = format!("{} bytes for {elements} elements", bytes.len());
        return Err(Fault::malformed("the buffer of a tensor", reason));
    }
    Ok(data)
}

fn numbers<const N: usize, T>(bytes: &[u8], of: fn([u8; N]) -> T) -> Vec<T> {
    let (chunks, _) = bytes.as_chunks::<N>();
    chunks.iter().map(|chunk| of(*chunk)).collect()
}

const FLOAT32: i8 = 0;
const INT32: i8 = 2;
const UINT8: i8 = 3;
const INT64: i8 = 4;
const INT8: i8 = 9;

/// What a code of `TensorType` is here, if it is supported.
fn element(code: i8) -> Option<Element> {
    match code {
        FLOAT32 => Some(Element::Float32),
        INT32 => Some(Element::Int32),
        INT64 => Some(Element::Int64),
        INT8 | UINT8 => Some(Element::Int8),
        _ => None,
    }
}

/// The name of a code of `TensorType` in `schema.fbs`.
fn element_name(code: i8) -> &'static str {
    const NAMES: [&str; 18] = [
        "float32",
        "float16",
        "int32",
        "uint8",
        "int64",
        "string",
        "bool",
        "int16",
        "complex64",
        "int8",
        "float64",
        "complex128",
        "uint64",
        "resource",
        "variant",
        "uint32",
        "uint16",
        "int4",
    ];
    usize::try_from(code).ok().and_then(|code| NAMES.get(code)).copied().unwrap_or("unknown")
}
