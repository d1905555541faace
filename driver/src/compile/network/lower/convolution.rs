//! What multiplies matrices: convolutions, and fully connected layers, which are convolutions of
//! pictures one pixel wide.

use std::borrow::Cow;

use quintet_protocol::network::{
    Scale, column_bytes, convolve_scratch_least, depthwise_scratch_words,
};
use quintet_protocol::program::{ByteRange, Command, Convolve, ConvolveDepthwise, Sliding};

use super::{At, Lowering, PlanError};
use crate::network::pack::{LayerWeights, convolution};
use crate::network::pack_depthwise::depthwise;
use crate::network::scale::scale_of;
use crate::network::{Activation, Data, Operator, TensorId, Window};

/// Most bytes that a window sees in devices that there are.
const COLUMN_MAX: usize = 1 << 16;

/// What a layer multiplies with.
struct Layer<'n> {
    /// The tensor, for messages.
    tensor: TensorId,
    /// Output channels, rows and columns of the window, input channels.
    shape: [usize; 4],
    weights: Cow<'n, [i8]>,
    bias: Option<&'n [i32]>,
    scales: Vec<Scale>,
}

impl Layer<'_> {
    fn packable(&self, bytes: &ByteRange) -> LayerWeights<'_> {
        let (zero_in, zero_out) = (bytes.zero_in, bytes.zero_out);
        let Self { shape, weights, bias, scales, .. } = self;
        LayerWeights { shape: *shape, weights, bias: *bias, zero_in, zero_out, scales }
    }

    /// Multiplications for so many pixels, and bytes of weights and biases.
    fn work(&self, pixels: usize, products: usize) -> (u64, usize) {
        (
            pixels as u64 * products as u64,
            self.weights.len() + self.bias.map_or(0, |it| it.len() * 4),
        )
    }
}

impl<'n> Lowering<'n> {
    pub(super) fn convolve(
        &mut self,
        at: At<'n>,
        window: &Window,
        activation: Activation,
    ) -> Result<(), PlanError> {
        let (input, window) = self.padded(self.operand(at, 0)?, window);
        let layer = self.layer(at, input, 0, |shape| shape.try_into().ok())?;
        let (output, bytes) = self.clamped(at, activation)?;
        let sliding = self.sliding(at, &window, input, output)?;
        if layer.shape[3] != usize::from(sliding.input[2]) {
            return Err(self.refuse(at, layer.tensor, "channels in groups"));
        }
        self.emit_convolve(at, &layer, sliding, (input, output), bytes)
    }

    pub(super) fn convolve_depthwise(
        &mut self,
        at: At<'n>,
        window: &Window,
        activation: Activation,
    ) -> Result<(), PlanError> {
        let (input, window) = self.padded(self.operand(at, 0)?, window);
        let mut layer = self.layer(at, input, 3, |shape| match *shape {
            [1, rows, columns, channels] => Some([1, rows, columns, channels]),
            _ => None,
        })?;
        let (output, bytes) = self.clamped(at, activation)?;
        let bytes = ByteRange { zero_in: self.quantisation(at, input)?.1, ..bytes };
        let sliding = self.sliding(at, &window, input, output)?;
        if sliding.input[2] == 1 {
            layer.by_channel();
            return self.emit_convolve(at, &layer, sliding, (input, output), bytes);
        }
        let words = depthwise(&layer.packable(&bytes), &sliding);
        let weights = self.draft.constant("weights", words);
        let scratch = self.draft.scratch(depthwise_scratch_words(&sliding));
        let (input, output) = (self.value(at, input)?, self.create(output));
        let [rows, columns, channels] = sliding.output.map(usize::from);
        let [_, down, across, _] = layer.shape;
        let work = layer.work(rows * columns, channels * down * across);
        let command = ConvolveDepthwise { input, weights, scratch, output, sliding, bytes };
        self.work(at, Command::ConvolveDepthwise(command), work);
        Ok(())
    }

    /// A batch is a picture of one column.
    pub(super) fn fully_connected(
        &mut self,
        at: At<'n>,
        activation: Activation,
    ) -> Result<(), PlanError> {
        let input = self.operand(at, 0)?;
        let layer = self.layer(at, input, 0, |shape| match *shape {
            [outputs, inputs] => Some([outputs, 1, 1, inputs]),
            _ => None,
        })?;
        let (output, bytes) = self.clamped(at, activation)?;
        let [outputs, .., inputs] = layer.shape;
        let batch = self.network.tensor(input).len() / inputs.max(1);
        let half = |side: usize| {
            let too_long = || self.refuse(at, layer.tensor, "a side longer than 65 535");
            u16::try_from(side).map_err(|_| too_long())
        };
        let sliding = Sliding {
            input: [half(batch)?, 1, half(inputs)?],
            output: [half(batch)?, 1, half(outputs)?],
            kernel: [1; 2],
            stride: [1; 2],
            dilation: [1; 2],
            pad: [0; 2],
        };
        self.emit_convolve(at, &layer, sliding, (input, output), bytes)
    }

    fn emit_convolve(
        &mut self,
        at: At<'n>,
        layer: &Layer<'n>,
        sliding: Sliding,
        (input, output): (TensorId, TensorId),
        bytes: ByteRange,
    ) -> Result<(), PlanError> {
        let bytes = ByteRange { zero_in: self.quantisation(at, input)?.1, ..bytes };
        if column_bytes(&sliding) > COLUMN_MAX {
            let what = format!("a window of {} bytes", column_bytes(&sliding));
            return Err(self.refuse(at, layer.tensor, what));
        }
        let packed = convolution(&layer.packable(&bytes), sliding.dilation[1] > 1);
        let weights = self.draft.constant("weights", packed.words);
        let scratch = self.draft.scratch(convolve_scratch_least(&sliding));
        let (input, output) = (self.value(at, input)?, self.create(output));
        let [rows, columns, _] = sliding.output.map(usize::from);
        let work = layer.work(rows * columns, layer.weights.len());
        let command = Convolve {
            input,
            weights,
            scratch,
            output,
            sliding,
            bytes,
            first_page: 0,
            page_pairs: 0,
            unpaired: packed.unpaired,
        };
        self.work(at, Command::Convolve(command), work);
        Ok(())
    }

    /// Weights, bias and scales of a node whose weights have their output channels along `axis`.
    fn layer(
        &self,
        at: At<'n>,
        input: TensorId,
        axis: usize,
        shape: impl Fn(&[usize]) -> Option<[usize; 4]>,
    ) -> Result<Layer<'n>, PlanError> {
        let tensor = self.operand(at, 1)?;
        let weights = self.network.tensor(tensor);
        let refuse = |reason: &str| self.refuse(at, tensor, reason);
        let shape = shape(&weights.shape).ok_or_else(|| refuse("weights of this shape"))?;
        let Some(Data::Int8(bytes)) = &weights.data else {
            return Err(refuse("weights that are not constant signed bytes"));
        };
        let channels = weights.shape.get(axis).copied().unwrap_or_default();
        let bias = self.bias(at, channels)?;
        if shape.iter().product::<usize>() != bytes.len() {
            return Err(refuse("weights that are more or fewer than their shape says"));
        }
        let scales = self.scales(at, input, tensor, channels)?;
        Ok(Layer { tensor, shape, weights: bytes.as_slice().into(), bias, scales })
    }

    fn bias(&self, at: At<'n>, channels: usize) -> Result<Option<&'n [i32]>, PlanError> {
        let Some(tensor) = at.node.inputs.get(2).copied().flatten() else { return Ok(None) };
        match &self.network.tensor(tensor).data {
            Some(Data::Int32(bias)) if bias.len() == channels => Ok(Some(bias)),
            _ => Err(self.refuse(at, tensor, "a bias that is not a constant for each channel")),
        }
    }

    /// What the sums of each output channel are scaled by.
    ///
    /// Source: `PopulateConvolutionQuantizationParams` and, for a fully connected layer whose
    /// weights have one scale, `GetQuantizedConvolutionMultipler` in TFLite's
    /// `kernels/kernel_util.cc`: the latter multiplies in floats.
    fn scales(
        &self,
        at: At<'n>,
        input: TensorId,
        weights: TensorId,
        channels: usize,
    ) -> Result<Vec<Scale>, PlanError> {
        let (scale_in, _) = self.quantisation(at, input)?;
        let (scale_out, _) = self.quantisation(at, at.node.output)?;
        let quantisation = self.network.tensor(weights).quantisation.as_ref();
        let none = || self.refuse(at, weights, "weights without scales");
        let of_weights = quantisation.ok_or_else(none)?;
        if of_weights.zero_points.iter().any(|&zero| zero != 0) {
            return Err(self.refuse(at, weights, "weights with a zero point"));
        }
        let real = |scale: f32| f64::from(scale_in) * f64::from(scale) / f64::from(scale_out);
        let is_dense = matches!(at.node.operator, Operator::FullyConnected(_));
        match of_weights.scales.as_slice() {
            &[scale] if is_dense => {
                let real = f64::from(scale_in * scale) / f64::from(scale_out);
                Ok(vec![scale_of(real); channels])
            }
            &[scale] => Ok(vec![scale_of(real(scale)); channels]),
            scales if scales.len() == channels => {
                Ok(scales.iter().map(|&scale| scale_of(real(scale))).collect())
            }
            _ => Err(self.refuse(at, weights, "scales that are not one for each channel")),
        }
    }
}

impl Layer<'_> {
    /// From the order of a depthwise convolution of one channel to that of a convolution.
    fn by_channel(&mut self) {
        let [_, rows, columns, channels] = self.shape;
        let weights = &self.weights;
        let channel = |channel: usize| weights.iter().skip(channel).step_by(channels).copied();
        let by_channel = (0..channels).flat_map(channel).collect::<Vec<i8>>();
        self.weights = by_channel.into();
        self.shape = [channels, rows, columns, 1];
    }
}
