//! What the few functions and classes that a pickle may name stand for.

use super::object::{Array, Global, Object, Storage, Value, View};
use super::pickle::{Heap, wrong};
use super::storage::Kind;
use crate::import::error::Fault;
use std::borrow::Cow;

/// What a function gives for its arguments, a tuple.
pub(super) fn call(heap: &mut Heap, function: Value, arguments: Value) -> Result<Value, Fault> {
    let (Some(Object::Global(function)), Some(arguments)) =
        (heap.get(function), heap.tuple(arguments))
    else {
        return Err(wrong("it calls what is no function"));
    };
    let (function, arguments) = (*function, arguments.to_vec());
    match (function, arguments.as_slice()) {
        (Global::OrderedDict, []) => Ok(heap.add(Object::Dict(Vec::new()))),
        (Global::OrderedDict, &[pairs]) => ordered(heap, pairs),
        (Global::RebuildTensor, &[storage, offset, shape, strides, ..]) => {
            tensor(heap, storage, offset, [shape, strides])
        }
        (Global::RebuildParameter, &[tensor, ..]) => Ok(tensor),
        (Global::Size, &[shape]) => Ok(shape),
        (Global::Device, _) => Ok(heap.add(Object::Opaque)),
        (Global::Dtype, &[name, ..]) => {
            let name = heap.text(name).ok_or_else(|| wrong("a type of elements has no name"))?;
            Ok(heap.add(Object::Dtype(name.trim_start_matches(['<', '|', '=']))))
        }
        (Global::Reconstruct, _) => Ok(heap.add(Object::Array(Array::default()))),
        (Global::Scalar, &[dtype, bytes]) => scalar(heap, dtype, bytes),
        (Global::Encode, &[text, ..]) => encode(heap, text),
        _ => Err(wrong(format!("it calls {function:?} with {} values", arguments.len()))),
    }
}

/// A dictionary of a list of pairs.
fn ordered(heap: &mut Heap, pairs: Value) -> Result<Value, Fault> {
    let Some(Object::List(pairs)) = heap.get(pairs) else {
        return Err(wrong("a dictionary is made of what is no list"));
    };
    let pair = |&pair: &Value| match heap.tuple(pair).or(match heap.get(pair) {
        Some(Object::List(items)) => Some(items),
        _ => None,
    }) {
        Some(&[key, value]) => Ok((key, value)),
        _ => Err(wrong("a dictionary is made of what are no pairs")),
    };
    let dict = pairs.iter().map(pair).collect::<Result<_, _>>()?;
    Ok(heap.add(Object::Dict(dict)))
}

/// Most axes of a tensor.
const AXES_MAX: usize = 16;

/// Lengths, from a tuple.
fn lengths(heap: &Heap, tuple: Value) -> Option<Vec<usize>> {
    let length = |value: &Value| match value {
        Value::Int(number) => usize::try_from(*number).ok(),
        _ => None,
    };
    heap.tuple(tuple).filter(|axes| axes.len() <= AXES_MAX)?.iter().map(length).collect()
}

fn tensor(
    heap: &mut Heap,
    storage: Value,
    offset: Value,
    [shape, strides]: [Value; 2],
) -> Result<Value, Fault> {
    let found = match heap.get(storage) {
        Some(Object::Storage(found)) => *found,
        _ => return Err(wrong("a tensor has no storage")),
    };
    let (Value::Object(storage), Value::Int(offset)) = (storage, offset) else {
        return Err(wrong("a tensor has no place in its storage"));
    };
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let (Some(shape), Some(strides)) = (lengths(heap, shape), lengths(heap, strides)) else {
        return Err(wrong("a tensor has no shape"));
    };
    let view = View { storage, offset, shape, strides };
    match view.fits(found.count) {
        true => Ok(heap.add(Object::Tensor(view))),
        false => Err(wrong(format!("a tensor of {:?} leaves its storage", view.shape))),
    }
}

impl View {
    /// Whether all elements are among so many, and no more than these.
    fn fits(&self, count: usize) -> bool {
        let elements = self.shape.iter().try_fold(1, |size: usize, &axis| size.checked_mul(axis));
        let Some(elements) = elements.filter(|_| self.shape.len() == self.strides.len()) else {
            return false;
        };
        let steps = self.shape.iter().zip(&self.strides);
        let mut steps = steps.map(|(axis, stride)| axis.saturating_sub(1).checked_mul(*stride));
        let last = steps.try_fold(self.offset, |sum, step| sum.checked_add(step?));
        elements == 0 || (elements <= count && last.is_some_and(|last| last < count))
    }
}

/// A number of NumPy's.
fn scalar(heap: &mut Heap, dtype: Value, bytes: Value) -> Result<Value, Fault> {
    let (Some(Object::Dtype(dtype)), Some(Object::Bytes(bytes))) =
        (heap.get(dtype), heap.get(bytes))
    else {
        return Err(wrong("a number of NumPy's has no type or no bytes"));
    };
    match (*dtype, bytes.as_ref()) {
        ("f8", bytes) if bytes.len() == 8 => {
            Ok(Value::Float(f64::from_le_bytes(bytes.try_into().expect("eight bytes"))))
        }
        ("i8", bytes) if bytes.len() == 8 => {
            Ok(Value::Int(i64::from_le_bytes(bytes.try_into().expect("eight bytes"))))
        }
        (dtype, bytes) => {
            let kind = Kind::of_dtype(dtype).filter(|kind| kind.width() == bytes.len());
            Ok(match kind.and_then(|kind| kind.numbers(bytes).first().copied()) {
                Some(number) => Value::Float(number.into()),
                None => heap.add(Object::Opaque),
            })
        }
    }
}

/// Bytes, which protocol 2 writes as a text of as many characters.
fn encode(heap: &mut Heap, text: Value) -> Result<Value, Fault> {
    let text = heap.text(text).ok_or_else(|| wrong("bytes are made of what is no text"))?;
    let bytes: Option<Vec<u8>> = text.chars().map(|it| u8::try_from(u32::from(it)).ok()).collect();
    let bytes = bytes.ok_or_else(|| wrong("bytes are made of a text with other characters"))?;
    Ok(heap.add(Object::Bytes(Cow::Owned(bytes))))
}

/// Gives an object its state.
pub(super) fn build(heap: &mut Heap, object: Value, state: Value) -> Result<(), Fault> {
    match heap.get(object) {
        // An attribute such as a state_dict's `_metadata`, or a type's byte order.
        Some(Object::Dict(_) | Object::Opaque | Object::Tensor(_)) => Ok(()),
        Some(Object::Dtype(_)) => {
            let order = heap.tuple(state).and_then(|state| heap.text(*state.get(1)?));
            match order {
                Some(">") => Err(wrong("a NumPy array is big-endian")),
                _ => Ok(()),
            }
        }
        Some(Object::Array(_)) => {
            let array = array(heap, state)?;
            if let Some(place) = heap.get_mut(object) {
                *place = Object::Array(array);
            }
            Ok(())
        }
        _ => Err(wrong("a state is given to what has none")),
    }
}

/// An array of its state: version, shape, type, whether in Fortran order, bytes.
fn array(heap: &Heap, state: Value) -> Result<Array, Fault> {
    let Some(&[_, shape, dtype, fortran, bytes]) = heap.tuple(state) else {
        return Err(wrong("the state of a NumPy array has not five parts"));
    };
    let shape = lengths(heap, shape).ok_or_else(|| wrong("a NumPy array has no shape"))?;
    let long = shape.iter().filter(|&&length| length > 1).count();
    if fortran == Value::Bool(true) && long > 1 {
        return Err(wrong("a NumPy array is in Fortran order"));
    }
    let number = |value| match value {
        Value::Object(number) => Some(number),
        _ => None,
    };
    Ok(Array { shape, bytes: number(bytes), dtype: number(dtype) })
}

/// The storage that a persistent id names: `("storage", class, key, device, elements)`; the old
/// format adds a view of another storage, or none.
pub(super) fn storage(heap: &mut Heap, id: Value) -> Result<Value, Fault> {
    let Some(&[_, class, key, _, count, ref view @ ..]) = heap.tuple(id) else {
        return Err(wrong("it refers to what is no storage"));
    };
    if !matches!(view, [] | [Value::None]) {
        let what = "a checkpoint with storages that share elements";
        return Err(Fault::unsupported(what, "Save it again with a current version of torch."));
    }
    let kind = match heap.get(class) {
        Some(&Object::Global(Global::StorageOf(kind))) => kind,
        _ => return Err(wrong("a storage has no type")),
    };
    let (Some(key), Value::Int(count)) = (heap.text(key), count) else {
        return Err(wrong("a storage has no name or no length"));
    };
    let count = usize::try_from(count).map_err(|_| wrong("a storage has a negative length"))?;
    Ok(heap.add(Object::Storage(Storage { kind, key, count })))
}
