//! Triangles whose colours are a field's where they are seen, in floats.

use super::field::{Places, evaluate};
use super::mesh::hits;
use crate::camera::Camera;
use crate::picture::Picture;
use crate::scene::{Field, Mesh};

/// Draws triangles with the colours of a field over a background. Where a field has no colour,
/// triangles are black.
pub fn render(mesh: &Mesh, field: &Field, camera: &Camera, background: [u8; 3]) -> Picture {
    let hits = hits(mesh, camera);
    let eye = camera.position();
    let [least, greatest] = field.bounds;
    let points: Vec<[f64; 3]> = hits.iter().flatten().map(|hit| hit.point(mesh)).collect();
    let towards = |point: &[f64; 3]| {
        let way = [0, 1, 2].map(|axis| point[axis] - eye[axis]);
        let length = way.iter().map(|part| part * part).sum::<f64>().sqrt();
        way.map(|part| part / length)
    };
    let directions: Vec<[f64; 3]> = points.iter().map(towards).collect();
    let held =
        |point: &[f64; 3]| [0, 1, 2].map(|axis| point[axis].clamp(least[axis], greatest[axis]));
    let points: Vec<[f64; 3]> = points.iter().map(held).collect();
    let mut colors = vec![[0; 3]; points.len()];
    if let Some(color) = &field.model.color {
        let places = Places { bounds: field.bounds, points: &points, directions: &directions };
        let rows = evaluate(&field.model.nodes, &[color.node], &places, Vec::new());
        if let Some(Some(rows)) = rows.get(color.node) {
            for (to, row) in colors.iter_mut().zip(rows.rows()) {
                let channel = |k: usize| color.activation.of(row[color.column + k]);
                *to = [0, 1, 2].map(|k| (channel(k).clamp(0.0, 1.0) * 255.0).round() as u8);
            }
        }
    }
    let mut colors = colors.into_iter();
    let pixel = |hit: &Option<_>| match hit {
        Some(_) => colors.next().unwrap_or_default(),
        None => background,
    };
    let rgb = hits.iter().flat_map(pixel).collect();
    Picture { width: camera.width.into(), height: camera.height.into(), rgb }
}
