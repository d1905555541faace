//! Vectors and rotations in floats, for models of the kernels.

use proptest::prelude::*;

pub type Vec3 = [f64; 3];

pub fn dot(a: &Vec3, b: &Vec3) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Rotation matrix of a quaternion, which need not have unit length.
pub fn rotation(q: [f64; 4]) -> [Vec3; 3] {
    let length = q.iter().map(|c| c * c).sum::<f64>().sqrt();
    let [w, x, y, z] = q.map(|c| c / length);
    [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ]
}

pub fn quaternion() -> impl Strategy<Value = [f64; 4]> {
    prop::array::uniform4(-1.0..1.0f64)
        .prop_filter("too short", |q| q.iter().map(|c| c * c).sum::<f64>() > 0.05)
}
