//! Windows of any shape: four outputs next to one another see the same weights, and mostly the same
//! bytes.
//!
//! Instructions are 27 for two columns of a line of four windows, 30 with a stride across of 2;
//! about 15 for a line, 80 to begin and to finish the four. One output by itself takes 13 for two
//! columns.
#![allow(unsafe_code)]

use super::super::Convolver;
use super::Block;
use core::mem::offset_of;
use quintet_protocol::network::FINISH_WORDS;

/// Outputs that are worked out together.
const TOGETHER: usize = 4;

/// What a kernel does. The assembly goes on to the next channel in it.
#[repr(C)]
#[derive(Default)]
struct Job {
    /// The next channel's record.
    record: usize,
    /// Bytes of a record.
    record_bytes: usize,
    /// Bytes from its weights to its finish.
    to_finish: usize,
    /// The first byte that the next channel sees.
    laid: usize,
    /// Its first output.
    output: usize,
    /// Channels that are left.
    channels: usize,
    /// Rows of outputs.
    rows: usize,
    /// Bytes from what a row of outputs sees to what the next one does.
    down: usize,
    /// Bytes from a row of outputs to the next.
    row: usize,
    /// Fours of outputs of a row, and bytes from what one of them sees to what the next one does.
    fours: usize,
    four_step: usize,
    /// Other outputs of a row, and bytes from what one of them sees to what the next one does.
    rest: usize,
    one_step: usize,
    /// Lines of a window.
    lines: usize,
    /// Bytes from a line to the next.
    line: usize,
    /// Bytes of a pixel.
    pixel: usize,
    /// Bytes from the weights of two columns of a line to those of the next two.
    weight_step: usize,
    /// Columns of a window, less one.
    columns: usize,
    /// What outputs are held to.
    least: i32,
    greatest: i32,
    /// Of the channel under way: twice the bias, and the weights.
    bias: u32,
    weights: usize,
    /// Of the next row: what it sees, and its outputs.
    next_seen: usize,
    next_outputs: usize,
    /// How many rows are left, with the one under way.
    left: usize,
    /// Of the row: what the next outputs see, and where they go.
    seen: usize,
    to: usize,
    /// How many fours are left, or other outputs.
    blocks: usize,
}

impl Convolver<'_> {
    /// Convolves all channels of a block; returns whether it did.
    pub(super) fn block(&self, block: Block) -> bool {
        let (shape, pixel, line) = (self.shape, self.shape.channels_in, self.row_bytes());
        let [rows, columns] = block.size;
        let (down, one_step) = (shape.stride[0] * line, shape.stride[1] * pixel);
        let lines = (rows - 1) * down + (shape.lines - 1) * line;
        let last = lines + (columns - 1) * one_step + (shape.span - 1) * pixel;
        if block.laid.len() < last + block.channels {
            return false;
        }
        let fours = if shape.stride[1] <= 2 { columns / TOGETHER } else { 0 };
        let word = size_of::<u32>();
        let mut job = Job {
            record: block.records.as_ptr() as usize,
            record_bytes: shape.record_words() * word,
            to_finish: (shape.record_words() - FINISH_WORDS) * word,
            laid: block.laid.as_ptr() as usize,
            output: block.output.as_mut_ptr() as usize,
            channels: block.channels,
            rows,
            down,
            row: block.row_bytes,
            fours,
            four_step: TOGETHER * one_step,
            rest: columns - fours * TOGETHER,
            one_step,
            lines: shape.lines,
            line,
            pixel,
            weight_step: shape.lines * word,
            columns: shape.span - 1,
            least: self.range.least.into(),
            greatest: self.range.greatest.into(),
            ..Job::default()
        };
        let kernel = if shape.stride[1] == 2 { by_two_columns } else { by_one_column };
        // SAFETY: there are records of so many channels, `laid` has what their last window sees,
        // and `output` a byte of so many channels in each of `columns` pixels of `rows` rows.
        unsafe { kernel(&mut job) };
        true
    }
}

/// Reads the next column.
macro_rules! load {
    ($to:literal) => {
        concat!("lb ", $to, ", 0(a0)\nadd a0, a0, t4\n")
    };
}

/// Adds a product to a sum.
macro_rules! add {
    ($sum:literal, $a:literal, $b:literal) => {
        concat!("mul ra, ", $a, ", ", $b, "\nadd ", $sum, ", ", $sum, ", ra\n")
    };
}

/// What is done of a line before its columns: of those that two columns of the windows see, all but
/// the last two are read.
macro_rules! first_columns {
    (one) => {
        concat!("mv a0, t0\n", load!("s0"), load!("s1"), load!("s2"))
    };
    (two) => {
        concat!(first_columns!(one), load!("s3"), load!("s4"), load!("s5"))
    };
    (single) => {
        "mv a0, t0\n"
    };
}

/// Two columns of a line.
macro_rules! two {
    (one) => {
        concat!(
            load!("s3"),
            load!("s4"),
            add!("a1", "s0", "a6"),
            add!("a2", "s1", "a6"),
            add!("a3", "s2", "a6"),
            add!("a4", "s3", "a6"),
            add!("a1", "s1", "a7"),
            add!("a2", "s2", "a7"),
            add!("a3", "s3", "a7"),
            add!("a4", "s4", "a7"),
            "mv s0, s2\nmv s1, s3\nmv s2, s4\n",
        )
    };
    (two) => {
        concat!(
            load!("s6"),
            load!("s7"),
            add!("a1", "s0", "a6"),
            add!("a2", "s2", "a6"),
            add!("a3", "s4", "a6"),
            add!("a4", "s6", "a6"),
            add!("a1", "s1", "a7"),
            add!("a2", "s3", "a7"),
            add!("a3", "s5", "a7"),
            add!("a4", "s7", "a7"),
            "mv s0, s2\nmv s1, s3\nmv s2, s4\nmv s3, s5\nmv s4, s6\nmv s5, s7\n",
        )
    };
    (single) => {
        concat!(load!("s0"), load!("s1"), add!("a1", "s0", "a6"), add!("a1", "s1", "a7"))
    };
}

/// The last column of a line, if their number is odd.
macro_rules! last {
    (one) => {
        concat!(
            load!("s3"),
            add!("a1", "s0", "a6"),
            add!("a2", "s1", "a6"),
            add!("a3", "s2", "a6"),
            add!("a4", "s3", "a6"),
        )
    };
    (two) => {
        concat!(
            load!("s6"),
            add!("a1", "s0", "a6"),
            add!("a2", "s2", "a6"),
            add!("a3", "s4", "a6"),
            add!("a4", "s6", "a6"),
        )
    };
    (single) => {
        concat!(load!("s0"), add!("a1", "s0", "a6"))
    };
}

/// All sums of windows; the job's address is in a0 before, and in a5 after.
macro_rules! sums {
    ($by:ident) => {
        concat!(
            "lw t0, {seen}(a0)
            lw t1, {weights}(a0)
            lw t2, {lines}(a0)
            lw t3, {line}(a0)
            lw t4, {pixel}(a0)
            lw t5, {weight_step}(a0)
            lw s11, {columns}(a0)
            lw a1, {bias}(a0)
            mv a2, a1
            mv a3, a1
            mv a4, a1
            20:
            mv a5, t1
            mv t6, s11
            ",
            first_columns!($by),
            "beqz t6, 22f
            21:
            lh a6, 0(a5)
            lh a7, 2(a5)
            addi t6, t6, -2
            add a5, a5, t5
            ",
            two!($by),
            "bgtz t6, 21b
            bnez t6, 23f
            22:
            lh a6, 0(a5)
            ",
            last!($by),
            "23:
            add t0, t0, t3
            addi t1, t1, 4
            addi t2, t2, -1
            bnez t2, 20b
            lw a5, 0(sp)
            ",
        )
    };
}

/// Makes a byte of a sum, and stores it.
macro_rules! finish {
    ($sum:literal) => {
        concat!(
            "mul ra, ",
            $sum,
            ", s8\nmulh a0, ",
            $sum,
            ", s8\nsrli ra, ra, 31\n",
            "srai ",
            $sum,
            ", ",
            $sum,
            ", 31\nadd a0, a0, ra\nadd ",
            $sum,
            ", ",
            $sum,
            ", s9\n",
            "add a0, a0, ",
            $sum,
            "\nsra a0, a0, s10\n",
            "bge a0, t2, 24f\nmv a0, t2\n24:\nbge t3, a0, 25f\nmv a0, t3\n25:\n",
            "sb a0, 0(t1)\nadd t1, t1, t4\n",
        )
    };
}

/// Makes a kernel.
///
/// Registers of sums: a1 to a4 the sums, s0 to s7 what is seen, a6 and a7 weights, a0 what is seen
/// next, a5 the next weights, t0 and t1 both of the line, t2 lines that are left, t6 columns. s8 to
/// s10 are the finish. The frame: see [`super::begin`].
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
                "2:",                       // a channel
                "lw a1, {record}(a0)",
                "lw a2, {to_finish}(a0)",
                "lw a3, {record_bytes}(a0)",
                "sw a1, {weights}(a0)",
                "add a2, a1, a2",
                "add a3, a1, a3",
                "sw a3, {record}(a0)",
                "lw a4, 0(a2)",
                "lw s8, 4(a2)",
                "lw s9, 8(a2)",
                "lw s10, 12(a2)",
                "sw a4, {bias}(a0)",
                "lw t0, {laid}(a0)",
                "lw t1, {output}(a0)",
                "lw a3, {rows}(a0)",
                "addi a1, t0, 1",
                "addi a2, t1, 1",
                "sw a1, {laid}(a0)",
                "sw a2, {output}(a0)",
                "3:",                       // a row
                "lw a1, {down}(a0)",
                "lw a2, {row}(a0)",
                "sw a3, {left}(a0)",
                "sw t0, {seen}(a0)",
                "sw t1, {to}(a0)",
                "add a1, t0, a1",
                "add a2, t1, a2",
                "sw a1, {next_seen}(a0)",
                "sw a2, {next_outputs}(a0)",
                "lw a1, {fours}(a0)",
                "beqz a1, 5f",
                "4:",                       // four outputs
                "sw a1, {blocks}(a0)",
                sums!($by),
                "lw t0, {seen}(a5)",
                "lw t1, {to}(a5)",
                "lw t2, {least}(a5)",
                "lw t3, {greatest}(a5)",
                "lw t5, {four_step}(a5)",
                finish!("a1"),
                finish!("a2"),
                finish!("a3"),
                finish!("a4"),
                "lw a1, {blocks}(a5)",
                "add t0, t0, t5",
                "sw t0, {seen}(a5)",
                "sw t1, {to}(a5)",
                "addi a1, a1, -1",
                "mv a0, a5",
                "bnez a1, 4b",
                "5:",
                "lw a1, {rest}(a0)",
                "beqz a1, 7f",
                "6:",                       // one output
                "sw a1, {blocks}(a0)",
                sums!(single),
                "lw t0, {seen}(a5)",
                "lw t1, {to}(a5)",
                "lw t2, {least}(a5)",
                "lw t3, {greatest}(a5)",
                "lw t5, {one_step}(a5)",
                finish!("a1"),
                "lw a1, {blocks}(a5)",
                "add t0, t0, t5",
                "sw t0, {seen}(a5)",
                "sw t1, {to}(a5)",
                "addi a1, a1, -1",
                "mv a0, a5",
                "bnez a1, 6b",
                "7:",
                "lw a3, {left}(a0)",
                "lw t0, {next_seen}(a0)",
                "lw t1, {next_outputs}(a0)",
                "addi a3, a3, -1",
                "bnez a3, 3b",
                "lw a1, {channels}(a0)",
                "addi a1, a1, -1",
                "sw a1, {channels}(a0)",
                "bnez a1, 2b",
                end!(),
                record = const offset_of!(Job, record),
                record_bytes = const offset_of!(Job, record_bytes),
                to_finish = const offset_of!(Job, to_finish),
                laid = const offset_of!(Job, laid),
                output = const offset_of!(Job, output),
                channels = const offset_of!(Job, channels),
                rows = const offset_of!(Job, rows),
                down = const offset_of!(Job, down),
                row = const offset_of!(Job, row),
                fours = const offset_of!(Job, fours),
                four_step = const offset_of!(Job, four_step),
                rest = const offset_of!(Job, rest),
                one_step = const offset_of!(Job, one_step),
                lines = const offset_of!(Job, lines),
                line = const offset_of!(Job, line),
                pixel = const offset_of!(Job, pixel),
                weight_step = const offset_of!(Job, weight_step),
                columns = const offset_of!(Job, columns),
                least = const offset_of!(Job, least),
                greatest = const offset_of!(Job, greatest),
                bias = const offset_of!(Job, bias),
                weights = const offset_of!(Job, weights),
                next_seen = const offset_of!(Job, next_seen),
                next_outputs = const offset_of!(Job, next_outputs),
                left = const offset_of!(Job, left),
                seen = const offset_of!(Job, seen),
                to = const offset_of!(Job, to),
                blocks = const offset_of!(Job, blocks),
            )
        }
    };
}

kernel!(by_one_column, one);
kernel!(by_two_columns, two);
