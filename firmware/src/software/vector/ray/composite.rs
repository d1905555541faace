//! `Vector`, composing samples front to back into the accumulators of their rays.

use crate::kernels::rays::compose::{Activations, Columns, Target};
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::feature::Matrix;
use quintet_protocol::program::{Composite as Command, Fault};
use quintet_protocol::ray::{ACTIVATION_WORDS, COUNT_WORDS, SAMPLE_WORDS, SAMPLES_MAX};

/// Samples of a step, of at most 300 instructions each.
const STEP_SAMPLES: usize = 256;
/// Most samples of a batch, and most pixels of a tile.
const CAPACITY_MAX: u32 = 1 << 20;
const PIXELS_MAX: u32 = 1 << 16;

/// Composing under way.
pub struct Composite {
    samples: Words,
    activations: Words,
    accumulators: Words,
    weights: Words,
    rows: Rows,
    channels: usize,
    per_ray: usize,
    opaque: u32,
    next: usize,
}

/// Where densities and colours are. They may be columns of the same rows.
struct Rows {
    densities: Words,
    density: Matrix,
    /// None where only weights are wanted.
    colors: Option<Words>,
    color: Matrix,
}

impl Rows {
    fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        let (capacity, channels) = (c.capacity as usize, u16::from(c.channels));
        in_range(3, c.density.stride, 2..=u16::MAX)?;
        let densities = operands.read(c.densities, c.density.words(capacity))?;
        let colors = match c.colors {
            Some(colors) => {
                in_range(4, c.color.first.saturating_add(channels), 0..=c.color.stride)?;
                Some(operands.read(colors, c.color.words(capacity))?)
            }
            None => None,
        };
        Ok(Self { densities, density: c.density, colors, color: c.color })
    }

    /// The words of all rows: two ranges that do not overlap, the second one empty where one has
    /// all.
    fn words(&self) -> [Words; 2] {
        let densities = self.densities.clone();
        match self.colors.clone() {
            Some(colors) if disjoint([&densities, &colors]).is_ok() => [densities, colors],
            Some(colors) => {
                [densities.start.min(colors.start)..densities.end.max(colors.end), 0..0]
            }
            None => [densities, 0..0],
        }
    }

    /// The columns of both, by what is at [`Self::words`].
    fn columns<'a>(&self, [first, second]: [&'a [u32]; 2]) -> (Columns<'a>, Option<Columns<'a>>) {
        let [words, _] = self.words();
        let columns = |rows: &'a [u32], behind: usize, matrix: Matrix| Columns {
            rows: bytemuck::cast_slice(rows.get(behind..).unwrap_or_default()),
            stride: matrix.stride.into(),
            first: matrix.first.into(),
        };
        let densities = columns(first, self.densities.start - words.start, self.density);
        let colors = self.colors.as_ref().map(|colors| match second {
            [] => columns(first, colors.start - words.start, self.color),
            second => columns(second, 0, self.color),
        });
        (densities, colors)
    }
}

impl Composite {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.capacity, 1..=CAPACITY_MAX)?;
        in_range(1, c.pixels, 1..=PIXELS_MAX)?;
        in_range(2, c.per_ray, 1..=SAMPLES_MAX)?;
        in_range(5, c.channels, 1..=16)?;
        let [capacity, pixels] = [c.capacity, c.pixels].map(|count| count as usize);
        let (per_ray, channels) = (c.per_ray as usize, usize::from(c.channels));
        let weights = match c.weights {
            Some(weights) => operands.write(weights, pixels.saturating_mul(per_ray))?,
            None => 0..0,
        };
        let job = Self {
            samples: operands.read(c.samples, COUNT_WORDS + capacity * SAMPLE_WORDS)?,
            activations: operands.read(c.activations, ACTIVATION_WORDS)?,
            accumulators: operands.write(c.accumulators, pixels * (1 + channels))?,
            weights,
            rows: Rows::new(operands, c)?,
            channels,
            per_ray,
            opaque: c.opaque.into(),
            next: 0,
        };
        disjoint(job.ranges().each_ref())?;
        Ok(job)
    }

    fn ranges(&self) -> [Words; 6] {
        let [first, second] = self.rows.words();
        let Self { samples, activations, accumulators, weights, .. } = self;
        let [samples, activations, accumulators, weights] =
            [samples, activations, accumulators, weights].map(Words::clone);
        [samples, activations, accumulators, weights, first, second]
    }

    /// Samples composed; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let [samples, activations, accumulators, weights, first, second] =
            arena.get_disjoint_mut(self.ranges()).ok()?;
        let ([count, _], samples) = samples.split_first_chunk::<COUNT_WORDS>()?;
        let samples = samples.as_chunks::<SAMPLE_WORDS>().0;
        let end = (self.next + STEP_SAMPLES).min(*count as usize).min(samples.len());
        let batch = samples.get(self.next..end).filter(|batch| !batch.is_empty())?;
        let activations = Activations::new(activations.first_chunk()?)?;
        let (densities, colors) = self.rows.columns([first, second]);
        let mut target = Target {
            accumulators,
            accumulator_words: 1 + self.channels,
            weights: (!weights.is_empty()).then_some((weights, self.per_ray)),
            opaque: self.opaque,
        };
        target.compose(batch, self.next, &activations, densities, colors);
        self.next = end;
        Some(batch.len())
    }
}
