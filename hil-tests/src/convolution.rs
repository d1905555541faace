//! Made-up convolutions: as commands, and as a plain sum over the window in wide integers.

use quintet_driver::device::Connection;
use quintet_driver::network::pack::{LayerWeights, Packed, convolution};
use quintet_driver::session::SessionError;
use quintet_protocol::network::{Scale, convolve_scratch_words, pair_words};
use quintet_protocol::program::{BufferId, ByteRange, Command, Convolve, Sliding};

use crate::one_command::{self, Done, Operand};

/// A layer and its input.
#[derive(Clone, Debug)]
pub struct Convolution {
    /// Shapes.
    pub sliding: Sliding,
    /// What bytes stand for.
    pub bytes: ByteRange,
    /// `[rows, columns, channels]`.
    pub input: Vec<i8>,
    /// `[channels out, rows, columns, channels in]`.
    pub weights: Vec<i8>,
    /// One for each output channel.
    pub bias: Vec<i32>,
    /// One for each output channel.
    pub scales: Vec<Scale>,
}

/// The shapes of a layer with TensorFlow's SAME padding: the odd one of padding comes after.
pub fn same(input: [u16; 3], channels_out: u16, kernel: [u16; 2], stride: u8) -> Sliding {
    let sides = [0, 1].map(|i| input[i].div_ceil(u16::from(stride)));
    let pad = [0, 1].map(|i| {
        let covered = (sides[i] - 1) * u16::from(stride) + kernel[i];
        covered.saturating_sub(input[i]) / 2
    });
    let output = [sides[0], sides[1], channels_out];
    Sliding { input, output, kernel, stride: [stride; 2], dilation: [1; 2], pad }
}

/// Numbers that look random, the same for the same seed (xorshift32).
#[derive(Clone, Debug)]
pub struct Random(u32);

impl Random {
    /// Starts anywhere.
    pub fn new(seed: u32) -> Self {
        Self(seed | 1)
    }

    /// The next number.
    pub fn word(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// One of the range.
    pub fn within(&mut self, range: std::ops::RangeInclusive<i32>) -> i32 {
        let (first, count) = (i64::from(*range.start()), range.end() - range.start() + 1);
        (first + i64::from(self.word()) * i64::from(count) / (1 << 32)) as i32
    }
}

impl Convolution {
    /// A layer of that shape, with factors that spread its sums over all bytes.
    pub fn random(sliding: Sliding, random: &mut Random) -> Self {
        let [.., channels_in] = sliding.input.map(usize::from);
        let [.., channels_out] = sliding.output.map(usize::from);
        let window = usize::from(sliding.kernel[0]) * usize::from(sliding.kernel[1]) * channels_in;
        let mut bytes = |count: usize, least| -> Vec<i8> {
            (0..count).map(|_| random.within(least..=127) as i8).collect()
        };
        let input = bytes(sliding.input_bytes(), -128);
        let weights = bytes(window * channels_out, -127);
        // A sum is of the order of 75 * 75 * sqrt(window).
        let size = f64::from(75 * 75) * (window as f64).sqrt();
        let down = (size / 64.0).log2().round() as i32;
        let bias = (0..channels_out).map(|_| random.within(-4000..=4000)).collect();
        let scale = |random: &mut Random| Scale {
            multiplier: random.within(1 << 30..=i32::MAX - 1),
            shift: random.within(-down - 1..=-down + 1) as i8,
        };
        let scales = (0..channels_out).map(|_| scale(random)).collect();
        let (zero_in, zero_out) =
            (random.within(-128..=127) as i8, random.within(-128..=127) as i8);
        let bytes = ByteRange { zero_in, zero_out, least: -128, greatest: 127 };
        Self { sliding, bytes, input, weights, bias, scales }
    }

    /// Makes it awkward: outputs held to a part of the bytes, or to their zero and above; factors
    /// that are not finished in the short way; weights of -128, which cannot be paired.
    #[must_use]
    pub fn awkward(mut self, random: &mut Random) -> Self {
        let bytes = &mut self.bytes;
        match random.within(0..=3) {
            0 => bytes.zero_out = i8::MIN,
            1 => bytes.least = bytes.zero_out,
            2 => {
                bytes.least = random.within(-128..=0) as i8;
                bytes.greatest = random.within(0..=127) as i8;
            }
            _ => {}
        }
        let long = random.within(0..=3);
        for scale in &mut self.scales {
            if random.within(0..=3) < long {
                scale.shift = [-31, -23, 0, 3][random.within(0..=3) as usize];
            }
        }
        if random.within(0..=3) == 0 {
            let last = random.within(0..=self.weights.len() as i32 - 1) as usize;
            self.weights[..=last].fill(-128);
        }
        self
    }

    /// Executes it.
    ///
    /// # Errors
    /// As [`one_command::run`].
    pub fn run(&self, connection: &mut Connection) -> Result<Done, SessionError> {
        let packed = self.packed();
        self.run_with(connection, Operand::Constant(&packed.words), (0, packed.unpaired))
    }

    /// Executes it with weights in pages of so many records, of which `slots` fit at a time.
    ///
    /// # Errors
    /// As [`one_command::run`].
    pub fn run_streamed(
        &self,
        connection: &mut Connection,
        page_pairs: u16,
        slots: usize,
    ) -> Result<Done, SessionError> {
        let packed = self.packed();
        let page_words = usize::from(page_pairs) * pair_words(&self.sliding);
        let bytes = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let pages: Vec<Vec<u8>> = packed.words.chunks(page_words).map(bytes).collect();
        let weights = Operand::Streamed(&pages, slots);
        self.run_with(connection, weights, (page_pairs, packed.unpaired))
    }

    fn packed(&self) -> Packed {
        let Self { sliding, bytes, .. } = self;
        let kernel = sliding.kernel.map(usize::from);
        let [channels_in, channels_out] = [sliding.input[2], sliding.output[2]].map(usize::from);
        let layer = LayerWeights {
            shape: [channels_out, kernel[0], kernel[1], channels_in],
            weights: &self.weights,
            bias: Some(&self.bias),
            zero_in: bytes.zero_in,
            zero_out: bytes.zero_out,
            scales: &self.scales,
        };
        convolution(&layer, sliding.dilation[1] > 1)
    }

    fn run_with(
        &self,
        connection: &mut Connection,
        records: Operand<'_>,
        (page_pairs, unpaired): (u16, bool),
    ) -> Result<Done, SessionError> {
        let Self { sliding, bytes, .. } = self;
        let [input, weights, scratch, output] = [0, 1, 2, 3].map(BufferId);
        let command = Command::Convolve(Convolve {
            input,
            weights,
            scratch,
            output,
            sliding: *sliding,
            bytes: *bytes,
            first_page: 0,
            page_pairs,
            unpaired,
        });
        let operands = [
            Operand::Input(&self.input),
            records,
            Operand::Scratch(convolve_scratch_words(sliding)),
            Operand::Output(sliding.output_bytes()),
        ];
        one_command::run(connection, &operands, command)
    }

    /// The output by definition.
    pub fn expected(&self) -> Vec<i8> {
        let [rows, columns, channels] = self.sliding.output.map(usize::from);
        let place = |index: usize| {
            let pixel = index / channels;
            [pixel / columns, pixel % columns, index % channels]
        };
        (0..rows * columns * channels).map(|index| self.byte(place(index))).collect()
    }

    fn byte(&self, [row, column, channel]: [usize; 3]) -> i8 {
        let Self { sliding, bytes, .. } = self;
        let kernel = sliding.kernel.map(usize::from);
        let channels_in = usize::from(sliding.input[2]);
        let start = |i: usize, at: usize| {
            at as i64 * i64::from(sliding.stride[i]) - i64::from(sliding.pad[i])
        };
        let corner = [start(0, row), start(1, column)];
        let mut sum = i64::from(self.bias[channel]);
        for i in 0..kernel[0] {
            for j in 0..kernel[1] {
                let y = corner[0] + i as i64 * i64::from(sliding.dilation[0]);
                let x = corner[1] + j as i64 * i64::from(sliding.dilation[1]);
                let inside = (0..i64::from(sliding.input[0])).contains(&y)
                    && (0..i64::from(sliding.input[1])).contains(&x);
                if !inside {
                    continue;
                }
                let pixel = (y * i64::from(sliding.input[1]) + x) as usize * channels_in;
                let weights = ((channel * kernel[0] + i) * kernel[1] + j) * channels_in;
                for k in 0..channels_in {
                    let byte = i64::from(self.input[pixel + k]) - i64::from(bytes.zero_in);
                    sum += byte * i64::from(self.weights[weights + k]);
                }
            }
        }
        let scaled = scaled(sum, self.scales[channel]) + i64::from(bytes.zero_out);
        scaled.clamp(i64::from(bytes.least), i64::from(bytes.greatest)) as i8
    }
}

/// A sum, scaled and rounded twice: half up, then half away from zero.
fn scaled(sum: i64, scale: Scale) -> i64 {
    let left = i128::from(sum) << scale.shift.max(0);
    let product = (left * i128::from(scale.multiplier) + (1 << 30)) >> 31;
    let one = 1i128 << -i32::from(scale.shift.min(0));
    ((2 * product.abs() + one) / (2 * one) * product.signum()) as i64
}
