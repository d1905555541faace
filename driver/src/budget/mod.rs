//! Less of a scene for fewer instructions: which Gaussians, and how many samples, are given up.

mod model;

use crate::compile::field::FieldOptions;
use crate::scene::{Content, Field, GaussianCloud};

/// Samples that a pass takes at least where a coarse pass says where they are spent.
const FOCUSED_MIN: usize = 4;

/// How much is drawn of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// A quarter of its Gaussians or samples.
    Low,
    /// A half.
    Medium,
    /// All.
    High,
}

/// What is drawn of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// All of it.
    Everything,
    /// The Gaussians that would cover most, seen from their broadest sides: opacity times the two
    /// largest scales.
    Gaussians {
        /// How many.
        drawn: usize,
        /// How many there are.
        of: usize,
    },
    /// Fewer samples a ray: of the coarse pass or the only one, and those that are added.
    Samples {
        /// How many.
        drawn: [usize; 2],
        /// How many the field asks for.
        of: [usize; 2],
    },
}

/// Why no choice meets a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetError {
    /// What is left of the scene at the least takes more.
    #[error("the least that can be drawn takes some {least} instructions")]
    TooSmall {
        /// Estimate of the instructions that the least takes.
        least: u64,
    },
    /// Its cost cannot be estimated: it has triangles.
    #[error("what triangles take is not known before they are drawn")]
    NotEstimated,
}

impl Choice {
    /// What is drawn of a scene in a quality. Of triangles nothing is given up.
    pub fn of_quality(content: &Content, quality: Quality) -> Self {
        let divisor = match quality {
            Quality::Low => 4,
            Quality::Medium => 2,
            Quality::High => return Self::Everything,
        };
        match content {
            Content::Gaussians(cloud) | Content::Mixed(_, cloud) => {
                Self::gaussians(cloud, cloud.len().div_ceil(divisor))
            }
            Content::Field(field) => {
                Self::samples(field, field.sampling.coarse.div_ceil(divisor).max(least(field)))
            }
            _ => Self::Everything,
        }
    }

    /// The most that a frame of `size`, columns and rows, may take for `instructions` on a
    /// Cortex-M4; a field is drawn with `options`. An estimate: views differ, and so do scenes.
    ///
    /// # Errors
    /// When nothing is cheap enough, or nobody knows how cheap it is.
    pub fn of_budget(
        content: &Content,
        size: [u16; 2],
        options: &FieldOptions,
        instructions: u64,
    ) -> Result<Self, BudgetError> {
        let pixels = size.map(u64::from).iter().product();
        match content {
            Content::Gaussians(cloud) => {
                let cost = |count| model::gaussians(count, pixels);
                let drawn = most(1, cloud.len(), instructions, cost)?;
                Ok(Self::gaussians(cloud, drawn))
            }
            Content::Field(field) => {
                let cost = |coarse| model::field(field, scaled(field, coarse), options, pixels);
                let drawn = most(least(field), field.sampling.coarse, instructions, cost)?;
                Ok(Self::samples(field, drawn))
            }
            _ => Err(BudgetError::NotEstimated),
        }
    }

    /// Leaves out of `content`, which it was made for, what is given up.
    pub fn apply(self, content: &mut Content) {
        match (self, content) {
            (
                Self::Gaussians { drawn, .. },
                Content::Gaussians(cloud) | Content::Mixed(_, cloud),
            ) => {
                *cloud = cloud.only(&most_visible(cloud, drawn));
            }
            (Self::Samples { drawn, .. }, Content::Field(field)) => {
                [field.sampling.coarse, field.sampling.fine] = drawn;
            }
            _ => {}
        }
    }

    fn gaussians(cloud: &GaussianCloud, drawn: usize) -> Self {
        match cloud.len() {
            of if drawn < of => Self::Gaussians { drawn, of },
            _ => Self::Everything,
        }
    }

    /// With so many samples of the coarse pass, and others in proportion.
    fn samples(field: &Field, coarse: usize) -> Self {
        let of = [field.sampling.coarse, field.sampling.fine];
        match scaled(field, coarse) {
            drawn if drawn != of => Self::Samples { drawn, of },
            _ => Self::Everything,
        }
    }
}

/// Fewest samples of the coarse pass, or of the only one; never more than the field asks for.
fn least(field: &Field) -> usize {
    let least = if field.sampling.fine > 0 { FOCUSED_MIN } else { 1 };
    least.min(field.sampling.coarse)
}

/// Samples of both passes, in the proportion of the field's own.
fn scaled(field: &Field, coarse: usize) -> [usize; 2] {
    let [own, fine] = [field.sampling.coarse, field.sampling.fine];
    let added = (fine * coarse).div_ceil(own.max(1)).max(FOCUSED_MIN.min(fine));
    [coarse, added]
}

/// The greatest number of `least..=all` whose cost is within `budget`; costs rise with numbers.
fn most(
    least: usize,
    all: usize,
    budget: u64,
    cost: impl Fn(usize) -> u64,
) -> Result<usize, BudgetError> {
    let (mut fits, mut above) = (least, all + 1);
    if all >= least && cost(least) > budget {
        return Err(BudgetError::TooSmall { least: cost(least) });
    }
    while above.saturating_sub(fits) > 1 {
        let middle = usize::midpoint(fits, above);
        match cost(middle) <= budget {
            true => fits = middle,
            false => above = middle,
        }
    }
    Ok(fits)
}

/// Indices of the `count` Gaussians that are seen most, in the order of the cloud.
fn most_visible(cloud: &GaussianCloud, count: usize) -> Vec<usize> {
    let importance = |index: usize| {
        let mut scales = cloud.scales[index];
        scales.sort_by(f32::total_cmp);
        cloud.opacities[index] * scales[1] * scales[2]
    };
    let mut indices: Vec<usize> = (0..cloud.len()).collect();
    indices.sort_by(|&a, &b| importance(b).total_cmp(&importance(a)));
    indices.truncate(count);
    indices.sort_unstable();
    indices
}

#[cfg(test)]
mod tests;
