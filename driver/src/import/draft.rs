//! A cloud in the making: takes Gaussians one by one and puts them right, or leaves them out.
//!
//! | in a file | becomes |
//! |---|---|
//! | NaN or infinity in any value (also a scale whose exponential overflows) | left out, counted |
//! | more than half left out | [`Fault::NotFinite`] |
//! | quaternion of length zero | identity, counted (its writer meant "no matter") |
//! | quaternion of another length | normalised |
//! | negative linear scale | its absolute value (the covariance is the same) |
//! | opacity outside 0..=1 | clamped |

use super::error::Fault;
use crate::scene::GaussianCloud;

/// Value of the constant spherical harmonic, 1 / (2 sqrt(pi)).
pub(super) const C0: f32 = 0.282_094_8;

/// One Gaussian in the terms of [`GaussianCloud`], as read.
pub(super) struct Gaussian {
    pub position: [f32; 3],
    pub scale: [f32; 3],
    pub rotation: [f32; 4],
    pub opacity: f32,
    pub color: [f32; 3],
}

/// See the module.
pub(super) struct Draft {
    cloud: GaussianCloud,
    dropped: usize,
    unoriented: usize,
}

/// A cloud and how many Gaussians were left out or got the identity for a rotation.
pub(super) struct Finished {
    pub cloud: GaussianCloud,
    pub dropped: usize,
    pub unoriented: usize,
}

impl Draft {
    /// `count` is checked against the bytes that are there before it comes here.
    pub(super) fn new(count: usize, degree: u8) -> Self {
        let mut cloud = GaussianCloud { degree, ..GaussianCloud::default() };
        cloud.positions.reserve_exact(count);
        cloud.scales.reserve_exact(count);
        cloud.rotations.reserve_exact(count);
        cloud.opacities.reserve_exact(count);
        cloud.colors.reserve_exact(count);
        cloud.harmonics.reserve_exact(count * cloud.harmonics_per_gaussian());
        Draft { cloud, dropped: 0, unoriented: 0 }
    }

    /// Adds a Gaussian; `harmonics` are coefficient-major, colour innermost, and may be fewer than
    /// the cloud's degree asks for (the rest is zero).
    pub(super) fn push(&mut self, gaussian: &Gaussian, harmonics: &[f32]) {
        let Gaussian { position, scale, rotation, opacity, color } = gaussian;
        let values = position.iter().chain(scale).chain(rotation).chain(color).chain([opacity]);
        if !values.chain(harmonics).all(|value| value.is_finite()) {
            self.dropped += 1;
            return;
        }
        let cloud = &mut self.cloud;
        let end = cloud.harmonics.len() + cloud.harmonics_per_gaussian();
        cloud.positions.push(*position);
        cloud.scales.push(scale.map(f32::abs));
        cloud.rotations.push(normalised(*rotation).unwrap_or_else(|| {
            self.unoriented += 1;
            [1.0, 0.0, 0.0, 0.0]
        }));
        cloud.opacities.push(opacity.clamp(0.0, 1.0));
        cloud.colors.push(*color);
        cloud.harmonics.extend_from_slice(harmonics);
        cloud.harmonics.resize(end, 0.0);
    }

    pub(super) fn finish(self) -> Result<Finished, Fault> {
        let Draft { cloud, dropped, unoriented } = self;
        let total = cloud.len() + dropped;
        if total == 0 {
            return Err(Fault::Empty);
        }
        if dropped > total / 2 {
            return Err(Fault::NotFinite { dropped, total });
        }
        Ok(Finished { cloud, dropped, unoriented })
    }
}

/// The unit quaternion of the same direction, or nothing for the zero quaternion. In f64, where
/// neither the squares of the largest floats overflow nor those of the smallest vanish.
fn normalised(q: [f32; 4]) -> Option<[f32; 4]> {
    let q = q.map(f64::from);
    let length = q.iter().map(|v| v * v).sum::<f64>().sqrt();
    (length > 0.0).then(|| q.map(|v| (v / length) as f32))
}

/// Opacity from its logit.
pub(super) fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// Colour from the constant coefficient.
pub(super) fn color_of_dc(dc: f32) -> f32 {
    0.5 + C0 * dc
}

/// A unit quaternion from three components and the index of the one left out, the largest, which
/// is taken as positive. Component order is the caller's.
pub(super) fn smallest_three(rest: [f32; 3], largest: usize) -> [f32; 4] {
    let mut q = [0.0; 4];
    q[largest] = (1.0 - rest.iter().map(|v| v * v).sum::<f32>()).max(0.0).sqrt();
    for (slot, value) in (0..4).filter(|&slot| slot != largest).zip(rest) {
        q[slot] = value;
    }
    q
}

/// Degree of the harmonics from the number of coefficients above the constant, all channels.
pub(super) fn degree_of(values: usize) -> Option<u8> {
    [0, 9, 24, 45].iter().position(|&n| n == values).map(|degree| degree as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaussian() -> Gaussian {
        Gaussian {
            position: [0.0; 3],
            scale: [1.0, -2.0, 3.0],
            rotation: [0.0, 0.0, 2.0, 0.0],
            opacity: 1.5,
            color: [0.5; 3],
        }
    }

    #[test]
    fn values_are_put_right() {
        let mut draft = Draft::new(2, 1);
        draft.push(&gaussian(), &[1.0; 9]);
        draft.push(&Gaussian { rotation: [0.0; 4], ..gaussian() }, &[]);
        let Finished { cloud, dropped, unoriented } = draft.finish().unwrap();
        assert_eq!((dropped, unoriented), (0, 1));
        assert_eq!(cloud.scales[0], [1.0, 2.0, 3.0]);
        assert_eq!(cloud.rotations, [[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]]);
        assert_eq!(cloud.opacities[0], 1.0);
        assert_eq!(cloud.harmonics.len(), 18);
    }

    #[test]
    fn few_nans_are_left_out_and_many_are_refused() {
        let nan = Gaussian { opacity: f32::NAN, ..gaussian() };
        let mut draft = Draft::new(3, 0);
        draft.push(&nan, &[]);
        draft.push(&gaussian(), &[]);
        let finished = draft.finish().unwrap();
        assert_eq!((finished.cloud.len(), finished.dropped), (1, 1));
        let mut draft = Draft::new(3, 0);
        draft.push(&nan, &[]);
        draft.push(&Gaussian { scale: [f32::INFINITY; 3], ..gaussian() }, &[]);
        draft.push(&gaussian(), &[]);
        assert!(matches!(draft.finish(), Err(Fault::NotFinite { dropped: 2, total: 3 })));
    }

    #[test]
    fn extreme_quaternions_are_normalised() {
        assert_eq!(normalised([f32::MAX, 0.0, 0.0, 0.0]), Some([1.0, 0.0, 0.0, 0.0]));
        assert_eq!(normalised([0.0, 1e-45, 0.0, 0.0]), Some([0.0, 1.0, 0.0, 0.0]));
    }
}
