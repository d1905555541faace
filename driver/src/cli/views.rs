//! From where a scene is seen, and in what size.

use std::path::PathBuf;

use clap::Args;
use quintet_driver::camera::Camera;
use quintet_driver::camera_file;
use quintet_driver::framing::{framing_camera, orbit};
use quintet_driver::import::ImportedScene;

use super::arguments::size;
use super::failure::{FAILED, Failure, USAGE};

/// Size of a picture if nothing says another.
const SIZE: [u16; 2] = [320, 240];
/// Most frames of an orbit.
const ORBIT_MAX: i64 = 3600;

/// From where.
#[derive(Args, Clone, Debug)]
pub struct ViewArguments {
    /// Columns and rows of the picture [default: the view's own, or 320x240]
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<[u16; 2]>,
    /// A JSON file of cameras: a map from names to views (default: a view that frames the scene)
    ///
    /// A view has width, height, fx, fy, cx, cy (pixels), near (world units) and world_to_camera
    /// (4x4, row-major; view axes x right, y down, z forward). In a picture of another size the
    /// focal length follows the height.
    #[arg(long, value_name = "FILE")]
    camera: Option<PathBuf>,
    /// The view of the camera file, needed if it has several; without one, a view of the scene's
    /// own
    #[arg(long, value_name = "NAME")]
    view: Option<String>,
    /// Render N frames on a circle around the scene, and a contact sheet
    #[arg(long, value_name = "N", conflicts_with_all = ["camera", "view"],
          value_parser = clap::value_parser!(u16).range(1..=ORBIT_MAX))]
    orbit: Option<u16>,
}

/// Cameras to render with, at least one, all of one size, with the names of views that have one.
#[derive(Clone, Debug)]
pub struct Views(pub Vec<(Option<String>, Camera)>);

impl Views {
    /// Columns and rows of the pictures.
    pub fn size(&self) -> [u16; 2] {
        let (_, Camera { width, height, .. }) = self.0[0];
        [width, height]
    }

    fn unnamed(cameras: Vec<Camera>) -> Self {
        Self(cameras.into_iter().map(|camera| (None, camera)).collect())
    }

    /// The cameras, without their names.
    pub fn cameras(&self) -> Vec<Camera> {
        self.0.iter().map(|(_, camera)| camera.clone()).collect()
    }
}

impl ViewArguments {
    /// Whether several pictures are asked for.
    pub fn is_orbit(&self) -> bool {
        self.orbit.is_some()
    }

    /// The same in a size, or in the view's own.
    pub fn resized(&self, size: Option<[u16; 2]>) -> Self {
        Self { size, ..self.clone() }
    }

    /// The size that was asked for, if any.
    pub fn size(&self) -> Option<[u16; 2]> {
        self.size
    }

    /// The view that was asked for by name, if any.
    pub fn view(&self) -> Option<&str> {
        self.view.as_deref()
    }

    /// The views of a scene.
    pub fn of(&self, scene: &ImportedScene) -> Result<Views, Failure> {
        if let Some(views) = self.of_file(self.size)? {
            return Ok(views);
        }
        let size = self.size.unwrap_or(SIZE);
        if let Some(count) = self.orbit {
            return Ok(Views::unnamed(orbit(&scene.content, size, count.into())));
        }
        let Some((name, camera)) = self.own(&scene.views)? else {
            return Ok(Views::unnamed(vec![framing_camera(&scene.content, size)]));
        };
        Ok(Views(vec![(Some(name.clone()), sized(camera, self.size))]))
    }

    /// The view of the camera file, if there is one, in its own size if there is no other.
    pub fn of_file(&self, size: Option<[u16; 2]>) -> Result<Option<Views>, Failure> {
        let Some(path) = &self.camera else { return Ok(None) };
        let view = camera_file::read_view(path, self.view.as_deref());
        let (name, camera) = view.map_err(|error| Failure::camera_file(path, &error))?;
        Ok(Some(Views(vec![(Some(name), sized(&camera, size))])))
    }

    /// One of the views that a scene tells of: that of the name asked for, or the first.
    fn own<'a>(
        &self,
        known: &'a [(String, Camera)],
    ) -> Result<Option<&'a (String, Camera)>, Failure> {
        let Some(wanted) = &self.view else { return Ok(known.first()) };
        if known.is_empty() {
            let what = format!("there is no view {wanted:?}");
            return Err(Failure::new(USAGE, what, "the scene tells of no views")
                .help("name a camera file with --camera, or leave out --view"));
        }
        let found = known.iter().find(|(name, _)| name == wanted);
        found.map(Some).ok_or_else(|| unknown_view(wanted, known.iter().map(|(name, _)| name)))
    }
}

/// A camera in a size, or in its own.
fn sized(camera: &Camera, size: Option<[u16; 2]>) -> Camera {
    match size {
        Some([width, height]) if [width, height] != [camera.width, camera.height] => {
            camera.resized(width, height)
        }
        _ => camera.clone(),
    }
}

/// A view that a scene does not have.
pub fn unknown_view<'a>(wanted: &str, known: impl Iterator<Item = &'a String>) -> Failure {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let cause = format!("the scene's views are: {}", known.join(", "));
    Failure::new(FAILED, format!("there is no view {wanted:?}"), cause)
        .help("choose one of these with --view NAME")
}
