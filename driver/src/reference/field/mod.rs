//! Radiance fields in floats: at points, and as pictures.
//!
//! Volume rendering and hierarchical sampling are those of NeRF (Mildenhall et al. 2020, sections 4
//! and 5.2); where samples lie follows [`Spacing`].

mod evaluate;
mod lookup;
mod rays;
mod sampling;

use std::thread;

use quintet_protocol::ray::Spacing;

use crate::camera::Camera;
use crate::scene::field::{
    ColorActivation, Deferred, DensityActivation, Field, Model, Occupancy, Outside, Sampling,
};
pub use evaluate::{Places, Rows, evaluate};
pub use rays::{Ray, ray};

/// Rays whose samples are evaluated together: matrices of a few MB.
const RAYS: usize = 32;
/// Optical length of a last sample that has no end.
const ENDLESS: f64 = 1e10;

/// How a field is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Renderer<'a> {
    /// The field.
    pub field: &'a Field,
    /// How samples are spent; the field's own as a rule.
    pub sampling: &'a Sampling,
    /// Cells outside which nothing is.
    pub occupancy: Option<&'a Occupancy>,
}

/// What a field is at a point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Density per world unit.
    pub density: f32,
    /// Colour, or what is composed in its place.
    pub color: [f32; 3],
}

impl DensityActivation {
    /// The density of a number.
    pub fn of(self, x: f32) -> f32 {
        match self {
            Self::Relu => x.max(0.0),
            Self::Exp { shift } => (x + shift).exp(),
            Self::Softplus { shift, scale } => {
                let x = x + shift;
                scale * if x > 20.0 { x } else { x.exp().ln_1p() }
            }
        }
    }
}

impl ColorActivation {
    /// The colour of a number.
    pub fn of(self, x: f32) -> f32 {
        match self {
            Self::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Self::Identity => x.clamp(0.0, 1.0),
        }
    }
}

impl<'a> Renderer<'a> {
    /// A field as it says itself that it is to be drawn.
    pub fn new(field: &'a Field) -> Self {
        Self { field, sampling: &field.sampling, occupancy: None }
    }

    /// A picture: red, green and blue of each pixel, row by row, not held to 0..=1.
    pub fn render(&self, camera: &Camera) -> Vec<[f32; 3]> {
        let (width, height) = (usize::from(camera.width), usize::from(camera.height));
        let mut picture = vec![[0.0; 3]; width * height];
        let threads = thread::available_parallelism().map_or(1, |count| count.get());
        let share = (width * height).div_ceil(threads).next_multiple_of(RAYS);
        thread::scope(|scope| {
            for (part, pixels) in picture.chunks_mut(share.max(1)).enumerate() {
                scope.spawn(move || {
                    for (block, pixels) in pixels.chunks_mut(RAYS).enumerate() {
                        let first = part * share + block * RAYS;
                        let pixel = |at: usize| [(first + at) % width, (first + at) / width];
                        let rays: Vec<Ray> = (0..pixels.len())
                            .map(|at| ray(camera, self.sampling, pixel(at)))
                            .collect();
                        pixels.copy_from_slice(&self.colors(&rays));
                    }
                });
            }
        });
        picture
    }

    /// What is seen along rays.
    fn colors(&self, rays: &[Ray]) -> Vec<[f32; 3]> {
        let Sampling { spacing, background, .. } = *self.sampling;
        let model = &self.field.model;
        let shares = self.shares(rays);
        let (densities, composed) = self.at(model, rays, &shares, true);
        let channels = composed.first().map_or(3, |rows| rows.ncols());
        let mut sums = Rows::zeros((rays.len(), channels));
        let mut left = vec![1.0; rays.len()];
        for (number, ray) in rays.iter().enumerate() {
            let weights = weights(ray, spacing, &shares[number], &densities[number]);
            for (weight, row) in weights.iter().zip(composed[number].rows()) {
                sums.row_mut(number).scaled_add(*weight as f32, &row);
                left[number] -= weight;
            }
        }
        if let Some(deferred) = &model.deferred {
            self.defer(deferred, rays, &mut sums);
        }
        let color = |number: usize| {
            [0, 1, 2].map(|c| sums[[number, c]] + left[number] as f32 * background[c])
        };
        (0..rays.len()).map(color).collect()
    }

    /// Adds what a deferred network makes of composed columns.
    fn defer(&self, deferred: &Deferred, rays: &[Ray], sums: &mut Rows) {
        let directions: Vec<[f64; 3]> = rays.iter().map(|ray| ray.unit).collect();
        let points = vec![[0.0; 3]; rays.len()];
        let places = Places { bounds: self.field.bounds, points: &points, directions: &directions };
        let last = deferred.nodes.len();
        let rows = evaluate(&deferred.nodes, &[last], &places, vec![sums.clone()]);
        let Some(specular) = rows.into_iter().nth(last).flatten() else { return };
        for (mut sum, specular) in sums.rows_mut().into_iter().zip(specular.rows()) {
            for channel in 0..3 {
                sum[channel] += ColorActivation::Sigmoid.of(specular[channel]);
            }
        }
    }

    /// Where samples are taken on rays.
    pub fn shares(&self, rays: &[Ray]) -> Vec<Vec<f64>> {
        let Sampling { coarse, fine, spacing, padding, .. } = *self.sampling;
        let mut shares = vec![sampling::even(spacing, coarse); rays.len()];
        if fine > 0 {
            let proposal = self.field.proposal.as_ref().unwrap_or(&self.field.model);
            let (densities, _) = self.at(proposal, rays, &shares, false);
            for ((ray, shares), densities) in rays.iter().zip(&mut shares).zip(&densities) {
                let weights = weights(ray, spacing, shares, densities);
                *shares = sampling::focus(spacing, coarse, fine, &weights, padding);
            }
        }
        shares
    }

    /// What of the light each sample sends or stops, at shares of rays.
    pub fn weights(&self, rays: &[Ray], shares: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let (densities, _) = self.at(&self.field.model, rays, shares, false);
        let of_ray = |((ray, shares), densities): ((&Ray, &Vec<f64>), &Vec<f32>)| {
            weights(ray, self.sampling.spacing, shares, densities)
        };
        rays.iter().zip(shares).zip(&densities).map(of_ray).collect()
    }

    /// Densities, and the columns that are composed if they are wanted, at shares of rays.
    fn at(
        &self,
        model: &Model,
        rays: &[Ray],
        shares: &[Vec<f64>],
        colors: bool,
    ) -> (Vec<Vec<f32>>, Vec<Rows>) {
        let mut points = Vec::new();
        let mut directions = Vec::new();
        for (ray, shares) in rays.iter().zip(shares) {
            points.extend(shares.iter().map(|&share| ray.point(share)));
            directions.extend(shares.iter().map(|_| ray.unit));
        }
        let (mut densities, composed) = self.evaluate(model, &points, &directions, colors);
        for (density, point) in densities.iter_mut().zip(&points) {
            if !self.is_something(*point) {
                *density = 0.0;
            }
        }
        let mut first = 0;
        let mut parts = (Vec::new(), Vec::new());
        for shares in shares {
            let range = first..first + shares.len();
            first = range.end;
            parts.0.push(densities[range.clone()].to_vec());
            if let Some(composed) = &composed {
                parts.1.push(composed.slice(ndarray::s![range, ..]).to_owned());
            }
        }
        parts
    }

    /// Densities at points, and the columns that are composed if they are wanted, activated.
    fn evaluate(
        &self,
        model: &Model,
        points: &[[f64; 3]],
        directions: &[[f64; 3]],
        colors: bool,
    ) -> (Vec<f32>, Option<Rows>) {
        let clamped: Vec<[f64; 3]>;
        let points = match self.field.outside {
            Outside::Clamped => {
                clamped = points.iter().map(|&point| self.clamp(point)).collect();
                &clamped
            }
            Outside::Empty | Outside::Free => points,
        };
        let places = Places { bounds: self.field.bounds, points, directions };
        let color = model.color.as_ref().filter(|_| colors);
        let roots: Vec<usize> =
            model.density.iter().map(|it| it.node).chain(color.map(|it| it.node)).collect();
        let rows = evaluate(&model.nodes, &roots, &places, Vec::new());
        let densities = model.density.as_ref().and_then(|output| {
            let rows = rows[output.node].as_ref()?;
            Some(rows.column(output.column).iter().map(|&x| output.activation.of(x)).collect())
        });
        let composed = color.and_then(|output| {
            let channels = model.deferred.as_ref().map_or(3, |it| it.channels);
            let columns = output.column..output.column + channels;
            let rows = rows[output.node].as_ref()?.slice(ndarray::s![.., columns]);
            Some(rows.mapv(|x| output.activation.of(x)))
        });
        (densities.unwrap_or_default(), composed)
    }

    /// The field at points seen along directions of length 1, wherever they are.
    pub fn sample(&self, points: &[[f64; 3]], directions: &[[f64; 3]]) -> Vec<Sample> {
        let (densities, colors) = self.evaluate(&self.field.model, points, directions, true);
        let Some(colors) = colors else { return Vec::new() };
        let samples = densities.iter().zip(colors.rows()).zip(points);
        samples
            .map(|((&density, color), &point)| Sample {
                density: if self.is_something(point) { density } else { 0.0 },
                color: [color[0], color[1], color[2]],
            })
            .collect()
    }

    /// Densities of a model of the field at points, where the field is something.
    pub fn density(&self, model: &Model, points: &[[f64; 3]]) -> Vec<f32> {
        let directions = vec![[0.0, 0.0, 1.0]; points.len()];
        let (mut densities, _) = self.evaluate(model, points, &directions, false);
        for (density, &point) in densities.iter_mut().zip(points) {
            *density *= f32::from(u8::from(self.is_something(point)));
        }
        densities
    }

    fn clamp(&self, point: [f64; 3]) -> [f64; 3] {
        let [least, greatest] = self.field.bounds;
        [0, 1, 2].map(|axis| point[axis].clamp(least[axis], greatest[axis]))
    }

    /// Whether a point is where there may be a density.
    fn is_something(&self, point: [f64; 3]) -> bool {
        let [least, greatest] = self.field.bounds;
        let unit = [0, 1, 2].map(|k| (point[k] - least[k]) / (greatest[k] - least[k]));
        let outside = unit.iter().any(|&v| v <= 0.0 || v >= 1.0);
        if outside && self.field.outside == Outside::Empty {
            return false;
        }
        self.occupancy.is_none_or(|it| it.is_occupied(unit))
    }
}

impl Occupancy {
    /// Whether the cell of a point of the unit box is occupied, or the nearest one to a point
    /// outside.
    pub fn is_occupied(&self, unit: [f64; 3]) -> bool {
        let last = self.side - 1;
        let [x, y, z] = unit.map(|v| ((v * self.side as f64) as usize).min(last));
        self.cells[x + self.side * (y + self.side * z)]
    }
}

/// Shares of what is seen in each sample of a ray.
fn weights(ray: &Ray, spacing: Spacing, shares: &[f64], densities: &[f32]) -> Vec<f64> {
    let mut transmittance = 1.0;
    let next = shares.iter().skip(1).map(|&share| Some(share)).chain([None]);
    let weight = |((&share, next), &density): ((&f64, Option<f64>), &f32)| {
        let length = match (next, spacing) {
            (Some(next), _) => (next - share) * ray.length,
            (None, Spacing::Middles) => (1.0 - share) * ray.length,
            (None, Spacing::Points) => ENDLESS * ray.length,
        };
        let seen_through = (-f64::from(density) * length).exp();
        let weight = transmittance * (1.0 - seen_through);
        transmittance *= seen_through;
        weight
    };
    shares.iter().zip(next).zip(densities).map(weight).collect()
}
