//! On RV32IM: channels of several rows of outputs, with weights, sums and what the finish needs in
//! registers.

/// How a kernel begins: its job's address, and behind it ra and s0 to s11, go to its frame.
macro_rules! begin {
    () => {
        ".option push
        .option arch, +m, +c
        addi sp, sp, -64
        sw ra, 4(sp)
        sw s0, 8(sp)
        sw s1, 12(sp)
        sw s2, 16(sp)
        sw s3, 20(sp)
        sw s4, 24(sp)
        sw s5, 28(sp)
        sw s6, 32(sp)
        sw s7, 36(sp)
        sw s8, 40(sp)
        sw s9, 44(sp)
        sw s10, 48(sp)
        sw s11, 52(sp)
        sw a0, 0(sp)
        "
    };
}

/// How a kernel ends.
macro_rules! end {
    () => {
        "lw ra, 4(sp)
        lw s0, 8(sp)
        lw s1, 12(sp)
        lw s2, 16(sp)
        lw s3, 20(sp)
        lw s4, 24(sp)
        lw s5, 28(sp)
        lw s6, 32(sp)
        lw s7, 36(sp)
        lw s8, 40(sp)
        lw s9, 44(sp)
        lw s10, 48(sp)
        lw s11, 52(sp)
        addi sp, sp, 64
        ret
        .option pop
        "
    };
}

mod three;
mod windows;

use super::{Convolver, Outputs};
use quintet_protocol::network::SHORT_RIGHT;

/// Rows of outputs of consecutive channels.
struct Block<'a> {
    /// From the first channel's first byte on.
    laid: &'a [i8],
    records: &'a [u32],
    /// From the first channel's first output on.
    output: &'a mut [u8],
    channels: usize,
    /// Rows and columns of outputs.
    size: [usize; 2],
    /// Bytes from a row of outputs to the next.
    row_bytes: usize,
}

impl Convolver<'_> {
    /// Convolves channels as long as there is one for each channel of the input, all with a short
    /// finish; returns whether it did.
    pub(super) fn convolve_by_assembly(
        &self,
        laid: &[i8],
        first: usize,
        records: &[u32],
        outputs: &mut Outputs,
    ) -> bool {
        let (shape, &mut Outputs { rows, columns, row_bytes, .. }) = (self.shape, &mut *outputs);
        let channels = records.len() / shape.record_words();
        let finishes = records.chunks_exact(shape.record_words()).map(|record| record.last());
        // From the first output of the first channel to the last one of the last channel.
        let outputs_end = (rows.saturating_sub(1)) * row_bytes
            + columns.saturating_sub(1) * shape.channels_out
            + channels;
        let serves = shape.channels_in == shape.channels_out
            && [rows, columns, channels].iter().all(|&count| count > 0)
            && finishes.flatten().all(|shifts| SHORT_RIGHT.contains(shifts));
        let Some((laid, output)) = laid.get(first..).zip(outputs.bytes.get_mut(first..)) else {
            return false;
        };
        if !serves || output.len() < outputs_end {
            return false;
        }
        let size = [rows, columns];
        let block = Block { laid, records, output, channels, size, row_bytes };
        if shape.is_three() { self.three(block) } else { self.block(block) }
    }
}
