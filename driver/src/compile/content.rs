//! A scene of any kind to a bundle.

use super::{Bundle, CompileError, Options, compile};
use crate::quantise::{SceneFrame, quantise};
use crate::scene::Content;

/// Compiles a scene that is seen from up to `reach` world units off its middle.
///
/// # Errors
/// When there is nothing to draw, the picture is too large, or the scene does not fit.
pub fn content(content: &Content, reach: f64, options: &Options) -> Result<Bundle, CompileError> {
    match content {
        Content::Gaussians(cloud) => {
            compile(&quantise(cloud, SceneFrame::new(cloud, reach)), options)
        }
        _ => todo!(),
    }
}
