//! Clouds of 3D Gaussians.

/// A cloud of 3D Gaussians in the conventions of the INRIA implementation
/// (world axes as in its `.ply`: x right, y down, z forward).
///
/// All arrays have one entry per Gaussian; `harmonics` has
/// [`GaussianCloud::harmonics_per_gaussian`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GaussianCloud {
    /// Centres, in world units.
    pub positions: Vec<[f32; 3]>,
    /// Standard deviations along the local axes, in world units (linear, not logarithms), >= 0.
    pub scales: Vec<[f32; 3]>,
    /// Unit quaternions (w, x, y, z) from local to world axes.
    pub rotations: Vec<[f32; 4]>,
    /// Opacities in 0..=1 (after the sigmoid).
    pub opacities: Vec<f32>,
    /// View-independent colour, `0.5 + 0.28209479 * dc`; linear in what the file stores, not
    /// clamped.
    pub colors: Vec<[f32; 3]>,
    /// Degree of the view-dependent spherical harmonics, 0..=3.
    pub degree: u8,
    /// Spherical-harmonic coefficients above the constant, coefficient-major with colour innermost:
    /// Gaussian `i`, coefficient `k` (0-based, degree 1 first), channel `c` is
    /// `harmonics[(i * K + k) * 3 + c]` where `K = (degree + 1)^2 - 1`.
    pub harmonics: Vec<f32>,
}

impl GaussianCloud {
    /// Number of Gaussians.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is no Gaussian.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Number of floats in [`GaussianCloud::harmonics`] per Gaussian: 0, 9, 24 or 45.
    pub fn harmonics_per_gaussian(&self) -> usize {
        let bands = usize::from(self.degree) + 1;
        (bands * bands - 1) * 3
    }

    /// The Gaussians of these indices, in their order.
    ///
    /// # Panics
    /// If an index is not below [`GaussianCloud::len`].
    pub fn only(&self, indices: &[usize]) -> Self {
        fn pick<T: Copy>(all: &[T], indices: &[usize]) -> Vec<T> {
            indices.iter().map(|&index| all[index]).collect()
        }
        let each = self.harmonics_per_gaussian();
        let harmonics = indices.iter().flat_map(|index| &self.harmonics[index * each..][..each]);
        Self {
            positions: pick(&self.positions, indices),
            scales: pick(&self.scales, indices),
            rotations: pick(&self.rotations, indices),
            opacities: pick(&self.opacities, indices),
            colors: pick(&self.colors, indices),
            degree: self.degree,
            harmonics: harmonics.copied().collect(),
        }
    }
}
