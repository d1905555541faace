//! Writes cases as text; `README.md` says how that is to be read.

use crate::case::Case;
use crate::programs::device::page_bytes;
use std::fmt::{self, Display, Formatter};
use std::ops::Range;

/// Words of a line.
const WORDS_OF_A_LINE: usize = 8;

/// What a file begins with: what is in it.
pub fn head(command: &str) -> String {
    let lines = include_str!("README.md").lines();
    let lines: String =
        lines.map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect();
    format!("# {command}\n#\n{lines}")
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [offset, count] = self.table;
        writeln!(f, "case {:x}", self.seed)?;
        writeln!(f, "arena {:08x}", self.before.len() * 4)?;
        writeln!(f, "table {offset:08x} {count:x}")?;
        writeln!(f, "descriptor")?;
        words(f, &self.descriptor)?;
        for range in runs(self.before.len(), |word| self.before[word] != 0) {
            section(f, "before", &range)?;
            words(f, &self.before[range])?;
        }
        for range in &self.free {
            section(f, "free", range)?;
        }
        for (&page, &bytes) in &self.pages {
            let bytes = page_bytes(page, bytes);
            let page_words: Vec<_> =
                bytes.as_chunks().0.iter().copied().map(u32::from_le_bytes).collect();
            writeln!(f, "page {page:x} {:x}", page_words.len())?;
            words(f, &page_words)?;
        }
        for (frame, x, y, width, bytes) in &self.pixels {
            let pixels = bytes.as_chunks().0;
            writeln!(f, "pixels {frame:x} {x:x} {y:x} {width:x} {:x}", pixels.len())?;
            for [red, green, blue] in pixels {
                writeln!(f, "{red:02x}{green:02x}{blue:02x}")?;
            }
        }
        for range in runs(self.after.len(), |word| self.has_changed(word)) {
            section(f, "after", &range)?;
            words(f, &self.after[range])?;
        }
        writeln!(f, "end")
    }
}

/// Begins a section about words of the arena.
fn section(f: &mut Formatter<'_>, name: &str, range: &Range<usize>) -> fmt::Result {
    writeln!(f, "{name} {:08x} {:x}", range.start * 4, range.len())
}

fn words(f: &mut Formatter<'_>, words: &[u32]) -> fmt::Result {
    for line in words.chunks(WORDS_OF_A_LINE) {
        let line: Vec<_> = line.iter().map(|word| format!("{word:08x}")).collect();
        writeln!(f, "{}", line.join(" "))?;
    }
    Ok(())
}

/// The longest runs of words of which something holds.
fn runs(words: usize, holds: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for word in (0..words).filter(|&word| holds(word)) {
        match runs.last_mut() {
            Some(last) if last.end == word => last.end += 1,
            _ => runs.push(word..word + 1),
        }
    }
    runs
}
