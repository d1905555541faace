//! Cameras, activations and occupancy to the fixed-point layouts of [`quintet_protocol::ray`].

mod activations;
mod occupancy;

use crate::camera::{Camera, CameraError};
pub use activations::activations;
pub use occupancy::{QuantisedOccupancy, occupancy};
use quintet_protocol::ray::{DIRECTION_BITS, RayCamera, WAY_BITS};
use quintet_protocol::tile::POINT_BITS;
use serde::{Deserialize, Serialize};

/// Largest part of a direction off the camera's axis, as long as it is to a depth of 1.
const SLOPE_MAX: f64 = 7.9;
/// Largest coordinate of an end of a ray, and largest way between its ends, in sides of the box: a
/// device has 8.
const REACH_MAX: f64 = 7.9;
/// Largest way to the near end, in sides of the box: a device has 256.
const NEAR_MAX: f64 = 255.0;
/// Units of density to the length of a segment: optical lengths have 28 bits then, four more than
/// shares, and four to spare for segments that are longer off the camera's axis.
const UNITS: f64 = 4096.0;

/// How world coordinates become those of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RayFrame {
    /// Least and greatest corner of the unit box, world units.
    pub bounds: [[f64; 3]; 2],
    /// Nearest and farthest distance from the camera, world units.
    pub range: [f64; 2],
    /// Whether distances are along rays, in place of along the camera's axis.
    pub along_rays: bool,
    /// World units that the device's densities are per.
    pub density_unit: f64,
}

impl RayFrame {
    /// The frame of a field that is seen in a range of distances; densities are per such a part of
    /// it that the device's numbers are used well.
    pub fn new(bounds: [[f64; 3]; 2], range: [f64; 2], along_rays: bool) -> Self {
        Self { bounds, range, along_rays, density_unit: (range[1] - range[0]) / UNITS }
    }

    /// Sides of the box, world units.
    fn sides(&self) -> [f64; 3] {
        [0, 1, 2].map(|k| self.bounds[1][k] - self.bounds[0][k])
    }

    /// Refuses a box, or a range, that no device can be told of.
    pub(crate) fn check(&self) -> Result<(), CameraError> {
        let [near, far] = self.range;
        let positive = |name, value: f64| match value.is_finite() && value > 0.0 {
            true => Ok(()),
            false => Err(CameraError::Invalid(name)),
        };
        self.sides().into_iter().try_for_each(|side| positive("the field's box", side))?;
        positive("the unit of density", self.density_unit)?;
        positive("the range of distances", far - near)?;
        match near >= 0.0 && (far - near) / self.density_unit <= UNITS * 1.001 {
            true => Ok(()),
            false => Err(CameraError::Invalid("the range of distances")),
        }
    }
}

impl Camera {
    /// The camera as a device takes it that casts rays through a field.
    ///
    /// # Errors
    /// When the camera or the frame leaves the device's numeric range.
    pub fn rays(&self, frame: &RayFrame) -> Result<RayCamera, CameraError> {
        self.check()?;
        frame.check()?;
        let (sides, [near, far], eye) = (frame.sides(), frame.range, self.position());
        self.check_ends(frame)?;
        let wide = |bits: u32| move |value: f64| (value * (bits as f64).exp2()).round() as i64;
        let ways = |way: f64| sides.map(|side| wide(WAY_BITS)(way / side) as u32);
        let axis = |row: usize| self.rotation[row].map(|part| part / self.focal[row]);
        Ok(RayCamera {
            eye: [0, 1, 2].map(|k| wide(POINT_BITS)((eye[k] - frame.bounds[0][k]) / sides[k])),
            corner: self.direction([0.5; 2]).map(wide(DIRECTION_BITS)),
            column: axis(0).map(wide(DIRECTION_BITS)),
            row: axis(1).map(wide(DIRECTION_BITS)),
            near: ways(near),
            reach: ways(far - near),
            length: wide(16)((far - near) / frame.density_unit) as u32,
            along_rays: frame.along_rays,
        })
    }

    /// Direction through a place of the picture in world axes, as long as it is to a depth of 1.
    fn direction(&self, place: [f64; 2]) -> [f64; 3] {
        let [x, y] = [0, 1].map(|axis| (place[axis] - self.center[axis]) / self.focal[axis]);
        let [right, down, forward] = self.rotation;
        [0, 1, 2].map(|k| x * right[k] + y * down[k] + forward[k])
    }

    /// Checks that the rays of the picture's corners are within a device's numbers: so are all
    /// others then.
    fn check_ends(&self, frame: &RayFrame) -> Result<(), CameraError> {
        let (sides, eye, [near, far]) = (frame.sides(), self.position(), frame.range);
        let [width, height] = [self.width, self.height].map(f64::from);
        let too_far = CameraError::TooFar { distance: self.distance(&frame.bounds[0]) };
        if sides.iter().any(|side| near / side > NEAR_MAX) {
            return Err(too_far);
        }
        for corner in [[0.0, 0.0], [width, 0.0], [0.0, height], [width, height], self.center] {
            let direction = self.direction(corner);
            let length = direction.iter().map(|part| part * part).sum::<f64>().sqrt();
            let slope = direction.iter().fold(0.0f64, |most, part| most.max(part.abs()));
            if slope > SLOPE_MAX {
                return Err(CameraError::TooWide { slope, limit: SLOPE_MAX });
            }
            let scale = if frame.along_rays { length.recip() } else { 1.0 };
            for axis in 0..3 {
                let at = |way: f64| {
                    (eye[axis] - frame.bounds[0][axis] + way * scale * direction[axis])
                        / sides[axis]
                };
                let way = (far - near) / sides[axis] * scale * slope;
                if [at(near), at(far), way].iter().any(|number| number.abs() > REACH_MAX) {
                    return Err(too_far);
                }
            }
        }
        Ok(())
    }
}
