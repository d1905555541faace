//! The machine that pickles are written for, without what makes it dangerous: it looks up nothing
//! and calls nothing (Python's `pickletools`, protocols 2 to 5).
//!
//! What functions and classes stand for is in `call`. Each instruction adds a bounded number of
//! values, so memory is a small multiple of the file; nothing here is recursive.

use super::object::{Global, Object, Value};
use crate::import::bytes::Bytes;
use crate::import::error::Fault;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Most instructions: some thousand times those of a checkpoint with an optimiser's state.
const INSTRUCTIONS_MAX: usize = 1 << 21;

pub(super) const PART: &str = "the pickle";

/// The objects of one or several pickles.
#[derive(Default)]
pub(super) struct Heap<'a> {
    objects: Vec<Object<'a>>,
}

impl<'a> Heap<'a> {
    pub(super) fn add(&mut self, object: Object<'a>) -> Value {
        self.objects.push(object);
        Value::Object(self.objects.len() - 1)
    }

    /// The object that a value refers to, if any.
    pub(super) fn get(&self, value: Value) -> Option<&Object<'a>> {
        match value {
            Value::Object(number) => self.objects.get(number),
            _ => None,
        }
    }

    pub(super) fn get_mut(&mut self, value: Value) -> Option<&mut Object<'a>> {
        match value {
            Value::Object(number) => self.objects.get_mut(number),
            _ => None,
        }
    }

    pub(super) fn text(&self, value: Value) -> Option<&'a str> {
        match self.get(value)? {
            Object::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn tuple(&self, value: Value) -> Option<&[Value]> {
        match self.get(value)? {
            Object::Tuple(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn objects(&self) -> &[Object<'a>] {
        &self.objects
    }
}

/// A machine in the middle of a pickle.
struct Machine<'a, 'h> {
    heap: &'h mut Heap<'a>,
    bytes: Bytes<'a>,
    stack: Vec<Value>,
    /// Lengths of the stack where something begins.
    marks: Vec<usize>,
    memo: BTreeMap<u32, Value>,
}

/// Carries out a pickle: what it makes, and its length in bytes.
pub(super) fn read<'a>(heap: &mut Heap<'a>, data: &'a [u8]) -> Result<(Value, usize), Fault> {
    let bytes = Bytes::new(data);
    let (stack, marks, memo) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut machine = Machine { heap, bytes, stack, marks, memo };
    for _ in 0..INSTRUCTIONS_MAX {
        let [instruction] = machine.bytes.array(PART)?;
        if instruction == b'.' {
            return Ok((machine.pop()?, machine.bytes.position()));
        }
        machine.step(instruction)?;
    }
    let limit = INSTRUCTIONS_MAX as u64;
    Err(Fault::TooLarge { what: "the number of a pickle's instructions", size: limit + 1, limit })
}

/// A pickle that contradicts its format.
pub(super) fn wrong(reason: impl Into<String>) -> Fault {
    Fault::malformed(PART, reason)
}

impl<'a> Machine<'a, '_> {
    fn step(&mut self, instruction: u8) -> Result<(), Fault> {
        match instruction {
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'J' => {
                let number = self.bytes.u32(PART)? as i32;
                self.push(Value::Int(number.into()))
            }
            b'K' | b'M' | 0x8a | 0x8b => self.integer(instruction),
            b'G' => {
                let number = f64::from_be_bytes(self.bytes.array(PART)?);
                self.push(Value::Float(number))
            }
            b'X' | 0x8c | 0x8d => self.text(instruction),
            b'T' | b'U' | b'B' | b'C' | 0x8e | 0x96 => self.raw(instruction),
            b'(' => self.mark(),
            b'0' => self.pop().map(drop),
            b'1' => self.take_marked().map(drop),
            b'2' => self.stack.last().copied().ok_or_else(underflow).and_then(|it| self.push(it)),
            b'}' => self.make(Object::Dict(Vec::new())),
            b']' => self.make(Object::List(Vec::new())),
            b')' => self.make(Object::Tuple(Vec::new())),
            b't' | 0x85..=0x87 => self.tuple(instruction),
            b'a' | b'e' => self.append(instruction == b'a'),
            b's' | b'u' => self.set_items(instruction == b's'),
            b'c' | 0x93 => self.global(instruction == b'c'),
            b'R' | 0x81 => self.reduce(),
            b'b' => self.build(),
            b'Q' => self.persistent(),
            b'h' | b'j' => self.recall(instruction == b'h'),
            b'q' | b'r' | 0x94 => self.remember(instruction),
            0x80 => self.protocol(),
            0x95 => self.bytes.u64(PART).map(drop), // FRAME: how much to read ahead
            other => {
                let what = format!("a pickle with instruction {other:#04x}");
                Err(Fault::unsupported(what, "Save it again with a current version of torch."))
            }
        }
    }

    fn push(&mut self, value: Value) -> Result<(), Fault> {
        self.stack.push(value);
        Ok(())
    }

    fn make(&mut self, object: Object<'a>) -> Result<(), Fault> {
        let value = self.heap.add(object);
        self.push(value)
    }

    fn mark(&mut self) -> Result<(), Fault> {
        self.marks.push(self.stack.len());
        Ok(())
    }

    /// Takes a value, but none from before the last mark.
    fn pop(&mut self) -> Result<Value, Fault> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(underflow());
        }
        self.stack.pop().ok_or_else(underflow)
    }

    /// The values since the last mark.
    fn take_marked(&mut self) -> Result<Vec<Value>, Fault> {
        let mark = self.marks.pop().ok_or_else(|| wrong("a mark is missing"))?;
        Ok(self.stack.split_off(mark))
    }

    fn protocol(&mut self) -> Result<(), Fault> {
        let [version] = self.bytes.array(PART)?;
        match version {
            2..=5 => Ok(()),
            _ => {
                let what = format!("a pickle of protocol {version}");
                Err(Fault::unsupported(what, "Save it again with a current version of torch."))
            }
        }
    }

    fn integer(&mut self, instruction: u8) -> Result<(), Fault> {
        let length = match instruction {
            b'K' => {
                return self.bytes.array(PART).and_then(|[it]| self.push(Value::Int(it.into())));
            }
            b'M' => {
                let number = u16::from_le_bytes(self.bytes.array(PART)?);
                return self.push(Value::Int(number.into()));
            }
            0x8a => usize::from(self.bytes.array::<1>(PART)?[0]),
            _ => self.bytes.u32(PART)? as usize,
        };
        let digits = self.bytes.take(length, 1, PART)?;
        if digits.len() > 8 {
            return self.make(Object::Opaque);
        }
        let negative = digits.last().is_some_and(|last| last & 0x80 != 0);
        let mut number = [if negative { 0xff } else { 0 }; 8];
        number[..digits.len()].copy_from_slice(digits);
        self.push(Value::Int(i64::from_le_bytes(number)))
    }

    /// Bytes with their length before them.
    fn counted(&mut self, width: usize) -> Result<&'a [u8], Fault> {
        let length = match width {
            1 => self.bytes.array::<1>(PART)?[0].into(),
            4 => self.bytes.u32(PART)?.into(),
            _ => self.bytes.u64(PART)?,
        };
        self.bytes.take(usize::try_from(length).unwrap_or(usize::MAX), 1, PART)
    }

    fn text(&mut self, instruction: u8) -> Result<(), Fault> {
        let bytes = self.counted(match instruction {
            b'X' => 4,
            0x8c => 1,
            _ => 8,
        })?;
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("a text is no UTF-8"))?;
        self.make(Object::Text(text))
    }

    /// Bytes; those of Python 2 are texts, where they can be.
    fn raw(&mut self, instruction: u8) -> Result<(), Fault> {
        let bytes = self.counted(match instruction {
            b'T' | b'B' => 4,
            b'U' | b'C' => 1,
            _ => 8,
        })?;
        match std::str::from_utf8(bytes) {
            Ok(text) if matches!(instruction, b'T' | b'U') => self.make(Object::Text(text)),
            _ => self.make(Object::Bytes(Cow::Borrowed(bytes))),
        }
    }

    fn tuple(&mut self, instruction: u8) -> Result<(), Fault> {
        let items = match instruction {
            b't' => self.take_marked()?,
            _ => {
                let mut items = Vec::new();
                for _ in 0..=instruction - 0x85 {
                    items.insert(0, self.pop()?);
                }
                items
            }
        };
        self.make(Object::Tuple(items))
    }

    fn append(&mut self, single: bool) -> Result<(), Fault> {
        let items = if single { vec![self.pop()?] } else { self.take_marked()? };
        match self.stack.last().and_then(|&list| self.heap.get_mut(list)) {
            Some(Object::List(list)) => list.extend(items),
            _ => return Err(wrong("an item is appended to what is no list")),
        }
        Ok(())
    }

    fn set_items(&mut self, single: bool) -> Result<(), Fault> {
        let items = if single {
            let value = self.pop()?;
            vec![self.pop()?, value]
        } else {
            self.take_marked()?
        };
        let (pairs, rest) = items.as_chunks();
        match self.stack.last().and_then(|&dict| self.heap.get_mut(dict)) {
            Some(Object::Dict(dict)) if rest.is_empty() => {
                dict.extend(pairs.iter().map(|&[key, value]| (key, value)));
                Ok(())
            }
            _ => Err(wrong("an item is set in what is no dictionary")),
        }
    }

    fn global(&mut self, lines: bool) -> Result<(), Fault> {
        let found = if lines {
            let limit = self.bytes.position() + 1024;
            let module = self.bytes.line(limit, PART)?;
            Global::of(&module, &self.bytes.line(limit, PART)?)?
        } else {
            let (name, module) = (self.pop()?, self.pop()?);
            match (self.heap.text(module), self.heap.text(name)) {
                (Some(module), Some(name)) => Global::of(module, name)?,
                _ => return Err(wrong("the name of a class is no text")),
            }
        };
        self.make(Object::Global(found))
    }

    fn reduce(&mut self) -> Result<(), Fault> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let value = super::call::call(self.heap, function, arguments)?;
        self.push(value)
    }

    fn build(&mut self) -> Result<(), Fault> {
        let state = self.pop()?;
        let object = *self.stack.last().ok_or_else(underflow)?;
        super::call::build(self.heap, object, state)
    }

    fn persistent(&mut self) -> Result<(), Fault> {
        let id = self.pop()?;
        let value = super::call::storage(self.heap, id)?;
        self.push(value)
    }

    fn recall(&mut self, short: bool) -> Result<(), Fault> {
        let number = match short {
            true => self.bytes.array::<1>(PART)?[0].into(),
            false => self.bytes.u32(PART)?,
        };
        let value = self.memo.get(&number).copied();
        self.push(value.ok_or_else(|| wrong(format!("nothing was put at {number}")))?)
    }

    fn remember(&mut self, instruction: u8) -> Result<(), Fault> {
        let number = match instruction {
            b'q' => self.bytes.array::<1>(PART)?[0].into(),
            b'r' => self.bytes.u32(PART)?,
            _ => self.memo.len() as u32,
        };
        let value = *self.stack.last().ok_or_else(underflow)?;
        self.memo.insert(number, value);
        Ok(())
    }
}

fn underflow() -> Fault {
    wrong("it takes more than there is")
}
