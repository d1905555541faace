//! Writes FlatBuffers (`flatbuffers.dev/internals`): tables front to back, each before what it
//! refers to.

/// Bytes that vectors of bytes are aligned to, as TFLite's schema has it for constants.
const ALIGNMENT: usize = 16;

/// A table: its fields, by their numbers in the schema.
#[derive(Clone, Debug, Default)]
pub struct Table(Vec<(usize, Value)>);

/// What a field holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// A byte, signed or not, or a boolean.
    Byte(u8),
    /// Any number of 32 bits.
    Word([u8; 4]),
    /// Characters.
    Text(String),
    /// Constants.
    Bytes(Vec<u8>),
    /// Numbers.
    Ints(Vec<i32>),
    /// Numbers.
    Longs(Vec<i64>),
    /// Numbers.
    Floats(Vec<f32>),
    /// Another table.
    Table(Table),
    /// Other tables.
    Tables(Vec<Table>),
}

impl Table {
    /// The same with another field.
    pub fn with(mut self, number: usize, value: impl Into<Value>) -> Self {
        self.0.push((number, value.into()));
        self
    }
}

macro_rules! values {
    ($($type:ty: $value:ident => $made:expr,)*) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $made
            }
        })*
    };
}

values! {
    u8: byte => Self::Byte(byte),
    bool: it => Self::Byte(it.into()),
    i32: word => Self::Word(word.to_le_bytes()),
    u32: word => Self::Word(word.to_le_bytes()),
    f32: word => Self::Word(word.to_le_bytes()),
    &str: text => Self::Text(text.to_owned()),
    Vec<u8>: bytes => Self::Bytes(bytes),
    Vec<i32>: numbers => Self::Ints(numbers),
    Vec<i64>: numbers => Self::Longs(numbers),
    Vec<f32>: numbers => Self::Floats(numbers),
    Table: table => Self::Table(table),
    Vec<Table>: tables => Self::Tables(tables),
}

/// A file of a root table. None if it has 2 GiB or more.
pub fn file(root: &Table, identifier: [u8; 4]) -> Option<Vec<u8>> {
    let mut writer = Writer { bytes: Vec::new() };
    writer.bytes.extend([0; 4]);
    writer.bytes.extend(identifier);
    let at = writer.table(root);
    writer.refer(0, at);
    (writer.bytes.len() < i32::MAX as usize).then_some(writer.bytes)
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Adds zeros until `ahead` bytes more would end at a multiple of `alignment`.
    fn align(&mut self, alignment: usize, ahead: usize) {
        let end = (self.bytes.len() + ahead).next_multiple_of(alignment);
        self.bytes.resize(end - ahead, 0);
    }

    /// Makes the offset at `from` lead to `to`, which comes after it.
    fn refer(&mut self, from: usize, to: usize) {
        let offset = ((to - from) as u32).to_le_bytes();
        self.bytes[from..from + 4].copy_from_slice(&offset);
    }

    /// Writes a table behind its list of fields, then all that it refers to; tells where it is.
    fn table(&mut self, Table(fields): &Table) -> usize {
        let count = fields.iter().map(|(number, _)| number + 1).max().unwrap_or(0);
        let list_bytes = 4 + 2 * count;
        self.align(4, list_bytes);
        let start = self.bytes.len() + list_bytes;
        // Words come first, so that all are aligned.
        let is_byte = |value: &Value| matches!(value, Value::Byte(_));
        let mut places = vec![0u16; count];
        let mut length = 4u16;
        for bytes in [false, true] {
            for (number, _) in fields.iter().filter(|(_, value)| is_byte(value) == bytes) {
                places[*number] = length;
                length += if bytes { 1 } else { 4 };
            }
        }
        self.bytes.extend((list_bytes as u16).to_le_bytes());
        self.bytes.extend(length.to_le_bytes());
        places.iter().for_each(|place| self.bytes.extend(place.to_le_bytes()));
        self.bytes.extend((list_bytes as i32).to_le_bytes());
        self.bytes.resize(start + usize::from(length), 0);
        for (number, value) in fields {
            self.field(start + usize::from(places[*number]), value);
        }
        start
    }

    fn field(&mut self, at: usize, value: &Value) {
        let there = match value {
            Value::Byte(byte) => {
                self.bytes[at] = *byte;
                return;
            }
            Value::Word(word) => {
                self.bytes[at..at + 4].copy_from_slice(word);
                return;
            }
            Value::Text(text) => {
                let there = self.vector(4, text.len(), text.bytes().map(|byte| [byte]));
                self.bytes.push(0);
                there
            }
            Value::Bytes(bytes) => {
                self.vector(ALIGNMENT, bytes.len(), bytes.iter().map(|byte| [*byte]))
            }
            Value::Ints(all) => self.vector(4, all.len(), all.iter().map(|it| it.to_le_bytes())),
            Value::Longs(all) => self.vector(8, all.len(), all.iter().map(|it| it.to_le_bytes())),
            Value::Floats(all) => self.vector(4, all.len(), all.iter().map(|it| it.to_le_bytes())),
            Value::Table(table) => self.table(table),
            Value::Tables(tables) => {
                let there = self.vector(4, tables.len(), tables.iter().map(|_| [0; 4]));
                for (number, table) in tables.iter().enumerate() {
                    let at = self.table(table);
                    self.refer(there + 4 + 4 * number, at);
                }
                there
            }
        };
        self.refer(at, there);
    }

    /// Writes a vector whose elements are aligned; tells where its length is.
    fn vector<const N: usize>(
        &mut self,
        alignment: usize,
        count: usize,
        elements: impl Iterator<Item = [u8; N]>,
    ) -> usize {
        self.align(alignment, 4);
        let at = self.bytes.len();
        self.bytes.extend((count as u32).to_le_bytes());
        elements.for_each(|element| self.bytes.extend(element));
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_laid_out_as_the_format_says() {
        let table = Table::default().with(2, 7u8).with(0, 0x0102_0304).with(3, "ab");
        let file = file(&table, *b"TEST").unwrap();
        let expected: &[u8] = &[
            20, 0, 0, 0, b'T', b'E', b'S', b'T', // root, identifier
            12, 0, 13, 0, 4, 0, 0, 0, 12, 0, 8, 0, // list of fields, behind no padding
            12, 0, 0, 0, 4, 3, 2, 1, 8, 0, 0, 0, 7, // table
            0, 0, 0, 2, 0, 0, 0, b'a', b'b', 0, // text
        ];
        assert_eq!(file, expected);
    }

    #[test]
    fn constants_are_aligned() {
        for before in 0..20 {
            let table =
                Table::default().with(0, vec![9u8; before]).with(1, vec![1u8, 2, 3, 4, 5, 6, 7]);
            let file = file(&table, *b"TEST").unwrap();
            let at = file.windows(7).position(|it| it == [1, 2, 3, 4, 5, 6, 7]).unwrap();
            assert!(at.is_multiple_of(ALIGNMENT), "{before} bytes before: at {at}");
        }
    }
}
