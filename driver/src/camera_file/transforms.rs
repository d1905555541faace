//! Cameras of a `transforms.json`, as NeRF, Instant-NGP and nerfstudio write it.
//!
//! ```json
//! { "camera_angle_x": 0.69, "w": 800, "h": 800, "fl_x": 1111, "fl_y": 1111, "cx": 400, "cy": 400,
//!   "frames": [{ "file_path": "./train/r_0", "transform_matrix": [[1, 0, 0, 0], ...] }] }
//! ```
//!
//! The axes of a view are OpenGL's: x right, y up, z backwards; lengths are in pixels. A frame may
//! have numbers of its own. Without `fl_x` the horizontal field of view tells it, in radians;
//! without a size pictures are 800 x 800, those of NeRF's synthetic scenes, whose files leave it
//! out. Distortion is passed over.

use serde::Deserialize;

use crate::camera::{Camera, CameraError};

/// Side of the pictures of NeRF's synthetic scenes.
const SYNTHETIC: f64 = 800.0;

/// A file.
pub(super) struct Transforms {
    lens: Lens,
    frames: Vec<(Frame, Lens)>,
}

#[derive(Deserialize)]
struct Frame {
    #[serde(default)]
    file_path: String,
    transform_matrix: [[f64; 4]; 4],
}

/// What is read of each frame.
#[derive(Deserialize)]
struct Frames<T> {
    frames: Vec<T>,
}

/// What may be said for all frames or for one.
#[derive(Clone, Copy, Deserialize)]
struct Lens {
    w: Option<f64>,
    h: Option<f64>,
    fl_x: Option<f64>,
    fl_y: Option<f64>,
    cx: Option<f64>,
    cy: Option<f64>,
    camera_angle_x: Option<f64>,
    camera_angle_y: Option<f64>,
}

impl Lens {
    /// What is said here, or else there.
    fn or(self, other: Self) -> Self {
        Self {
            w: self.w.or(other.w),
            h: self.h.or(other.h),
            fl_x: self.fl_x.or(other.fl_x),
            fl_y: self.fl_y.or(other.fl_y),
            cx: self.cx.or(other.cx),
            cy: self.cy.or(other.cy),
            camera_angle_x: self.camera_angle_x.or(other.camera_angle_x),
            camera_angle_y: self.camera_angle_y.or(other.camera_angle_y),
        }
    }
}

impl Transforms {
    pub(super) fn read(text: &[u8]) -> Result<Self, serde_json::Error> {
        let frames: Frames<Frame> = serde_json::from_slice(text)?;
        let lenses: Frames<Lens> = serde_json::from_slice(text)?;
        let frames = frames.frames.into_iter().zip(lenses.frames).collect();
        Ok(Self { lens: serde_json::from_slice(text)?, frames })
    }

    /// Names of the frames: the paths of their pictures.
    pub(super) fn names(&self) -> Vec<&str> {
        self.frames.iter().map(|(frame, _)| frame.file_path.trim_start_matches("./")).collect()
    }

    /// The camera of a frame.
    pub(super) fn camera(&self, frame: usize) -> Result<Camera, CameraError> {
        let (frame, lens) = &self.frames[frame];
        let lens = lens.or(self.lens);
        let size = [lens.w.unwrap_or(SYNTHETIC), lens.h.or(lens.w).unwrap_or(SYNTHETIC)];
        if size.iter().any(|side| !(1.0..=f64::from(u16::MAX)).contains(side)) {
            return Err(CameraError::Invalid("the size"));
        }
        let of_angle = |angle: f64, side: f64| side / 2.0 / (angle / 2.0).tan();
        let horizontal =
            lens.fl_x.or_else(|| lens.camera_angle_x.map(|angle| of_angle(angle, size[0])));
        let vertical =
            lens.fl_y.or_else(|| lens.camera_angle_y.map(|angle| of_angle(angle, size[1])));
        let focal = match (horizontal, vertical) {
            (Some(horizontal), Some(vertical)) => [horizontal, vertical],
            (Some(focal), None) | (None, Some(focal)) => [focal; 2],
            (None, None) => return Err(CameraError::Invalid("the focal length (there is none)")),
        };
        let center = [lens.cx.unwrap_or(size[0] / 2.0), lens.cy.unwrap_or(size[1] / 2.0)];
        let pose = &frame.transform_matrix;
        let camera = Camera::from_opengl(size.map(|side| side as u16), focal, center, pose);
        super::check(camera, &pose[3])
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_view;

    const POSE: &str = "[[1,0,0,0],[0,1,0,0],[0,0,1,4],[0,0,0,1]]";

    #[test]
    fn a_field_of_view_tells_the_focal_length() {
        let file = format!(
            r#"{{"camera_angle_x": 0.6911112070083618,
                "frames": [{{"file_path": "./train/r_0", "transform_matrix": {POSE}}}]}}"#
        );
        let (name, camera) = parse_view(file.as_bytes(), None).unwrap();
        assert_eq!((name.as_str(), [camera.width, camera.height]), ("train/r_0", [800; 2]));
        assert!((camera.focal[0] - 1111.111).abs() < 1e-3 && camera.focal[0] == camera.focal[1]);
        assert_eq!((camera.center, camera.position()), ([400.0; 2], [0.0, 0.0, 4.0]));
    }

    #[test]
    fn a_frame_has_the_last_word() {
        let file = format!(
            r#"{{"fl_x": 100, "fl_y": 101, "cx": 30, "cy": 20, "w": 64, "h": 48, "frames": [
                {{"file_path": "a.png", "transform_matrix": {POSE}}},
                {{"file_path": "b.png", "transform_matrix": {POSE}, "fl_x": 90, "w": 32}}]}}"#
        );
        let (_, camera) = parse_view(file.as_bytes(), Some("b.png")).unwrap();
        assert_eq!((camera.focal, camera.width, camera.height), ([90.0, 101.0], 32, 48));
        let error = parse_view(file.as_bytes(), None).unwrap_err().to_string();
        assert!(error.contains("a.png, b.png"), "{error}");
        let error = parse_view(file.as_bytes(), Some("c.png")).unwrap_err().to_string();
        assert!(error.contains("c.png"), "{error}");
    }

    #[test]
    fn frames_that_make_no_camera_are_refused() {
        for (lens, says) in [
            (r#""w": 0, "fl_x": 1,"#, "size"),
            (r#""w": 1e9, "fl_x": 1,"#, "size"),
            ("", "focal length"),
            (r#""camera_angle_x": 0,"#, "focal length"),
        ] {
            let file = format!(
                r#"{{{lens} "frames": [{{"file_path": "a", "transform_matrix": {POSE}}}]}}"#
            );
            let error = parse_view(file.as_bytes(), None).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        let error = parse_view(br#"{"frames": []}"#, None).unwrap_err().to_string();
        assert!(error.contains("no views"), "{error}");
    }
}
