//! NumPy's `.npy`, versions 1 to 3: arrays in C order, little-endian.
//!
//! ```text
//! "\x93NUMPY", u8 major, u8 minor, header length (u16 LE in version 1, else u32 LE), header, elements
//! header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } and spaces up to a line feed
//! ```
//!
//! Source: NumPy Enhancement Proposal 1, and `numpy.lib.format`.

use super::InputError;
use crate::import::half;

/// The first bytes of every such file.
pub const MAGIC: &[u8] = b"\x93NUMPY";
/// Most bytes of a header; that of an array without named fields has about a hundred.
const HEADER_MAX: usize = 1 << 16;
/// Most axes, as in NumPy 2.
const AXES_MAX: usize = 64;
/// Elements begin at a multiple of so many bytes.
const ALIGNMENT: usize = 64;

/// An array, the last axis innermost.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Length of each axis; empty for a single number.
    pub shape: Vec<usize>,
    /// As many as the shape says.
    pub elements: Elements,
}

/// Elements of an array, widened where that loses nothing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Elements {
    /// `i1`.
    Int8(Vec<i8>),
    /// `u1`.
    Uint8(Vec<u8>),
    /// Wider integers, and truth values as 0 and 1.
    Integer(Vec<i64>),
    /// `f2`, `f4`, and `f8` rounded to the nearest `f4`.
    Float(Vec<f32>),
}

impl Elements {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Int8(elements) => elements.len(),
            Self::Uint8(elements) => elements.len(),
            Self::Integer(elements) => elements.len(),
            Self::Float(elements) => elements.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What they are, for messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Int8(_) => "int8",
            Self::Uint8(_) => "uint8",
            Self::Integer(_) => "integers",
            Self::Float(_) => "floats",
        }
    }
}

impl Array {
    /// Reads a file's content.
    ///
    /// # Errors
    /// An [`InputError`]: what contradicts the format, or what of it is not supported.
    pub fn from_npy(file: &[u8]) -> Result<Self, InputError> {
        let (header, body) = split(file)?;
        let header = Header::read(header)?;
        let kind = Kind::of(&header.descr)?;
        if header.fortran_order && header.shape.iter().filter(|&&length| length > 1).count() > 1 {
            return Err(InputError::unsupported(
                "an array in Fortran order",
                "write numpy.ascontiguousarray(array)",
            ));
        }
        let count = header.shape.iter().try_fold(1, |count: usize, &axis| count.checked_mul(axis));
        let bytes = count.and_then(|count| count.checked_mul(kind.width));
        if bytes != Some(body.len()) {
            let wanted = bytes.map_or("more than there can be".into(), |bytes| bytes.to_string());
            let reason =
                format!("{:?} takes {wanted} bytes, there are {}", header.shape, body.len());
            return Err(InputError::malformed("the array", reason));
        }
        Ok(Self { shape: header.shape, elements: kind.read(body)? })
    }

    /// A file of version 1.
    pub fn to_npy(&self) -> Vec<u8> {
        let descr = match &self.elements {
            Elements::Int8(_) => "|i1",
            Elements::Uint8(_) => "|u1",
            Elements::Integer(_) => "<i8",
            Elements::Float(_) => "<f4",
        };
        let axes: String = self.shape.iter().map(|axis| format!("{axis}, ")).collect();
        let mut header =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}");
        let before = MAGIC.len() + 4;
        let end = (before + header.len() + 1).next_multiple_of(ALIGNMENT);
        header.extend(std::iter::repeat_n(' ', end - before - header.len() - 1));
        header.push('\n');
        let mut file = [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes()].concat();
        file.extend(header.bytes());
        match &self.elements {
            Elements::Int8(elements) => file.extend(elements.iter().map(|&it| it as u8)),
            Elements::Uint8(elements) => file.extend(elements),
            Elements::Integer(elements) => {
                file.extend(elements.iter().flat_map(|it| it.to_le_bytes()))
            }
            Elements::Float(elements) => {
                file.extend(elements.iter().flat_map(|it| it.to_le_bytes()))
            }
        }
        file
    }
}

/// Header and elements of a file.
fn split(file: &[u8]) -> Result<(&str, &[u8]), InputError> {
    let cut = || InputError::malformed("the header", "the file ends within it");
    let rest = file
        .strip_prefix(MAGIC)
        .ok_or_else(|| InputError::malformed("the file", "it does not begin as .npy does"))?;
    let (&[major, minor], rest) = rest.split_first_chunk().ok_or_else(cut)?;
    let (length, rest) = match (major, minor) {
        (1, 0) => rest
            .split_first_chunk()
            .map(|(length, rest)| (usize::from(u16::from_le_bytes(*length)), rest))
            .ok_or_else(cut)?,
        (2 | 3, 0) => rest
            .split_first_chunk()
            .map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest))
            .ok_or_else(cut)?,
        _ => {
            let what = format!(".npy of version {major}.{minor}");
            return Err(InputError::unsupported(what, "write version 1.0, 2.0 or 3.0"));
        }
    };
    if length > HEADER_MAX {
        let reason = format!("it claims {length} bytes, more than the limit of {HEADER_MAX}");
        return Err(InputError::malformed("the header", reason));
    }
    let (header, body) = rest.split_at_checked(length).ok_or_else(cut)?;
    let header = std::str::from_utf8(header)
        .map_err(|_| InputError::malformed("the header", "it is not text"))?;
    Ok((header, body))
}

/// What a header says.
#[derive(Debug, PartialEq)]
struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    /// Reads a Python literal: a dictionary of a text, a truth value and a tuple.
    fn read(text: &str) -> Result<Self, InputError> {
        let wrong = |reason: &str| InputError::malformed("the header", reason);
        let mut rest = Literal(text.trim());
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        rest.expect("{")?;
        while !rest.takes("}") {
            let key = rest.text()?;
            rest.expect(":")?;
            match key {
                "descr" if rest.begins_with("[") => {
                    return Err(InputError::unsupported(
                        "an array of named fields",
                        "write each field as an array of its own",
                    ));
                }
                "descr" => descr = Some(rest.text()?.to_owned()),
                "fortran_order" => fortran_order = Some(rest.truth()?),
                "shape" => shape = Some(rest.tuple()?),
                _ => return Err(wrong("it has a key that the format does not know")),
            }
            if !rest.takes(",") && !rest.begins_with("}") {
                return Err(wrong("a comma is missing"));
            }
        }
        match (descr, fortran_order, shape, rest.0) {
            (Some(descr), Some(fortran_order), Some(shape), "") => {
                Ok(Self { descr, fortran_order, shape })
            }
            _ => Err(wrong("it is not descr, fortran_order and shape")),
        }
    }
}

/// What is left to read of a Python literal.
struct Literal<'a>(&'a str);

impl<'a> Literal<'a> {
    fn begins_with(&self, mark: &str) -> bool {
        self.0.starts_with(mark)
    }

    fn takes(&mut self, mark: &str) -> bool {
        let rest = self.0.strip_prefix(mark);
        self.0 = rest.map_or(self.0, str::trim_start);
        rest.is_some()
    }

    fn expect(&mut self, mark: &str) -> Result<(), InputError> {
        match self.takes(mark) {
            true => Ok(()),
            false => Err(InputError::malformed("the header", format!("{mark:?} is missing"))),
        }
    }

    fn text(&mut self) -> Result<&'a str, InputError> {
        let quote = if self.begins_with("\"") { "\"" } else { "'" };
        self.expect(quote)?;
        let (text, rest) = self
            .0
            .split_once(quote)
            .ok_or_else(|| InputError::malformed("the header", "a quote is not closed"))?;
        self.0 = rest.trim_start();
        Ok(text)
    }

    fn truth(&mut self) -> Result<bool, InputError> {
        if self.takes("True") {
            return Ok(true);
        }
        self.expect("False").map(|()| false)
    }

    fn tuple(&mut self) -> Result<Vec<usize>, InputError> {
        let mut lengths = Vec::new();
        self.expect("(")?;
        while !self.takes(")") {
            let digits = self.0.find(|it: char| !it.is_ascii_digit()).unwrap_or(self.0.len());
            let (number, rest) = self.0.split_at(digits);
            let number = number.parse().ok().filter(|_| lengths.len() < AXES_MAX);
            lengths.push(number.ok_or_else(|| {
                InputError::malformed("the header", "its shape is no tuple of lengths")
            })?);
            // Python 2 wrote long integers so.
            self.0 = rest.strip_prefix('L').unwrap_or(rest).trim_start();
            if !self.takes(",") && !self.begins_with(")") {
                return Err(InputError::malformed("the header", "its shape is not closed"));
            }
        }
        Ok(lengths)
    }
}

/// Type of elements in a file.
struct Kind {
    letter: u8,
    /// Bytes.
    width: usize,
}

impl Kind {
    fn of(descr: &str) -> Result<Self, InputError> {
        let unsupported = || {
            InputError::unsupported(
                format!("an array of type {descr:?}"),
                "write little-endian integers or floats, such as array.astype('<f4')",
            )
        };
        let &[order, letter, width] = descr.as_bytes() else { return Err(unsupported()) };
        let width = usize::from(width.wrapping_sub(b'0'));
        match (letter, width) {
            (b'b', 1) | (b'i' | b'u', 1 | 2 | 4 | 8) | (b'f', 2 | 4 | 8)
                if order == b'<' || width == 1 =>
            {
                Ok(Self { letter, width })
            }
            _ => Err(unsupported()),
        }
    }

    fn read(&self, body: &[u8]) -> Result<Elements, InputError> {
        Ok(match (self.letter, self.width) {
            (b'i', 1) => Elements::Int8(body.iter().map(|&it| it as i8).collect()),
            (b'u', 1) => Elements::Uint8(body.to_vec()),
            (b'b', _) => Elements::Integer(body.iter().map(|&it| i64::from(it != 0)).collect()),
            (b'i', 2) => Elements::Integer(each(body, |it| i16::from_le_bytes(it).into())),
            (b'u', 2) => Elements::Integer(each(body, |it| u16::from_le_bytes(it).into())),
            (b'i', 4) => Elements::Integer(each(body, |it| i32::from_le_bytes(it).into())),
            (b'u', 4) => Elements::Integer(each(body, |it| u32::from_le_bytes(it).into())),
            (b'i', _) => Elements::Integer(each(body, i64::from_le_bytes)),
            (b'u', _) => Elements::Integer(
                each(body, |it| i64::try_from(u64::from_le_bytes(it)))
                    .into_iter()
                    .collect::<Result<_, _>>()
                    .map_err(|_| InputError::malformed("the array", "a number exceeds 2^63"))?,
            ),
            (_, 2) => Elements::Float(each(body, |it| half(u16::from_le_bytes(it)))),
            (_, 4) => Elements::Float(each(body, f32::from_le_bytes)),
            _ => Elements::Float(each(body, |it| f64::from_le_bytes(it) as f32)),
        })
    }
}

fn each<const N: usize, T>(body: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    body.as_chunks().0.iter().map(|&bytes| read(bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(descr: &str, shape: &str, body: &[u8]) -> Vec<u8> {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), body].concat()
    }

    fn array(shape: &[usize], elements: Elements) -> Array {
        Array { shape: shape.to_vec(), elements }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for array in [
            array(&[2, 1], Elements::Int8(vec![-128, 127])),
            array(&[3], Elements::Uint8(vec![0, 1, 255])),
            array(&[], Elements::Integer(vec![i64::MIN])),
            array(&[1, 2], Elements::Float(vec![-0.5, f32::MAX])),
            array(&[0, 4], Elements::Float(vec![])),
        ] {
            let file = array.to_npy();
            let body = array.elements.len()
                * match array.elements {
                    Elements::Float(_) => 4,
                    Elements::Integer(_) => 8,
                    _ => 1,
                };
            assert_eq!((file.len() - body) % ALIGNMENT, 0);
            assert_eq!(Array::from_npy(&file).unwrap(), array);
        }
    }

    #[test]
    fn every_number_type_is_read() {
        let integers = |of: &[i64]| Elements::Integer(of.to_vec());
        for (descr, body, elements) in [
            ("|b1", &[0, 1, 2][..], integers(&[0, 1, 1])),
            ("<i2", &[0xFE, 0xFF], integers(&[-2])),
            ("<u2", &[0xFE, 0xFF], integers(&[65534])),
            ("<i4", &[0xFE, 0xFF, 0xFF, 0xFF], integers(&[-2])),
            ("<u4", &[0xFE, 0xFF, 0xFF, 0xFF], integers(&[u32::MAX as i64 - 1])),
            ("<u8", &[7, 0, 0, 0, 0, 0, 0, 0], integers(&[7])),
            ("<f2", &[0x00, 0x3C], Elements::Float(vec![1.0])),
            ("<f8", &1.5f64.to_le_bytes(), Elements::Float(vec![1.5])),
        ] {
            let shape = format!("({},)", elements.len());
            let read = Array::from_npy(&file(descr, &shape, body)).unwrap();
            assert_eq!(read, array(&[elements.len()], elements), "{descr}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let [short, long] = [7, 9].map(|bytes| file("<f4", "(2,)", &vec![0; bytes]));
        let huge = file("<f8", "(4294967296, 4294967296, 4294967296)", &[]);
        for (file, says) in [
            (short, "takes 8 bytes, there are 7"),
            (long, "takes 8 bytes, there are 9"),
            (huge, "more than there can be"),
            (file(">f4", "(1,)", &[0; 4]), "\">f4\""),
            (file("|O", "(1,)", &[0; 8]), "\"|O\""),
            (file("<c8", "(1,)", &[0; 8]), "\"<c8\""),
            (file("|i1", "(-1,)", &[]), "no tuple of lengths"),
            (file("|i1", "(1", &[]), "no tuple of lengths"),
            (file("|i1", "(1 2)", &[0; 2]), "not closed"),
            (b"\x93NUMPY\x01\x00\xff\xff{}".to_vec(), "ends within it"),
            (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}".to_vec(), "more than the limit"),
            (b"\x93NUMPY\x04\x00\x00\x00".to_vec(), "version 4.0"),
            (b"\x93NUMPY\x01\x00\x02\x00{}".to_vec(), "not descr, fortran_order and shape"),
            (b"\x93NUMPY".to_vec(), "ends within it"),
            (b"PK".to_vec(), "does not begin"),
        ] {
            let error = Array::from_npy(&file).unwrap_err().to_string();
            assert!(error.contains(says), "{error:?} does not say {says:?}");
        }
    }

    #[test]
    fn fortran_order_is_refused_unless_it_is_no_different() {
        let written = |shape: &str, body: &[u8]| {
            let header = format!("{{'descr': '|i1', 'fortran_order': True, 'shape': {shape}, }}\n");
            let length = (header.len() as u32).to_le_bytes();
            [MAGIC, &[2, 0], &length, header.as_bytes(), body].concat()
        };
        let error = Array::from_npy(&written("(2, 2)", &[0; 4])).unwrap_err();
        assert!(error.to_string().contains("Fortran"), "{error}");
        assert!(Array::from_npy(&written("(1, 4, 1)", &[0; 4])).is_ok());
    }
}
