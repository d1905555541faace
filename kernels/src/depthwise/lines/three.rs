//! Windows of 3x3: weights and columns stay in registers. Two columns of three lines, a load of
//! three words, give a share to four outputs: the last one to two of them, which are finished, and
//! the first one to the next two.
//!
//! Instructions, where outputs end at their zero: 27 for two outputs, 17 for one with a stride
//! across of 2, and about 30 for each channel of a row; others take one more an output.
#![allow(unsafe_code)]

use super::{Convolver, Outputs};
use core::mem::offset_of;

/// Channels of a row of outputs.
#[repr(C)]
struct Job {
    /// The next channel's record.
    record: *const u32,
    /// The next channel's lines.
    lines: *const u32,
    /// The next channel's first output.
    output: *mut u8,
    /// Bytes of a pixel.
    pixel: usize,
    /// Bytes of a channel's lines.
    channel: usize,
    /// Of those, bytes that two outputs at a time end with.
    even: usize,
    /// Whether one more output is left then.
    odd: usize,
    /// Channels that are left.
    channels: usize,
}

/// Words of a record.
const RECORD_WORDS: usize = 10;
/// Bytes of two columns.
const PAIR_BYTES: usize = 12;

impl Convolver<'_> {
    /// Convolves as many channels as there are whole records, with windows of 3x3 and one output
    /// channel for each channel of the input; returns whether it did.
    pub(super) fn three(&self, lines: &[u32], records: &[u32], outputs: &mut Outputs) -> bool {
        let shape = self.shape;
        let Outputs { ref mut bytes, channels: pixel, columns } = *outputs;
        let (words, channels) = (shape.channel_words(), records.len() / RECORD_WORDS);
        let by_two = shape.stride[1] == 2;
        // Two outputs with their first two columns, or one by two; the odd one needs two more.
        let (even, odd) = if by_two { (columns, 0) } else { (columns / 2, columns % 2) };
        let serves = channels > 0
            && columns > 0
            && lines.len() >= channels * words
            && words * size_of::<u32>() >= (even + odd + 1) * PAIR_BYTES
            && bytes.len() >= (columns - 1) * pixel + channels;
        if !serves {
            return false;
        }
        let mut job = Job {
            record: records.as_ptr(),
            lines: lines.as_ptr(),
            output: bytes.as_mut_ptr(),
            pixel,
            channel: words * size_of::<u32>(),
            even: (even + 1) * PAIR_BYTES,
            odd,
            channels,
        };
        let to_zero = self.range.least == self.range.zero_out;
        let kernel = KERNELS[usize::from(by_two)][usize::from(to_zero)][self.first_line % 3];
        // SAFETY: `records`, `lines` and `bytes` are slices long enough for `channels` records, for
        // the lines of so many channels, of which `even + odd + 1` pairs of columns are read, and
        // for a byte of so many channels in each of `columns` pixels.
        unsafe { kernel(&mut job) };
        true
    }
}

type Kernel = unsafe extern "C" fn(*mut Job);

/// By stride across (1, 2), by whether outputs end at their zero, by the line of the first row.
const KERNELS: [[[Kernel; 3]; 2]; 2] = [
    [[one_0, one_1, one_2], [one_zero_0, one_zero_1, one_zero_2]],
    [[two_0, two_1, two_2], [two_zero_0, two_zero_1, two_zero_2]],
];

/// Makes a byte of a sum. Where outputs end at their zero its sign does not matter: what it changes
/// is below.
macro_rules! finish {
    (zero, $sum:literal, $spare:literal) => {
        concat!(
            "smmlar ",
            $sum,
            ", ",
            $sum,
            ", r10, r11\n",
            "asr ",
            $sum,
            ", ",
            $sum,
            ", r12\n",
            "ssat ",
            $sum,
            ", #8, ",
            $sum,
            "\n",
        )
    };
    (any, $sum:literal, $spare:literal) => {
        concat!(
            "smmlar ",
            $spare,
            ", ",
            $sum,
            ", r10, r11\n",
            "add ",
            $spare,
            ", ",
            $spare,
            ", ",
            $sum,
            ", asr #31\n",
            "asr ",
            $sum,
            ", ",
            $spare,
            ", r12\n",
            "ssat ",
            $sum,
            ", #8, ",
            $sum,
            "\n",
        )
    };
}

/// Adds three lines' products to a sum, which is in another register at first.
macro_rules! dual {
    ($op:literal, $sum:literal, $first:literal, $a:literal, $b:literal, $c:literal) => {
        concat!(
            $op, " ", $sum, ", ", $a, ", r3, ", $first, "\n", $op, " ", $sum, ", ", $b, ", r4, ",
            $sum, "\n", $op, " ", $sum, ", ", $c, ", r5, ", $sum, "\n",
        )
    };
}

/// Adds the share of the window's last column, if it is the lower one.
macro_rules! third {
    ($a:literal, $b:literal, $c:literal) => {
        dual!("smlabt", "r6", "r6", $a, $b, $c)
    };
}

/// Finishes the outputs whose last column, or last two, came, and begins the next ones.
macro_rules! columns {
    (one, $to:ident, $a:literal, $b:literal, $c:literal) => {
        concat!(
            third!($a, $b, $c),
            dual!("smlad", "r7", "r7", $a, $b, $c),
            finish!($to, "r6", "r3"),
            finish!($to, "r7", "r4"),
            "strb r6, [r9]\nstrb r7, [r9, lr]\nadd r9, r9, lr, lsl #1\n",
            "4:\nldm sp, {{r3-r7}}\ncmp r8, r7\n",
            dual!("smlatb", "r7", "r6", $a, $b, $c),
            dual!("smlad", "r6", "r6", $a, $b, $c),
        )
    };
    (two, $to:ident, $a:literal, $b:literal, $c:literal) => {
        concat!(
            third!($a, $b, $c),
            finish!($to, "r6", "r3"),
            "strb r6, [r9]\nadd r9, r9, lr\n",
            "4:\nldm sp, {{r3-r7}}\ncmp r8, r7\n",
            dual!("smlad", "r6", "r6", $a, $b, $c),
        )
    };
}

/// The last output of an odd number.
macro_rules! odd {
    (one, $to:ident, $a:literal, $b:literal, $c:literal) => {
        concat!(
            "ldr r3, [sp, #56]\ncbz r3, 5f\n",
            "ldm r8!, {{r0-r2}}\nldrd r3, r4, [sp, #20]\nldr r5, [sp, #28]\n",
            third!($a, $b, $c),
            finish!($to, "r6", "r3"),
            "strb r6, [r9]\n5:\n",
        )
    };
    (two, $to:ident, $a:literal, $b:literal, $c:literal) => {
        ""
    };
}

/// Makes a kernel.
///
/// Registers: r0 to r2 columns, r3 to r5 weights, r6 and r7 sums, r8 the next columns, r9 the next
/// output, r10 to r12 how sums are finished, lr bytes of a pixel. The frame:
///
/// ```text
/// 0   weights of columns 0 and 1, twice the bias, where the columns end
/// 20  weights of columns 1 and 2
/// 32  record, lines, output, bytes of a pixel, bytes of a channel, of those even, odd, channels
/// ```
macro_rules! kernel {
    ($name:ident, $by:ident, $to:ident, $a:literal, $b:literal, $c:literal) => {
        /// Convolves all channels of a job.
        ///
        /// # Safety
        /// What the job points to is there, and nothing else uses the outputs.
        // SAFETY: the assembly follows the AAPCS: it saves r4 to r11 and returns by the saved lr.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(job: *mut Job) {
            core::arch::naked_asm!(
                dsp_core!(),
                "push {{r4-r11, lr}}",
                "sub sp, sp, #68",
                "ldm r0, {{r1-r8}}",
                "add r0, sp, #32",
                "stm r0, {{r1-r8}}",
                "2:",                     // a channel
                "ldrd r0, r1, [sp, #32]", // record, lines
                "ldrd r2, lr, [sp, #48]", // bytes of a channel, of those even
                "ldm r0!, {{r3-r12}}",
                "add lr, r1, lr",
                "add r2, r1, r2",
                "strd r0, r2, [sp, #32]",
                "strd r3, r4, [sp, #20]",
                "str r5, [sp, #28]",
                "stm sp, {{r6-r9, lr}}",
                "mov r8, r1",
                "ldrd r9, lr, [sp, #40]", // output, bytes of a pixel
                "add r0, r9, #1",
                "str r0, [sp, #40]",
                "ldm r8!, {{r0-r2}}",
                "b 4f",
                "3:", // two columns
                "ldm r8!, {{r0-r2}}",
                "ldrd r3, r4, [sp, #20]",
                "ldr r5, [sp, #28]",
                columns!($by, $to, $a, $b, $c),
                "bne 3b",
                odd!($by, $to, $a, $b, $c),
                "ldr r0, [sp, #60]",
                "subs r0, r0, #1",
                "str r0, [sp, #60]",
                "bne 2b",
                "add sp, sp, #68",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

/// Makes the kernels for each line that the first row may have.
macro_rules! kernels {
    ($by:ident, $to:ident, $zero:ident, $one:ident, $two:ident) => {
        kernel!($zero, $by, $to, "r0", "r1", "r2");
        kernel!($one, $by, $to, "r1", "r2", "r0");
        kernel!($two, $by, $to, "r2", "r0", "r1");
    };
}

kernels!(one, any, one_0, one_1, one_2);
kernels!(one, zero, one_zero_0, one_zero_1, one_zero_2);
kernels!(two, any, two_0, two_1, two_2);
kernels!(two, zero, two_zero_0, two_zero_1, two_zero_2);

// What the assembly takes for granted.
const _: () = assert!(offset_of!(Job, channels) == 28 && size_of::<Job>() == 32);
