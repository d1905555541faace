//! Sums, products and functions of bytes, element by element, in place.

use super::requantise;
use super::to_byte::{Each, ToByte};
use quintet_protocol::network::Scale;

/// Twice the scaled value of every byte, by its bits.
pub type ScaledBytes = [u32; 256];

/// Bits that TFLite shifts the inputs of a sum to the left by.
const LEFT_BITS: u32 = 20;

/// Tabulates twice `scale(left(b - zero))` for every byte `b`.
#[inline(never)]
pub fn tabulate(table: &mut ScaledBytes, scale: Scale, zero: i8) {
    for (bits, entry) in (0..=u8::MAX).zip(table) {
        let steps = i32::from(bits as i8) - i32::from(zero);
        let scaled = requantise::scale(steps << LEFT_BITS, scale);
        *entry = scaled.wrapping_mul(2) as u32;
    }
}

/// Replaces each byte by its scaled sum with the other of its place.
#[inline(never)]
pub fn add(bytes: &mut [u8], others: &[u8], tables: [&ScaledBytes; 2], to: &ToByte) {
    to.each(Add { bytes, others, tables });
}

/// Replaces each byte by its scaled product with the other of its place; `zeros` are theirs.
#[inline(never)]
pub fn multiply(bytes: &mut [u8], others: &[u8], zeros: [i8; 2], to: &ToByte) {
    to.each(Multiply { bytes, others, zeros: zeros.map(i32::from) });
}

/// Replaces each byte `b` by entry `b + 128`.
#[inline(never)]
pub fn look_up(bytes: &mut [u8], table: &[u8; 256]) {
    each(bytes, |byte| table[usize::from(byte ^ 0x80)]);
}

struct Add<'a> {
    bytes: &'a mut [u8],
    others: &'a [u8],
    tables: [&'a ScaledBytes; 2],
}

impl Each for Add<'_> {
    #[inline(always)]
    fn run(self, byte: impl Fn(i32) -> i8) {
        let [first, second] = self.tables;
        each_pair(self.bytes, self.others, |a, b| {
            byte(first[usize::from(a)].wrapping_add(second[usize::from(b)]) as i32)
        });
    }
}

struct Multiply<'a> {
    bytes: &'a mut [u8],
    others: &'a [u8],
    zeros: [i32; 2],
}

impl Each for Multiply<'_> {
    #[inline(always)]
    fn run(self, byte: impl Fn(i32) -> i8) {
        let doubled = 2 * self.zeros[0];
        each_pair(self.bytes, self.others, |a, b| {
            byte((i32::from(a as i8) * 2 - doubled) * (i32::from(b as i8) - self.zeros[1]))
        });
    }
}

/// Replaces each byte, four in a turn.
#[inline(always)]
fn each(bytes: &mut [u8], value: impl Fn(u8) -> u8) {
    let (fours, rest) = bytes.as_chunks_mut::<4>();
    fours.iter_mut().for_each(|four| *four = four.map(&value));
    rest.iter_mut().for_each(|byte| *byte = value(*byte));
}

/// Replaces each byte by what comes of it and the other of its place, four in a turn.
#[inline(always)]
fn each_pair(bytes: &mut [u8], others: &[u8], value: impl Fn(u8, u8) -> i8) {
    if cfg!(feature = "small") {
        bytes.iter_mut().zip(others).for_each(|(byte, other)| *byte = value(*byte, *other) as u8);
        return;
    }
    let (fours, rest) = bytes.as_chunks_mut::<4>();
    let (other_fours, other_rest) = others.as_chunks::<4>();
    for (four, others) in fours.iter_mut().zip(other_fours) {
        for (byte, other) in four.iter_mut().zip(others) {
            *byte = value(*byte, *other) as u8;
        }
    }
    for (byte, other) in rest.iter_mut().zip(other_rest) {
        *byte = value(*byte, *other) as u8;
    }
}
