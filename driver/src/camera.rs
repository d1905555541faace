//! Cameras: as users give them, and as the device takes them.

use crate::quantise::SceneFrame;
use quintet_protocol::gaussian::{self, FAR, FOCAL_SHIFT_MAX};
use serde::{Deserialize, Serialize};

/// Least radius of a scene, su.
const SCENE_MIN: f64 = 512.0;

/// A pinhole camera in the conventions of OpenCV: view axes x right, y down, z forward, pixel
/// centres at +0.5, lengths in pixels and world units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Columns of the picture.
    pub width: u16,
    /// Rows of the picture.
    pub height: u16,
    /// Focal lengths in pixels, horizontal and vertical.
    pub focal: [f64; 2],
    /// Principal point in pixels.
    pub center: [f64; 2],
    /// Rotation from world to view axes, row-major.
    pub rotation: [[f64; 3]; 3],
    /// Translation: `view = rotation * world + translation`.
    pub translation: [f64; 3],
    /// Depth in world units below which nothing is drawn.
    pub near: f64,
}

/// Why a camera cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CameraError {
    /// A number is not finite, or a size or focal length is not positive.
    #[error("camera: {0} is not a usable number")]
    Invalid(&'static str),
    /// The focal length leaves the device's range.
    #[error(
        "camera: a focal length of {pixels:.0} px is more than the {limit} px a device can take"
    )]
    FocalTooLong {
        /// The focal length.
        pixels: f64,
        /// The longest that can be used.
        limit: u32,
    },
    /// The picture is wider than the device's projection reaches.
    #[error(
        "camera: the picture's edge is {slope:.1} times as far off the axis as it is deep, and a \
         device draws up to {limit:.1}: use a longer focal length"
    )]
    TooWide {
        /// Largest tangent off the axis in the picture.
        slope: f64,
        /// The largest that can be used.
        limit: f64,
    },
    /// The camera is farther from the scene than the scene was quantised for.
    #[error(
        "camera: {distance:.3} world units from the scene's middle is out of the device's range"
    )]
    TooFar {
        /// Distance from the middle of the scene in world units.
        distance: f64,
    },
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn cross(a: &[f64; 3], b: &[f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn normalise(v: [f64; 3]) -> [f64; 3] {
    let length = dot(&v, &v).sqrt();
    v.map(|c| c / length)
}

impl Camera {
    /// A camera at `eye` that looks at `target`, with a vertical field of view in degrees. `up` is
    /// the direction that points up in the picture; it must not lie along the line of sight.
    pub fn look_at(
        [width, height]: [u16; 2],
        fov_y_degrees: f64,
        eye: [f64; 3],
        target: [f64; 3],
        up: [f64; 3],
    ) -> Self {
        let forward = normalise([0, 1, 2].map(|k| target[k] - eye[k]));
        let right = normalise(cross(&forward, &up));
        let rotation = [right, cross(&forward, &right), forward];
        let focal = f64::from(height) / 2.0 / (fov_y_degrees.to_radians() / 2.0).tan();
        Self {
            width,
            height,
            focal: [focal; 2],
            center: [f64::from(width) / 2.0, f64::from(height) / 2.0],
            rotation,
            translation: rotation.map(|row| -dot(&row, &eye)),
            near: 0.2,
        }
    }

    /// A camera at a pose in the conventions of OpenGL and Blender, as in `transforms.json`: the
    /// columns of the matrix are right, up, backwards and the place of the camera, in world axes.
    pub fn from_opengl(
        [width, height]: [u16; 2],
        focal: [f64; 2],
        center: [f64; 2],
        pose: &[[f64; 4]; 4],
    ) -> Self {
        let column = |k: usize| [pose[0][k], pose[1][k], pose[2][k]];
        let rotation = [column(0), column(1).map(|c| -c), column(2).map(|c| -c)];
        let translation = rotation.map(|row| -dot(&row, &column(3)));
        Self { width, height, focal, center, rotation, translation, near: 0.2 }
    }

    /// Where the camera stands, in world units.
    pub fn position(&self) -> [f64; 3] {
        [0, 1, 2]
            .map(|axis| -(0..3).map(|k| self.rotation[k][axis] * self.translation[k]).sum::<f64>())
    }

    /// The same view in a picture of another size: the focal length and the principal point scale
    /// with the height, the horizontal field of view follows from the width.
    pub fn resized(&self, width: u16, height: u16) -> Self {
        let scale = f64::from(height) / f64::from(self.height);
        let off_center = (self.center[0] - f64::from(self.width) / 2.0) * scale;
        Self {
            width,
            height,
            focal: self.focal.map(|f| f * scale),
            center: [f64::from(width) / 2.0 + off_center, self.center[1] * scale],
            ..self.clone()
        }
    }

    /// Distance from the middle of a scene, in world units.
    pub fn distance(&self, origin: &[f64; 3]) -> f64 {
        let eye = self.position();
        (0..3).map(|axis| (eye[axis] - origin[axis]).powi(2)).sum::<f64>().sqrt()
    }

    /// Checks that every number can be used.
    ///
    /// # Errors
    /// [`CameraError::Invalid`] names the first that cannot.
    pub fn check(&self) -> Result<(), CameraError> {
        let finite = |name, values: &[f64]| match values.iter().all(|v| v.is_finite()) {
            true => Ok(()),
            false => Err(CameraError::Invalid(name)),
        };
        finite("the focal length", &self.focal)?;
        finite("the principal point", &self.center)?;
        finite("the rotation", self.rotation.as_flattened())?;
        finite("the translation", &self.translation)?;
        finite("the near distance", &[self.near])?;
        if self.focal.iter().any(|&f| f <= 0.0) {
            return Err(CameraError::Invalid("the focal length"));
        }
        if self.rotation.iter().any(|row| (dot(row, row) - 1.0).abs() > 1e-3) {
            return Err(CameraError::Invalid("the rotation (a row is not of length 1)"));
        }
        Ok(())
    }

    /// The camera as the device takes it, for a scene in `frame`. `key_bits` is the length of the
    /// sort keys.
    ///
    /// # Errors
    /// When the camera leaves the device's numeric range.
    pub fn quantise(
        &self,
        frame: &SceneFrame,
        key_bits: u32,
    ) -> Result<gaussian::Camera, CameraError> {
        self.check()?;
        let longest = self.focal[0].max(self.focal[1]);
        let focal_shift = longest.log2().ceil().max(0.0) as u32;
        if focal_shift > FOCAL_SHIFT_MAX {
            let limit = 1 << FOCAL_SHIFT_MAX;
            return Err(CameraError::FocalTooLong { pixels: longest, limit });
        }
        self.check_width(f64::from(1u32 << focal_shift))?;
        let distance = self.distance(&frame.origin);
        let farthest = (distance + frame.radius) * frame.units;
        // From so far away that the whole scene comes to a few hundred units, nothing would be
        // seen.
        let is_point = frame.radius > 0.0 && frame.radius * frame.units < SCENE_MIN;
        if farthest >= f64::from(FAR) || is_point {
            return Err(CameraError::TooFar { distance });
        }
        let pixels = f64::from(1u32 << focal_shift);
        let row_scale = [self.focal[0] / pixels, self.focal[1] / pixels, 1.0];
        let matrix = [0, 1, 2].map(|k| {
            self.rotation[k].map(|m| (m * row_scale[k] * f64::from(1 << 30)).round() as i32)
        });
        let translation = [0, 1, 2].map(|k| {
            let at_origin = dot(&self.rotation[k], &frame.origin) + self.translation[k];
            (at_origin * row_scale[k] * frame.units).round() as i32
        });
        let eye = self.position();
        let position =
            [0, 1, 2].map(|axis| ((eye[axis] - frame.origin[axis]) * frame.units).round() as i32);
        let key_length = 64 - (farthest as u64).leading_zeros();
        Ok(gaussian::Camera {
            matrix,
            translation,
            position,
            center: self.center.map(|c| (c * 256.0).round() as i32),
            slope_limits: self.slope_limits(pixels),
            near: (self.near * frame.units).ceil().max(1.0) as i32,
            focal_shift,
            key_shift: key_length.saturating_sub(key_bits),
        })
    }

    /// Checks that the picture's edges are within the device's projection: slopes in units of
    /// `pixels` over the focal length stay below 4, with a margin for what reaches in from outside.
    fn check_width(&self, pixels: f64) -> Result<(), CameraError> {
        /// Largest distance of an edge from the principal point, in units of `pixels`.
        const EDGE_MAX: f64 = 3.5;
        let sides = [self.width, self.height].map(f64::from);
        for ((side, center), focal) in sides.into_iter().zip(self.center).zip(self.focal) {
            let edge = center.abs().max((side - center).abs());
            if edge > EDGE_MAX * pixels {
                return Err(CameraError::TooWide {
                    slope: edge / focal,
                    limit: EDGE_MAX * pixels / focal,
                });
            }
        }
        Ok(())
    }

    /// The INRIA clamp: slopes up to 15 % of the picture's size beyond its edges, in Q12 of
    /// `2^pixels`.
    fn slope_limits(&self, pixels: f64) -> [i32; 4] {
        let limits = |center: f64, size: u16| {
            let margin = 0.15 * f64::from(size);
            [-(center + margin), f64::from(size) - center + margin]
        };
        let [x_min, x_max] = limits(self.center[0], self.width);
        let [y_min, y_max] = limits(self.center[1], self.height);
        [x_min, x_max, y_min, y_max].map(|limit| (limit / pixels * 4096.0).round() as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::GaussianCloud;

    const SIZE: [u16; 2] = [320, 240];

    fn seen_from(distance: f64, fov_y: f64) -> Result<gaussian::Camera, CameraError> {
        let positions = vec![[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]];
        let cloud = GaussianCloud { positions, ..GaussianCloud::default() };
        let eye = [0.0, 0.0, -distance];
        let camera = Camera::look_at(SIZE, fov_y, eye, [0.0; 3], [0.0, -1.0, 0.0]);
        camera.quantise(&SceneFrame::new(&cloud, distance), 22)
    }

    #[test]
    fn cameras_in_range_are_taken() {
        let camera = seen_from(10.0, 50.0).unwrap();
        // 257.3 px is just above 2^8.
        assert_eq!(camera.focal_shift, 9);
        assert_eq!(camera.center, [160 << 8, 120 << 8]);
        assert_eq!(camera.matrix[2], [0, 0, 1 << 30]);
    }

    #[test]
    fn cameras_out_of_range_are_refused() {
        assert!(matches!(seen_from(1e30, 50.0), Err(CameraError::TooFar { .. })));
        assert!(matches!(seen_from(10.0, 0.5), Err(CameraError::FocalTooLong { .. })));
        assert!(matches!(seen_from(10.0, 179.0), Err(CameraError::TooWide { .. })));
        assert!(matches!(seen_from(f64::NAN, 50.0), Err(CameraError::Invalid(_))));
    }
}
