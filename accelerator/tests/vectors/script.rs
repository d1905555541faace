//! Reads cases from their text, of which all that is said is in `README.md`.

use std::collections::BTreeMap;
use std::ops::Range;

/// A pixel: frame, row, column; and its colour.
pub type Pixel = ([u32; 3], u32);

/// A case as it was read.
#[derive(Default)]
pub struct Script {
    /// The seed that makes it, as it is written.
    pub seed: String,
    pub arena_bytes: u32,
    /// Offset and count.
    pub table: [u32; 2],
    pub descriptor: Vec<u32>,
    /// Words of the arena before, and those that change, each with the offset of the first, in
    /// bytes.
    pub before: Vec<(u32, Vec<u32>)>,
    pub after: Vec<(u32, Vec<u32>)>,
    /// Bytes of the arena that may hold anything afterwards.
    pub free: Vec<Range<u32>>,
    pub pages: BTreeMap<u32, Vec<u32>>,
    pub pixels: Vec<Pixel>,
}

/// Reads all cases of a file.
pub fn read(text: &str) -> Vec<Script> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut words = Words(lines.flat_map(str::split_whitespace));
    let mut scripts = Vec::new();
    while let Some(name) = words.0.next() {
        assert_eq!(name, "case");
        scripts.push(words.script());
    }
    scripts
}

/// What is left of a file.
struct Words<I>(I);

impl<'t, I: Iterator<Item = &'t str>> Words<I> {
    /// A case, behind its first word.
    fn script(&mut self) -> Script {
        let seed = self.0.next().expect("a seed").to_owned();
        let mut script = Script { seed, ..Script::default() };
        loop {
            match self.0.next().expect("an end") {
                "arena" => script.arena_bytes = self.number(),
                "table" => script.table = self.some(),
                "descriptor" => script.descriptor = self.list(16),
                "before" => script.before.push((self.number(), self.counted())),
                "after" => script.after.push((self.number(), self.counted())),
                "free" => {
                    let [start, words] = self.some();
                    script.free.push(start..start + words * 4);
                }
                "page" => drop(script.pages.insert(self.number(), self.counted())),
                "pixels" => {
                    let [frame, x, y, width] = self.some();
                    let place = |number| [frame, y + number / width, x + number % width];
                    script.pixels.extend((0..).map(place).zip(self.counted()));
                }
                "end" => return script,
                other => panic!("{other:?} begins no section"),
            }
        }
    }

    fn number(&mut self) -> u32 {
        let digits = self.0.next().expect("a number");
        u32::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("{digits:?} is no number"))
    }

    fn some<const N: usize>(&mut self) -> [u32; N] {
        [(); N].map(|()| self.number())
    }

    fn list(&mut self, count: u32) -> Vec<u32> {
        (0..count).map(|_| self.number()).collect()
    }

    /// A number, and so many more.
    fn counted(&mut self) -> Vec<u32> {
        let count = self.number();
        self.list(count)
    }
}
