//! What a pickle makes, as far as tensors need it.

use super::storage::Kind;
use crate::import::error::Fault;
use std::borrow::Cow;

/// A small value, or the number of an object. As objects are numbered, they may refer to each other
/// in circles, and none is dropped within another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Object(usize),
}

/// What lies in memory once and is referred to.
#[derive(Debug)]
pub(super) enum Object<'a> {
    Text(&'a str),
    Bytes(Cow<'a, [u8]>),
    Tuple(Vec<Value>),
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    Global(Global),
    Storage(Storage<'a>),
    Tensor(View),
    /// NumPy's type of elements: its name without the byte order, such as `f4`.
    Dtype(&'a str),
    Array(Array),
    /// Something that is tolerated and without use: a device, an integer beyond 64 bits.
    Opaque,
}

/// The functions and classes that a pickle may name; each is carried out here, none is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    StorageOf(Kind),
    Size,
    Device,
    Dtype,
    Ndarray,
    Reconstruct,
    Scalar,
    Encode,
}

/// Elements that lie elsewhere in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storage<'a> {
    pub kind: Kind,
    /// Its name among storages.
    pub key: &'a str,
    /// Elements.
    pub count: usize,
}

/// A tensor: elements of a storage.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// Number of the storage's object.
    pub storage: usize,
    /// First element.
    pub offset: usize,
    pub shape: Vec<usize>,
    /// Elements from one to the next along each axis.
    pub strides: Vec<usize>,
}

/// A NumPy array, whose elements lie in the pickle.
#[derive(Clone, Debug, Default)]
pub(super) struct Array {
    pub shape: Vec<usize>,
    /// Number of the object with its bytes, if it has any yet.
    pub bytes: Option<usize>,
    /// Number of the object with its type.
    pub dtype: Option<usize>,
}

impl Global {
    /// The function or class of that name; others are refused.
    pub(super) fn of(module: &str, name: &str) -> Result<Self, Fault> {
        if let ("torch", Some(kind)) = (module, Kind::of_storage(name)) {
            return Ok(Self::StorageOf(kind));
        }
        Ok(match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Self::RebuildParameter,
            ("torch", "Size") => Self::Size,
            ("torch", "device") => Self::Device,
            ("numpy", "dtype") => Self::Dtype,
            ("numpy", "ndarray") => Self::Ndarray,
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => {
                Self::Reconstruct
            }
            ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Self::Scalar,
            ("_codecs", "encode") => Self::Encode,
            _ => {
                let what = format!("a pickle that names {module:.80}.{name:.80}");
                return Err(Fault::unsupported(what, ONLY_TENSORS));
            }
        })
    }
}

const ONLY_TENSORS: &str = "Nothing in a pickle is ever executed: only tensors, dictionaries, lists \
                            and numbers are read. Save the state_dict alone, or as .safetensors.";
