//! Typed access to glTF accessors (glTF 2.0, section 3.6.2), checked once to lie in their buffer.

use super::buffers::Document;
use crate::import::bytes::{f32_at, u16_at};
use crate::import::error::Fault;
use serde_json::Value;

/// An accessor of SCALAR, VEC3 or VEC4 elements.
pub(super) struct Accessor<'a> {
    /// Number of elements.
    pub count: usize,
    data: &'a [u8],
    stride: usize,
    component: Component,
    normalized: bool,
}

#[derive(Clone, Copy)]
enum Component {
    I8,
    U8,
    I16,
    U16,
    F32,
}

impl Component {
    fn numbered(number: u64) -> Option<Component> {
        Some(match number {
            5120 => Component::I8,
            5121 => Component::U8,
            5122 => Component::I16,
            5123 => Component::U16,
            5126 => Component::F32,
            _ => return None,
        })
    }

    fn size(self) -> usize {
        match self {
            Component::I8 | Component::U8 => 1,
            Component::I16 | Component::U16 => 2,
            Component::F32 => 4,
        }
    }

    /// The value, and the value that normalisation makes 1.
    fn read(self, data: &[u8]) -> (f32, f32) {
        match self {
            Component::I8 => (f32::from(data[0].cast_signed()), 127.0),
            Component::U8 => (f32::from(data[0]), 255.0),
            Component::I16 => (f32::from(u16_at(data, 0).cast_signed()), 32767.0),
            Component::U16 => (f32::from(u16_at(data, 0)), 65535.0),
            Component::F32 => (f32_at(data, 0), 1.0),
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
        if !accessor["sparse"].is_null() {
            return Err(Fault::unsupported("a glTF file with sparse accessors", super::REEXPORT));
        }
        let kind = if width == 1 { "SCALAR".to_owned() } else { format!("VEC{width}") };
        if accessor["type"] != kind {
            return Err(wrong(&format!("is not of type {kind}")));
        }
        let component = accessor["componentType"].as_u64().and_then(Component::numbered);
        let component = component.ok_or_else(|| wrong("has an unfit componentType"))?;
        let count = size(&accessor["count"]).ok_or_else(|| wrong("has no count"))?;
        let view = accessor["bufferView"].as_u64().ok_or_else(|| wrong("has no bufferView"))?;
        let (view, view_stride) = document.view(view)?;
        let element = width * component.size();
        let stride = view_stride.unwrap_or(element);
        if stride < element {
            return Err(wrong(&format!("has a stride of {stride}, less than an element")));
        }
        let offset = optional(&accessor["byteOffset"]).ok_or_else(|| wrong("a bad byteOffset"))?;
        let data = view.get(offset..).ok_or_else(|| wrong("begins after its bufferView"))?;
        let needed = count.saturating_sub(1).saturating_mul(stride).saturating_add(element);
        if count > 0 && needed > data.len() {
            return Err(Fault::Truncated {
                part: format!("attribute {name}"),
                at: offset as u64,
                needed: needed as u64,
                available: data.len() as u64,
            });
        }
        let normalized = accessor["normalized"] == true;
        Ok(Accessor { count, data, stride, component, normalized })
    }

    /// Element `i < count`; `N` is the width that was checked.
    pub(super) fn get<const N: usize>(&self, i: usize) -> [f32; N] {
        let element = &self.data[i * self.stride..];
        std::array::from_fn(|c| {
            let (value, one) = self.component.read(&element[c * self.component.size()..]);
            if self.normalized { (value / one).max(-1.0) } else { value }
        })
    }
}

/// A count or offset; 0 when absent, nothing when it is no count.
pub(super) fn optional(value: &Value) -> Option<usize> {
    if value.is_null() { Some(0) } else { size(value) }
}

pub(super) fn size(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}
