//! Windows of 3x3: a column of three bytes gives its share to the sums of all outputs that see it,
//! so that each byte is read once for a row of outputs.
//!
//! Instructions: 37 for an output, 43 with a stride across of 2; about 40 for a row of a channel,
//! and for a channel.
#![allow(unsafe_code)]

use super::super::Convolver;
use super::Block;
use core::mem::offset_of;

/// What a kernel does. The assembly relies on the order of the fields, and goes on to the next
/// channel in it.
#[repr(C)]
struct Job {
    /// The next channel's record.
    record: *const u32,
    /// The first byte that it sees.
    laid: *const i8,
    /// Its first output.
    output: *mut u8,
    /// Bytes from a row to the next.
    line: usize,
    /// Bytes from what a row of outputs sees to what the next one does.
    down: usize,
    /// Bytes of a pixel.
    pixel: usize,
    /// Bytes from a row of outputs to the next.
    row: usize,
    /// Bytes of the pixels of a row of outputs.
    columns: usize,
    /// Rows of outputs.
    rows: usize,
    /// Channels that are left.
    channels: usize,
    /// What outputs are held to.
    least: i32,
    /// What outputs are held to.
    greatest: i32,
    // Of the row under way: what it sees, its outputs, and how many rows are left with it.
    seen: usize,
    outputs: usize,
    left: usize,
}

impl Convolver<'_> {
    /// Convolves all channels of a block with windows of 3x3; returns whether it did.
    pub(super) fn three(&self, block: Block) -> bool {
        let (shape, pixel, line) = (self.shape, self.shape.channels_in, self.row_bytes());
        let [rows, columns] = block.size;
        let (down, by_two) = (shape.stride[0] * line, shape.stride[1] == 2);
        // With a stride of 2 the last window's last column is read with the one after.
        let seen_columns = if by_two { 2 * columns + 2 } else { columns + 2 };
        let seen = (rows - 1) * down + 2 * line + (seen_columns - 1) * pixel + block.channels;
        if block.laid.len() < seen || seen_columns * pixel > line {
            return false;
        }
        let mut job = Job {
            record: block.records.as_ptr(),
            laid: block.laid.as_ptr(),
            output: block.output.as_mut_ptr(),
            line,
            down,
            pixel,
            row: block.row_bytes,
            columns: columns * pixel,
            rows,
            channels: block.channels,
            least: self.range.least.into(),
            greatest: self.range.greatest.into(),
            seen: 0,
            outputs: 0,
            left: 0,
        };
        let kernel = if by_two { by_two_columns } else { by_one_column };
        // SAFETY: there are records of so many channels, `laid` has what their last window sees,
        // and `output` a byte of so many channels in each of `columns` pixels of `rows` rows.
        unsafe { kernel(&mut job) };
        true
    }
}

/// Reads a column, and goes on to the next one.
macro_rules! load {
    () => {
        "lb a1, 0(t0)
        lb a2, 0(t1)
        lb a3, 0(t2)
        add t0, t0, t4
        add t1, t1, t4
        add t2, t2, t4
        "
    };
}

/// Adds a column's products to what is in one register; the sum goes to another.
macro_rules! add {
    ($sum:literal, $from:literal, $a:literal, $b:literal, $c:literal) => {
        concat!(
            "mul a0, ",
            $a,
            ", a1\nadd ",
            $sum,
            ", ",
            $from,
            ", a0\n",
            "mul a0, ",
            $b,
            ", a2\nadd ",
            $sum,
            ", ",
            $sum,
            ", a0\n",
            "mul a0, ",
            $c,
            ", a3\nadd ",
            $sum,
            ", ",
            $sum,
            ", a0\n",
        )
    };
}

/// What comes before the first output: two columns.
macro_rules! first_columns {
    (one) => {
        concat!(
            load!(),
            add!("a4", "s9", "s0", "s1", "s2"),
            load!(),
            add!("a4", "a4", "s3", "s4", "s5"),
            add!("ra", "s9", "s0", "s1", "s2"),
        )
    };
    (two) => {
        concat!(
            load!(),
            add!("a4", "s9", "s0", "s1", "s2"),
            load!(),
            add!("a4", "a4", "s3", "s4", "s5"),
        )
    };
}

/// Begins the outputs after the one whose last column came.
macro_rules! go_on {
    (one) => {
        concat!(add!("a4", "ra", "s3", "s4", "s5"), add!("ra", "s9", "s0", "s1", "s2"))
    };
    (two) => {
        concat!(add!("a4", "s9", "s0", "s1", "s2"), load!(), add!("a4", "a4", "s3", "s4", "s5"),)
    };
}

/// Makes a kernel.
///
/// Registers: s0 to s8 weights, column by column, s9 to s11 and a7 the finish, a5 and a6 the range,
/// t0 to t2 what is seen next of each row, t3 the next output, t4 bytes of a pixel, t6 where
/// outputs end, a1 to a3 a column, a4 and ra the sums of the next output and of the one after. The
/// frame: see [`super::begin`].
macro_rules! kernel {
    ($name:ident, $by:ident) => {
        /// Convolves all channels of a job.
        ///
        /// # Safety
        /// What the job points to is there, and nothing else uses the outputs.
        // SAFETY: the assembly follows the calling convention: it saves s0 to s11 and ra.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(job: *mut Job) {
            core::arch::naked_asm!(
                begin!(),
                "lw a5, {least}(a0)",
                "lw a6, {greatest}(a0)",
                "lw t4, {pixel}(a0)",
                "2:",                       // a channel
                "lw a1, {record}(a0)",
                "lh s0, 12(a1)",
                "lh s1, 16(a1)",
                "lh s2, 20(a1)",
                "lh s3, 0(a1)",
                "lh s4, 4(a1)",
                "lh s5, 8(a1)",
                "lh s6, 2(a1)",
                "lh s7, 6(a1)",
                "lh s8, 10(a1)",
                "lw s9, 24(a1)",
                "lw s10, 28(a1)",
                "lw s11, 32(a1)",
                "lw a7, 36(a1)",
                "addi a1, a1, 40",
                "sw a1, {record}(a0)",
                "lw t0, {laid}(a0)",
                "lw t3, {output}(a0)",
                "lw a3, {rows}(a0)",
                "addi a1, t0, 1",
                "addi a2, t3, 1",
                "sw a1, {laid}(a0)",
                "sw a2, {output}(a0)",
                "3:",                       // a row
                "lw a1, {line}(a0)",
                "lw a2, {down}(a0)",
                "lw a4, {row}(a0)",
                "lw t6, {columns}(a0)",
                "sw a3, {left}(a0)",
                "add t1, t0, a1",
                "add t2, t1, a1",
                "add a2, t0, a2",
                "add a4, t3, a4",
                "add t6, t3, t6",
                "sw a2, {seen}(a0)",
                "sw a4, {outputs}(a0)",
                first_columns!($by),
                "4:",                       // an output
                load!(),
                add!("a4", "a4", "s6", "s7", "s8"),
                "mul t5, a4, s10",
                "mulh a0, a4, s10",
                "srli t5, t5, 31",
                "srai a4, a4, 31",
                "add a0, a0, t5",
                "add a4, a4, s11",
                "add a0, a0, a4",
                "sra a0, a0, a7",
                "blt a0, a5, 6f",
                "blt a6, a0, 7f",
                "5:",
                "sb a0, 0(t3)",
                "add t3, t3, t4",
                go_on!($by),
                "bne t3, t6, 4b",
                "lw a0, 0(sp)",
                "lw a3, {left}(a0)",
                "lw t0, {seen}(a0)",
                "lw t3, {outputs}(a0)",
                "addi a3, a3, -1",
                "bnez a3, 3b",
                "lw a1, {channels}(a0)",
                "addi a1, a1, -1",
                "sw a1, {channels}(a0)",
                "bnez a1, 2b",
                end!(),
                "6:",                       // below the range
                "mv a0, a5",
                "j 5b",
                "7:",                       // above it
                "mv a0, a6",
                "j 5b",
                record = const offset_of!(Job, record),
                laid = const offset_of!(Job, laid),
                output = const offset_of!(Job, output),
                line = const offset_of!(Job, line),
                down = const offset_of!(Job, down),
                pixel = const offset_of!(Job, pixel),
                row = const offset_of!(Job, row),
                columns = const offset_of!(Job, columns),
                rows = const offset_of!(Job, rows),
                channels = const offset_of!(Job, channels),
                least = const offset_of!(Job, least),
                greatest = const offset_of!(Job, greatest),
                seen = const offset_of!(Job, seen),
                outputs = const offset_of!(Job, outputs),
                left = const offset_of!(Job, left),
            )
        }
    };
}

kernel!(by_one_column, one);
kernel!(by_two_columns, two);
