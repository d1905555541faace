//! Cameras of an Instant-NGP snapshot: those of the training's pictures.
//!
//! A matrix has the columns right, down, forward and place, in Instant-NGP's axes; the principal
//! point is a share of the picture's size.

use super::msgpack::Value;
use crate::camera::Camera;

/// Nearest distance of samples, as in the training.
const NEAR: f64 = 0.1;
/// How much farther off other cameras may stand, in sides of the cube that the subject is in.
const ELSEWHERE: f64 = 1.0;

/// The cameras, by the names of their pictures.
pub(super) fn views(snapshot: &Value) -> Vec<(String, Camera)> {
    let Some(dataset) = snapshot.get("nerf.dataset") else { return Vec::new() };
    let names = dataset.items("paths");
    let cameras = dataset.items("xforms").iter().zip(dataset.items("metadata"));
    let named = cameras.enumerate().filter_map(|(number, (xform, metadata))| {
        let camera = camera(xform, metadata).filter(|camera| camera.check().is_ok())?;
        let name = match names.get(number) {
            Some(Value::Text(path)) => path.rsplit(['/', '\\']).next().unwrap_or(path).to_string(),
            _ => number.to_string(),
        };
        Some((name, camera))
    });
    named.collect()
}

fn camera(xform: &Value, metadata: &Value) -> Option<Camera> {
    let matrix: [[f64; 4]; 3] = xform.matrix("start")?;
    let resolution: [f64; 2] = metadata.numbers("resolution")?;
    let principal: [f64; 2] = metadata.numbers("principal_point")?;
    let [width, height] = resolution.map(|it| it as u16);
    if width == 0 || height == 0 {
        return None;
    }
    // From right, down, forward to right, up, backwards.
    let pose = matrix.map(|[right, down, forward, place]| [right, -down, -forward, place]);
    let pose = [pose[0], pose[1], pose[2], [0.0, 0.0, 0.0, 1.0]];
    let center = [principal[0] * resolution[0], principal[1] * resolution[1]];
    let focal = metadata.numbers("focal_length")?;
    Some(Camera::from_opengl([width, height], focal, center, &pose))
}

/// Nearest and farthest distance of the box from cameras that stand where those of the training, or
/// the user, do, or somewhat elsewhere: nothing is lost by samples outside the box, which are
/// passed over.
pub(super) fn range(
    snapshot: &Value,
    views: &[(String, Camera)],
    [least, greatest]: [[f64; 3]; 2],
) -> [f64; 2] {
    let user: Option<[[f64; 4]; 3]> = snapshot.matrix("camera.matrix");
    let mut eyes: Vec<[f64; 3]> = views.iter().map(|(_, camera)| camera.position()).collect();
    eyes.extend(user.map(|rows| rows.map(|row| row[3])));
    eyes.retain(|eye| eye.iter().all(|it| it.is_finite() && it.abs() < 1e4));
    let side = greatest[0] - least[0];
    if eyes.is_empty() {
        eyes.push([least[0] - side, 0.5, 0.5]);
    }
    let through = |eye: &[f64; 3]| {
        let farthest = |k: usize| (eye[k] - least[k]).abs().max((eye[k] - greatest[k]).abs());
        [0, 1, 2].map(farthest).iter().map(|it| it * it).sum::<f64>().sqrt()
    };
    [NEAR, eyes.iter().map(through).fold(side, f64::max) + ELSEWHERE]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_may_stand_elsewhere_than_those_of_the_training() {
        let snapshot = Value::Map(Vec::new());
        let bounds = [[0.0; 3], [1.0; 3]];
        let camera = Camera::look_at([8; 2], 40.0, [-1.5, 0.5, 0.5], [0.5; 3], [0.0, 0.0, 1.0]);
        for views in [vec![], vec![("far".into(), camera)]] {
            let [near, far] = range(&snapshot, &views, bounds);
            // From a corner of the box to its opposite, and from as far off again.
            assert!(near <= NEAR && far > 3.0f64.sqrt() + 1.0, "{near} to {far}");
        }
    }
}
