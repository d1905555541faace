//! Where a field is looked at, and how large the numbers of its nodes become there.

use crate::camera::Camera;
use crate::reference::field::{Places, Ray, Renderer, Rows, evaluate, ray};
use crate::scene::Field;
use crate::scene::field::{Model, Outside};

/// Most rays that are looked along.
const RAYS: usize = 384;
/// Most points that are looked at.
const POINTS: usize = 8192;

/// Points of a field that cameras see.
pub struct Calibration {
    /// Its box, world units.
    bounds: [[f64; 3]; 2],
    points: Vec<[f64; 3]>,
    directions: Vec<[f64; 3]>,
    /// What of a ray's light each sends or stops, 0..=1.
    weights: Vec<f64>,
}

/// What a point without any weight counts, where it is densities that hang on it: that there is
/// nothing must be right as well.
const EMPTY_WEIGHT: f64 = 1e-3;

impl Calibration {
    /// Points where the samples of the cameras' rays lie: those of the coarse pass, and those that
    /// it spends.
    pub fn new(field: &Field, cameras: &[Camera]) -> Self {
        let rays = rays(field, cameras);
        let renderer = Renderer::new(field);
        let even = crate::scene::field::Sampling { fine: 0, ..field.sampling.clone() };
        let coarse = Renderer { sampling: &even, ..renderer };
        let mut places = Vec::new();
        for shares in [coarse.shares(&rays), renderer.shares(&rays)] {
            let weights = renderer.weights(&rays, &shares);
            for ((ray, shares), weights) in rays.iter().zip(shares).zip(weights) {
                let samples = shares.iter().zip(weights);
                places
                    .extend(samples.map(|(&share, weight)| ((ray.point(share), ray.unit), weight)));
            }
        }
        let [least, greatest] = field.bounds;
        if field.outside != Outside::Free {
            let inside = |p: &[f64; 3]| (0..3).all(|k| least[k] < p[k] && p[k] < greatest[k]);
            places.retain(|((point, _), _)| inside(point));
        }
        let step = places.len().div_ceil(POINTS).max(1);
        // A step that shares a factor with the samples of a ray would look at the same ones of
        // each.
        let step = step | 1;
        let (places, weights): (Vec<_>, Vec<f64>) = places.into_iter().step_by(step).unzip();
        let (points, directions) = places.into_iter().unzip();
        Self { bounds: field.bounds, points, directions, weights }
    }

    /// What each point counts, for what densities hang on or for what only colours do.
    pub fn weights(&self, for_density: bool) -> Vec<f64> {
        let least = if for_density { EMPTY_WEIGHT } else { 0.0 };
        self.weights.iter().map(|weight| weight + least).collect()
    }

    /// Some of these points, with the directions that they are seen along. All count the same.
    pub fn at(field: &Field, mut places: Vec<([f64; 3], [f64; 3])>) -> Self {
        if places.is_empty() {
            let middle =
                [0, 1, 2].map(|axis| (field.bounds[0][axis] + field.bounds[1][axis]) / 2.0);
            places.push((middle, [0.0, 0.0, 1.0]));
        }
        let step = places.len().div_ceil(POINTS).max(1);
        let (points, directions): (Vec<_>, _) = places.into_iter().step_by(step).unzip();
        let weights = vec![1.0; points.len()];
        Self { bounds: field.bounds, points, directions, weights }
    }

    /// Rows of all nodes of a model that `roots` hang on.
    pub fn rows(&self, model: &Model, roots: &[usize]) -> Vec<Option<Rows>> {
        let (bounds, points, directions) = (self.bounds, &self.points, &self.directions);
        evaluate(&model.nodes, roots, &Places { bounds, points, directions }, Vec::new())
    }
}

/// Rays all over the pictures of cameras.
pub fn rays(field: &Field, cameras: &[Camera]) -> Vec<Ray> {
    let of_each = (RAYS / cameras.len().max(1)).max(1);
    let rays = cameras.iter().flat_map(|camera| {
        let pixels = usize::from(camera.width) * usize::from(camera.height);
        let step = (pixels / of_each).max(1) | 1;
        let width = usize::from(camera.width);
        let pixel = move |at: usize| [at % width, at / width];
        (0..pixels).step_by(step).map(move |at| ray(camera, &field.sampling, pixel(at)))
    });
    rays.collect()
}

/// Largest magnitude in those rows that count for something.
pub fn largest(rows: &Rows, weights: &[f64]) -> f64 {
    let rows = rows.rows().into_iter().zip(weights);
    let rows = rows.filter(|(_, weight)| **weight >= EMPTY_WEIGHT).map(|(row, _)| row);
    rows.flatten().fold(0.0, |largest, x| f64::from(x.abs()).max(largest))
}
