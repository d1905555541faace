//! Records of weights times columns: the innermost loops of convolutions and fully connected
//! layers.
//!
//! Assembly does what is common: pairs of channels that are finished in the short way; with tiles
//! on Armv7E-M and RV32, with single columns on Armv7E-M. Else instructions are 3.1 a product with
//! a tile and 3.8 with a column on RV32IMAC, and 30 an output.

use super::super::finish::{self, FinishWords};
use quintet_protocol::network::{FINISH_WORDS, PAIR_HEADER_WORDS, TILE_PIXELS};
use quintet_protocol::program::ByteRange;

/// Consecutive output channels of a layer.
pub struct Channels<'a> {
    /// Their records.
    pub records: &'a [u32],
    /// Words of a record.
    pub pair_words: usize,
    /// How many channels they are: two a record, but the last record may have one.
    pub count: usize,
    /// Whether each record has one.
    pub unpaired: bool,
    /// Whether every record of two channels is finished in the short way, see [`finish::is_short`].
    pub all_short: bool,
    /// What outputs are held to.
    pub bytes: ByteRange,
}

/// Where the bytes of pixels go.
pub struct Target<'a> {
    /// From the first channel of the first pixel on.
    pub out: &'a mut [i8],
    /// Bytes from a pixel to the next.
    pub stride: usize,
}

/// Sums of both channels of a pair, pixel by pixel.
type Sums<const N: usize> = [[i32; N]; 2];

impl<'a> Channels<'a> {
    /// Channels of one record.
    fn step(&self) -> usize {
        if self.unpaired { 1 } else { 2 }
    }

    /// The finishes of a record.
    fn finishes(record: &[u32]) -> &[FinishWords] {
        record.get(..PAIR_HEADER_WORDS).unwrap_or_default().as_chunks::<FINISH_WORDS>().0
    }

    /// Whether both channels of a record are finished in the short way, see [`finish::is_short`].
    #[inline(always)]
    pub fn is_short(record: &[u32]) -> bool {
        let finishes = record.first_chunk::<PAIR_HEADER_WORDS>().map(|words| words.as_chunks().0);
        matches!(finishes, Some([a, b]) if finish::is_short(a) && finish::is_short(b))
    }

    /// From record number `from` on, how many have two channels, both finished in the short way:
    /// those that the assembly works out.
    #[cfg(any(armv7em_dsp, riscv32m))]
    fn short_pairs(&self, from: usize) -> usize {
        let whole = if self.unpaired { 0 } else { self.count / 2 };
        let left = whole.saturating_sub(from);
        if self.all_short {
            return left;
        }
        let records = self.records.chunks_exact(self.pair_words).skip(from).take(left);
        records.take_while(|record| Self::is_short(record)).count()
    }

    /// The channels of record number `pair`, none if there is no such record, with what finishes
    /// their sums.
    #[inline(always)]
    fn finishing<const N: usize>(
        &self,
        pair: usize,
        sums: Sums<N>,
    ) -> impl Iterator<Item = (usize, &'a FinishWords, [i32; N])> + use<'a, N> {
        let record = self.records.get(pair * self.pair_words..).unwrap_or_default();
        let first = pair * self.step();
        let channels = first..self.count.min(first + self.step());
        let finishes = channels.zip(Self::finishes(record)).zip(sums);
        finishes.map(|((channel, words), sums)| (channel, words, sums))
    }

    /// The weights of record number `pair`.
    fn weights(&self, pair: usize) -> &'a [u32] {
        let record = self.records.get(pair * self.pair_words..(pair + 1) * self.pair_words);
        record.and_then(|record| record.get(PAIR_HEADER_WORDS..)).unwrap_or_default()
    }

    fn pairs(&self) -> usize {
        self.records.len() / self.pair_words.max(1)
    }
}

/// Works out channels of the pixels of tiles.
#[inline(never)]
pub fn tiles(channels: &Channels<'_>, tiles: &[u32], target: &mut Target<'_>) {
    let mut pair = 0;
    while pair < channels.pairs() {
        #[cfg(any(armv7em_dsp, riscv32m))]
        {
            let count = super::assembly::whole_steps(channels.short_pairs(pair));
            let pairs = pair..pair + count;
            if !pairs.is_empty() && super::assembly::tiles(channels, pairs.clone(), tiles, target) {
                pair = pairs.end;
                continue;
            }
        }
        tiles_of_pair(channels, pair, tiles, target);
        pair += 1;
    }
}

/// Works out a pair of channels of the pixels of tiles.
fn tiles_of_pair(channels: &Channels<'_>, pair: usize, tiles: &[u32], target: &mut Target<'_>) {
    let weights = channels.weights(pair);
    let tiles = tiles.chunks_exact((weights.len() * TILE_PIXELS).max(1));
    let pixels = target.out.chunks_mut(TILE_PIXELS * target.stride);
    for (tile, out) in tiles.zip(pixels) {
        for (channel, words, sums) in channels.finishing(pair, tile_sums(weights, tile)) {
            let out = out.get_mut(channel..).unwrap_or_default();
            finish::store(words, &sums, &channels.bytes, (out, target.stride));
        }
    }
}

/// Works out channels of pixels whose columns, of bytes, lie one after another.
#[inline(never)]
pub fn columns(channels: &Channels<'_>, columns: &[u32], target: &mut Target<'_>) {
    let column_words = (channels.pair_words - PAIR_HEADER_WORDS) / 2;
    let pixels = target.out.chunks_mut(target.stride.max(1));
    let pixels = pixels.zip(columns.chunks_exact(column_words.max(1)));
    for (out, words) in pixels {
        column(channels, words, &mut Target { out, stride: target.stride });
    }
}

/// Works out channels of one pixel.
fn column(channels: &Channels<'_>, column: &[u32], target: &mut Target<'_>) {
    let mut pair = 0;
    while pair < channels.pairs() {
        #[cfg(armv7em_dsp)]
        {
            let count = channels.short_pairs(pair) & !1;
            let pairs = pair..pair + count;
            if count > 0 && super::armv7em::column(channels, pairs, column, target.out) {
                pair += count;
                continue;
            }
        }
        #[cfg(feature = "small")]
        let sums = [pair_sums(channels.weights(pair), column)];
        #[cfg(not(feature = "small"))]
        let sums = column_sums(channels, pair, column);
        for sums in sums {
            for (channel, words, [sum]) in channels.finishing(pair, sums) {
                if let Some(out) = target.out.get_mut(channel) {
                    *out = finish::byte(words, sum, &channels.bytes);
                }
            }
            pair += 1;
        }
    }
}

/// Sums of a pair with the four pixels of a tile.
#[cfg(armv7em_dsp)]
fn tile_sums(weights: &[u32], tile: &[u32]) -> Sums<TILE_PIXELS> {
    let [first, both] = super::armv7em::tile_sums(weights, tile).unwrap_or_default();
    second_of(first, both)
}

/// Sums of a pair with the four pixels of a tile.
#[cfg(not(armv7em_dsp))]
#[inline(never)]
fn tile_sums(weights: &[u32], tile: &[u32]) -> Sums<TILE_PIXELS> {
    let halves: &[[i16; 2]] = bytemuck::cast_slice(weights);
    let bytes: &[[i8; 4]] = bytemuck::cast_slice(weights);
    let tile: &[[i16; 2 * TILE_PIXELS]] = bytemuck::cast_slice(tile);
    let (mut first, mut both) = ([0i32; TILE_PIXELS], [0i32; TILE_PIXELS]);
    for ((halves, bytes), pixels) in halves.iter().zip(bytes).zip(tile) {
        for i in 0..2 {
            let (weight, weights) = (i32::from(bytes[2 * i]), i32::from(halves[i]));
            for p in 0..TILE_PIXELS {
                let byte = i32::from(pixels[2 * p + i]);
                first[p] = first[p].wrapping_add(byte.wrapping_mul(weight));
                both[p] = both[p].wrapping_add(byte.wrapping_mul(weights));
            }
        }
    }
    second_of(first, both)
}

/// Sums of two pairs, from number `pair` on, with a column of bytes; of the second one they are of
/// no use if there is none.
#[cfg(not(feature = "small"))]
#[inline(always)]
fn column_sums(channels: &Channels<'_>, pair: usize, column: &[u32]) -> [Sums<1>; 2] {
    #[cfg(armv7em_dsp)]
    {
        let end = channels.pairs().min(pair + 2) * channels.pair_words;
        let records = channels.records.get(pair * channels.pair_words..end).unwrap_or_default();
        let sums = super::armv7em::column_sums(records, channels.pair_words, column);
        let [a, b, c, d] = sums.unwrap_or_default();
        [second_of([a], [b]), second_of([c], [d])]
    }
    #[cfg(not(armv7em_dsp))]
    {
        let last = channels.pairs() - 1;
        column_sums_portable([pair, last.min(pair + 1)].map(|pair| channels.weights(pair)), column)
    }
}

/// As [`column_sums`], in portable Rust: what every other version must equal bit for bit.
#[cfg(not(any(armv7em_dsp, feature = "small")))]
#[inline(never)]
fn column_sums_portable([one, other]: [&[u32]; 2], column: &[u32]) -> [Sums<1>; 2] {
    let halves = [one, other].map(bytemuck::cast_slice::<u32, [i16; 4]>);
    let firsts = [one, other].map(bytemuck::cast_slice::<u32, [i8; 8]>);
    let column: &[[i8; 4]] = bytemuck::cast_slice(column);
    let one = halves[0].iter().zip(firsts[0]);
    let other = halves[1].iter().zip(firsts[1]);
    let (mut first, mut both) = ([0i32; 2], [0i32; 2]);
    for (bytes, (one, other)) in column.iter().zip(one.zip(other)) {
        for (i, byte) in
            [bytes[0], bytes[2], bytes[1], bytes[3]].map(i32::from).into_iter().enumerate()
        {
            for (c, (halves, firsts)) in [one, other].into_iter().enumerate() {
                let (weight, weights) = (i32::from(firsts[2 * i]), i32::from(halves[i]));
                first[c] = first[c].wrapping_add(byte.wrapping_mul(weight));
                both[c] = both[c].wrapping_add(byte.wrapping_mul(weights));
            }
        }
    }
    [0, 1].map(|c| second_of([first[c]], [both[c]]))
}

/// Sums of a pair with a column of bytes: as [`column_sums`], slower and less code.
#[cfg(feature = "small")]
#[inline(never)]
fn pair_sums(weights: &[u32], column: &[u32]) -> Sums<1> {
    let (mut first, mut both) = (0i32, 0i32);
    for (four, words) in column.iter().zip(weights.as_chunks::<2>().0) {
        for (word, shift) in words.iter().zip([0, 8]) {
            for (half, byte) in [(*word, four >> shift), (word >> 16, four >> (shift + 16))] {
                let byte = i32::from(byte as i8);
                first = first.wrapping_add(byte.wrapping_mul(i32::from(half as i8)));
                both = both.wrapping_add(byte.wrapping_mul(i32::from(half as i16)));
            }
        }
    }
    second_of([first], [both])
}

/// Tells the second channel's sums from those of both.
#[inline(always)]
fn second_of<const N: usize>(first: [i32; N], both: [i32; N]) -> Sums<N> {
    let mut second = both;
    for (second, first) in second.iter_mut().zip(first) {
        *second = second.wrapping_sub(first) >> 8;
    }
    [first, second]
}
