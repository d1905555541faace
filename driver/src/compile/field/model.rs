//! A model in fixed point: what each node is made of, where its columns lie, and what they stand
//! for.

use super::calibrate::{Calibration, largest};
use super::error::FieldError;
use super::layout::{Layout, Span};
use crate::quantise::dense::{DenseError, DenseLayer, fitted};
use crate::quantise::fit::Fit;
use crate::quantise::grid::{Bits, QuantisedFactors, QuantisedGrid, factors, grid};
use crate::quantise::waves::{Coordinate, waves};
use crate::reference::field::Rows;
use crate::scene::field::{
    ColorActivation, DensityActivation, Model, Node, Output, WavesOf, needed,
};
use quintet_protocol::feature::{HARMONIC_BITS, WAVE_BITS};
use quintet_protocol::tile::POINT_BITS;

/// Fraction bits of a ray's direction.
const DIRECTION_BITS: i32 = 30;
/// Bits by which a coordinate of a point is shifted to be a column: -2..2 of the unit box.
const POINT_SHIFT: u8 = 14;
/// Bits by which one of a direction is.
const DIRECTION_SHIFT: u8 = 16;
/// How much larger numbers may be than any that were met.
const HEADROOM: f64 = 2.0;
/// Greatest half.
const HALF_MAX: f64 = 32_767.0;
/// Most and least fraction bits of a column.
const FRACTION_BITS: [f64; 2] = [-14.0, 24.0];
/// Numbers whose sigmoids are beyond all bytes of a picture: tables of activations are the finer
/// the less range they have.
const SIGMOID_MAX: f64 = 8.0;
/// Optical depth of a sample beyond which more makes no difference: a millionth gets through.
const OPAQUE_DEPTH: f64 = 14.0;

/// Most columns of a row: strides are halves, and even.
const STRIDE_MAX: usize = 65_534;

/// What the halves of a column stand for: `step * x + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// What a step is.
    pub step: f64,
    /// What zero is.
    pub offset: f64,
}

impl Scale {
    fn of_bits(bits: i32) -> Self {
        Self { step: f64::from(-bits).exp2(), offset: 0.0 }
    }
}

/// What a node is made of on a device.
pub enum Part {
    /// Sines and cosines.
    Waves {
        /// Records of frequencies.
        words: Vec<u32>,
        /// How many there are.
        frequencies: u8,
        /// Coordinates of a vector.
        coordinates: u8,
        /// Bits by which coordinates are shifted.
        shift: u8,
    },
    /// Harmonics of directions.
    Harmonics,
    /// Levels of grids.
    Grid(QuantisedGrid),
    /// Planes and lines.
    Factors(QuantisedFactors),
    /// A dense layer.
    Dense {
        /// Records of weights.
        words: Vec<u32>,
        /// Columns that it reads.
        span: Span,
    },
}

/// A node in fixed point.
pub struct Made {
    /// What it is made of.
    pub part: Part,
    /// What its columns stand for.
    pub scales: Vec<Scale>,
}

/// A model in fixed point.
pub struct QuantisedModel<'a> {
    /// The model.
    pub model: &'a Model,
    /// Its nodes, as far as density and colour hang on them.
    pub nodes: Vec<Option<Made>>,
    /// Columns of each node.
    pub columns: Vec<usize>,
    /// Whether densities hang on a node.
    pub for_density: Vec<bool>,
    /// Whether a node is of the ray's direction alone, so that one row a ray is enough.
    pub of_ray: Vec<bool>,
    /// Where columns lie in rows of rays.
    pub rays: Layout,
    /// Where columns lie in rows of samples; those of rays are copied there if layers want them.
    pub samples: Layout,
    /// Fraction bits of densities and of colours.
    pub bits: [i32; 2],
}

/// What a field's numbers are quantised with.
pub struct Precision<'a> {
    /// Points that the numbers' range is taken from.
    pub calibration: &'a Calibration,
    /// Bits of entries of grids.
    pub entries: Bits,
    /// The box that is the unit box, world units.
    pub bounds: [[f64; 3]; 2],
    /// World units from sample to sample.
    pub step: f64,
}

impl<'a> QuantisedModel<'a> {
    /// Quantises what a model's density hangs on, and its colour if it has one.
    pub fn new(model: &'a Model, precision: &Precision<'_>) -> Result<Self, FieldError> {
        let density = model.density.as_ref().ok_or(FieldError::NoDensity)?;
        let roots: Vec<usize> = [Some(density.node), model.color.as_ref().map(|it| it.node)]
            .into_iter()
            .flatten()
            .collect();
        let needed_by = |roots: &[usize]| needed(&model.nodes, 0, roots);
        let (needed, for_density) = (needed_by(&roots), needed_by(&[density.node]));
        let columns = model.columns();
        let of_ray = of_ray(&model.nodes);
        let (rays, samples) = layouts(model, &roots, &needed, &columns, &of_ray);
        let widest = rays.strides.iter().chain(&samples.strides).max().copied().unwrap_or(0);
        if widest > STRIDE_MAX {
            return Err(FieldError::Columns { columns: widest, most: STRIDE_MAX });
        }
        let rows = precision.calibration.rows(model, &roots);
        let nodes = Vec::with_capacity(model.nodes.len());
        let mut quantised =
            Self { model, nodes, columns, for_density, of_ray, rays, samples, bits: [0; 2] };
        for (number, node) in model.nodes.iter().enumerate() {
            let made =
                rows[number].is_some().then(|| quantised.make(number, node, &rows, precision));
            quantised.nodes.push(made.transpose()?);
        }
        let color = model.color.as_ref().map(|it| (it.node, it.column));
        quantised.bits = [Some((density.node, density.column)), color]
            .map(|output| output.map_or(0, |(node, column)| quantised.fraction_bits(node, column)));
        Ok(quantised)
    }

    fn fraction_bits(&self, node: usize, column: usize) -> i32 {
        let step = self.nodes[node].as_ref().map_or(1.0, |made| made.scales[column].step);
        -step.log2().round() as i32
    }

    fn make(
        &self,
        number: usize,
        node: &Node,
        rows: &[Option<Rows>],
        precision: &Precision<'_>,
    ) -> Result<Made, FieldError> {
        let refused = |reason: String| FieldError::Node { node: number, reason };
        let columns = self.columns[number];
        let even = |bits: i32| vec![Scale::of_bits(bits); columns];
        Ok(match node {
            Node::Harmonics { .. } => Made { part: Part::Harmonics, scales: even(HARMONIC_BITS) },
            Node::Grid(it) => {
                let grid =
                    grid(it, precision.entries).map_err(|error| refused(error.to_string()))?;
                Made { scales: even(grid.fraction_bits), part: Part::Grid(grid) }
            }
            Node::Factors(it) => {
                let factors =
                    factors(it, precision.entries).map_err(|error| refused(error.to_string()))?;
                Made { scales: even(factors.fraction_bits), part: Part::Factors(factors) }
            }
            Node::Waves { of, frequencies, includes_input } => {
                self.make_waves(*of, frequencies, *includes_input, precision)
            }
            Node::Dense { inputs, weights, bias, .. } => {
                let count = precision.calibration.weights(self.for_density[number]);
                let bits =
                    rows[number].as_ref().map(|it| self.output_bits(number, it, &count, precision));
                let layer = Layer { inputs, weights, bias };
                self.make_dense(&layer, bits.unwrap_or_default(), rows, &count)
                    .map_err(|error| refused(error.to_string()))?
            }
        })
    }

    fn make_waves(
        &self,
        of: WavesOf,
        frequencies: &[f64],
        includes_input: bool,
        precision: &Precision<'_>,
    ) -> Made {
        let (coordinates, shift) = match of {
            WavesOf::Position => {
                let [least, greatest] = precision.bounds;
                let scale = |k: usize| Scale {
                    step: (greatest[k] - least[k]) * (-f64::from(POINT_BITS)).exp2(),
                    offset: least[k],
                };
                ([0, 1, 2].map(scale).to_vec(), POINT_SHIFT)
            }
            WavesOf::Direction => (vec![Scale::of_bits(DIRECTION_BITS); 3], DIRECTION_SHIFT),
            WavesOf::Node(node) => {
                (self.nodes[node].iter().flat_map(|made| made.scales.clone()).collect(), 0)
            }
        };
        let shifted =
            |scale: &Scale| Scale { step: scale.step * f64::from(shift).exp2(), ..*scale };
        let mut scales: Vec<Scale> =
            coordinates.iter().filter(|_| includes_input).map(shifted).collect();
        scales.resize(
            scales.len() + 2 * coordinates.len() * frequencies.len(),
            Scale::of_bits(WAVE_BITS),
        );
        let stands_for =
            |scale: &Scale| Coordinate { origin: scale.offset, unit: scale.step, bits: 0 };
        let stand_for: Vec<Coordinate> = coordinates.iter().map(stands_for).collect();
        let part = Part::Waves {
            words: waves(frequencies, &stand_for),
            frequencies: frequencies.len() as u8,
            coordinates: coordinates.len() as u8,
            shift,
        };
        Made { part, scales }
    }

    /// Fraction bits with which what a layer gives fills halves.
    fn output_bits(
        &self,
        number: usize,
        rows: &Rows,
        weights: &[f64],
        precision: &Precision<'_>,
    ) -> i32 {
        let relu = |it: &&Output<DensityActivation>| it.activation == DensityActivation::Relu;
        let density = self.model.density.as_ref().filter(|it| it.node == number).filter(relu);
        let reach = match density {
            // Where it would need more range it hides all that is behind it.
            Some(output) if self.columns[number] == 1 => {
                let most = OPAQUE_DEPTH / precision.step;
                let column = rows.column(output.column);
                column.iter().fold(0.0, |reach, &x| f64::from(x).max(reach)).min(most / HEADROOM)
            }
            _ if self.is_sigmoid(number) => largest(rows, weights).min(SIGMOID_MAX),
            _ => largest(rows, weights),
        };
        let bits = (HALF_MAX / (reach.max(1e-9) * HEADROOM)).log2().floor();
        bits.clamp(FRACTION_BITS[0], FRACTION_BITS[1]) as i32
    }

    /// Whether all of a node that anything hangs on becomes colours by a sigmoid.
    fn is_sigmoid(&self, number: usize) -> bool {
        let sigmoid = |it: &&Output<ColorActivation>| it.activation == ColorActivation::Sigmoid;
        let color = self.model.color.as_ref().filter(sigmoid).map(|it| it.node);
        let density = self.model.density.as_ref().map(|it| it.node);
        let mut users = self.model.nodes.iter().filter(|node| node.inputs().contains(&number));
        color == Some(number) && density != Some(number) && users.next().is_none()
    }

    fn make_dense(
        &self,
        layer: &Layer<'_>,
        mut bits: i32,
        rows: &[Option<Rows>],
        count: &[f64],
    ) -> Result<Made, DenseError> {
        let of_ray = layer.inputs.iter().all(|&input| self.of_ray[input]);
        let layout = if of_ray { &self.rays } else { &self.samples };
        let span = layout.span(layer.inputs, &self.columns).ok_or(DenseError::Shape {
            weights: layer.weights.len(),
            biases: layer.bias.len(),
            inputs: 0,
            columns: 0,
        })?;
        let (weights, bias) = self.spread(layer, layout, span);
        let fit = self.fit(layer, layout, span, rows, count);
        loop {
            let columns = DenseLayer {
                weights: &weights,
                bias: &bias,
                input_bits: &vec![0; span.columns],
                output_bits: bits,
                columns: span.columns,
            };
            match fitted(&columns, Some(&fit)) {
                // Finer than what comes in.
                Err(DenseError::TooFine { .. }) => bits -= 1,
                made => {
                    let part = Part::Dense { words: made?, span };
                    return Ok(Made { part, scales: vec![Scale::of_bits(bits); bias.len()] });
                }
            }
        }
    }

    /// What the halves of a layer's columns are like; those of columns that are none of its inputs
    /// are taken for zeros, whose weights stay zeros.
    fn fit(
        &self,
        layer: &Layer<'_>,
        layout: &Layout,
        span: Span,
        rows: &[Option<Rows>],
        weights: &[f64],
    ) -> Fit {
        let mut halves = vec![0.0; weights.len() * span.columns];
        for &input in layer.inputs {
            let first = layout.places[input].map_or(0, |place| place.first - span.first);
            let (Some(made), Some(rows)) = (&self.nodes[input], &rows[input]) else { continue };
            for (row, to) in rows.rows().into_iter().zip(halves.chunks_exact_mut(span.columns)) {
                for ((x, scale), to) in row.iter().zip(&made.scales).zip(&mut to[first..]) {
                    *to = ((f64::from(*x) - scale.offset) / scale.step) as f32;
                }
            }
        }
        Fit::new(&halves, span.columns, weights)
    }

    /// Weights and biases of a layer for halves as they lie in its columns: with scales and offsets
    /// in them, and zeros for columns that are none of its inputs.
    fn spread(&self, layer: &Layer<'_>, layout: &Layout, span: Span) -> (Vec<f32>, Vec<f32>) {
        let inputs: usize = layer.inputs.iter().map(|&input| self.columns[input]).sum();
        let outputs = layer.bias.len();
        let mut weights = vec![0.0; outputs * span.columns];
        let mut bias: Vec<f64> = layer.bias.iter().map(|&bias| bias.into()).collect();
        let mut from = 0;
        for &input in layer.inputs {
            let first = layout.places[input].map_or(0, |place| place.first - span.first);
            let scales = self.nodes[input].iter().flat_map(|made| &made.scales);
            for (column, scale) in scales.enumerate() {
                for output in 0..outputs {
                    let weight = f64::from(layer.weights[output * inputs + from + column]);
                    // A node that comes twice is weighed twice.
                    weights[output * span.columns + first + column] += (weight * scale.step) as f32;
                    bias[output] += weight * scale.offset;
                }
            }
            from += self.columns[input];
        }
        (weights, bias.into_iter().map(|bias| bias as f32).collect())
    }
}

/// A dense layer of a field.
struct Layer<'a> {
    inputs: &'a [usize],
    weights: &'a [f32],
    bias: &'a [f32],
}

/// Which nodes are of the direction alone.
fn of_ray(nodes: &[Node]) -> Vec<bool> {
    let mut of_ray = Vec::with_capacity(nodes.len());
    for node in nodes {
        let inputs = node.inputs();
        let of_inputs = !inputs.is_empty() && inputs.iter().all(|&input| of_ray[input]);
        of_ray.push(node.is_of_direction() || of_inputs);
    }
    of_ray
}

/// Layouts of rows of rays and of samples.
fn layouts(
    model: &Model,
    roots: &[usize],
    needed: &[bool],
    columns: &[usize],
    of_ray: &[bool],
) -> (Layout, Layout) {
    let (mut ray_joins, mut sample_joins) = (Vec::new(), Vec::new());
    let mut in_samples: Vec<bool> =
        needed.iter().zip(of_ray).map(|(needed, of_ray)| *needed && !of_ray).collect();
    for &root in roots {
        in_samples[root] = true;
    }
    for (number, node) in model.nodes.iter().enumerate().filter(|(number, _)| needed[*number]) {
        let inputs = node.inputs().to_vec();
        if inputs.is_empty() {
            continue;
        }
        if of_ray[number] {
            ray_joins.push(inputs);
        } else {
            inputs.iter().for_each(|&input| in_samples[input] = true);
            sample_joins.push(inputs);
        }
    }
    let in_rays: Vec<bool> =
        needed.iter().zip(of_ray).map(|(needed, of_ray)| *needed && *of_ray).collect();
    (Layout::new(columns, &in_rays, &ray_joins), Layout::new(columns, &in_samples, &sample_joins))
}
