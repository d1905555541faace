//! Records of weights times columns: the innermost loops of convolutions and fully connected layers.
//!
//! Instructions a product, by QEMU's count: TODO.

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
    /// Whether every record of two channels is finished by [`finish::short`].
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

    /// Whether both channels of a record are finished by [`finish::short`].
    pub fn is_short(record: &[u32]) -> bool {
        Self::finishes(record).iter().all(finish::is_short)
    }

    /// From record number `from` on, how many have two channels, both finished by [`finish::short`].
    #[cfg(armv7em_dsp)]
    fn short_pairs(&self, from: usize) -> usize {
        let whole = if self.unpaired { 0 } else { self.count / 2 };
        let left = whole.saturating_sub(from);
        if self.all_short {
            return left;
        }
        let records = self.records.chunks_exact(self.pair_words).skip(from).take(left);
        records.take_while(|record| Self::is_short(record)).count()
    }

    /// Finishes and stores the sums of record number `pair`.
    #[inline(always)]
    fn store<const N: usize>(&self, pair: usize, sums: Sums<N>, target: &mut Target<'_>) {
        let first = pair * self.step();
        let record = self.records.get(pair * self.pair_words..).unwrap_or_default();
        let channels = first..self.count.min(first + self.step());
        for ((channel, words), sums) in channels.zip(Self::finishes(record)).zip(sums) {
            let bytes = finish::bytes(words, sums, &self.bytes);
            let places = target.out.iter_mut().skip(channel).step_by(target.stride);
            places.zip(bytes).for_each(|(place, byte)| *place = byte);
        }
    }

    /// The weights of record number `pair`.
    fn weights(&self, pair: usize) -> &'a [u32] {
        let record = self.records.get(pair * self.pair_words..(pair + 1) * self.pair_words);
        record.and_then(|record| record.get(PAIR_HEADER_WORDS..)).unwrap_or_default()
    }

    fn pairs(&self) -> usize {
        self.records.len() / self.pair_words
    }
}

/// Works out channels of the four pixels of a tile.
pub fn tile(channels: &Channels<'_>, tile: &[u32], target: &mut Target<'_>) {
    let mut pair = 0;
    while pair < channels.pairs() {
        #[cfg(armv7em_dsp)]
        {
            let count = channels.short_pairs(pair);
            if count > 0 && super::armv7em::tile(channels, pair..pair + count, tile, target) {
                pair += count;
                continue;
            }
        }
        channels.store(pair, tile_sums(channels.weights(pair), tile), target);
        pair += 1;
    }
}

/// Works out channels of pixels whose columns, of bytes, lie one after another.
pub fn columns(channels: &Channels<'_>, columns: &[u32], target: &mut Target<'_>) {
    let column_words = (channels.pair_words - PAIR_HEADER_WORDS) / 2;
    let pixels = target.out.chunks_mut(target.stride).zip(columns.chunks_exact(column_words));
    for (out, column) in pixels {
        let mut target = Target { out, stride: target.stride };
        for pair in (0..channels.pairs()).step_by(2) {
            let weights = [pair, pair + 1].map(|pair| channels.weights(pair));
            let [first, second] = column_sums(weights, column);
            channels.store(pair, first, &mut target);
            if pair + 1 < channels.pairs() {
                channels.store(pair + 1, second, &mut target);
            }
        }
    }
}

/// Sums of a pair with the four pixels of a tile.
#[inline(always)]
fn tile_sums(weights: &[u32], tile: &[u32]) -> Sums<TILE_PIXELS> {
    #[cfg(armv7em_dsp)]
    if let Some([first, both]) = super::armv7em::tile_sums(weights, tile) {
        return second_of(first, both);
    }
    let ([mut first, mut both], tile) = ([[0i32; TILE_PIXELS]; 2], bytemuck::cast_slice(tile));
    let halves: &[[i16; 2]] = bytemuck::cast_slice(weights);
    let bytes: &[[i8; 4]] = bytemuck::cast_slice(weights);
    for ((half, byte), pixels) in halves.iter().zip(bytes).zip(tile.as_chunks::<TILE_PIXELS>().0) {
        let pixels: &[[i16; 2]; TILE_PIXELS] = pixels;
        for i in 0..2 {
            let (weight, weights) = (i32::from(byte[2 * i]), i32::from(half[i]));
            for (pixel, (first, both)) in pixels.iter().zip(first.iter_mut().zip(&mut both)) {
                let byte = i32::from(pixel[i]);
                *first = first.wrapping_add(byte.wrapping_mul(weight));
                *both = both.wrapping_add(byte.wrapping_mul(weights));
            }
        }
    }
    second_of(first, both)
}

/// Sums of two pairs with a column of bytes.
#[inline(always)]
fn column_sums(weights: [&[u32]; 2], column: &[u32]) -> [Sums<1>; 2] {
    weights.map(|weights| {
        let (mut first, mut both) = (0i32, 0i32);
        let bytes: &[[i8; 4]] = bytemuck::cast_slice(column);
        let halves: &[i16] = bytemuck::cast_slice(weights);
        for (halves, bytes) in halves.as_chunks::<4>().0.iter().zip(bytes) {
            for (&half, byte) in halves.iter().zip([bytes[0], bytes[2], bytes[1], bytes[3]]) {
                let byte = i32::from(byte);
                first = first.wrapping_add(byte.wrapping_mul(i32::from(half as i8)));
                both = both.wrapping_add(byte.wrapping_mul(i32::from(half)));
            }
        }
        second_of([first], [both])
    })
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
