//! What is too large for an accelerator, so that the core has to execute it.

use quintet_protocol::network::column_bytes;
use quintet_protocol::program::Command;

use super::Instance;

/// Bytes of a half.
const HALF_BYTES: u64 = 2;

impl Instance {
    /// Whether the accelerator leaves a command to the core that it executes otherwise, as it finds
    /// it too large. Sums stay in their elements until they are whole; so half of the input buffer
    /// has to hold the window, or the row, of one sum, and half of the weights' buffer the weights
    /// of one channel. Everything else is worked on in parts.
    pub fn declines(&self, command: &Command) -> bool {
        let (row, channel) = match command {
            Command::Convolve(c) => {
                let bytes = column_bytes(&c.sliding) as u64;
                (bytes, bytes)
            }
            Command::Dense(c) => (HALF_BYTES * u64::from(c.inputs), c.inputs.into()),
            Command::Perceptron(c) => (HALF_BYTES * u64::from(c.work.stride), c.widest.into()),
            _ => return false,
        };
        row > self.scratch.input.half() || channel > self.scratch.weights.half()
    }
}

#[cfg(test)]
mod tests {
    use quintet_protocol::program::{BufferId, ByteRange, Convolve, Fill, Sliding};

    use super::*;

    fn convolution(channels: u16) -> Command {
        Command::Convolve(Convolve {
            input: BufferId(0),
            weights: BufferId(1),
            scratch: BufferId(2),
            output: BufferId(3),
            sliding: Sliding {
                input: [3, 3, channels],
                output: [1, 1, 2],
                kernel: [3, 3],
                stride: [1; 2],
                dilation: [1; 2],
                pad: [0; 2],
            },
            bytes: ByteRange { zero_in: 0, zero_out: 0, least: -128, greatest: 127 },
            first_page: 0,
            page_pairs: 0,
            unpaired: false,
        })
    }

    #[test]
    fn a_window_that_half_a_buffer_cannot_hold_is_left_to_the_core() {
        let instance = Instance::preset("tiny-ecp5").unwrap();
        assert_eq!(instance.scratch.input.half(), 16384);
        assert!(!instance.declines(&convolution(1820)));
        assert!(instance.declines(&convolution(1824)));
        let wider = instance.with("scratch.input.bytes", "65536").unwrap();
        assert!(wider.declines(&convolution(1824)));
        let both = wider.with("scratch.weights.bytes", "65536").unwrap();
        assert!(!both.declines(&convolution(1824)));
    }

    #[test]
    fn what_is_worked_on_in_parts_is_never_too_large() {
        let instance = Instance::preset("tiny-ecp5").unwrap();
        let fill = Fill { output: BufferId(0), count: u32::MAX, value: 0 };
        assert!(!instance.declines(&Command::Fill(fill)));
    }
}
