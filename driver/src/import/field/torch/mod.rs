//! Tensors in checkpoints of PyTorch: an archive with a pickle and storages, or, before version
//! 1.6, pickles and storages in a row.
//!
//! ```text
//! archive   FOLDER/data.pkl        a pickle, whose persistent ids name storages
//!           FOLDER/data/KEY        elements of a storage
//!           FOLDER/byteorder       "little", in newer ones
//!
//! old       pickle of 0x1950a86a20f9469cfc6c, pickle of 1001, pickle of {"little_endian": True, ...},
//!           pickle of the object, pickle of the list of keys; for each key i64 elements, and these
//! ```
//!
//! Source: `torch/serialization.py`. A pickle is a program; this one is not executed but read for
//! its tensors (`pickle`, `call`), and refused if it wants anything else.

mod call;
mod object;
mod pickle;
mod storage;

use super::tensors::{Source, Tensor};
use crate::import::error::Fault;
use crate::import::zip::Zip;
use object::{Array, Object, Storage, Value, View};
use pickle::{Heap, wrong};
use std::collections::BTreeMap;
use storage::{Kind, Storages};

/// The first bytes of the old format: protocol 2, an integer of ten bytes.
pub(super) const LEGACY_MAGIC: &[u8] =
    b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";

/// Most bytes of the pickle in an archive: the elements are elsewhere.
const PICKLE_MAX: usize = 64 << 20;
/// How deep dictionaries may lie in each other.
const DEPTH_MAX: usize = 8;
/// Most entries of all dictionaries that are reached.
const ENTRIES_MAX: usize = 1 << 16;

/// A checkpoint, read.
pub(super) struct Checkpoint<'a> {
    heap: Heap<'a>,
    storages: Storages<'a>,
    /// What lies under each name; names of dictionaries in each other are joined by dots.
    entries: BTreeMap<String, Value>,
}

/// The pickle of an archive and the name of the folder that it is in.
pub(super) struct Archive<'a> {
    zip: Zip<'a>,
    folder: String,
    pickle: Vec<u8>,
}

impl<'a> Archive<'a> {
    pub(super) fn open(data: &'a [u8]) -> Result<Self, Fault> {
        let zip = Zip::open(data)?;
        let folder = zip.names().find_map(|name| name.strip_suffix("data.pkl")).map(str::to_owned);
        let Some(folder) = folder else {
            return Err(Fault::malformed("zip archive", "has no data.pkl"));
        };
        let order = format!("{folder}byteorder");
        if zip.names().any(|name| name == order) && zip.read(&order)?.trim_ascii() != b"little" {
            let what = "a checkpoint of a big-endian machine";
            return Err(Fault::unsupported(what, "Save it on a little-endian one."));
        }
        let pickle = zip.read(&format!("{folder}data.pkl"))?;
        if pickle.len() > PICKLE_MAX {
            let (size, limit) = (pickle.len() as u64, PICKLE_MAX as u64);
            return Err(Fault::TooLarge { what: "the pickle", size, limit });
        }
        Ok(Self { zip, folder, pickle })
    }
}

impl<'a> Checkpoint<'a> {
    /// Reads an archive, which is borrowed as its pickle is not in the file as it stands.
    pub(super) fn read(archive: &'a Archive<'a>) -> Result<Self, Fault> {
        let mut heap = Heap::default();
        let (root, _) = pickle::read(&mut heap, &archive.pickle)?;
        let (zip, folder) = (&archive.zip, &archive.folder);
        Self::new(heap, Storages::Archive { zip, folder }, root)
    }

    /// Reads a file of the old format.
    pub(super) fn read_legacy(data: &'a [u8]) -> Result<Self, Fault> {
        let mut rest = data.get(LEGACY_MAGIC.len()..).unwrap_or_default();
        let mut next = |heap: &mut Heap<'a>| {
            let (value, length) = pickle::read(heap, rest)?;
            rest = &rest[length..];
            Ok::<_, Fault>((value, rest))
        };
        let mut heap = Heap::default();
        let (version, _) = next(&mut heap)?;
        if version != Value::Int(1001) {
            return Err(wrong("its version is not 1001"));
        }
        let (system, _) = next(&mut heap)?;
        let little = field(&heap, system, "little_endian");
        if little != Some(Value::Bool(true)) {
            return Err(wrong("it is not of a little-endian machine"));
        }
        let (root, _) = next(&mut heap)?;
        let (keys, rest) = next(&mut heap)?;
        let Some(Object::List(keys)) = heap.get(keys) else {
            return Err(wrong("it has no list of storages"));
        };
        let known = heap.objects().iter().filter_map(|object| match object {
            Object::Storage(storage) => Some((storage.key, *storage)),
            _ => None,
        });
        let known: BTreeMap<&str, Storage> = known.collect();
        let keys = keys.iter().filter_map(|&key| heap.text(key));
        let storages = Storages::legacy(rest, keys, &known)?;
        Self::new(heap, storages, root)
    }

    fn new(heap: Heap<'a>, storages: Storages<'a>, root: Value) -> Result<Self, Fault> {
        let entries = collect(&heap, root)?;
        Ok(Self { heap, storages, entries })
    }

    /// A number of that name.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match *self.entries.get(name)? {
            Value::Int(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            Value::Bool(truth) => Some(f64::from(u8::from(truth))),
            _ => None,
        }
    }

    /// A text of that name.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.heap.text(*self.entries.get(name)?)
    }

    /// The numbers of a list, a tuple, a tensor or an array of that name.
    pub(super) fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>, Fault> {
        let items = match self.entries.get(name).and_then(|&value| self.heap.get(value)) {
            Some(Object::List(items) | Object::Tuple(items)) => items,
            _ => {
                let widened = |it: Tensor| it.values.into_iter().map(f64::from).collect();
                return Ok(self.read(name)?.map(widened));
            }
        };
        let number = |value: &Value| match *value {
            Value::Int(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            _ => None,
        };
        Ok(items.iter().map(number).collect())
    }

    fn view(&self, name: &str, view: &View) -> Result<Tensor, Fault> {
        let Some(Object::Storage(storage)) = self.heap.objects().get(view.storage) else {
            return Err(Fault::malformed(name, "has no storage"));
        };
        let all = self.storages.numbers(storage)?;
        let count: usize = view.shape.iter().product();
        let mut values = Vec::with_capacity(count);
        let mut place = vec![0; view.shape.len()];
        for _ in 0..count {
            let steps = place.iter().zip(&view.strides);
            values.push(all[view.offset + steps.map(|(at, stride)| at * stride).sum::<usize>()]);
            for (at, &length) in place.iter_mut().zip(&view.shape).rev() {
                *at += 1;
                if *at < length {
                    break;
                }
                *at = 0;
            }
        }
        Ok(Tensor { shape: view.shape.clone(), values })
    }

    fn array(&self, name: &str, array: &Array) -> Result<Tensor, Fault> {
        let object = |number: Option<usize>| self.heap.objects().get(number?);
        let (Some(Object::Bytes(bytes)), Some(Object::Dtype(dtype))) =
            (object(array.bytes), object(array.dtype))
        else {
            return Err(Fault::malformed(name, "is a NumPy array without elements"));
        };
        let kind = Kind::of_dtype(dtype);
        let kind = kind.ok_or_else(|| Fault::malformed(name, format!("holds {dtype:.16}")))?;
        let size = array.shape.iter().try_fold(kind.width(), |size, &axis| size.checked_mul(axis));
        if size != Some(bytes.len()) {
            return Err(Fault::malformed(name, "its bytes do not fit its shape"));
        }
        Ok(Tensor { shape: array.shape.clone(), values: kind.numbers(bytes) })
    }
}

impl Source for Checkpoint<'_> {
    fn names(&self) -> Vec<&str> {
        let is_tensor = |value: Value| {
            matches!(self.heap.get(value), Some(Object::Tensor(_) | Object::Array(_)))
        };
        let tensors = self.entries.iter().filter(|&(_, &value)| is_tensor(value));
        tensors.map(|(name, _)| name.as_str()).collect()
    }

    fn read(&self, name: &str) -> Result<Option<Tensor>, Fault> {
        match self.entries.get(name).and_then(|&value| self.heap.get(value)) {
            Some(Object::Tensor(view)) => self.view(name, view).map(Some),
            Some(Object::Array(array)) => self.array(name, array).map(Some),
            _ => Ok(None),
        }
    }
}

/// The value of a key of a dictionary; of several the last.
fn field(heap: &Heap, dict: Value, name: &str) -> Option<Value> {
    match heap.get(dict)? {
        Object::Dict(pairs) => {
            pairs.iter().rev().find(|(key, _)| heap.text(*key) == Some(name)).map(|&(_, it)| it)
        }
        _ => None,
    }
}

/// What lies under texts in a dictionary and in those within it.
fn collect(heap: &Heap, root: Value) -> Result<BTreeMap<String, Value>, Fault> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![(root, String::new(), 0)];
    // Counted are visits, not names: a dictionary may be reached in many ways.
    let mut visits = 0;
    while let Some((dict, prefix, depth)) = waiting.pop() {
        let Some(Object::Dict(pairs)) = heap.get(dict) else { continue };
        visits += pairs.len();
        if visits > ENTRIES_MAX || depth > DEPTH_MAX {
            let reason = format!(
                "its dictionaries have over {ENTRIES_MAX} entries or lie over \
                                  {DEPTH_MAX} deep in each other"
            );
            return Err(wrong(reason));
        }
        for &(key, value) in pairs {
            let Some(key) = heap.text(key) else { continue };
            let name = format!("{prefix}{key:.200}");
            waiting.push((value, format!("{name}."), depth + 1));
            found.insert(name, value);
        }
    }
    Ok(found)
}
