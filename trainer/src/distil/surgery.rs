//! Gradient surgery: where the teacher's gradient and the tiny network's point apart, what of the
//! teacher's works against the other is taken away (PCGrad, Yu et al. 2020, one side of it):
//! `g_t <- g_t - (g_t . g_s / |g_s|^2) g_s` if `g_t . g_s < 0`.

use serde::{Deserialize, Serialize};

use super::Share;
use crate::network::Network;

/// Over what a conflict is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Surgery {
    /// None: gradients are added as they are.
    None,
    /// All shared weights as one vector.
    Whole,
    /// Each shared tensor by itself.
    Tensor,
}

/// Takes conflicts out of the teacher's gradient. Returns how many vectors were in conflict, and of
/// how many.
pub fn operate(
    surgery: Surgery,
    student: &Network,
    share: &Share,
    own: &[f32],
    teacher: &mut [f32],
) -> [usize; 2] {
    match surgery {
        Surgery::None => [0, 0],
        Surgery::Whole => [usize::from(project(share, 0..own.len(), own, teacher)), 1],
        Surgery::Tensor => {
            let ranges = student.tensors.iter().map(|tensor| tensor.range());
            let conflicts = ranges.filter(|range| project(share, range.clone(), own, teacher));
            [conflicts.count(), student.tensors.len()]
        }
    }
}

/// Projects a part of the teacher's gradient if it is in conflict; tells whether it was.
fn project(
    share: &Share,
    range: std::ops::Range<usize>,
    own: &[f32],
    teacher: &mut [f32],
) -> bool {
    let (mut product, mut square) = (0.0f64, 0.0f64);
    for parameter in range.clone() {
        let value = f64::from(own[parameter]);
        product += value * f64::from(teacher[share.place(parameter)]);
        square += value * value;
    }
    if product >= 0.0 || square == 0.0 {
        return false;
    }
    let factor = product / square;
    for parameter in range {
        let there = &mut teacher[share.place(parameter)];
        *there = (f64::from(*there) - factor * f64::from(own[parameter])) as f32;
    }
    true
}
