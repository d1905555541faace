//! Kernels on made-up data, each answer a digest: worked out on the host when this is built, and on
//! the core when it runs. What the host's own are held against is in `kernels/tests`.

use quintet_kernels::dense::{Layer, Rows, Target};
use quintet_kernels::softmax::Exponential;
use quintet_kernels::{sine, sort};

/// All answers, and what they are of.
pub fn all() -> [(&'static str, u32); 4] {
    [("sort", sorted()), ("sine", sines()), ("softmax", softmax()), ("dense", dense())]
}

/// The order of 300 keys of 12 bits.
fn sorted() -> u32 {
    const DIGIT: u32 = 6;
    let mut random = Random(1);
    let keys: [u32; 300] = [(); 300].map(|()| random.word() & 0xFFF);
    let (mut low, mut high) = ([0; 1 << DIGIT], [0; 1 << DIGIT]);
    let (mut numbers, mut order) = ([0; 300], [0; 300]);
    sort::count(&keys, DIGIT, &mut low, &mut high);
    sort::scatter_low(&keys, DIGIT, &mut low, &mut numbers);
    sort::scatter_high(&keys, DIGIT, &mut high, &numbers, &mut order);
    digest(order)
}

/// Sines and cosines of angles all around.
fn sines() -> u32 {
    let mut random = Random(2);
    digest(
        (0..500)
            .map(|_| random.word())
            .flat_map(|angle| [sine::sine(angle), sine::cosine(angle)].map(|it| it as u16 as u32)),
    )
}

/// The shares of a row of bytes.
fn softmax() -> u32 {
    let mut random = Random(3);
    let mut bytes: [u8; 40] = [(); 40].map(|()| random.word() as u8);
    let greatest = bytes.iter().map(|byte| *byte as i8).max().unwrap_or(0);
    // A tenth of a unit a step, in Q5.26.
    let row = Exponential { multiplier: 0x6666_6666, left: 23, least_difference: -200 };
    let sum = row.add(0, &bytes, greatest);
    row.divide(sum, &mut bytes, greatest);
    digest(bytes.into_iter().map(u32::from).chain([sum as u32]))
}

/// A layer of 32 inputs and 8 channels over 12 rows of halves.
fn dense() -> u32 {
    const INPUTS: usize = 32;
    const ROWS: usize = 12;
    // Four biases and four multipliers before the weights (`quintet_protocol::feature`).
    const RECORD: usize = 8 + INPUTS;
    let mut random = Random(4);
    let words: [u32; ROWS * INPUTS / 2] = [(); ROWS * INPUTS / 2].map(|()| random.word());
    let rows = Rows { words: &words, stride: INPUTS / 2, count: ROWS };
    let layer = Layer { inputs: INPUTS, outputs: 8, least: i16::MIN, greatest: i16::MAX };
    // A block's widened weights, and three tiles of four rows.
    let mut scratch = [0; 2 * INPUTS + 3 * 2 * INPUTS];
    layer.lay_out(&rows, &mut scratch);
    let mut out = [0i16; ROWS * 8];
    for channel in [0, 4] {
        let mut record: [u32; RECORD] = [(); RECORD].map(|()| random.word());
        for bias in &mut record[..4] {
            *bias = ((*bias >> 12) as i32 - (1 << 19)) as u32;
        }
        for multiplier in &mut record[4..8] {
            *multiplier >>= 14;
        }
        let mut target = Target { out: &mut out, stride: 8 };
        layer.block(channel, &record, &mut scratch, ROWS, &mut target);
    }
    digest(out.into_iter().map(|half| half as u16 as u32))
}

/// Numbers of no pattern (xorshift32); the same ones everywhere.
struct Random(u32);

impl Random {
    fn word(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

/// FNV-1a (draft-eastlake-fnv, 32 bits), a word at a time.
fn digest(words: impl IntoIterator<Item = u32>) -> u32 {
    words.into_iter().fold(0x811c_9dc5, |hash, word| (hash ^ word).wrapping_mul(0x0100_0193))
}
