//! Made-up depthwise convolutions: as commands, and as convolutions with most weights zero.

use quintet_driver::device::Connection;
use quintet_driver::network::pack::LayerWeights;
use quintet_driver::network::pack_depthwise::depthwise;
use quintet_driver::session::SessionError;
use quintet_protocol::network::depthwise_scratch_words;
use quintet_protocol::program::{BufferId, ByteRange, Command, ConvolveDepthwise, Sliding};

use crate::convolution::{Convolution, Random};
use crate::one_command::{self, Done, Operand};

/// A layer and its input.
#[derive(Clone, Debug)]
pub struct Depthwise {
    /// What makes the same output.
    pub convolution: Convolution,
    /// `[rows, columns, channels out]`.
    weights: Vec<i8>,
}

impl Depthwise {
    /// A layer of that shape, with factors that spread its sums over all bytes.
    pub fn random(sliding: Sliding, random: &mut Random) -> Self {
        let [rows, columns, channels_in] = sliding.input;
        // Each output channel sees one channel of the input, so as many as that makes its factors
        // fit.
        let mut it = Convolution::random(Sliding { input: [rows, columns, 1], ..sliding }, random);
        let input = (0..sliding.input_bytes()).map(|_| random.within(-128..=127) as i8).collect();
        let [ins, outs] = [channels_in, sliding.output[2]].map(usize::from);
        let window = usize::from(sliding.kernel[0]) * usize::from(sliding.kernel[1]);
        let mut weights = vec![0; window * outs];
        let mut spread = vec![0; outs * window * ins];
        for (channel, own) in it.weights.chunks_exact(window).enumerate() {
            for (at, &weight) in own.iter().enumerate() {
                weights[at * outs + channel] = weight;
                spread[(channel * window + at) * ins + channel / (outs / ins)] = weight;
            }
        }
        (it.sliding, it.input, it.weights) = (sliding, input, spread);
        Self { convolution: it, weights }
    }

    /// The same, with an output that ends at its zero.
    pub fn to_zero(mut self) -> Self {
        let bytes = &mut self.convolution.bytes;
        *bytes = ByteRange { zero_out: i8::MIN, ..*bytes };
        self
    }

    /// Executes it.
    ///
    /// # Errors
    /// As [`one_command::run`].
    pub fn run(&self, connection: &mut Connection) -> Result<Done, SessionError> {
        let Convolution { sliding, bytes, ref bias, ref scales, ref input, .. } = self.convolution;
        let [rows, columns] = sliding.kernel.map(usize::from);
        let layer = LayerWeights {
            shape: [1, rows, columns, usize::from(sliding.output[2])],
            weights: &self.weights,
            bias: Some(bias),
            zero_in: bytes.zero_in,
            zero_out: bytes.zero_out,
            scales,
        };
        let records = depthwise(&layer, &sliding);
        let operands = [
            Operand::Input(input),
            Operand::Constant(&records),
            Operand::Scratch(depthwise_scratch_words(&sliding)),
            Operand::Output(sliding.output_bytes()),
        ];
        let [input, weights, scratch, output] = [0, 1, 2, 3].map(BufferId);
        let command = ConvolveDepthwise { input, weights, scratch, output, sliding, bytes };
        one_command::run(connection, &operands, Command::ConvolveDepthwise(command))
    }

    /// The output by definition.
    pub fn expected(&self) -> Vec<i8> {
        self.convolution.expected()
    }
}
