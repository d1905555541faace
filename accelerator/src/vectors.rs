//! Reads vectors: commands as text, each with memory before and after. The format is described in
//! `tests/vectors/README.md`, whose generator writes it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::str::SplitWhitespace;

use quintet_protocol::accelerator::descriptor::DESCRIPTOR_WORDS;

/// A pixel: frame, row, column; and its colour, `0x00rrggbb`.
pub type Pixel = ([u32; 3], u32);

/// Most words of a list: of the largest arena that a generator makes.
const LIST_MAX: u32 = 1 << 20;

/// A case: one command, memory before, and what a core alone makes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vector {
    /// The seed that makes it, as it is written.
    pub seed: String,
    /// Bytes of the arena that it was made in.
    pub arena_bytes: u32,
    /// Where in the arena the records of its buffers begin, in bytes, and how many there are.
    pub table: [u32; 2],
    /// The command, as it is handed to an accelerator.
    pub descriptor: [u32; DESCRIPTOR_WORDS],
    /// Words of the arena before, with the offset of the first, in bytes. All others are zero.
    pub before: Vec<(u32, Vec<u32>)>,
    /// Words of the arena that change, in the same form.
    pub after: Vec<(u32, Vec<u32>)>,
    /// Bytes of the arena that may hold anything afterwards.
    pub free: Vec<Range<u32>>,
    /// Pages that may be asked for, by number.
    pub pages: BTreeMap<u32, Vec<u32>>,
    /// Pixels that are handed over, in any order.
    pub pixels: Vec<Pixel>,
}

/// A text that is not one of vectors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// It ends within a case.
    #[error("the text ends within a case")]
    Ended,
    /// A word that should be a hexadecimal number.
    #[error("{0:?} is not a hexadecimal number that can stand there")]
    Number(String),
    /// A word that should begin a section.
    #[error("{0:?} begins no section")]
    Section(String),
}

/// Reads all cases of a text.
///
/// # Errors
/// A [`VectorError`].
pub fn read(text: &str) -> Result<Vec<Vector>, VectorError> {
    let mut words = Words { lines: text.lines(), line: "".split_whitespace() };
    let mut vectors = Vec::new();
    while let Some(name) = words.find() {
        if name != "case" {
            return Err(VectorError::Section(name.into()));
        }
        vectors.push(words.vector()?);
    }
    Ok(vectors)
}

/// What is left of a text.
struct Words<'t> {
    lines: std::str::Lines<'t>,
    line: SplitWhitespace<'t>,
}

impl<'t> Words<'t> {
    /// The next word, comments left out; `None` at the end.
    fn find(&mut self) -> Option<&'t str> {
        loop {
            match self.line.next() {
                Some(word) => return Some(word),
                None => {
                    let line = self.lines.next()?;
                    let line = if line.starts_with('#') { "" } else { line };
                    self.line = line.split_whitespace();
                }
            }
        }
    }

    fn next(&mut self) -> Result<&'t str, VectorError> {
        self.find().ok_or(VectorError::Ended)
    }

    /// A case, behind its first word.
    fn vector(&mut self) -> Result<Vector, VectorError> {
        let mut vector = Vector { seed: self.next()?.to_owned(), ..Vector::default() };
        loop {
            match self.next()? {
                "arena" => vector.arena_bytes = self.number()?,
                "table" => vector.table = self.some()?,
                "descriptor" => vector.descriptor = self.some()?,
                "before" => vector.before.push((self.number()?, self.counted()?)),
                "after" => vector.after.push((self.number()?, self.counted()?)),
                "free" => {
                    let [start, words] = self.some()?;
                    vector.free.push(start..start.saturating_add(words.saturating_mul(4)));
                }
                "page" => drop(vector.pages.insert(self.number()?, self.counted()?)),
                "pixels" => self.pixels(&mut vector.pixels)?,
                "end" => return Ok(vector),
                other => return Err(VectorError::Section(other.into())),
            }
        }
    }

    fn pixels(&mut self, pixels: &mut Vec<Pixel>) -> Result<(), VectorError> {
        let [frame, x, y, width] = self.some()?;
        if width == 0 || [x, y, width].iter().any(|it| *it > u16::MAX.into()) {
            return Err(VectorError::Number(format!("{width:x}")));
        }
        let place = |number| [frame, y + number / width, x + number % width];
        pixels.extend((0..).map(place).zip(self.counted()?));
        Ok(())
    }

    fn number(&mut self) -> Result<u32, VectorError> {
        let digits = self.next()?;
        u32::from_str_radix(digits, 16).map_err(|_| VectorError::Number(digits.into()))
    }

    fn some<const N: usize>(&mut self) -> Result<[u32; N], VectorError> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.number()?;
        }
        Ok(numbers)
    }

    /// A number, and so many more.
    fn counted(&mut self) -> Result<Vec<u32>, VectorError> {
        let count = self.number()?;
        if count > LIST_MAX {
            return Err(VectorError::Number(format!("{count:x}")));
        }
        (0..count).map(|_| self.number()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{VectorError, read};

    #[test]
    fn a_text_that_is_not_one_of_vectors_is_refused_where_it_is_wrong() {
        assert_eq!(read("# nothing\n"), Ok(Vec::new()));
        assert_eq!(read("case 1\nbefore 0 2 1"), Err(VectorError::Ended));
        assert_eq!(read("case 1 arena x end"), Err(VectorError::Number("x".into())));
        assert_eq!(read("case 1 behind 0"), Err(VectorError::Section("behind".into())));
        assert_eq!(read("page 0 0"), Err(VectorError::Section("page".into())));
        assert_eq!(read("case 1 pixels 0 0 0 0 1 0"), Err(VectorError::Number("0".into())));
        let endless = read("case 1 before 0 ffffffff");
        assert_eq!(endless, Err(VectorError::Number("ffffffff".into())));
    }

    #[test]
    fn a_rectangle_of_pixels_goes_row_by_row() {
        let vectors = read("case 1 pixels 7 2 3 2 3 aa bb cc end").unwrap();
        let places = [([7, 3, 2], 0xaa), ([7, 3, 3], 0xbb), ([7, 4, 2], 0xcc)];
        assert_eq!(vectors[0].pixels, places);
    }
}
