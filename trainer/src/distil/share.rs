//! Which of the teacher's numbers are the tiny network's: the leading channels of each tensor
//! (`W[:co, :ci]`, as in NetAug, Cai et al. 2022).

use crate::network::{Network, Tensor};

/// The place of each of the tiny network's parameters among the teacher's.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    places: Vec<usize>,
}

impl Share {
    /// For two networks of the same structure.
    ///
    /// # Errors
    /// The name of a tensor that the teacher lacks, or has smaller.
    pub fn new(student: &Network, teacher: &Network) -> Result<Self, String> {
        let mut places = Vec::with_capacity(student.parameters());
        for tensor in &student.tensors {
            let wide = teacher.tensor(&tensor.name).filter(|wide| contains(wide, tensor));
            let wide = wide.ok_or_else(|| tensor.name.clone())?;
            places.extend((0..tensor.elements()).map(|number| place(tensor, wide, number)));
        }
        Ok(Self { places })
    }

    /// The tiny network's parameters out of the teacher's.
    #[must_use]
    pub fn gather(&self, teacher: &[f32]) -> Vec<f32> {
        self.places.iter().map(|place| teacher[*place]).collect()
    }

    /// Adds the tiny network's gradient to the teacher's.
    pub fn scatter(&self, student: &[f32], teacher: &mut [f32]) {
        for (place, value) in self.places.iter().zip(student) {
            teacher[*place] += value;
        }
    }

    /// The place of a parameter among the teacher's.
    #[must_use]
    pub fn place(&self, parameter: usize) -> usize {
        self.places[parameter]
    }
}

fn contains(wide: &Tensor, tensor: &Tensor) -> bool {
    let extents = wide.shape.iter().zip(&tensor.shape);
    wide.shape.len() == tensor.shape.len() && extents.into_iter().all(|(wide, own)| wide >= own)
}

/// Where a tensor's number is in a wider one.
fn place(tensor: &Tensor, wide: &Tensor, mut number: usize) -> usize {
    let (mut place, mut stride) = (0, 1);
    for (own, extent) in tensor.shape.iter().zip(&wide.shape).rev() {
        place += number % own * stride;
        number /= own;
        stride *= extent;
    }
    wide.offset + place
}
