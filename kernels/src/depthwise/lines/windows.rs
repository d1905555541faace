//! Windows of any shape, two outputs at a time: those of the first half of a row and of the second
//! see the same weights, which are loaded once for both.
//!
//! Instructions are 13 for four words of a window, each of them two products of two outputs; 27 to
//! begin and to finish those; and 20 for a channel.
#![allow(unsafe_code)]

use super::{Convolver, Outputs};
use core::mem::offset_of;
use quintet_protocol::network::{Depthwise, FINISH_WORDS};

/// What a pass does. The assembly works on a copy, and relies on the order of the fields.
#[repr(C)]
struct Job {
    /// Of the outputs under way: twice the bias.
    bias: u32,
    /// The weights.
    weights: usize,
    /// What the outputs of the first half see.
    seen: usize,
    /// What those of the second half see.
    other: usize,
    /// Words of a window, by fours.
    fours: usize,
    /// The rest of the channel's finish.
    finish: [u32; FINISH_WORDS - 1],
    /// Bytes from an output to the next one.
    pixel: usize,
    /// Bytes from an output of the first half to that of the second.
    apart: usize,
    /// Bytes from where a window ends to where the next one begins.
    back: isize,
    /// Where the next output goes.
    output: usize,
    /// How many outputs of each half are left.
    left: usize,
    /// Words of a window that are no four.
    rest: usize,
    /// Of the next channel: its weights.
    record: *const u32,
    /// Bytes of a record.
    record_bytes: usize,
    /// Bytes from its weights to its finish.
    to_finish: usize,
    /// Its lines, from the first window on.
    lines: *const u32,
    /// Bytes of a channel's lines.
    channel: usize,
    /// Bytes from what the first half sees to what the second does.
    seen_apart: usize,
    /// Its first output.
    first: *mut u8,
    /// Outputs of each half.
    half: usize,
    /// Channels that are left.
    channels: usize,
    _unused: usize,
}

/// Outputs of a row whose windows begin an equal number of words apart.
struct Pass {
    /// The first one's number.
    first: usize,
    /// From one to the next.
    step: usize,
    /// The first word of a record, and of a line, that it takes.
    from: [usize; 2],
    /// Words of a window.
    words: usize,
    /// Words of a line from one window to the next.
    line_step: usize,
}

impl Convolver<'_> {
    /// Convolves as many channels as there are whole records; returns whether it did.
    pub(super) fn windows(&self, lines: &[u32], records: &[u32], outputs: &mut Outputs) -> bool {
        let [even, odd] = self.shape.phase_words().map(|it| it * self.shape.lines);
        let (stride, lines_of) = (self.shape.stride[1], self.shape.lines);
        if stride.is_multiple_of(2) {
            let (from, line_step) = ([0, 0], stride / 2 * lines_of);
            let all = Pass { first: 0, step: 1, from, words: even, line_step };
            return all.convolve(self.shape, lines, records, outputs);
        }
        // Every other window begins at an odd column.
        let line_step = stride * lines_of;
        let evens = Pass { first: 0, step: 2, from: [0, 0], words: even, line_step };
        let from = [even, stride / 2 * lines_of];
        let odds = Pass { first: 1, step: 2, from, words: odd, line_step };
        evens.convolve(self.shape, lines, records, outputs)
            && odds.convolve(self.shape, lines, records, outputs)
    }
}

impl Pass {
    /// Convolves its outputs of all channels.
    fn convolve(
        &self,
        shape: &Depthwise,
        lines: &[u32],
        records: &[u32],
        outputs: &mut Outputs,
    ) -> bool {
        let Outputs { ref mut bytes, channels: pixel, columns } = *outputs;
        let Some(after) = columns.checked_sub(self.first + 1) else { return true };
        let count = after / self.step + 1;
        let (record, channel) = (shape.record_words(), shape.channel_words());
        let channels = records.len() / record;
        let half = count.div_ceil(2);
        let seen = self.from[1] + (count - 1) * self.line_step + self.words;
        let serves = channels > 0
            && seen <= channel
            && lines.len() >= channels * channel
            && bytes.len() >= (columns - 1) * pixel + channels;
        if !serves {
            return false;
        }
        let word = size_of::<u32>();
        let mut job = Job {
            bias: 0,
            weights: 0,
            seen: 0,
            other: 0,
            fours: self.words / 4,
            finish: [0; 3],
            pixel: self.step * pixel,
            apart: (count - half) * self.step * pixel,
            back: (self.line_step as isize - self.words as isize) * word as isize,
            output: 0,
            left: 0,
            rest: self.words % 4,
            record: records[self.from[0]..].as_ptr(),
            record_bytes: record * word,
            to_finish: (record - FINISH_WORDS - self.from[0]) * word,
            lines: lines[self.from[1]..].as_ptr(),
            channel: channel * word,
            seen_apart: (count - half) * self.line_step * word,
            first: bytes[self.first * pixel..].as_mut_ptr(),
            half,
            channels,
            _unused: 0,
        };
        // SAFETY: `records` and `lines` have those of so many channels, `words` of a record from
        // the pass's first one on lie before its finish, and the last window ends within the
        // channel's lines. `bytes` has a byte of so many channels in each of `columns` pixels, and
        // output number `first + (count - 1) * step` is one of them.
        unsafe { pass(&mut job) };
        true
    }
}

/// Convolves all channels of a job.
///
/// In the inner loops r0 to r3 are weights, r4 to r7 what is seen, r8 and r9 the sums of both
/// outputs, r10 the next weights, r11 and r12 what the outputs see next, lr how many fours are
/// left.
///
/// # Safety
/// What the job points to is there, and nothing else uses the outputs.
// SAFETY: the assembly follows the AAPCS: it saves r4 to r11 and returns by the saved lr.
#[unsafe(naked)]
unsafe extern "C" fn pass(job: *mut Job) {
    core::arch::naked_asm!(
        dsp_core!(),
        "push {{r4-r11, lr}}",
        "sub sp, sp, #{size}",
        "mov r12, sp",
        "ldm r0!, {{r1-r8}}",
        "stm r12!, {{r1-r8}}",
        "ldm r0!, {{r1-r8}}",
        "stm r12!, {{r1-r8}}",
        "ldm r0, {{r1-r8}}",
        "stm r12, {{r1-r8}}",
        "2:",                               // a channel
        "add r0, sp, #{record}",
        "ldm r0, {{r1-r9}}",                // from its weights to how many channels are left
        "add r10, r1, r3",
        "ldm r10, {{r0, r10-r12}}",         // its finish
        "str r0, [sp, #{bias}]",
        "str r1, [sp, #{weights}]",
        "add r0, r4, r6",
        "strd r4, r0, [sp, #{seen}]",
        "strd r10, r11, [sp, #{finish}]",
        "str r12, [sp, #{finish} + 8]",
        "strd r7, r8, [sp, #{output}]",
        "add r1, r1, r2",
        "add r4, r4, r5",
        "add r7, r7, #1",
        "str r1, [sp, #{record}]",
        "str r4, [sp, #{lines}]",
        "str r7, [sp, #{first}]",
        "3:",                               // two outputs
        "ldm sp, {{r8, r10-r12, lr}}",
        "mov r9, r8",
        "cmp lr, #0",
        "beq 5f",
        "4:",                               // four words
        "ldm r10!, {{r0-r3}}",
        "ldm r11!, {{r4-r7}}",
        "smlad r8, r0, r4, r8",
        "smlad r8, r1, r5, r8",
        "smlad r8, r2, r6, r8",
        "smlad r8, r3, r7, r8",
        "ldm r12!, {{r4-r7}}",
        "smlad r9, r0, r4, r9",
        "smlad r9, r1, r5, r9",
        "smlad r9, r2, r6, r9",
        "smlad r9, r3, r7, r9",
        "subs lr, lr, #1",
        "bne 4b",
        "5:",
        "ldr lr, [sp, #{rest}]",
        "lsls lr, lr, #31",                 // bit 1 to carry, bit 0 to the sign
        "bcc 6f",
        "ldrd r0, r1, [r10], #8",
        "ldrd r4, r5, [r11], #8",
        "ldrd r6, r7, [r12], #8",
        "smlad r8, r0, r4, r8",
        "smlad r8, r1, r5, r8",
        "smlad r9, r0, r6, r9",
        "smlad r9, r1, r7, r9",
        "6:",
        "bpl 7f",
        "ldr r0, [r10]",
        "ldr r4, [r11], #4",
        "ldr r5, [r12], #4",
        "smlad r8, r0, r4, r8",
        "smlad r9, r0, r5, r9",
        "7:",
        "add r0, sp, #{finish}",
        "ldm r0, {{r1-r7, r10}}",           // to how many outputs are left
        "smmlar r0, r8, r1, r2",
        "smmlar lr, r9, r1, r2",
        "add r0, r0, r8, asr #31",
        "add lr, lr, r9, asr #31",
        "asr r0, r0, r3",
        "asr lr, lr, r3",
        "ssat r0, #8, r0",
        "ssat lr, #8, lr",
        "strb r0, [r7]",
        "strb lr, [r7, r5]",
        "add r7, r7, r4",
        "add r11, r11, r6",
        "add r12, r12, r6",
        "subs r10, r10, #1",
        "strd r7, r10, [sp, #{output}]",
        "strd r11, r12, [sp, #{seen}]",
        "bne 3b",
        "ldr r0, [sp, #{channels}]",
        "subs r0, r0, #1",
        "str r0, [sp, #{channels}]",
        "bne 2b",
        "add sp, sp, #{size}",
        "pop {{r4-r11, pc}}",
        size = const size_of::<Job>(),
        bias = const offset_of!(Job, bias),
        weights = const offset_of!(Job, weights),
        seen = const offset_of!(Job, seen),
        finish = const offset_of!(Job, finish),
        output = const offset_of!(Job, output),
        rest = const offset_of!(Job, rest),
        record = const offset_of!(Job, record),
        lines = const offset_of!(Job, lines),
        first = const offset_of!(Job, first),
        channels = const offset_of!(Job, channels),
    )
}

// What the assembly takes for granted.
const _: () = assert!(size_of::<Job>() == 3 * 8 * size_of::<u32>());
const _: () = assert!(offset_of!(Job, bias) == 0 && offset_of!(Job, fours) == 16);
const _: () = assert!(offset_of!(Job, left) == offset_of!(Job, finish) + 7 * 4);
const _: () = assert!(offset_of!(Job, channels) == offset_of!(Job, record) + 8 * 4);
