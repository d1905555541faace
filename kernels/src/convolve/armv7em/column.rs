//! Records of weights times one column of bytes, on Armv7E-M: four channels, which are two records,
//! at a time.
//!
//! Instructions: 1.06 a product, loop included 1.08; finishing and storing takes 12 an output.

use super::super::Channels;
use super::UNROLLED;
use core::mem::offset_of;
use core::ops::Range;
use quintet_protocol::network::PAIR_HEADER_WORDS;
use quintet_protocol::program::ByteRange;

/// Records and the column that they are multiplied with.
///
/// The assembly relies on the order of the fields.
#[repr(C)]
struct Column {
    /// The next record.
    record: *const u32,
    /// One past the last.
    end: *const u32,
    column: *const u32,
    column_end: *const u32,
    /// Bytes from a record to the next.
    record_bytes: usize,
    /// The first channel of the next record.
    out: *mut i8,
    /// Groups that are left for the first turn of the loop.
    rest: usize,
    /// What becomes of sums: 0 they are stored as they are, else bytes.
    finish: usize,
    sums: *mut [i32; 4],
    /// What bytes are held to, four times each.
    least: u32,
    greatest: u32,
}

impl Column {
    /// Two records, one `record_words` after the other, or more.
    fn new(records: &[u32], record_words: usize, column: &[u32]) -> Option<Self> {
        // One group is done before the loop.
        let rest = column.len().checked_sub(1)? % UNROLLED;
        let (records, column) = (records.as_ptr_range(), column.as_ptr_range());
        Some(Self {
            record: records.start,
            end: records.end,
            column: column.start,
            column_end: column.end,
            record_bytes: 4 * record_words,
            out: core::ptr::null_mut(),
            rest,
            finish: 0,
            sums: core::ptr::null_mut(),
            least: 0,
            greatest: 0,
        })
    }
}

/// Works out pairs of channels, an even number, that are finished in the short way; returns whether
/// they and the column are there.
pub fn column(
    channels: &Channels<'_>,
    pairs: Range<usize>,
    column: &[u32],
    out: &mut [i8],
) -> bool {
    let words = pairs.start * channels.pair_words..pairs.end * channels.pair_words;
    let out = out.get_mut(2 * pairs.start..2 * pairs.end);
    let column = column.get(..column_words(channels.pair_words));
    let (Some(records), Some(column), Some(out)) = (channels.records.get(words), column, out)
    else {
        return false;
    };
    let will_do = !pairs.is_empty() && pairs.len().is_multiple_of(2);
    let job = Column::new(records, channels.pair_words, column).filter(|_| will_do);
    let Some(mut job) = job else { return false };
    job.out = out.as_mut_ptr();
    job.finish = 1;
    let ByteRange { least, greatest, .. } = channels.bytes;
    (job.least, job.greatest) = (super::four(least), super::four(greatest));
    // SAFETY: `records` is a positive and even number of whole records, whose length says how long
    // the column is; `out` has two bytes for each, and is mutably borrowed. The assembly reads the
    // records and the column from end to end, and writes four bytes for each two records.
    unsafe { multiply(&raw const job) };
    true
}

/// Sums of one or two records' first channels, and of both, with a column: those of the first
/// record, then those of the second.
pub fn column_sums(records: &[u32], pair_words: usize, column: &[u32]) -> Option<[i32; 4]> {
    let mut sums = [0; 4];
    let column = column.get(..column_words(pair_words))?;
    let step = match records.len() / pair_words {
        0 => return None,
        1 => 0,
        _ => pair_words,
    };
    let mut job = Column::new(records, step, column)?;
    job.sums = &raw mut sums;
    // SAFETY: there is a whole record at the start of `records`, and another one `step` words
    // after; their length says how long the column is. Nothing but that is read, and nothing but
    // `sums` is written.
    unsafe { multiply(&raw const job) };
    Some(sums)
}

/// Words of a column for records of so many words.
fn column_words(pair_words: usize) -> usize {
    (pair_words - PAIR_HEADER_WORDS) / 2
}

/// Four bytes of the column: r0 column, r1 and r2 weights; sums in r4 to r7, in the order in which
/// they are stored.
macro_rules! group {
    () => {
        concat!(
            "ldr r8, [r0], #4\n",
            "ldrd r10, r11, [r1], #8\n",
            "sxtb16 r9, r8, ror #8\n",
            "sxtb16 r8, r8\n",
            "sxtb16 r12, r10\n",
            "sxtb16 lr, r11\n",
            "smlad r4, r8, r12, r4\n",
            "smlad r5, r8, r10, r5\n",
            "smlad r4, r9, lr, r4\n",
            "smlad r5, r9, r11, r5\n",
            "ldrd r10, r11, [r2], #8\n",
            "sxtb16 r12, r10\n",
            "sxtb16 lr, r11\n",
            "smlad r6, r8, r12, r6\n",
            "smlad r7, r8, r10, r7\n",
            "smlad r6, r9, lr, r6\n",
            "smlad r7, r9, r11, r7\n",
        )
    };
}

/// As `group`, for the first one: nothing is summed yet.
macro_rules! first_group {
    () => {
        concat!(
            "ldr r8, [r0], #4\n",
            "ldrd r10, r11, [r1], #8\n",
            "sxtb16 r9, r8, ror #8\n",
            "sxtb16 r8, r8\n",
            "sxtb16 r12, r10\n",
            "sxtb16 lr, r11\n",
            "smuad r4, r8, r12\n",
            "smuad r5, r8, r10\n",
            "smlad r4, r9, lr, r4\n",
            "smlad r5, r9, r11, r5\n",
            "ldrd r10, r11, [r2], #8\n",
            "sxtb16 r12, r10\n",
            "sxtb16 lr, r11\n",
            "smuad r6, r8, r12\n",
            "smuad r7, r8, r10\n",
            "smlad r6, r9, lr, r6\n",
            "smlad r7, r9, r11, r7\n",
        )
    };
}

/// Bytes of the code for a group.
const GROUP_CODE: usize = 17 * 4;

/// Multiplies records with a column.
///
/// # Safety
/// The column has a word for every two words of weights of a record, and at least one. For `finish`
/// 0 there is a record and another one `record_bytes` after it, and `sums` can be written; else
/// there is an even number of records, one after another, and two bytes can be written for each.
// SAFETY: the assembly follows the AAPCS: it saves r4 to r11 and returns by the saved lr.
#[unsafe(naked)]
unsafe extern "C" fn multiply(job: *const Column) {
    core::arch::naked_asm!(
        dsp_core!(),
        "push {{r4-r11, lr}}",
        "ldm r0!, {{r1-r9}}",
        "ldrd r10, r11, [r0]",
        "push {{r10, r11}}",
        // Where the loop begins.
        "adr r10, 4f",
        "mov r11, #{group_code}",
        "mls r7, r7, r11, r10",
        "orr r7, r7, #1",                   // Thumb
        "push {{r1-r9}}",
        "2:",                               // two records, the first at r1
        "ldrd r0, r3, [sp, #{column}]",
        "ldr r2, [sp, #{record_bytes}]",
        "add r1, r1, #{header}",
        "add r2, r2, r1",
        first_group!(),
        "ldr pc, [sp, #{rest}]",
        ".p2align 2",
        "3:",                               // four groups
        group!(), group!(), group!(), group!(),
        "4:",
        "cmp r0, r3",
        "bne 3b",
        "ldr r0, [sp, #{finish}]",
        "cbnz r0, 5f",
        "ldr r0, [sp, #{sums}]",
        "stm r0, {{r4-r7}}",
        "b 6f",
        "5:",                               // bytes
        "ldrd r10, r11, [sp, #{record_bytes}]", // and out
        "ldr lr, [sp, #{record}]",
        "str r2, [sp, #{record}]",
        "sub r5, r5, r4",                   // 256 times the second channel's
        "sub r7, r7, r6",
        "add r9, lr, r10",
        "ldm lr!, {{r0, r2, r3, r12}}",
        to_byte!("r4", "lsl #1"),
        "ldm lr, {{r0, r2, r3, r12}}",
        to_byte!("r5", "asr #7"),
        "ldm r9!, {{r0, r2, r3, r12}}",
        to_byte!("r6", "lsl #1"),
        "ldm r9, {{r0, r2, r3, r12}}",
        to_byte!("r7", "asr #7"),
        "bfi r4, r5, #8, #8",
        "bfi r4, r6, #16, #8",
        "bfi r4, r7, #24, #8",
        "ldrd r0, r1, [sp, #{least}]",      // and greatest
        hold!("r4", "r0", "r1", "r5"),
        "str r4, [r11], #4",
        "str r11, [sp, #{out}]",
        "ldrd r1, r2, [sp, #{record}]",
        "cmp r1, r2",
        "bne 2b",
        "6:",
        "add sp, sp, #{job}",
        "pop {{r4-r11, pc}}",
        record = const offset_of!(Column, record),
        column = const offset_of!(Column, column),
        record_bytes = const offset_of!(Column, record_bytes),
        out = const offset_of!(Column, out),
        rest = const offset_of!(Column, rest),
        finish = const offset_of!(Column, finish),
        sums = const offset_of!(Column, sums),
        least = const offset_of!(Column, least),
        header = const 4 * PAIR_HEADER_WORDS,
        job = const size_of::<Column>(),
        group_code = const GROUP_CODE,
    )
}

// What the assembly takes for granted.
const _: () = assert!(size_of::<Column>() == 11 * 4 && UNROLLED == 4);
const _: () = assert!(offset_of!(Column, end) == offset_of!(Column, record) + 4);
const _: () = assert!(offset_of!(Column, column_end) == offset_of!(Column, column) + 4);
const _: () = assert!(offset_of!(Column, out) == offset_of!(Column, record_bytes) + 4);
const _: () = assert!(offset_of!(Column, least) == 9 * 4);
const _: () = assert!(offset_of!(Column, greatest) == 10 * 4);
const _: () = assert!(offset_of!(Column, rest) == 6 * 4);
