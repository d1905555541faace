//! Rows of a picture laid out channel by channel.
//!
//! Instructions: 16 for two columns of four channels.
#![allow(unsafe_code)]

use core::mem::offset_of;

/// A part of a row of the picture and the lines that it is laid out in.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// Bytes of the pixels, channels innermost, from the first channel wanted on. The last pixel
    /// may lack channels that are not wanted.
    pub pixels: &'a [u8],
    /// Channels of the picture.
    pub channels: usize,
    /// Columns of padding before the pixels.
    pub before: usize,
    /// Number of pixels.
    pub columns: usize,
    /// What padding is filled with.
    pub padding: i8,
    /// Words of a line.
    pub pairs: usize,
    /// Lines of a channel.
    pub lines: usize,
    /// Its number.
    pub line: usize,
}

impl Line<'_> {
    /// Lays out the first channels of the row: as many as `lines` has lines for.
    #[inline(never)]
    pub fn lay_out(&self, lines: &mut [u32]) {
        let done = self.lay_out_fours(lines);
        let rest = lines.get_mut(done * self.pairs * self.lines..).unwrap_or_default();
        self.lay_out_portable(done, rest);
    }

    /// Lays out channels from number `first` on, as many as `lines` has lines for.
    #[inline(never)]
    fn lay_out_portable(&self, first: usize, lines: &mut [u32]) {
        let each = self.pairs * self.lines;
        let (channels, padding) = (lines.len() / each.max(1), i16::from(self.padding));
        if channels == 0 {
            return;
        }
        let lines: &mut [[i16; 2]] = bytemuck::cast_slice_mut(lines);
        for pair in 0..self.pairs {
            let place = pair * self.lines + self.line;
            let columns =
                [2 * pair, 2 * pair + 1].map(|column| self.pixel(column, first, channels));
            match columns {
                [Some(low), Some(high)] => {
                    let halves = low.iter().zip(high).map(|(&low, &high)| [low, high]);
                    put(lines, place, each, halves.map(|pair| pair.map(i16::from)));
                }
                [Some(low), None] => {
                    put(lines, place, each, low.iter().map(|&low| [i16::from(low), padding]));
                }
                [None, Some(high)] => {
                    put(lines, place, each, high.iter().map(|&high| [padding, i16::from(high)]));
                }
                [None, None] => {
                    put(lines, place, each, core::iter::repeat_n([padding; 2], channels));
                }
            }
        }
    }

    /// So many channels of a pixel from number `first` on, unless the column is padding.
    #[inline(always)]
    fn pixel(&self, column: usize, first: usize, channels: usize) -> Option<&[i8]> {
        let pixel = column.checked_sub(self.before).filter(|&pixel| pixel < self.columns)?;
        let start = pixel * self.channels + first;
        self.pixels.get(start..start + channels).map(bytemuck::cast_slice)
    }
}

/// Puts a pair of halves into each channel's lines, `each` words apart.
#[inline(always)]
fn put(lines: &mut [[i16; 2]], first: usize, each: usize, halves: impl Iterator<Item = [i16; 2]>) {
    let mut at = first;
    for pair in halves {
        let Some(place) = lines.get_mut(at) else { return };
        [place[0], place[1]] = pair;
        at += each;
    }
}

/// Channels of a word.
const FOUR: usize = 4;

/// A row and where it goes. The assembly relies on the order of the fields.
#[repr(C)]
struct Job {
    /// The first pixel's next four channels.
    pixels: *const u8,
    /// The first word of the line of the next channel.
    line: *mut u32,
    /// Bytes of a pixel.
    pixel: usize,
    /// Bytes from a channel's lines to the next one's.
    channel: usize,
    /// Bytes from a pair of columns to the next one.
    pair: usize,
    /// Four bytes of padding.
    padding: u32,
    /// Pairs of padding before the pixels.
    before: usize,
    /// Pairs of pixels.
    whole: usize,
    /// Whether a pair of padding and a pixel is before those.
    first: usize,
    /// Whether a pair of a pixel and padding is behind them.
    last: usize,
    /// Pairs of padding behind.
    after: usize,
    /// Two halves of padding.
    halves: u32,
    /// Words of four channels that are left.
    fours: usize,
}

impl Line<'_> {
    /// Lays out channels by fours; returns how many.
    #[inline(always)]
    fn lay_out_fours(&self, lines: &mut [u32]) -> usize {
        let channel_words = self.pairs * self.lines;
        let channels = lines.len() / channel_words.max(1) / FOUR * FOUR;
        let channels = channels.min(self.channels / FOUR * FOUR);
        // The last pixel's last four channels end where the pixels do, or before.
        let needed = self.columns.saturating_sub(1) * self.channels + channels;
        let has_pixels = self.columns == 0 || needed <= self.pixels.len();
        let fits = self.before + self.columns <= 2 * self.pairs && self.line < self.lines;
        if channels == 0 || !has_pixels || !fits {
            return 0;
        }
        let first = self.before % 2 * usize::from(self.columns > 0);
        let (before, left) = (self.before / 2, self.columns - first);
        let (whole, last) = (left / 2, left % 2);
        let mut job = Job {
            pixels: self.pixels.as_ptr(),
            line: lines[self.line..].as_mut_ptr(),
            pixel: self.channels,
            channel: channel_words * size_of::<u32>(),
            pair: self.lines * size_of::<u32>(),
            padding: u32::from_ne_bytes([self.padding as u8; 4]),
            before,
            whole,
            first,
            last,
            after: self.pairs - before - first - whole - last,
            halves: u32::from(i16::from(self.padding) as u16) * 0x0001_0001,
            fours: channels / FOUR,
        };
        // SAFETY: `lines` has `channels` times `pairs * lines` words, and the counts of pairs sum
        // up to `pairs`: so what is written, a word of each pair at `line` below `lines`, lies in
        // it. What is read is the first `channels` bytes of `columns` pixels, which `pixels` has.
        unsafe { lay_out_job(&mut job) };
        channels
    }
}

/// Lays out all channels of a job.
///
/// # Safety
/// The pixels can be read, and the lines can be written and are not used by anything else.
// SAFETY: the assembly follows the AAPCS: it saves r4 to r11 and returns by the saved lr.
#[unsafe(naked)]
unsafe extern "C" fn lay_out_job(job: *mut Job) {
    core::arch::naked_asm!(
        dsp_core!(),
        "push {{r4-r11, lr}}",
        "mov lr, r0",
        "ldr r1, [lr, #{pixel}]",
        "ldrd r3, r5, [lr, #{channel}]",    // bytes of a channel, of a pair
        "add r4, r3, r3, lsl #1",           // of three channels
        "ldr r12, [lr, #{padding}]",
        "ldr r11, [lr, #{fours}]",
        "2:",                               // four channels
        "ldrd r0, r2, [lr]",                // pixels, line
        "add r7, r0, #4",
        "add r8, r2, r3, lsl #2",
        "strd r7, r8, [lr]",
        "ldr r6, [lr, #{before}]",
        "cbz r6, 4f",
        "ldr r7, [lr, #{halves}]",
        "3:",                               // a pair of padding
        "str r7, [r2]",
        "str r7, [r2, r3]",
        "str r7, [r2, r3, lsl #1]",
        "str r7, [r2, r4]",
        "add r2, r2, r5",
        "subs r6, r6, #1",
        "bne 3b",
        "4:",
        "ldrd r6, r7, [lr, #{whole}]",
        "cbnz r7, 5f",
        "cbnz r6, 6f",
        "b 8f",
        "5:",                               // padding and a pixel
        "mov r7, r12",
        "ldr r8, [r0]",
        "add r0, r0, r1",
        "add r6, r6, #1",
        "b 7f",
        "6:",                               // two pixels
        "ldr r7, [r0]",
        "ldr r8, [r0, r1]",
        "add r0, r0, r1, lsl #1",
        "7:",
        "pkhbt r9, r7, r8, lsl #16",        // channels 0 and 1 of both pixels
        "pkhtb r10, r8, r7, asr #16",       // 2 and 3
        "sxtb16 r7, r9",
        "sxtb16 r8, r9, ror #8",
        "sxtb16 r9, r10",
        "sxtb16 r10, r10, ror #8",
        "str r7, [r2]",
        "str r8, [r2, r3]",
        "str r9, [r2, r3, lsl #1]",
        "str r10, [r2, r4]",
        "add r2, r2, r5",
        "subs r6, r6, #1",
        "bgt 6b",
        "blt 9f",                           // that was the last pixel and padding
        "8:",
        "ldr r7, [lr, #{last}]",
        "cbz r7, 9f",
        "ldr r7, [r0]",
        "mov r8, r12",
        "b 7b",
        "9:",
        "ldrd r6, r7, [lr, #{after}]",
        "cbz r6, 11f",
        "10:",                              // a pair of padding
        "str r7, [r2]",
        "str r7, [r2, r3]",
        "str r7, [r2, r3, lsl #1]",
        "str r7, [r2, r4]",
        "add r2, r2, r5",
        "subs r6, r6, #1",
        "bne 10b",
        "11:",
        "subs r11, r11, #1",
        "bne 2b",
        "pop {{r4-r11, pc}}",
        pixel = const offset_of!(Job, pixel),
        channel = const offset_of!(Job, channel),
        padding = const offset_of!(Job, padding),
        before = const offset_of!(Job, before),
        whole = const offset_of!(Job, whole),
        last = const offset_of!(Job, last),
        after = const offset_of!(Job, after),
        halves = const offset_of!(Job, halves),
        fours = const offset_of!(Job, fours),
    )
}

// What the assembly takes for granted.
const _: () = assert!(offset_of!(Job, pixels) == 0 && offset_of!(Job, line) == 4);
const _: () = assert!(offset_of!(Job, pair) == offset_of!(Job, channel) + 4);
const _: () = assert!(offset_of!(Job, first) == offset_of!(Job, whole) + 4);
const _: () = assert!(offset_of!(Job, halves) == offset_of!(Job, after) + 4);
