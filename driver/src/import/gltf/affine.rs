//! Affine transformations, of glTF nodes and of parts of scenes, in f64.

/// Columns x, y, z and translation: `point` becomes `x * p.x + y * p.y + z * p.z + translation`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::import) struct Affine(pub [[f64; 3]; 4]);

impl Affine {
    pub(in crate::import) const IDENTITY: Affine =
        Affine([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0; 3]]);

    /// From a column-major 4x4 matrix, or nothing when it is not affine or holds NaN or infinities.
    pub(in crate::import) fn of_matrix(m: &[f64; 16]) -> Option<Affine> {
        let is_affine = [m[3], m[7], m[11], m[15]] == [0.0, 0.0, 0.0, 1.0];
        let columns = [0, 1, 2, 3].map(|c| [m[4 * c], m[4 * c + 1], m[4 * c + 2]]);
        (is_affine && m.iter().all(|v| v.is_finite())).then_some(Affine(columns))
    }

    /// Scaled, then turned by a unit quaternion (x, y, z, w), then moved.
    pub(in crate::import) fn of_parts(
        scale: [f64; 3],
        [x, y, z, w]: [f64; 4],
        moved: [f64; 3],
    ) -> Affine {
        let turned = [
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)],
            [2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)],
            [2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)],
        ];
        let [a, b, c] = [0, 1, 2].map(|axis| turned[axis].map(|v| v * scale[axis]));
        Affine([a, b, c, moved])
    }

    /// First `child`, then this.
    pub(in crate::import) fn then(&self, child: &Affine) -> Affine {
        let [x, y, z, moved] = child.0;
        Affine([self.vector(x), self.vector(y), self.vector(z), self.point(moved)])
    }

    /// A point's image.
    pub(in crate::import) fn point(&self, p: [f64; 3]) -> [f64; 3] {
        let turned = self.vector(p);
        [0, 1, 2].map(|axis| turned[axis] + self.0[3][axis])
    }

    /// The image of a difference of points.
    pub(in crate::import) fn vector(&self, p: [f64; 3]) -> [f64; 3] {
        let [x, y, z, _] = &self.0;
        [0, 1, 2].map(|axis| x[axis] * p[0] + y[axis] * p[1] + z[axis] * p[2])
    }

    /// The image of a normal, not normalised: by the cofactors of the matrix, which are the
    /// transposed inverse times the determinant, and exist where the inverse does not. A mirror
    /// turns normals with the side that they stand on.
    pub(in crate::import) fn normal(&self, n: [f64; 3]) -> [f64; 3] {
        let [x, y, z, _] = self.0;
        let (a, b, c) = (cross(y, z), cross(z, x), cross(x, y));
        let sign = if self.mirrors() { -1.0 } else { 1.0 };
        [0, 1, 2].map(|axis| sign * (a[axis] * n[0] + b[axis] * n[1] + c[axis] * n[2]))
    }

    /// Whether it turns right hands into left ones.
    pub(in crate::import) fn mirrors(&self) -> bool {
        let [x, y, z, _] = self.0;
        dot(cross(x, y), z) < 0.0
    }

    /// The sum of transformations by weight.
    pub(in crate::import) fn blend(parts: impl Iterator<Item = (f64, Affine)>) -> Affine {
        let mut sum = [[0.0; 3]; 4];
        for (weight, part) in parts {
            for (sum, value) in sum.as_flattened_mut().iter_mut().zip(part.0.as_flattened()) {
                *sum += weight * value;
            }
        }
        Affine(sum)
    }
}

pub(super) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normals_stay_at_right_angles_to_their_surface() {
        let parts = Affine::of_parts([2.0, 0.5, -3.0], [0.5, 0.5, 0.5, 0.5], [1.0, 2.0, 3.0]);
        assert!(parts.mirrors());
        let (a, b) = ([1.0, 0.2, 0.0], [0.0, 1.0, 0.7]);
        let normal = parts.normal(cross(a, b));
        assert!(dot(normal, parts.vector(a)).abs() < 1e-12);
        assert!(dot(normal, parts.vector(b)).abs() < 1e-12);
        // What stood on the outside still does.
        let outside = [0.3, -0.1, 0.9];
        let (before, after) = (dot(outside, cross(a, b)), dot(parts.vector(outside), normal));
        assert!(before * after > 0.0);
    }
}
