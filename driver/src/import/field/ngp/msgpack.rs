//! MessagePack (github.com/msgpack/msgpack, `spec.md`): as much of it as JSON and bytes come to.
//!
//! Bytes and texts stay where they are in the file, as networks have megabytes of them.

use crate::import::bytes::Bytes;
use crate::import::error::Fault;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Nothing, or an extension of the format, which JSON has none of.
    Nil,
    Bool(bool),
    Number(f64),
    Text(&'a str),
    Binary(&'a [u8]),
    Array(Vec<Value<'a>>),
    Map(Vec<(&'a str, Value<'a>)>),
}

/// How deep values may lie in each other.
const DEPTH_MAX: usize = 32;
/// Most values of a file: some hundred times those of a snapshot of a thousand pictures.
const VALUES_MAX: u64 = 1 << 21;

const PART: &str = "MessagePack";

/// Reads a value that takes all of the data.
pub(super) fn read(data: &[u8]) -> Result<Value<'_>, Fault> {
    let mut reader = Reader { bytes: Bytes::new(data), left: VALUES_MAX };
    let value = reader.value(0)?;
    match reader.bytes.position() == data.len() {
        true => Ok(value),
        false => Err(Fault::malformed(PART, "something follows its end")),
    }
}

struct Reader<'a> {
    bytes: Bytes<'a>,
    /// Values that may still come.
    left: u64,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value<'a>, Fault> {
        let [mark] = self.bytes.array(PART)?;
        Ok(match mark {
            0x00..=0x7f => Value::Number(mark.into()),
            0x80..=0x8f => self.map((mark & 0xf).into(), depth)?,
            0x90..=0x9f => self.array((mark & 0xf).into(), depth)?,
            0xa0..=0xbf => Value::Text(self.text((mark & 0x1f).into())?),
            0xc2 | 0xc3 => Value::Bool(mark == 0xc3),
            0xc4..=0xc6 => {
                let length = self.length(mark - 0xc4)?;
                Value::Binary(self.bytes.take(length, 1, PART)?)
            }
            0xc7..=0xc9 => {
                let length = self.length(mark - 0xc7)?;
                self.bytes.take(length.saturating_add(1), 1, PART)?;
                Value::Nil
            }
            0xca..=0xd3 => Value::Number(self.number(mark)?),
            0xd4..=0xd8 => {
                self.bytes.take(1 + (1 << (mark - 0xd4)), 1, PART)?;
                Value::Nil
            }
            0xd9..=0xdb => {
                let length = self.length(mark - 0xd9)?;
                Value::Text(self.text(length)?)
            }
            0xdc | 0xdd => {
                let count = self.length(mark - 0xdc + 1)?;
                self.array(count, depth)?
            }
            0xde | 0xdf => {
                let count = self.length(mark - 0xde + 1)?;
                self.map(count, depth)?
            }
            0xc0 => Value::Nil,
            0xc1 => return Err(Fault::malformed(PART, "a mark that is never used")),
            0xe0.. => Value::Number((mark as i8).into()),
        })
    }

    /// A length of `2^width` bytes.
    fn length(&mut self, width: u8) -> Result<usize, Fault> {
        Ok(match width {
            0 => self.bytes.array::<1>(PART)?[0].into(),
            1 => u16::from_be_bytes(self.bytes.array(PART)?).into(),
            _ => u32::from_be_bytes(self.bytes.array(PART)?) as usize,
        })
    }

    fn number(&mut self, mark: u8) -> Result<f64, Fault> {
        Ok(match mark {
            0xca => f32::from_be_bytes(self.bytes.array(PART)?).into(),
            0xcb => f64::from_be_bytes(self.bytes.array(PART)?),
            0xcc => self.bytes.array::<1>(PART)?[0].into(),
            0xcd => u16::from_be_bytes(self.bytes.array(PART)?).into(),
            0xce => u32::from_be_bytes(self.bytes.array(PART)?).into(),
            0xcf => u64::from_be_bytes(self.bytes.array(PART)?) as f64,
            0xd0 => i8::from_be_bytes(self.bytes.array(PART)?).into(),
            0xd1 => i16::from_be_bytes(self.bytes.array(PART)?).into(),
            0xd2 => i32::from_be_bytes(self.bytes.array(PART)?).into(),
            _ => i64::from_be_bytes(self.bytes.array(PART)?) as f64,
        })
    }

    fn text(&mut self, length: usize) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.bytes.take(length, 1, PART)?)
            .map_err(|_| Fault::malformed(PART, "a text is no UTF-8"))
    }

    /// Checks that so many values may come, one level deeper.
    fn enter(&mut self, count: usize, depth: usize) -> Result<(), Fault> {
        if depth == DEPTH_MAX {
            let reason = format!("values lie more than {DEPTH_MAX} deep in each other");
            return Err(Fault::malformed(PART, reason));
        }
        let size = VALUES_MAX.saturating_add(count as u64);
        let too_large = Fault::TooLarge { what: "the number of values", size, limit: VALUES_MAX };
        self.left = self.left.checked_sub(count as u64).ok_or(too_large)?;
        Ok(())
    }

    fn array(&mut self, count: usize, depth: usize) -> Result<Value<'a>, Fault> {
        self.enter(count, depth)?;
        Ok(Value::Array((0..count).map(|_| self.value(depth + 1)).collect::<Result<_, _>>()?))
    }

    fn map(&mut self, count: usize, depth: usize) -> Result<Value<'a>, Fault> {
        self.enter(count, depth)?;
        let pair = |_| match self.value(DEPTH_MAX)? {
            Value::Text(key) => Ok((key, self.value(depth + 1)?)),
            _ => Err(Fault::malformed(PART, "a key of a map is no text")),
        };
        Ok(Value::Map((0..count).map(pair).collect::<Result<_, _>>()?))
    }
}

impl<'a> Value<'a> {
    /// What lies under a key, and keys within it, with dots between them.
    pub(super) fn get(&self, path: &str) -> Option<&Value<'a>> {
        path.split('.').try_fold(self, |value, key| match value {
            Value::Map(pairs) => pairs.iter().find(|(it, _)| *it == key).map(|(_, value)| value),
            _ => None,
        })
    }

    pub(super) fn number(&self, path: &str) -> Option<f64> {
        match self.get(path)? {
            Value::Number(number) => Some(*number),
            Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
            _ => None,
        }
    }

    pub(super) fn text(&self, path: &str) -> Option<&'a str> {
        match self.get(path)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn binary(&self, path: &str) -> Option<&'a [u8]> {
        match self.get(path)? {
            Value::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn items(&self, path: &str) -> &[Value<'a>] {
        match self.get(path) {
            Some(Value::Array(items)) => items,
            _ => &[],
        }
    }

    /// The numbers of an array of so many.
    pub(super) fn numbers<const N: usize>(&self, path: &str) -> Option<[f64; N]> {
        match self.get(path)? {
            Value::Array(items) => numbers(items),
            _ => None,
        }
    }

    /// The numbers of an array of arrays, `[rows][columns]`.
    pub(super) fn matrix<const R: usize, const C: usize>(
        &self,
        path: &str,
    ) -> Option<[[f64; C]; R]> {
        let row = |row: &Value| match row {
            Value::Array(items) => numbers(items),
            _ => None,
        };
        let rows: Option<Vec<_>> = self.items(path).iter().map(row).collect();
        rows?.try_into().ok()
    }
}

fn numbers<const N: usize>(items: &[Value]) -> Option<[f64; N]> {
    let number = |item: &Value| match item {
        Value::Number(number) => Some(*number),
        _ => None,
    };
    let numbers: Option<Vec<f64>> = items.iter().map(number).collect();
    numbers?.try_into().ok()
}
