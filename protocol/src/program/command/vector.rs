//! The commands that run beside the micro-operators, on tensors of signed bytes.
//!
//! Requantisation is that of TFLite's reference kernels, rounding twice: see [`crate::network`].

use super::super::BufferId;
use super::gemm::ByteRange;
use super::record::{Record, pack};
use super::sliding::{SLIDING_PARAMETERS, Sliding};
use crate::network::Scale;

/// Adds or subtracts two tensors, element by element:
/// `out(in_a(left(a - zero_a)) ± in_b(left(b - zero_b)))`, where `left` shifts by 20 and the others
/// are scales. To subtract, the multiplier of `b` is negated, and so ties of it are rounded down.
///
/// The output may be where `a` is, or where `b` is if that has `count` bytes as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Add {
    /// `count` bytes.
    pub a: BufferId,
    /// `period` bytes: element `i` of `a` meets element `i % period` of `b`.
    pub b: BufferId,
    /// 512 words, where both inputs' scaled values are tabulated.
    pub scratch: BufferId,
    /// `count` bytes, written.
    pub output: BufferId,
    /// Parameter 0: elements.
    pub count: u32,
    /// Parameter 1: elements of `b`, a divisor of `count`.
    pub period: u32,
    /// Parameters 2 and 8, lowest byte: scale of `a`.
    pub scale_a: Scale,
    /// Parameters 3 and 8, second byte: scale of `b`.
    pub scale_b: Scale,
    /// Parameters 4 and 8, third byte: scale of the sum.
    pub scale_out: Scale,
    /// Parameters 5 and 6; `zero_in` is that of `a`.
    pub bytes: ByteRange,
    /// Parameter 7, lowest byte: the byte of `b` that stands for zero.
    pub zero_b: i8,
    /// Parameter 7, second byte: whether to subtract, 0 or 1.
    pub subtract: bool,
}

/// Multiplies two tensors, element by element: `out((a - zero_a) * (b - zero_b))`.
///
/// The output may be where `a` is, or where `b` is if that has `count` bytes as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiply {
    /// `count` bytes.
    pub a: BufferId,
    /// `period` bytes: element `i` of `a` meets element `i % period` of `b`.
    pub b: BufferId,
    /// `count` bytes, written.
    pub output: BufferId,
    /// Parameter 0: elements.
    pub count: u32,
    /// Parameter 1: elements of `b`, a divisor of `count`.
    pub period: u32,
    /// Parameters 2 and 3, lowest byte: scale of the product.
    pub scale: Scale,
    /// Parameters 4 and 5; `zero_in` is that of `a`.
    pub bytes: ByteRange,
    /// Parameter 6: the byte of `b` that stands for zero.
    pub zero_b: i8,
}

/// Reduces the window around each output to its mean (rounded half away from zero; padding does not
/// count) or its greatest byte, each channel by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Bytes, `[rows, columns, channels]`.
    pub input: BufferId,
    /// Bytes, `[rows, columns, channels]`, written.
    pub output: BufferId,
    /// Parameters 0 to 5: the shapes; as many output as input channels, no dilation, at most 2^16
    /// elements in a window, and some of the picture in each.
    pub sliding: Sliding,
    /// Parameters 6 and 7; the zeros are of no use here and zero.
    pub bytes: ByteRange,
    /// Parameter 8: mean (0) or greatest (1).
    pub greatest: bool,
}

/// Sums or averages over one of three axes: `out[o][i]` is of `in[o][r][i]` over all `r`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reduce {
    /// `outer * reduced * inner` bytes.
    pub input: BufferId,
    /// `outer * inner` bytes, written.
    pub output: BufferId,
    /// Parameter 0.
    pub outer: u32,
    /// Parameter 1: at most 2^16.
    pub reduced: u32,
    /// Parameter 2.
    pub inner: u32,
    /// Parameters 3 and 4, lowest byte: scale of the sum of `in - zero_in`; for a mean the division
    /// is part of it.
    pub scale: Scale,
    /// Parameters 5 and 6.
    pub bytes: ByteRange,
}

/// Softmax of each row, in TFLite Micro's fixed point; output scale 1/256, zero point -128.
///
/// The output may be where the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax {
    /// `rows * columns` bytes.
    pub input: BufferId,
    /// `rows * columns` bytes, written.
    pub output: BufferId,
    /// Parameter 0.
    pub rows: u32,
    /// Parameter 1.
    pub columns: u32,
    /// Parameters 2 and 3, lowest byte: scale from input steps to Q5.26, with `beta` in it, not
    /// negative; the shift is to the left.
    pub scale: Scale,
    /// Parameter 4: differences from the row's greatest element below this count as zero, negative.
    pub least_difference: i32,
}

/// Replaces each byte by its entry of a table: any function of one quantised value.
///
/// The output may be where the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// `count` bytes.
    pub input: BufferId,
    /// 256 bytes: the entry of byte `b` is number `b + 128`.
    pub table: BufferId,
    /// `count` bytes, written.
    pub output: BufferId,
    /// Parameter 0: elements.
    pub count: u32,
}

/// Copies runs of bytes between two strided places: padding, concatenation, slicing, transposition,
/// repetition.
///
/// Run `(i, j, k)` goes from byte `from + i*from_stride[0] + j*from_stride[1] + k*from_stride[2]`
/// of the input to the like byte of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Bytes.
    pub input: BufferId,
    /// Bytes, written where runs go.
    pub output: BufferId,
    /// Parameters 0 and 1, low half: how many runs along each axis, not zero.
    pub counts: [u16; 3],
    /// Parameter 2: bytes of a run, not zero.
    pub run: u32,
    /// Parameter 3: byte of the input where the first run begins.
    pub from: u32,
    /// Parameters 4 to 6: bytes from run to run in the input; negative ones go back.
    pub from_strides: [i32; 3],
    /// Parameter 7: byte of the output where the first run goes.
    pub to: u32,
    /// Parameters 8 to 10: bytes from run to run in the output.
    pub to_strides: [i32; 3],
}

/// Fills a tensor with one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// `count` bytes, written.
    pub output: BufferId,
    /// Parameter 0: elements.
    pub count: u32,
    /// Parameter 1: the byte.
    pub value: i8,
}

/// Enlarges or reduces a picture: each output pixel is one of the input's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resize {
    /// Bytes, `[rows, columns, channels]`.
    pub input: BufferId,
    /// Half words: for each output row the input row that it is of, then for each output column the
    /// input column. One that the input does not have gives its last.
    pub map: BufferId,
    /// Bytes, `[rows, columns, channels]`, written.
    pub output: BufferId,
    /// Parameters 0 and 1, low half: rows, columns, channels, not zero.
    pub input_shape: [u16; 3],
    /// Parameter 2: rows and columns, not zero.
    pub output_size: [u16; 2],
}

impl Add {
    pub(super) fn parse(r: &Record) -> Self {
        r.not_zero(&[(0, r.parameters[0]), (1, r.parameters[1])]);
        let [shift_a, shift_b, shift_out, _] = r.parameters[8].to_le_bytes().map(|b| b as i8);
        let [zero_b, subtract] = r.byte_pair(7);
        r.require(7, (0..=1).contains(&subtract));
        let scale = |parameter: usize, shift| Scale::new(r.parameters[parameter], shift);
        Self {
            a: r.buffer(0),
            b: r.buffer(1),
            scratch: r.buffer(2),
            output: r.buffer(3),
            count: r.parameters[0],
            period: r.parameters[1],
            scale_a: scale(2, shift_a),
            scale_b: scale(3, shift_b),
            scale_out: scale(4, shift_out),
            bytes: ByteRange::parse(r, 5),
            zero_b,
            subtract: subtract == 1,
        }
    }

    pub(super) fn record(&self) -> Record {
        let Self { a, b, scratch, output, count, period, .. } = *self;
        let [zeros, range] = self.bytes.parameters();
        let scales = [self.scale_a, self.scale_b, self.scale_out];
        let [m_a, m_b, m_out] = scales.map(|scale| scale.multiplier as u32);
        let [s_a, s_b, s_out] = scales.map(|scale| scale.shift as u8);
        let flags = u32::from_le_bytes([self.zero_b as u8, self.subtract.into(), 0, 0]);
        let shifts = u32::from_le_bytes([s_a, s_b, s_out, 0]);
        Record::new(
            [a, b, scratch, output],
            [count, period, m_a, m_b, m_out, zeros, range, flags, shifts],
        )
    }
}

impl Multiply {
    pub(super) fn parse(r: &Record) -> Self {
        r.not_zero(&[(0, r.parameters[0]), (1, r.parameters[1])]);
        Self {
            a: r.buffer(0),
            b: r.buffer(1),
            output: r.buffer(2),
            count: r.parameters[0],
            period: r.parameters[1],
            scale: Scale::parse(r, 2),
            bytes: ByteRange::parse(r, 4),
            zero_b: r.signed_byte(6),
        }
    }

    pub(super) fn record(&self) -> Record {
        let Self { a, b, output, count, period, .. } = *self;
        let ([multiplier, shift], [zeros, range]) =
            (self.scale.parameters(), self.bytes.parameters());
        let zero_b = u32::from(self.zero_b as u8);
        let parameters = [count, period, multiplier, shift, zeros, range, zero_b];
        Record::new([a, b, output], parameters)
    }
}

impl Pool {
    pub(super) fn parse(r: &Record) -> Self {
        Self {
            input: r.buffer(0),
            output: r.buffer(1),
            sliding: Sliding::parse(r),
            bytes: ByteRange::parse(r, 6),
            greatest: r.flag(8),
        }
    }

    pub(super) fn record(&self) -> Record {
        let mut parameters = [0; SLIDING_PARAMETERS + 3];
        parameters[..6].copy_from_slice(&self.sliding.parameters());
        parameters[6..8].copy_from_slice(&self.bytes.parameters());
        parameters[8] = self.greatest.into();
        Record::new([self.input, self.output], parameters)
    }
}

impl Reduce {
    pub(super) fn parse(r: &Record) -> Self {
        let [outer, reduced, inner] = [r.parameters[0], r.parameters[1], r.parameters[2]];
        r.not_zero(&[(0, outer), (1, reduced), (2, inner)]);
        Self {
            input: r.buffer(0),
            output: r.buffer(1),
            outer,
            reduced,
            inner,
            scale: Scale::parse(r, 3),
            bytes: ByteRange::parse(r, 5),
        }
    }

    pub(super) fn record(&self) -> Record {
        let ([multiplier, shift], [zeros, range]) =
            (self.scale.parameters(), self.bytes.parameters());
        let parameters = [self.outer, self.reduced, self.inner, multiplier, shift, zeros, range];
        Record::new([self.input, self.output], parameters)
    }
}

impl Softmax {
    pub(super) fn parse(r: &Record) -> Self {
        let [rows, columns] = [r.parameters[0], r.parameters[1]];
        r.not_zero(&[(0, rows), (1, columns)]);
        Self {
            input: r.buffer(0),
            output: r.buffer(1),
            rows,
            columns,
            scale: Scale::parse(r, 2),
            least_difference: r.parameters[4] as i32,
        }
    }

    pub(super) fn record(&self) -> Record {
        let [multiplier, shift] = self.scale.parameters();
        let least = self.least_difference as u32;
        let parameters = [self.rows, self.columns, multiplier, shift, least];
        Record::new([self.input, self.output], parameters)
    }
}

impl Lookup {
    pub(super) fn parse(r: &Record) -> Self {
        r.not_zero(&[(0, r.parameters[0])]);
        let [input, table, output] = [r.buffer(0), r.buffer(1), r.buffer(2)];
        Self { input, table, output, count: r.parameters[0] }
    }

    pub(super) fn record(&self) -> Record {
        let Self { input, table, output, count } = *self;
        Record::new([input, table, output], [count])
    }
}

impl Copy {
    pub(super) fn parse(r: &Record) -> Self {
        let ([i, j], [k, zero]) = (r.pair(0), r.pair(1));
        r.not_zero(&[(0, u32::from(i.min(j))), (1, u32::from(k)), (2, r.parameters[2])]);
        r.require(1, zero == 0);
        let strides = |at: usize| [0, 1, 2].map(|axis| r.parameters[at + axis] as i32);
        Self {
            input: r.buffer(0),
            output: r.buffer(1),
            counts: [i, j, k],
            run: r.parameters[2],
            from: r.parameters[3],
            from_strides: strides(4),
            to: r.parameters[7],
            to_strides: strides(8),
        }
    }

    pub(super) fn record(&self) -> Record {
        let [i, j, k] = self.counts;
        let mut parameters =
            [pack([i, j]), k.into(), self.run, self.from, 0, 0, 0, self.to, 0, 0, 0];
        parameters[4..7].copy_from_slice(&self.from_strides.map(|stride| stride as u32));
        parameters[8..].copy_from_slice(&self.to_strides.map(|stride| stride as u32));
        Record::new([self.input, self.output], parameters)
    }
}

impl Fill {
    pub(super) fn parse(r: &Record) -> Self {
        r.not_zero(&[(0, r.parameters[0])]);
        Self { output: r.buffer(0), count: r.parameters[0], value: r.signed_byte(1) }
    }

    pub(super) fn record(&self) -> Record {
        let value = u32::from(self.value as u8);
        Record::new([self.output], [self.count, value])
    }
}

impl Resize {
    pub(super) fn parse(r: &Record) -> Self {
        let ([rows, columns], [channels, zero], size) = (r.pair(0), r.pair(1), r.pair(2));
        let least = |pair: [u16; 2]| u32::from(pair[0].min(pair[1]));
        r.not_zero(&[(0, least([rows, columns])), (1, channels.into()), (2, least(size))]);
        r.require(1, zero == 0);
        Self {
            input: r.buffer(0),
            map: r.buffer(1),
            output: r.buffer(2),
            input_shape: [rows, columns, channels],
            output_size: size,
        }
    }

    pub(super) fn record(&self) -> Record {
        let [rows, columns, channels] = self.input_shape;
        let parameters = [pack([rows, columns]), channels.into(), pack(self.output_size)];
        Record::new([self.input, self.map, self.output], parameters)
    }
}

impl Scale {
    fn new(multiplier: u32, shift: i8) -> Self {
        Self { multiplier: multiplier as i32, shift }
    }

    /// Reads two parameters from `first` on.
    fn parse(r: &Record, first: u8) -> Self {
        Self::new(r.parameters[usize::from(first)], r.signed_byte(first + 1))
    }

    /// The two parameters.
    fn parameters(&self) -> [u32; 2] {
        [self.multiplier as u32, u32::from(self.shift as u8)]
    }
}
