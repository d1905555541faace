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
    #[inline(always)]
    pub fn is_short(record: &[u32]) -> bool {
        let finishes = record.first_chunk::<PAIR_HEADER_WORDS>().map(|words| words.as_chunks().0);
        matches!(finishes, Some([a, b]) if finish::is_short(a) && finish::is_short(b))
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
            let places = (channel..).step_by(target.stride);
            for (place, byte) in places.zip(bytes) {
                if let Some(place) = target.out.get_mut(place) {
                    *place = byte;
                }
            }
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
        #[cfg(armv7em_dsp)]
        {
            let sums = super::armv7em::tile_sums(channels.weights(pair), tile);
            let [first, both] = sums.unwrap_or_default();
            channels.store(pair, second_of(first, both), target);
            pair += 1;
        }
        #[cfg(not(armv7em_dsp))]
        {
            let [one, other] = tile_sums(channels, pair, tile);
            channels.store(pair, one, target);
            if pair + 1 < channels.pairs() {
                channels.store(pair + 1, other, target);
            }
            pair += 2;
        }
    }
}

/// Works out channels of pixels whose columns, of bytes, lie one after another.
pub fn columns(channels: &Channels<'_>, columns: &[u32], target: &mut Target<'_>) {
    let column_words = (channels.pair_words - PAIR_HEADER_WORDS) / 2;
    let pixels = target.out.chunks_mut(target.stride).zip(columns.chunks_exact(column_words));
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
        let [first, second] = column_sums(channels, pair, column);
        channels.store(pair, first, target);
        if pair + 1 < channels.pairs() {
            channels.store(pair + 1, second, target);
        }
        pair += 2;
    }
}

/// Sums of two pairs, from number `pair` on, with the four pixels of a tile; of the second one they are
/// of no use if there is none.
#[cfg(not(armv7em_dsp))]
#[inline(never)]
fn tile_sums(channels: &Channels<'_>, pair: usize, tile: &[u32]) -> [Sums<TILE_PIXELS>; 2] {
    let [one, other] = [pair, (pair + 1).min(channels.pairs() - 1)].map(|it| channels.weights(it));
    let words: [&[[i16; 2]]; 2] = [one, other].map(bytemuck::cast_slice);
    let bytes: [&[[i8; 4]]; 2] = [one, other].map(bytemuck::cast_slice);
    let tile: &[[i16; 2 * TILE_PIXELS]] = bytemuck::cast_slice(tile);
    let (mut first, mut both) = ([[0i32; TILE_PIXELS]; 2], [[0i32; TILE_PIXELS]; 2]);
    let weights = words[0].iter().zip(bytes[0]).zip(words[1].iter().zip(bytes[1]));
    for (((half_a, byte_a), (half_b, byte_b)), pixels) in weights.zip(tile) {
        for i in 0..2 {
            let halves = [half_a[i], half_b[i]].map(i32::from);
            let bytes = [byte_a[2 * i], byte_b[2 * i]].map(i32::from);
            for p in 0..TILE_PIXELS {
                let pixel = i32::from(pixels[2 * p + i]);
                for c in 0..2 {
                    first[c][p] = first[c][p].wrapping_add(pixel.wrapping_mul(bytes[c]));
                    both[c][p] = both[c][p].wrapping_add(pixel.wrapping_mul(halves[c]));
                }
            }
        }
    }
    [second_of(first[0], both[0]), second_of(first[1], both[1])]
}

/// Sums of two pairs, from number `pair` on, with a column of bytes; of the second one they are of no
/// use if there is none.
#[inline(always)]
fn column_sums(channels: &Channels<'_>, pair: usize, column: &[u32]) -> [Sums<1>; 2] {
    #[cfg(armv7em_dsp)]
    {
        let end = channels.pairs().min(pair + 2) * channels.pair_words;
        let records = channels.records.get(pair * channels.pair_words..end).unwrap_or_default();
        if let Some([a, b, c, d]) =
            super::armv7em::column_sums(records, channels.pair_words, column)
        {
            return [second_of([a], [b]), second_of([c], [d])];
        }
    }
    [pair, pair + 1].map(|pair| {
        let (mut first, mut both) = (0i32, 0i32);
        let bytes: &[[i8; 4]] = bytemuck::cast_slice(column);
        let halves: &[i16] = bytemuck::cast_slice(channels.weights(pair));
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
