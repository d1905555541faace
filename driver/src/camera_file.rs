//! Camera files: JSON, a map from the names of views to pinhole cameras, or a `transforms.json`.
//!
//! ```json
//! { "front": { "width": 320, "height": 240, "fx": 257.3, "fy": 257.3, "cx": 160, "cy": 120,
//!              "near": 0.2,
//!              "world_to_camera": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 4], [0, 0, 0, 1]] } }
//! ```
//!
//! The axes of a view are OpenCV's: x right, y down, z forward. Lengths are in pixels and world
//! units; the matrix is row-major. `near` may be left out. Fields of other names are passed over.
//!
//! A view may also be as original NeRF code has it, in the axes of OpenGL, with rays through the
//! upper left corners of pixels:
//!
//! ```json
//! { "lego": { "size": 80, "focal": 111.1,
//!             "c2w_opengl": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 4], [0, 0, 0, 1]] } }
//! ```

mod transforms;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::camera::{Camera, CameraError};
use transforms::Transforms;

/// Most bytes of a camera file: some 100 000 views.
const MAX_BYTES: u64 = 64 << 20;

/// How far the axes of a view may be from orthogonal, as a dot product.
const SKEW: f64 = 1e-3;

/// Why a camera file, or a view of it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CameraFileError {
    /// The operating system could not read it.
    #[error("cannot read it: {0}")]
    Io(#[from] io::Error),
    /// It is far larger than any list of cameras.
    #[error("it has {bytes} bytes, more than the limit of {MAX_BYTES}")]
    TooLong {
        /// Its size.
        bytes: u64,
    },
    /// It is not JSON, or not of this form.
    #[error("it is not a camera file: {0}")]
    Syntax(#[from] serde_json::Error),
    /// It has no view.
    #[error("there are no views in it")]
    Empty,
    /// No view of this name.
    #[error("there is no view {name:?}; there are: {known}")]
    UnknownView {
        /// The name that was asked for.
        name: String,
        /// The names that there are, with commas.
        known: String,
    },
    /// Several views, and none was chosen.
    #[error("there are several views in it: {known}")]
    Ambiguous {
        /// The names that there are, with commas.
        known: String,
    },
    /// A view whose numbers make no camera.
    #[error("view {view:?}: {source}")]
    View {
        /// Its name.
        view: String,
        /// What is wrong with it.
        source: CameraError,
    },
}

/// A view as the file has it.
#[derive(Deserialize)]
struct View {
    width: u16,
    height: u16,
    fx: f64,
    fy: f64,
    cx: f64,
    cy: f64,
    #[serde(default = "near")]
    near: f64,
    world_to_camera: [[f64; 4]; 4],
}

/// The near distance of the INRIA rasteriser, in world units.
fn near() -> f64 {
    0.2
}

impl View {
    fn camera(&self) -> Result<Camera, CameraError> {
        let [x, y, z, last] = &self.world_to_camera;
        let camera = Camera {
            width: self.width,
            height: self.height,
            focal: [self.fx, self.fy],
            center: [self.cx, self.cy],
            rotation: [x, y, z].map(|row| [row[0], row[1], row[2]]),
            translation: [x[3], y[3], z[3]],
            near: self.near,
        };
        check(camera, last)
    }
}

/// A view of original NeRF code: a square picture.
#[derive(Deserialize)]
struct SquareView {
    size: u16,
    focal: f64,
    c2w_opengl: [[f64; 4]; 4],
}

impl SquareView {
    fn camera(&self) -> Result<Camera, CameraError> {
        let center = f64::from(self.size) / 2.0 + 0.5;
        let Self { size, focal, c2w_opengl } = self;
        let camera = Camera::from_opengl([*size; 2], [*focal; 2], [center; 2], c2w_opengl);
        check(camera, &c2w_opengl[3])
    }
}

/// Gives a camera back that can be used; `last` is the last row of its matrix.
fn check(camera: Camera, last: &[f64; 4]) -> Result<Camera, CameraError> {
    if camera.width == 0 || camera.height == 0 {
        return Err(CameraError::Invalid("the size"));
    }
    camera.check()?;
    if *last != [0.0, 0.0, 0.0, 1.0] {
        return Err(CameraError::Invalid("the matrix (its last row is not 0 0 0 1)"));
    }
    let [x, y, z] = &camera.rotation;
    let dot = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    if [(x, y), (y, z), (z, x)].iter().any(|(a, b)| dot(a, b).abs() > SKEW) {
        return Err(CameraError::Invalid("the rotation (its rows are not at right angles)"));
    }
    let cross = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
    if dot(&cross, z) < 0.0 {
        return Err(CameraError::Invalid("the rotation (it is a mirror image)"));
    }
    Ok(camera)
}

/// Reads a camera file and takes one view: the one of that name, or without a name the only one.
/// Returns its name and its camera.
///
/// # Errors
///
/// A [`CameraFileError`].
pub fn read_view(path: &Path, name: Option<&str>) -> Result<(String, Camera), CameraFileError> {
    let bytes = std::fs::metadata(path)?.len();
    if bytes > MAX_BYTES {
        return Err(CameraFileError::TooLong { bytes });
    }
    parse_view(&std::fs::read(path)?, name)
}

/// As [`read_view`], from a file's content.
///
/// # Errors
///
/// A [`CameraFileError`].
pub fn parse_view(text: &[u8], name: Option<&str>) -> Result<(String, Camera), CameraFileError> {
    let mut views: BTreeMap<String, serde_json::Value> = serde_json::from_slice(text)?;
    if views.contains_key("frames") {
        let transforms = Transforms::read(text)?;
        let names = transforms.names();
        let (at, name) = choose(&names, name)?;
        return named(name, transforms.camera(at));
    }
    let names: Vec<&str> = views.keys().map(String::as_str).collect();
    let (_, name) = choose(&names, name)?;
    let value = views.remove(&name).unwrap_or_default();
    let camera = if value.get("c2w_opengl").is_some() {
        serde_json::from_value::<SquareView>(value)?.camera()
    } else {
        serde_json::from_value::<View>(value)?.camera()
    };
    named(name, camera)
}

/// Place and name of the view that is asked for.
fn choose(names: &[&str], wanted: Option<&str>) -> Result<(usize, String), CameraFileError> {
    let known = || names.join(", ");
    let at = match (wanted, names) {
        (_, []) => return Err(CameraFileError::Empty),
        (None, [_]) => 0,
        (None, _) => return Err(CameraFileError::Ambiguous { known: known() }),
        (Some(name), _) => names.iter().position(|it| *it == name).ok_or_else(|| {
            CameraFileError::UnknownView { name: name.to_owned(), known: known() }
        })?,
    };
    Ok((at, names[at].to_owned()))
}

fn named(
    view: String,
    camera: Result<Camera, CameraError>,
) -> Result<(String, Camera), CameraFileError> {
    match camera {
        Ok(camera) => Ok((view, camera)),
        Err(source) => Err(CameraFileError::View { view, source }),
    }
}

/// All views of a file that is JSON already, by their names.
///
/// # Errors
///
/// A [`CameraFileError`].
pub fn views(json: serde_json::Value) -> Result<Vec<(String, Camera)>, CameraFileError> {
    let views: BTreeMap<String, View> = serde_json::from_value(json)?;
    let camera = |(name, view): (String, View)| match view.camera() {
        Ok(camera) => Ok((name, camera)),
        Err(source) => Err(CameraFileError::View { view: name, source }),
    };
    views.into_iter().map(camera).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(z: &str) -> String {
        format!(
            r#"{{"width": 4, "height": 3, "fx": 2, "fy": 2, "cx": 2, "cy": 1.5, "eye": [],
                "world_to_camera": [[1,0,0,0],[0,1,0,0],{z},[0,0,0,1]]}}"#
        )
    }

    #[test]
    fn the_only_view_needs_no_name() {
        let (name, camera) =
            parse_view(format!("{{\"a\": {}}}", view("[0,0,1,5]")).as_bytes(), None).unwrap();
        assert_eq!((name.as_str(), camera.translation, camera.near), ("a", [0.0, 0.0, 5.0], 0.2));
    }

    #[test]
    fn a_choice_lists_the_names() {
        let file = format!("{{\"b\": {0}, \"a\": {0}}}", view("[0,0,1,5]"));
        let error = parse_view(file.as_bytes(), None).unwrap_err().to_string();
        assert!(error.contains("a, b"), "{error}");
        let error = parse_view(file.as_bytes(), Some("c")).unwrap_err().to_string();
        assert!(error.contains("\"c\"") && error.contains("a, b"), "{error}");
    }

    #[test]
    fn mirrored_skewed_and_scaled_views_are_refused() {
        for (z, reason) in [
            ("[0,0,-1,5]", "mirror"),
            ("[0,0.6,0.8,5]", "right angles"),
            ("[0,0,2,5]", "length 1"),
            ("[0,0,1,1e999]", "number"),
        ] {
            let file = format!("{{\"a\": {}}}", view(z));
            let error = parse_view(file.as_bytes(), None).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn views_of_nerf_code_have_rays_through_corners() {
        let file = br#"{"lego": {"size": 80, "focal": 111.0, "train_psnr": 21.4,
            "c2w_opengl": [[1,0,0,0],[0,1,0,0],[0,0,1,4],[0,0,0,1]]}}"#;
        let (name, camera) = parse_view(file, None).unwrap();
        assert_eq!((name.as_str(), camera.center, camera.width), ("lego", [40.5; 2], 80));
        assert_eq!(camera.position(), [0.0, 0.0, 4.0]);
        assert_eq!(camera.rotation, [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]]);
    }
}
