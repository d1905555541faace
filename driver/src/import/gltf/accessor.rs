//! Typed access to glTF accessors (glTF 2.0, section 3.6.2), checked once to lie in their buffer.

use super::buffers::Document;
use crate::import::bytes::{f32_at, u16_at, u32_at};
use crate::import::error::Fault;
use crate::import::limits;
use serde_json::Value;
use std::borrow::Cow;

/// An accessor of SCALAR, VEC2, VEC3, VEC4 or MAT4 elements.
pub(super) struct Accessor<'a> {
    /// Number of elements.
    pub count: usize,
    data: Cow<'a, [u8]>,
    stride: usize,
    component: Component,
    normalized: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Component {
    I8,
    U8,
    I16,
    U16,
    U32,
    F32,
}

impl Component {
    fn numbered(number: u64) -> Option<Component> {
        Some(match number {
            5120 => Component::I8,
            5121 => Component::U8,
            5122 => Component::I16,
            5123 => Component::U16,
            5125 => Component::U32,
            5126 => Component::F32,
            _ => return None,
        })
    }

    fn size(self) -> usize {
        match self {
            Component::I8 | Component::U8 => 1,
            Component::I16 | Component::U16 => 2,
            Component::U32 | Component::F32 => 4,
        }
    }

    /// The value, and the value that normalisation makes 1.
    fn read(self, data: &[u8]) -> (f32, f32) {
        match self {
            Component::I8 => (f32::from(data[0].cast_signed()), 127.0),
            Component::U8 => (f32::from(data[0]), 255.0),
            Component::I16 => (f32::from(u16_at(data, 0).cast_signed()), 32767.0),
            Component::U16 => (f32::from(u16_at(data, 0)), 65535.0),
            Component::U32 => (u32_at(data, 0) as f32, u32::MAX as f32),
            Component::F32 => (f32_at(data, 0), 1.0),
        }
    }

    /// The value of an unsigned integer; nothing of other types.
    fn unsigned(self, data: &[u8]) -> Option<u32> {
        match self {
            Component::U8 => Some(data[0].into()),
            Component::U16 => Some(u16_at(data, 0).into()),
            Component::U32 => Some(u32_at(data, 0)),
            Component::I8 | Component::I16 | Component::F32 => None,
        }
    }
}

impl<'a> Accessor<'a> {
    /// The accessor with the number `index`, which must have `width` components.
    pub(super) fn of(
        document: &'a Document,
        index: &Value,
        name: &str,
        width: usize,
    ) -> Result<Accessor<'a>, Fault> {
        let wrong = |reason: &str| Fault::malformed(format!("attribute {name}"), reason);
        let Some(index) = index.as_u64() else { return Err(wrong("is missing")) };
        let accessor = document.item("accessors", index)?;
        let kind = kind(width);
        if accessor["type"] != kind {
            return Err(wrong(&format!("is not of type {kind}")));
        }
        let component = component(accessor).ok_or_else(|| wrong("has an unfit componentType"))?;
        let count = size(&accessor["count"]).ok_or_else(|| wrong("has no count"))?;
        let element = width * component.size();
        let (data, stride) = match accessor["bufferView"].as_u64() {
            Some(view) => {
                let offset = &accessor["byteOffset"];
                let (data, stride) = lying(document, view, offset, element, count, name)?;
                (Cow::Borrowed(data), stride)
            }
            None => {
                // "When undefined, the accessor MUST be initialized with zeros."
                limits::check_vertices(count as u64)?;
                (Cow::Owned(vec![0; count * element]), element)
            }
        };
        let normalized = accessor["normalized"] == true;
        let mut found = Accessor { count, data, stride, component, normalized };
        if !accessor["sparse"].is_null() {
            found.substitute(document, &accessor["sparse"], element, name)?;
        }
        Ok(found)
    }

    /// Replaces the elements that a sparse accessor lists (section 3.6.2.3).
    fn substitute(
        &mut self,
        document: &'a Document,
        sparse: &Value,
        element: usize,
        name: &str,
    ) -> Result<(), Fault> {
        let wrong = |reason: &str| Fault::malformed(format!("attribute {name}"), reason);
        let count = size(&sparse["count"]).ok_or_else(|| wrong("has no sparse count"))?;
        let part = |key: &str, element: usize| -> Result<&[u8], Fault> {
            let part = &sparse[key];
            let view = part["bufferView"].as_u64();
            let view = view.ok_or_else(|| wrong("has a sparse part without bufferView"))?;
            Ok(lying(document, view, &part["byteOffset"], element, count, name)?.0)
        };
        let kind = component(&sparse["indices"])
            .filter(|kind| kind.unsigned(&[0; 4]).is_some())
            .ok_or_else(|| wrong("has sparse indices that are no integers"))?;
        let (indices, values) = (part("indices", kind.size())?, part("values", element)?);
        let data = self.data.to_mut();
        for (index, value) in indices.chunks_exact(kind.size()).zip(values.chunks_exact(element)) {
            let at = kind.unsigned(index).unwrap_or(u32::MAX) as usize;
            if at >= self.count {
                return Err(wrong("has a sparse index beyond its end"));
            }
            data[at * self.stride..][..element].copy_from_slice(value);
        }
        Ok(())
    }

    /// Element `i < count`; `N` is the width that was checked.
    pub(super) fn get<const N: usize>(&self, i: usize) -> [f32; N] {
        let element = &self.data[i * self.stride..];
        std::array::from_fn(|c| {
            let (value, one) = self.component.read(&element[c * self.component.size()..]);
            if self.normalized { (value / one).max(-1.0) } else { value }
        })
    }

    /// Element `i < count` as it is stored, `N` the width that was checked: unsigned integers.
    /// Nothing if it has other numbers.
    pub(super) fn integers<const N: usize>(&self, i: usize) -> Option<[u32; N]> {
        let element = &self.data[i * self.stride..];
        let mut values = [0; N];
        for (c, value) in values.iter_mut().enumerate() {
            *value = self.component.unsigned(&element[c * self.component.size()..])?;
        }
        Some(values)
    }
}

/// The name of the type of elements with so many components.
fn kind(width: usize) -> String {
    match width {
        1 => "SCALAR".to_owned(),
        16 => "MAT4".to_owned(),
        _ => format!("VEC{width}"),
    }
}

fn component(object: &Value) -> Option<Component> {
    object["componentType"].as_u64().and_then(Component::numbered)
}

/// The bytes of a buffer view from an offset on, in which `count` elements lie, and their stride.
/// The data end with the last element.
fn lying<'a>(
    document: &'a Document,
    view: u64,
    offset: &Value,
    element: usize,
    count: usize,
    name: &str,
) -> Result<(&'a [u8], usize), Fault> {
    let wrong = |reason: &str| Fault::malformed(format!("attribute {name}"), reason);
    let (view, stride) = document.view(view)?;
    let stride = stride.unwrap_or(element);
    if stride < element {
        return Err(wrong(&format!("has a stride of {stride}, less than an element")));
    }
    let offset = optional(offset).ok_or_else(|| wrong("has a bad byteOffset"))?;
    let data = view.get(offset..).ok_or_else(|| wrong("begins after its bufferView"))?;
    let needed = match count {
        0 => 0,
        _ => (count - 1).saturating_mul(stride).saturating_add(element),
    };
    let data = data.get(..needed).ok_or_else(|| Fault::Truncated {
        part: format!("attribute {name}"),
        at: offset as u64,
        needed: needed as u64,
        available: data.len() as u64,
    })?;
    Ok((data, stride))
}

/// A count or offset; 0 when absent, nothing when it is no count.
pub(super) fn optional(value: &Value) -> Option<usize> {
    if value.is_null() { Some(0) } else { size(value) }
}

pub(super) fn size(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}
