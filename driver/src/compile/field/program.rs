//! The program of a field: tile by tile rays are cast; along them batches of samples are taken,
//! evaluated and composed.
//!
//! ```text
//!       Fill cursor, Fill weights
//! tile: NextTile, CastRays, what is of rays alone
//!       coarse: March, what density hangs on, Composite weights; while there are samples
//!       Focus
//!       fine: March, nodes, Composite; while there are samples
//!       ResolveTile; while there are tiles
//! ```

use super::draft::Draft;
use super::model::{Part, QuantisedModel};
use crate::quantise::rays::QuantisedOccupancy;
use crate::scene::field::{Node, WavesOf, needed};
use quintet_protocol::feature::{Matrix, dense_scratch_words};
use quintet_protocol::program::{
    BufferId, CastRays, Command, Composite, Corners, Dense, FactorReduce, Factors, Fill, Focus,
    Gather, Harmonics, Interpolate, March, NextTile, Repeat, ResolveTile, Waves,
};
use quintet_protocol::ray::{
    COUNT_WORDS, MORE_SAMPLES_WORD, RAY_CAMERA_WORDS, RAY_WORDS, SAMPLE_WORDS, Spacing,
};
use quintet_protocol::tile::{CURSOR_WORDS, MORE_TILES_WORD, POINT_WORDS};

/// Channels of an accumulator: red, green and blue.
const CHANNELS: u8 = 3;
/// The word of a cursor that says how many pixels a tile has.
const PIXELS_WORD: usize = 4;
/// First word of a ray's direction.
const DIRECTION_WORD: u16 = 7;
/// Rows that a dense layer takes at a time: more are no less work.
const DENSE_ROWS: usize = 32;

/// What is drawn, and how.
pub struct Drawing<'a> {
    /// Columns and rows of the picture.
    pub size: [u16; 2],
    /// Colour behind everything.
    pub background: [u8; 3],
    /// What colours are of.
    pub model: &'a QuantisedModel<'a>,
    /// Activations of the model.
    pub activations: &'a [u32],
    /// Cells that are occupied; none where all are.
    pub occupancy: Option<&'a QuantisedOccupancy>,
    /// Whether nothing outside the unit box is occupied.
    pub clips: bool,
    /// Where samples lie.
    pub spacing: Spacing,
    /// Samples of a ray.
    pub samples: usize,
    /// The pass that decides where samples are spent, if there is one.
    pub coarse: Option<Coarse<'a>>,
    /// Transmittance below which a ray is opaque, Q16.
    pub opaque: u16,
}

/// A coarse pass.
#[derive(Clone, Copy)]
pub struct Coarse<'a> {
    /// What densities are of, and its activations; the drawing's model if there is none.
    pub proposal: Option<(&'a QuantisedModel<'a>, &'a [u32])>,
    /// Samples of a ray.
    pub samples: usize,
    /// Samples that it spends.
    pub spends: usize,
    /// Added to weights, Q30.
    pub padding: u32,
}

/// How much is done at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Columns and rows of a tile.
    pub tile: [u16; 2],
    /// Samples of a batch.
    pub batch: usize,
}

impl Sizes {
    pub fn pixels(self) -> usize {
        usize::from(self.tile[0]) * usize::from(self.tile[1])
    }
}

/// Buffers that all passes share.
pub(super) struct Shared {
    pub cursor: BufferId,
    rays: BufferId,
    marks: BufferId,
    accumulators: BufferId,
    occupancy: Option<BufferId>,
}

/// The constants of a model's nodes, and the rows of rays.
pub(super) struct Loaded<'a> {
    model: &'a QuantisedModel<'a>,
    activations: BufferId,
    constants: Vec<[Option<BufferId>; 2]>,
    ray_rows: Vec<BufferId>,
}

/// A pass over the samples of rays.
pub(super) struct Pass<'p, 'a> {
    pub loaded: &'p Loaded<'a>,
    /// Whether colours are wanted, beside densities.
    pub colors: bool,
    /// Samples of a ray, and where they lie unless they are even.
    pub samples: usize,
    pub shares: Option<BufferId>,
    /// Where weights are wanted.
    pub weights: Option<BufferId>,
}

/// Rows that nodes are evaluated into: of rays or of samples.
pub(super) struct Target {
    pub count: BufferId,
    pub capacity: usize,
    pub points: Option<BufferId>,
    pub rows: Vec<BufferId>,
}

/// Writes the program of a drawing; the second is the buffer of the camera.
pub fn write<'a>(drawing: &'a Drawing<'a>, sizes: Sizes) -> (Draft<'a>, BufferId) {
    let mut writer = Writer::new(drawing, sizes);
    let camera = writer.write();
    (writer.draft, camera)
}

pub(super) struct Writer<'a> {
    pub drawing: &'a Drawing<'a>,
    pub sizes: Sizes,
    pub draft: Draft<'a>,
}

impl<'a> Writer<'a> {
    /// Begins a program.
    pub fn new(drawing: &'a Drawing<'a>, sizes: Sizes) -> Self {
        Self { drawing, sizes, draft: Draft::default() }
    }

    fn write(&mut self) -> BufferId {
        let (drawing, pixels) = (self.drawing, self.sizes.pixels());
        let loaded = self.load(drawing.model, drawing.activations);
        let proposal = drawing.coarse.and_then(|coarse| coarse.proposal);
        let proposal = proposal.map(|(model, activations)| self.load(model, activations));
        let camera = self.draft.input(RAY_CAMERA_WORDS);
        let frame = self.draft.frame(drawing.size);
        let occupancy = drawing.occupancy.map(|it| self.draft.constant("occupancy", &it.words));
        let shared = self.shared(occupancy);
        let focused = drawing.coarse.map(|coarse| {
            [self.draft.kept(pixels * coarse.samples), self.draft.kept(pixels * drawing.samples)]
        });
        self.clear_cursor(&shared);
        if let (Some(coarse), Some([weights, _])) = (drawing.coarse, focused) {
            self.clear(weights, pixels * coarse.samples);
        }
        let tile = self.begin_tile(&shared, camera, frame);
        for loaded in [Some(&loaded), proposal.as_ref()].into_iter().flatten() {
            self.of_rays(loaded, &shared);
        }
        if let (Some(coarse), Some([weights, shares])) = (drawing.coarse, focused) {
            let loaded = proposal.as_ref().unwrap_or(&loaded);
            let samples = coarse.samples;
            let weights = Some(weights);
            self.pass(&Pass { loaded, colors: false, samples, shares: None, weights }, &shared);
            self.focus(coarse, weights, shares, &shared);
        }
        let shares = focused.map(|[_, shares]| shares);
        let samples = drawing.samples;
        self.pass(&Pass { loaded: &loaded, colors: true, samples, shares, weights: None }, &shared);
        self.end_tile(&shared, frame, tile);
        camera
    }

    /// Places what all passes share.
    pub fn shared(&mut self, occupancy: Option<BufferId>) -> Shared {
        let pixels = self.sizes.pixels();
        Shared {
            cursor: self.draft.kept(CURSOR_WORDS),
            rays: self.draft.kept(pixels * RAY_WORDS),
            marks: self.draft.kept(pixels),
            accumulators: self.draft.kept(pixels * (1 + usize::from(CHANNELS))),
            occupancy,
        }
    }

    /// Clears the cursor, which a run that was given up may have left in the middle of a frame.
    pub fn clear_cursor(&mut self, shared: &Shared) {
        self.clear(shared.cursor, CURSOR_WORDS);
    }

    /// Room for the rows of so many samples.
    pub fn sample_rows(&mut self, loaded: &Loaded<'_>, count: usize) -> Vec<BufferId> {
        let strides = loaded.model.samples.strides.iter();
        strides.map(|&stride| self.draft.scratch(count * stride / 2)).collect()
    }

    /// Places the constants of a model.
    pub fn load(&mut self, model: &'a QuantisedModel<'a>, activations: &'a [u32]) -> Loaded<'a> {
        let draft = &mut self.draft;
        let constants = model.nodes.iter().map(|made| match made.as_ref().map(|it| &it.part) {
            Some(Part::Waves { words, .. }) => [Some(draft.constant("frequencies", words)), None],
            Some(Part::Dense { words, .. }) => [Some(draft.constant("weights", words)), None],
            Some(Part::Grid(grid)) => [("levels", &grid.levels), ("grid", &grid.table)]
                .map(|(name, words)| Some(draft.constant(name, words))),
            Some(Part::Factors(factors)) => {
                [("factors", &factors.factors), ("planes and lines", &factors.table)]
                    .map(|(name, words)| Some(draft.constant(name, words)))
            }
            Some(Part::Harmonics) | None => [None; 2],
        });
        let constants = constants.collect();
        let pixels = self.sizes.pixels();
        let ray_rows =
            model.rays.strides.iter().map(|&stride| self.draft.kept(pixels * stride / 2)).collect();
        let activations = self.draft.constant("activations", activations);
        Loaded { model, activations, constants, ray_rows }
    }

    fn clear(&mut self, output: BufferId, words: usize) {
        let fill = Fill { output, count: (words * 4) as u32, value: 0 };
        self.draft.push(Command::Fill(fill), &[output]);
    }

    pub fn begin_tile(&mut self, shared: &Shared, camera: BufferId, frame: BufferId) -> u16 {
        let [tile_width, tile_height] = self.sizes.tile;
        let &Shared { cursor, accumulators, rays, marks, .. } = shared;
        let next =
            NextTile { cursor, frame, accumulators, tile_width, tile_height, channels: CHANNELS };
        let tile = self.draft.push(Command::NextTile(next), &[cursor, accumulators]);
        let capacity = self.sizes.pixels() as u32;
        let cast = CastRays { cursor, camera, rays, marks, capacity };
        self.draft.push(Command::CastRays(cast), &[cursor, camera, rays, marks]);
        tile
    }

    pub fn end_tile(&mut self, shared: &Shared, frame: BufferId, tile: u16) {
        let &Shared { cursor, accumulators, .. } = shared;
        let capacity = self.sizes.pixels() as u32;
        let background = self.drawing.background;
        let resolve = ResolveTile { cursor, accumulators, frame, capacity, background };
        self.draft.push(Command::ResolveTile(resolve), &[cursor, accumulators]);
        let repeat = Repeat { condition: cursor, from: tile, word: MORE_TILES_WORD };
        self.draft.push(Command::Repeat(repeat), &[cursor]);
    }

    fn focus(
        &mut self,
        coarse: Coarse<'_>,
        weights: Option<BufferId>,
        shares: BufferId,
        shared: &Shared,
    ) {
        let &Shared { cursor, marks, accumulators, .. } = shared;
        let Some(weights) = weights else { return };
        let focus = Focus {
            cursor,
            weights,
            shares,
            marks,
            accumulators,
            coarse: coarse.samples as u16,
            fine: coarse.spends as u16,
            pixels: self.sizes.pixels() as u32,
            padding: coarse.padding,
            channels: CHANNELS,
            spacing: self.drawing.spacing,
        };
        self.draft.push(Command::Focus(focus), &[cursor, weights, shares, marks, accumulators]);
    }

    /// Evaluates the nodes that are of rays alone.
    pub fn of_rays(&mut self, loaded: &Loaded<'a>, shared: &Shared) {
        let count = self.draft.part(shared.cursor, PIXELS_WORD, 1);
        let target = Target {
            count,
            capacity: self.sizes.pixels(),
            points: None,
            rows: loaded.ray_rows.clone(),
        };
        for node in (0..loaded.model.nodes.len()).filter(|&node| loaded.model.of_ray[node]) {
            self.evaluate(loaded, node, loaded.model.columns[node], &target, shared);
        }
    }

    fn pass(&mut self, pass: &Pass<'_, 'a>, shared: &Shared) {
        let batch = self.sizes.batch;
        let samples = self.draft.scratch(COUNT_WORDS + batch * SAMPLE_WORDS);
        let points = self.draft.scratch(batch * POINT_WORDS);
        let rows = self.sample_rows(pass.loaded, batch);
        let target = Target { count: samples, capacity: batch, points: Some(points), rows };
        let begin = self.march(pass, shared, samples, points);
        self.nodes(pass, shared, &target);
        let repeat = Repeat { condition: samples, from: begin, word: MORE_SAMPLES_WORD };
        self.draft.push(Command::Repeat(repeat), &[samples]);
    }

    /// Evaluates the nodes that a pass wants, and composes them.
    pub fn nodes(&mut self, pass: &Pass<'_, 'a>, shared: &Shared, target: &Target) {
        let model = pass.loaded.model;
        let density = model.model.density.as_ref();
        let color = model.model.color.as_ref().filter(|_| pass.colors);
        let outputs =
            [density.map(|it| (it.node, it.column)), color.map(|it| (it.node, it.column))];
        let roots: Vec<usize> = outputs.iter().flatten().map(|&(node, _)| node).collect();
        let needed = needed(&model.model.nodes, 0, &roots);
        let mut copied = vec![false; needed.len()];
        for node in (0..needed.len()).filter(|&node| needed[node] && !model.of_ray[node]) {
            for &input in model.model.nodes[node].inputs() {
                if model.of_ray[input] && !std::mem::replace(&mut copied[input], true) {
                    self.gather(pass.loaded, input, target);
                }
            }
            let wanted = wanted_columns(model, node, &needed, &outputs);
            self.evaluate(pass.loaded, node, wanted, target, shared);
        }
        self.composite(pass, shared, target, outputs);
    }

    fn march(
        &mut self,
        pass: &Pass<'_, '_>,
        shared: &Shared,
        samples: BufferId,
        points: BufferId,
    ) -> u16 {
        let &Shared { cursor, rays, marks, accumulators, occupancy, .. } = shared;
        let march = March {
            cursor,
            rays,
            marks,
            accumulators,
            shares: pass.shares,
            occupancy,
            samples,
            points,
            per_ray: pass.samples as u32,
            capacity: self.sizes.batch as u32,
            pixels: self.sizes.pixels() as u32,
            opaque: self.drawing.opaque,
            grid_bits: self.drawing.occupancy.map_or(0, |it| it.bits),
            spacing: self.drawing.spacing,
            channels: CHANNELS,
            clips: self.drawing.clips,
        };
        self.draft.push(Command::March(march), &[samples, points])
    }

    fn composite(
        &mut self,
        pass: &Pass<'_, '_>,
        shared: &Shared,
        target: &Target,
        [density, color]: [Option<(usize, usize)>; 2],
    ) {
        let model = pass.loaded.model;
        let place = |(node, column): (usize, usize)| {
            let place = model.samples.places[node]?;
            let stride = model.samples.strides[place.buffer] as u16;
            Some((
                target.rows[place.buffer],
                Matrix { stride, first: (place.first + column) as u16 },
            ))
        };
        let Some((densities, density)) = density.and_then(place) else { return };
        let color = color.and_then(place);
        let colors = color.map(|(rows, _)| rows);
        let composite = Composite {
            samples: target.count,
            densities,
            colors,
            activations: pass.loaded.activations,
            accumulators: shared.accumulators,
            weights: pass.weights,
            capacity: self.sizes.batch as u32,
            pixels: self.sizes.pixels() as u32,
            per_ray: pass.samples as u32,
            density,
            color: color.map_or(Matrix { stride: 0, first: 0 }, |(_, matrix)| matrix),
            channels: CHANNELS,
            opaque: self.drawing.opaque,
        };
        let touched = [target.count, densities, colors.unwrap_or(densities)];
        self.draft.push(Command::Composite(composite), &touched);
    }

    /// Copies a node's row of each ray to its samples.
    fn gather(&mut self, loaded: &Loaded<'_>, node: usize, target: &Target) {
        let model = loaded.model;
        let (Some(from), Some(to)) = (model.rays.places[node], model.samples.places[node]) else {
            return;
        };
        let matrix =
            |first: usize, stride: usize| Matrix { first: first as u16, stride: stride as u16 };
        let (input, output) = (loaded.ray_rows[from.buffer], target.rows[to.buffer]);
        let list = self.draft.part(target.count, COUNT_WORDS, target.capacity * SAMPLE_WORDS);
        let gather = Gather {
            input,
            count: target.count,
            list: Some(list),
            output,
            capacity: target.capacity as u32,
            rows: self.sizes.pixels() as u32,
            columns: model.columns[node].next_multiple_of(2) as u16,
            list_first: 0,
            list_stride: SAMPLE_WORDS as u8,
            input_matrix: matrix(from.first, model.rays.strides[from.buffer]),
            output_matrix: matrix(to.first, model.samples.strides[to.buffer]),
        };
        self.draft.push(Command::Gather(gather), &[input, output, target.count]);
    }

    /// Evaluates the first `wanted` columns of a node.
    fn evaluate(
        &mut self,
        loaded: &Loaded<'_>,
        node: usize,
        wanted: usize,
        target: &Target,
        shared: &Shared,
    ) {
        let model = loaded.model;
        let layout = if model.of_ray[node] { &model.rays } else { &model.samples };
        let (Some(made), Some(place)) = (&model.nodes[node], layout.places[node]) else { return };
        let at = |first: usize, buffer: usize| Matrix {
            first: first as u16,
            stride: layout.strides[buffer] as u16,
        };
        let (matrix, output) = (at(place.first, place.buffer), target.rows[place.buffer]);
        let [first, second] = loaded.constants[node];
        let (count, capacity) = (target.count, target.capacity as u32);
        let points = target.points.unwrap_or(shared.rays);
        let mut touched = vec![count, points, output];
        let command = match (&made.part, &model.model.nodes[node], first, second) {
            (Part::Harmonics, Node::Harmonics { degree }, ..) => Command::Harmonics(Harmonics {
                rays: shared.rays,
                count,
                output,
                capacity,
                degree: *degree,
                matrix,
            }),
            (Part::Grid(made), Node::Grid(grid), Some(levels), Some(table)) => {
                Command::Interpolate(Interpolate {
                    points,
                    count,
                    levels,
                    table,
                    output,
                    capacity,
                    level_count: made.level_count() as u16,
                    features: made.features as u8,
                    entry: made.entry,
                    corners: if grid.simplex { Corners::Simplex } else { Corners::Linear },
                    dimensions: 3,
                    selects: false,
                    adds: false,
                    matrix,
                })
            }
            (Part::Factors(made), Node::Factors(of), Some(factors), Some(table)) => {
                Command::Factors(Factors {
                    points,
                    count,
                    factors,
                    table,
                    output,
                    capacity,
                    group_count: of.groups.len() as u16,
                    factors_of_group: of.groups.first().map_or(0, Vec::len) as u8,
                    features: of.features as u8,
                    entry: made.entry,
                    reduce: if of.product { FactorReduce::Product } else { FactorReduce::Sum },
                    adds: false,
                    matrix,
                })
            }
            (
                Part::Waves { frequencies, coordinates, shift, .. },
                Node::Waves { of, includes_input, .. },
                Some(words),
                _,
            ) => {
                let (input, input_stride, input_first) = match *of {
                    WavesOf::Position => (points, POINT_WORDS as u16, 0),
                    WavesOf::Direction => (shared.rays, RAY_WORDS as u16, DIRECTION_WORD),
                    WavesOf::Node(node) => {
                        let Some(of) = layout.places[node] else { return };
                        let matrix = at(of.first, of.buffer);
                        (target.rows[of.buffer], matrix.stride, matrix.first)
                    }
                };
                touched.push(input);
                Command::Waves(Waves {
                    input,
                    count,
                    frequencies: words,
                    output,
                    capacity,
                    input_stride,
                    input_first,
                    frequency_count: *frequencies,
                    coordinates: *coordinates,
                    of_halves: matches!(of, WavesOf::Node(_)),
                    includes_input: *includes_input,
                    matrix,
                    input_shift: *shift,
                })
            }
            (Part::Dense { span, .. }, Node::Dense { relu, .. }, Some(weights), _) => {
                let input = target.rows[span.buffer];
                let scratch = self.draft.scratch(dense_scratch_words(span.columns, DENSE_ROWS));
                touched = vec![count, input, output, scratch];
                Command::Dense(Dense {
                    input,
                    count,
                    weights,
                    scratch,
                    output,
                    capacity,
                    inputs: span.columns as u16,
                    outputs: wanted as u16,
                    input_matrix: at(span.first, span.buffer),
                    output_matrix: matrix,
                    least: if *relu { 0 } else { i16::MIN },
                    greatest: i16::MAX,
                })
            }
            _ => return,
        };
        self.draft.push(command, &touched);
    }
}

/// How many of a node's columns anything hangs on, from the first one on.
fn wanted_columns(
    model: &QuantisedModel<'_>,
    node: usize,
    needed: &[bool],
    outputs: &[Option<(usize, usize)>; 2],
) -> usize {
    let nodes = model.model.nodes.iter().zip(needed);
    let mut users = nodes.filter(|(of, needed)| **needed && of.inputs().contains(&node));
    if users.next().is_some() {
        return model.columns[node];
    }
    let [density, color] = outputs.map(|output| output.filter(|&(of, _)| of == node));
    let ends = [
        density.map(|(_, column)| column + 1),
        color.map(|(_, column)| column + usize::from(CHANNELS)),
    ];
    ends.into_iter().flatten().max().unwrap_or(model.columns[node])
}
