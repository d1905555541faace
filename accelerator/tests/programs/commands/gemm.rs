//! The commands that multiply matrices.

use super::super::contents::{ROWS, count, noise, points};
use super::super::draft::Draft;
use super::{bytes, grids, matrix, range};
use quintet_protocol::fault::Random;
use quintet_protocol::feature::{
    LAYER_WORDS, LayerRecord, Matrix, block_words, dense_scratch_words, dense_words,
    perceptron_scratch_words,
};
use quintet_protocol::network::{
    convolve_scratch_least, depthwise_scratch_words, depthwise_words, pair_words,
};
use quintet_protocol::program::{
    BufferKind, Command, Convolve, ConvolveDepthwise, Dense, Perceptron, PerceptronGrid, Sliding,
};
use quintet_protocol::tile::POINT_WORDS;

/// Columns of a perceptron's layers, at most.
const WIDEST: u16 = 16;
/// Halves of its work rows.
const WORK: u16 = 64;

/// A window that slides over a small picture, with an output that sees some of it everywhere.
pub fn sliding(draft: &mut Draft, dilation_max: u8) -> Sliding {
    let input = [draft.number(1u16..=7), draft.number(1u16..=7), draft.number(1u16..=6)];
    let kernel = [(); 2].map(|()| draft.number(1u16..=4));
    let stride = [(); 2].map(|()| draft.number(1u8..=3));
    let dilation = [(); 2].map(|()| draft.number(1..=dilation_max));
    let pad = kernel.map(|side| draft.number(0..=side - 1));
    let mut output = [1, 1, draft.number(1u16..=9)];
    for axis in 0..2 {
        let last = (input[axis] + pad[axis] - 1) / u16::from(stride[axis]);
        output[axis] = draft.number(1..=last + 1);
    }
    Sliding { input, output, kernel, stride, dilation, pad }
}

pub fn convolve(draft: &mut Draft) -> Command {
    let sliding = sliding(draft, 2);
    let unpaired = draft.chance(0.3);
    let channels = usize::from(sliding.output[2]);
    let pairs = if unpaired { channels } else { channels.div_ceil(2) };
    let record = pair_words(&sliding);
    let tiles = draft.number(1u8..=3);
    let input = draft.read(sliding.input_bytes().div_ceil(4), noise);
    let (weights, first_page, page_pairs) = if draft.chance(0.3) {
        let page_pairs = draft.number(1..=pairs as u16);
        let slots = draft.number(1u8..=4);
        let weights = draft.streamed(record * usize::from(page_pairs), slots.into());
        (weights, draft.number(0u32..=5), page_pairs)
    } else {
        (draft.read(pairs * record, noise), 0, 0)
    };
    Command::Convolve(Convolve {
        input,
        weights,
        scratch: draft.write(convolve_scratch_least(&sliding) * usize::from(tiles), noise),
        output: draft.write(sliding.output_bytes().div_ceil(4), noise),
        sliding,
        bytes: bytes(draft),
        first_page,
        page_pairs,
        unpaired,
    })
}

pub fn convolve_depthwise(draft: &mut Draft) -> Command {
    let mut sliding = sliding(draft, 2);
    sliding.output[2] = sliding.input[2] * draft.number(1u16..=2);
    Command::ConvolveDepthwise(ConvolveDepthwise {
        input: draft.read(sliding.input_bytes().div_ceil(4), noise),
        weights: draft.read(depthwise_words(&sliding), noise),
        scratch: draft.write(depthwise_scratch_words(&sliding), noise),
        output: draft.write(sliding.output_bytes().div_ceil(4), noise),
        sliding,
        bytes: bytes(draft),
    })
}

pub fn dense(draft: &mut Draft) -> Command {
    let (inputs, outputs) = (4 * draft.number(1u16..=6), draft.number(1u16..=14));
    let (capacity, tiles) = (draft.number(1..=ROWS), draft.number(1u8..=3));
    let [input_matrix, output_matrix] = [inputs, outputs].map(|columns| matrix(draft, columns));
    let rows = capacity as usize;
    let [wide, high] = [inputs, outputs].map(usize::from);
    let [least, greatest] = range(draft);
    Command::Dense(Dense {
        input: draft.read(input_matrix.words(rows), noise),
        count: draft.read(1, count),
        weights: draft.read(dense_words(wide, high), noise),
        scratch: draft.write(dense_scratch_words(wide, 4 * usize::from(tiles)), noise),
        output: draft.write(output_matrix.words(rows), noise),
        capacity,
        inputs,
        outputs,
        input_matrix,
        output_matrix,
        least,
        greatest,
    })
}

pub fn perceptron(draft: &mut Draft) -> Command {
    let (layer_count, capacity) = (draft.number(1u16..=3), draft.number(1..=ROWS));
    let [inputs, outputs] = [(); 2].map(|()| 2 * draft.number(0u16..=8));
    let [input_matrix, output_matrix] = [inputs, outputs].map(|columns| matrix(draft, columns));
    let [inputs_to, outputs_from] =
        [inputs, outputs].map(|columns| 2 * draft.number(0..=(WORK - columns) / 2));
    let [of_input, of_output] = [input_matrix, output_matrix].map(|it| it.words(capacity as usize));
    let tiles = 4 * usize::from(draft.number(1u8..=3));
    let scratch = perceptron_scratch_words(WORK.into(), WIDEST.into(), tiles);
    let layers = usize::from(layer_count) * LAYER_WORDS;
    let work = Matrix { stride: WORK, first: 2 * draft.number(0u16..=8) };
    Command::Perceptron(Perceptron {
        count: draft.read(1, count),
        layers: draft.fresh(BufferKind::Constant, layers, layer_records),
        weights: draft.read(4 * block_words(WIDEST.into()) + 40, noise),
        scratch: draft.write(scratch, noise),
        rows: draft.write(of_input.max(of_output), noise),
        grid: match draft.chance(0.5) {
            true => Some(grid(draft, capacity)),
            false => None,
        },
        capacity,
        work,
        widest: WIDEST,
        layer_count,
        input_matrix,
        inputs,
        inputs_to,
        output_matrix,
        outputs,
        outputs_from,
    })
}

/// What a perceptron looks up before its first layer.
fn grid(draft: &mut Draft, capacity: u32) -> PerceptronGrid {
    let level_count = draft.number(1u16..=4);
    PerceptronGrid {
        points: draft.read(capacity as usize * POINT_WORDS, points),
        levels: grids::levels(draft, level_count),
        table: draft.read(300, noise),
        level_count,
        features: draft.number(1u8..=4),
        entry: grids::entry(draft),
        corners: grids::corners(draft),
        dimensions: draft.number(2u8..=3),
    }
}

/// Layers within the work rows.
fn layer_records(random: &mut Random, words: &mut [u32]) {
    for words in words.as_chunks_mut::<LAYER_WORDS>().0 {
        let mut below = |limit: u16| random.below(limit.into()) as u16;
        let (inputs, outputs) = (4 * (1 + below(WIDEST / 4)), 1 + below(WIDEST));
        *words = LayerRecord {
            inputs,
            outputs,
            input: 2 * below((WORK - inputs) / 2),
            output: 2 * below((WORK - outputs) / 2),
            least: if below(2) == 0 { 0 } else { -(below(1 << 14) as i16) },
            greatest: below(1 << 15) as i16,
            weights: below(24).into(),
        }
        .to_words();
    }
}
