//! Changes to bytes, the same for the same seed: what the stable run uses in place of coverage.

/// Bytes that often matter: ends of ranges, signs, separators.
const BYTES: [u8; 10] = [0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF, b'\n', b'{', b'"'];

/// A source of changes (Marsaglia's xorshift64).
#[derive(Clone, Debug)]
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// One that makes the same changes for the same seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 }
    }

    /// A number below `limit`, which is not zero.
    pub fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % limit
    }

    /// Changes `data` in one to four places; keeps it at `most` bytes or fewer.
    pub fn mutate(&mut self, data: &mut Vec<u8>, most: usize) {
        for _ in 0..=self.below(4) {
            self.change(data);
        }
        data.truncate(most);
    }

    fn change(&mut self, data: &mut Vec<u8>) {
        let at = self.place(data.len());
        match self.below(8) {
            0 if !data.is_empty() => data[at] ^= 1 << self.below(8),
            1 | 2 if !data.is_empty() => data[at] = self.byte(),
            3 if data.len() >= at + 4 => {
                // A number: off by a little, or of another size.
                let word = u32::from_le_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]);
                let nearby = word.wrapping_add(self.below(9) as u32).wrapping_sub(4);
                let words = [nearby, word << self.below(32), u32::MAX >> self.below(32)];
                data[at..at + 4].copy_from_slice(&words[self.below(3)].to_le_bytes());
            }
            4 => data.truncate(at),
            5 => {
                let bytes = (0..self.below(16)).map(|_| self.byte()).collect::<Vec<_>>();
                data.splice(at..at, bytes);
            }
            6 => {
                let end = data.len().min(at + 1 + self.below(32));
                data.drain(at..end);
            }
            _ => {
                let end = data.len().min(at + self.below(64));
                let piece = data[at..end].to_vec();
                let to = self.place(data.len());
                data.splice(to..to, piece);
            }
        }
    }

    /// A place in `len` bytes, half of the time near the front, where headers are.
    fn place(&mut self, len: usize) -> usize {
        let limit = if self.below(2) == 0 { len.min(256) } else { len };
        self.below(limit + 1).min(len.saturating_sub(1))
    }

    fn byte(&mut self) -> u8 {
        match self.below(2) {
            0 => BYTES[self.below(BYTES.len())],
            _ => self.below(256) as u8,
        }
    }
}
