//! Rays of a camera, in floats.

use crate::camera::Camera;
use crate::scene::field::Sampling;

/// The segment of a ray that is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ray {
    /// Its near end, world units.
    pub start: [f64; 3],
    /// From the near to the far end.
    pub span: [f64; 3],
    /// Length of `span`.
    pub length: f64,
    /// Its direction, of length 1.
    pub unit: [f64; 3],
}

impl Ray {
    /// The point at a share of the segment.
    pub fn point(&self, share: f64) -> [f64; 3] {
        [0, 1, 2].map(|k| self.start[k] + share * self.span[k])
    }
}

/// The ray of a pixel, by its column and row.
pub fn ray(camera: &Camera, sampling: &Sampling, [x, y]: [usize; 2]) -> Ray {
    let view = [
        (x as f64 + 0.5 - camera.center[0]) / camera.focal[0],
        (y as f64 + 0.5 - camera.center[1]) / camera.focal[1],
        1.0,
    ];
    let world = [0, 1, 2].map(|k| (0..3).map(|row| camera.rotation[row][k] * view[row]).sum());
    let norm = world.iter().map(|v: &f64| v * v).sum::<f64>().sqrt();
    let unit = world.map(|v| v / norm);
    let step = if sampling.along_rays { unit } else { world };
    let [near, far] = sampling.range;
    let eye = camera.position();
    Ray {
        start: [0, 1, 2].map(|k| eye[k] + near * step[k]),
        span: step.map(|v| v * (far - near)),
        length: (far - near) * if sampling.along_rays { 1.0 } else { norm },
        unit,
    }
}
