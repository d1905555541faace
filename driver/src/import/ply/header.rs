//! The header of a `.ply`: elements (tables) of properties (columns), found by name.

use crate::import::bytes::{Bytes, u32_at};
use crate::import::draft::degree_of;
use crate::import::error::Fault;
use crate::import::limits;

/// A scalar type of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

impl Scalar {
    fn named(name: &str) -> Option<Scalar> {
        Some(match name {
            "char" | "int8" => Scalar::I8,
            "uchar" | "uint8" => Scalar::U8,
            "short" | "int16" => Scalar::I16,
            "ushort" | "uint16" => Scalar::U16,
            "int" | "int32" => Scalar::I32,
            "uint" | "uint32" => Scalar::U32,
            "float" | "float32" => Scalar::F32,
            "double" | "float64" => Scalar::F64,
            _ => return None,
        })
    }

    fn size(self) -> usize {
        match self {
            Scalar::I8 | Scalar::U8 => 1,
            Scalar::I16 | Scalar::U16 => 2,
            Scalar::I32 | Scalar::U32 | Scalar::F32 => 4,
            Scalar::F64 => 8,
        }
    }
}

/// Where a property lies in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub scalar: Scalar,
    pub offset: usize,
}

impl Column {
    /// The value in a row of the element that the column belongs to.
    pub(super) fn read(self, row: &[u8]) -> f32 {
        fn at<const N: usize>(row: &[u8], offset: usize) -> [u8; N] {
            row[offset..offset + N].try_into().expect("a row holds its columns")
        }
        match self.scalar {
            Scalar::F32 => f32::from_le_bytes(at(row, self.offset)),
            Scalar::F64 => f64::from_le_bytes(at(row, self.offset)) as f32,
            Scalar::U8 => f32::from(row[self.offset]),
            Scalar::I8 => f32::from(row[self.offset].cast_signed()),
            Scalar::U16 => f32::from(u16::from_le_bytes(at(row, self.offset))),
            Scalar::I16 => f32::from(i16::from_le_bytes(at(row, self.offset))),
            Scalar::U32 => u32::from_le_bytes(at(row, self.offset)) as f32,
            Scalar::I32 => i32::from_le_bytes(at(row, self.offset)) as f32,
        }
    }
}

impl Column {
    /// The value of a [`Scalar::U32`] column.
    pub(super) fn read_u32(self, row: &[u8]) -> u32 {
        debug_assert_eq!(self.scalar, Scalar::U32);
        u32_at(&row[self.offset..], 0)
    }
}

/// An element of the header: a table of rows.
#[derive(Debug)]
pub(super) struct Element {
    pub name: String,
    pub rows: u64,
    /// Bytes per row.
    pub stride: usize,
    columns: Vec<(String, Column)>,
    /// A property of list type: rows then have no fixed size.
    has_list: bool,
}

impl Element {
    /// The property called `name`.
    pub(super) fn column(&self, name: &str) -> Result<Column, Fault> {
        self.find(name).ok_or_else(|| {
            Fault::malformed(format!("element {}", self.name), format!("has no property {name}"))
        })
    }

    pub(super) fn find(&self, name: &str) -> Option<Column> {
        self.columns.iter().find(|(other, _)| other == name).map(|&(_, column)| column)
    }

    /// The properties called `names`, in that order.
    pub(super) fn columns<const N: usize>(&self, names: [&str; N]) -> Result<[Column; N], Fault> {
        let mut columns = [Column { scalar: Scalar::U8, offset: 0 }; N];
        for (column, name) in columns.iter_mut().zip(names) {
            *column = self.column(name)?;
        }
        Ok(columns)
    }

    /// The properties `f_rest_0` and up.
    pub(super) fn rest(&self) -> Result<Vec<Column>, Fault> {
        let rest: Vec<_> = (0..).map_while(|i| self.find(&format!("f_rest_{i}"))).collect();
        let all = self.columns.iter().filter(|(name, _)| name.starts_with("f_rest_")).count();
        if rest.len() != all || degree_of(rest.len()).is_none() {
            return Err(Fault::malformed(
                format!("element {}", self.name),
                format!("has {all} properties f_rest_*, not 0, 9, 24 or 45 numbered from 0"),
            ));
        }
        Ok(rest)
    }
}

/// A parsed header.
#[derive(Debug)]
pub(super) struct Header {
    pub elements: Vec<Element>,
    /// From comments: trained with the antialiasing (Mip-Splatting) filter.
    pub antialiased: bool,
}

impl Header {
    pub(super) fn element(&self, name: &str) -> Option<&Element> {
        self.elements.iter().find(|element| element.name == name)
    }
}

/// The rows of an element; those before it are skipped.
pub(super) fn element_rows<'a>(
    header: &Header,
    name: &str,
    mut body: Bytes<'a>,
) -> Result<&'a [u8], Fault> {
    for element in &header.elements {
        let part = format!("element {}", element.name);
        if element.has_list {
            return Err(Fault::unsupported(
                format!("a PLY with a list property in {part}"),
                "Export the scene without faces or other lists.",
            ));
        }
        let wanted = element.name == name;
        if wanted {
            limits::check_count(element.rows)?;
        }
        let rows = usize::try_from(element.rows).unwrap_or(usize::MAX);
        let taken = body.take(rows, element.stride, &part)?;
        if wanted {
            return Ok(taken);
        }
    }
    Err(Fault::malformed("header", format!("has no element {name}")))
}

/// Parses up to and with the line `end_header`.
pub(super) fn parse_header(bytes: &mut Bytes) -> Result<Header, Fault> {
    let mut header = Header { elements: Vec::new(), antialiased: false };
    let mut format_seen = false;
    loop {
        let line = bytes.line(limits::MAX_PLY_HEADER, "header")?;
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words.as_slice() {
            ["end_header"] => break,
            ["ply"] | [] => {}
            ["format", name, ..] => {
                check_format(name)?;
                format_seen = true;
            }
            ["comment" | "obj_info", comment @ ..] => parse_comment(comment, &mut header)?,
            ["element", name, rows] => {
                let rows = rows.parse().map_err(|_| bad_line(&line))?;
                let (columns, stride, has_list) = (Vec::new(), 0, false);
                header.elements.push(Element {
                    name: (*name).into(),
                    rows,
                    stride,
                    columns,
                    has_list,
                });
            }
            ["property", rest @ ..] => {
                let element = header.elements.last_mut().ok_or_else(|| bad_line(&line))?;
                parse_property(rest, element).ok_or_else(|| bad_line(&line))?;
            }
            _ => return Err(bad_line(&line)),
        }
    }
    if !format_seen {
        return Err(Fault::malformed("header", "has no format line"));
    }
    Ok(header)
}

fn bad_line(line: &str) -> Fault {
    let shown: String = line.chars().take(80).collect();
    Fault::malformed("header", format!("cannot make sense of the line {shown:?}"))
}

fn check_format(name: &str) -> Result<(), Fault> {
    let advice = "Export it as binary little-endian PLY, as all 3DGS tools do by default.";
    match name {
        "binary_little_endian" => Ok(()),
        "ascii" => Err(Fault::unsupported("an ASCII PLY", advice)),
        "binary_big_endian" => Err(Fault::unsupported("a big-endian PLY", advice)),
        _ => Err(Fault::malformed("header", format!("unknown format {name:?}"))),
    }
}

/// Reads what the two trainers that say so write about their kernel.
fn parse_comment(words: &[&str], header: &mut Header) -> Result<(), Fault> {
    match words {
        ["SplatRenderMode:", "mip"] | ["antialiased", "1"] => header.antialiased = true,
        ["SplatRenderMode:", "2dgs"] => return Err(super::two_d_gaussians()),
        _ => {}
    }
    Ok(())
}

fn parse_property(words: &[&str], element: &mut Element) -> Option<()> {
    match words {
        ["list", ..] => element.has_list = true,
        [scalar, name] => {
            let scalar = Scalar::named(scalar)?;
            element.columns.push(((*name).into(), Column { scalar, offset: element.stride }));
            element.stride += scalar.size();
        }
        _ => return None,
    }
    Some(())
}
