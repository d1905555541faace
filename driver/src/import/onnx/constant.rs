//! Constants: initialisers, and what `QuantizeLinear` and `DequantizeLinear` make of them.

use super::proto::{self, data_type};
use crate::import::error::Fault;

/// Most elements of one constant.
const ELEMENTS_MAX: usize = 1 << 28;

/// A constant, the last axis innermost.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Constant {
    pub shape: Vec<usize>,
    pub elements: Elements,
    /// What integers stand for, once they were dequantised.
    pub scales: Option<Scales>,
}

/// Elements of a constant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Elements {
    /// Floats.
    Reals(Vec<f32>),
    /// Integers, and whether they are unsigned bytes.
    Integers(Vec<i64>, Kind),
}

/// Types of integers, as far as they matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int8,
    Uint8,
    Wider,
}

/// Scales and zero points: one of each, or one for each index along the axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scales {
    pub scales: Vec<f32>,
    pub zero_points: Vec<i64>,
    pub axis: usize,
}

impl Scales {
    /// Scale and zero point of element `at` of a tensor.
    fn of(&self, at: usize, shape: &[usize]) -> (f32, i64) {
        let index = match self.scales.len() {
            1 => 0,
            _ => at / shape[self.axis + 1..].iter().product::<usize>() % shape[self.axis],
        };
        (self.scales[index], self.zero_points[index])
    }
}

impl Constant {
    /// Reads an initialiser.
    pub fn read(tensor: &proto::Tensor) -> Result<Self, Fault> {
        let part = || format!("tensor {:?}", tensor.name);
        if tensor.location != 0 {
            return Err(Fault::unsupported(
                "a network with its weights in another file",
                "Save it in one file: onnx.save(model, path, save_as_external_data=False).",
            ));
        }
        let lengths = tensor.dims.iter().map(|&length| usize::try_from(length));
        let shape: Result<Vec<_>, _> = lengths.collect();
        let shape = shape.map_err(|_| Fault::malformed(part(), "an axis has a negative length"))?;
        let count = shape.iter().try_fold(1usize, |count, &axis| count.checked_mul(axis));
        let count = count.filter(|&count| count <= ELEMENTS_MAX);
        let elements = elements(tensor)?;
        if count != Some(elements.len()) {
            let reason = format!("it has {} elements for its shape {shape:?}", elements.len());
            return Err(Fault::malformed(part(), reason));
        }
        Ok(Self { shape, elements, scales: None })
    }

    /// As a list of integers, such as a shape or axes.
    pub fn integers(&self) -> Option<&[i64]> {
        match &self.elements {
            Elements::Integers(integers, _) if self.scales.is_none() => Some(integers),
            _ => None,
        }
    }

    /// The real numbers that it stands for; none if it is of plain integers.
    pub fn reals(&self) -> Option<Vec<f64>> {
        match (&self.elements, &self.scales) {
            (Elements::Reals(reals), _) => Some(reals.iter().map(|&real| real.into()).collect()),
            (Elements::Integers(integers, _), Some(scales)) => {
                let real = |(at, &integer): (usize, &i64)| {
                    let (scale, zero) = scales.of(at, &self.shape);
                    f64::from(scale) * integer.saturating_sub(zero) as f64
                };
                Some(integers.iter().enumerate().map(real).collect())
            }
            _ => None,
        }
    }

    /// What `DequantizeLinear` makes of integers; unsigned bytes become signed ones.
    pub fn dequantised(mut self, mut scales: Scales) -> Option<Self> {
        let Elements::Integers(integers, kind) = &mut self.elements else { return None };
        if self.scales.is_some() || !scales.fits(&self.shape) {
            return None;
        }
        if *kind == Kind::Uint8 {
            integers.iter_mut().for_each(|integer| *integer -= 128);
            scales.zero_points.iter_mut().for_each(|zero| *zero -= 128);
            *kind = Kind::Int8;
        }
        self.scales = Some(scales);
        Some(self)
    }

    /// What `QuantizeLinear` makes of floats: integers of `kind`, ties to even.
    pub fn quantised(self, scales: &Scales, kind: Kind) -> Option<Self> {
        if !scales.fits(&self.shape) {
            return None;
        }
        let range = match kind {
            Kind::Int8 => -128..=127,
            Kind::Uint8 => 0..=255,
            Kind::Wider => i32::MIN.into()..=i32::MAX.into(),
        };
        let integer = |(at, real): (usize, f64)| {
            let (scale, zero) = scales.of(at, &self.shape);
            let steps = (real as f32 / scale).round_ties_even() as i64;
            steps.saturating_add(zero).clamp(*range.start(), *range.end())
        };
        let integers = self.reals()?.into_iter().enumerate().map(integer).collect();
        Some(Self { elements: Elements::Integers(integers, kind), scales: None, shape: self.shape })
    }

    /// Bytes with one scale and zero point: its own, or the finest with zero point 0.
    pub fn bytes(&self) -> Option<(Vec<i8>, f32, i32)> {
        if let (Elements::Integers(integers, Kind::Int8), Some(scales)) =
            (&self.elements, &self.scales)
            && let ([scale], [zero]) = (&scales.scales[..], &scales.zero_points[..])
        {
            let bytes = integers.iter().map(|&it| it as i8).collect();
            return Some((bytes, *scale, *zero as i32));
        }
        let reals = self.reals()?;
        let greatest = reals.iter().fold(0f64, |greatest, real| greatest.max(real.abs()));
        let scale = if greatest > 0.0 { (greatest / 127.0) as f32 } else { 1.0 };
        let byte = |real: &f64| (real / f64::from(scale)).round() as i8;
        Some((reals.iter().map(byte).collect(), scale, 0))
    }

    /// With its axes in another order: axis `i` of the result is axis `order[i]` of this.
    pub fn transposed(&self, order: &[usize]) -> Self {
        let shape: Vec<_> = order.iter().map(|&axis| self.shape[axis]).collect();
        let step = |axis: usize| self.shape[axis + 1..].iter().product::<usize>();
        let steps: Vec<_> = order.iter().map(|&axis| step(axis)).collect();
        let from = |at: usize| {
            let (mut at, mut from) = (at, 0);
            for (&length, &step) in shape.iter().zip(&steps).rev() {
                from += at % length * step;
                at /= length;
            }
            from
        };
        let elements = match &self.elements {
            Elements::Reals(reals) => {
                Elements::Reals((0..reals.len()).map(|at| reals[from(at)]).collect())
            }
            Elements::Integers(integers, kind) => {
                let integers = (0..integers.len()).map(|at| integers[from(at)]).collect();
                Elements::Integers(integers, *kind)
            }
        };
        let mut scales = self.scales.clone();
        if let Some(scales) = scales.as_mut().filter(|scales| scales.scales.len() > 1) {
            scales.axis = order.iter().position(|&axis| axis == scales.axis).unwrap_or(0);
        }
        Self { shape, elements, scales }
    }
}

impl Scales {
    /// Whether there are as many as a tensor needs, and all can be divided by.
    fn fits(&self, shape: &[usize]) -> bool {
        let counted = self.scales.len() == 1 || shape.get(self.axis) == Some(&self.scales.len());
        let good = |scale: &f32| scale.is_normal() && *scale > 0.0;
        counted
            && self.zero_points.len() == self.scales.len()
            && self.scales.iter().all(good)
            && self.zero_points.iter().all(|zero| i32::try_from(*zero).is_ok())
    }
}

impl Elements {
    pub fn len(&self) -> usize {
        match self {
            Self::Reals(reals) => reals.len(),
            Self::Integers(integers, _) => integers.len(),
        }
    }
}

fn elements(tensor: &proto::Tensor) -> Result<Elements, Fault> {
    let raw = &tensor.raw;
    let narrow = || tensor.ints.iter().map(|&it| i64::from(it)).collect::<Vec<_>>();
    let integers = |listed: Vec<i64>, raw: Vec<i64>, kind| {
        Elements::Integers(if tensor.raw.is_empty() { listed } else { raw }, kind)
    };
    let whole = |width: usize| match raw.len().is_multiple_of(width) {
        true => Ok(()),
        false => {
            let reason = format!("{} bytes are no whole number of elements", raw.len());
            Err(Fault::malformed(format!("tensor {:?}", tensor.name), reason))
        }
    };
    Ok(match tensor.data_type {
        data_type::FLOAT => {
            whole(4)?;
            let stored = raw.as_chunks().0.iter().map(|&it| f32::from_le_bytes(it));
            Elements::Reals(if raw.is_empty() { tensor.floats.clone() } else { stored.collect() })
        }
        data_type::DOUBLE => {
            whole(8)?;
            let stored = raw.as_chunks().0.iter().map(|&it| f64::from_le_bytes(it));
            let doubles = if raw.is_empty() { tensor.doubles.clone() } else { stored.collect() };
            Elements::Reals(doubles.into_iter().map(|it| it as f32).collect())
        }
        data_type::INT8 => {
            let stored = raw.iter().map(|&it| i64::from(it as i8));
            integers(clamped(narrow(), -128, 127), stored.collect(), Kind::Int8)
        }
        data_type::UINT8 => {
            let stored = raw.iter().map(|&it| it.into());
            integers(clamped(narrow(), 0, 255), stored.collect(), Kind::Uint8)
        }
        data_type::INT32 => {
            whole(4)?;
            let stored = raw.as_chunks().0.iter().map(|&it| i32::from_le_bytes(it).into());
            integers(narrow(), stored.collect(), Kind::Wider)
        }
        data_type::INT64 => {
            whole(8)?;
            let stored = raw.as_chunks().0.iter().map(|&it| i64::from_le_bytes(it));
            integers(tensor.longs.clone(), stored.collect(), Kind::Wider)
        }
        other => {
            let what = format!("tensor {:?}, {},", tensor.name, data_type::name(other));
            return Err(Fault::unsupported(
                what,
                "Constants may be float, int8, uint8, int32, int64.",
            ));
        }
    })
}

/// Integers that claim to be of a narrow type.
fn clamped(mut integers: Vec<i64>, least: i64, most: i64) -> Vec<i64> {
    integers.iter_mut().for_each(|it| *it = (*it).clamp(least, most));
    integers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(shape: &[usize], integers: &[i64], kind: Kind) -> Constant {
        let elements = Elements::Integers(integers.to_vec(), kind);
        Constant { shape: shape.to_vec(), elements, scales: None }
    }

    #[test]
    fn scales_go_along_their_axis_through_a_transposition() {
        let scales = Scales { scales: vec![0.5, 2.0], zero_points: vec![0, 1], axis: 0 };
        let constant = bytes(&[2, 3], &[1, 2, 3, 4, 5, 6], Kind::Int8).dequantised(scales).unwrap();
        assert_eq!(constant.reals().unwrap(), [0.5, 1.0, 1.5, 6.0, 8.0, 10.0]);
        let turned = constant.transposed(&[1, 0]);
        assert_eq!(turned.shape, [3, 2]);
        assert_eq!(turned.reals().unwrap(), [0.5, 6.0, 1.0, 8.0, 1.5, 10.0]);
        assert_eq!(turned.transposed(&[1, 0]), constant);
    }

    #[test]
    fn unsigned_bytes_become_signed_ones_of_the_same_value() {
        let scales = Scales { scales: vec![0.5], zero_points: vec![128], axis: 1 };
        let constant = bytes(&[3], &[0, 128, 255], Kind::Uint8).dequantised(scales).unwrap();
        assert_eq!(constant.reals().unwrap(), [-64.0, 0.0, 63.5]);
        assert_eq!(constant.bytes().unwrap(), (vec![-128, 0, 127], 0.5, 0));
    }

    #[test]
    fn floats_are_quantised_with_ties_to_even() {
        let reals = Elements::Reals(vec![0.25, 0.75, -1000.0, 1000.0]);
        let constant = Constant { shape: vec![4], elements: reals, scales: None };
        let scales = Scales { scales: vec![0.5], zero_points: vec![0], axis: 1 };
        let quantised = constant.clone().quantised(&scales, Kind::Int8).unwrap();
        assert_eq!(quantised.integers().unwrap(), [0, 2, -128, 127]);
        let (bytes, scale, zero) = constant.bytes().unwrap();
        assert_eq!((&bytes[2..], zero), (&[-127i8, 127][..], 0));
        assert!((scale - 1000.0 / 127.0).abs() < 1e-5);
    }

    #[test]
    fn elements_must_be_as_many_as_the_shape_says() {
        let mut tensor = proto::Tensor {
            dims: vec![2, 2],
            data_type: data_type::FLOAT,
            raw: vec![0; 16],
            ..proto::Tensor::default()
        };
        assert!(Constant::read(&tensor).is_ok());
        for dims in [vec![2, 3], vec![-1, -4], vec![i64::MAX, i64::MAX], vec![]] {
            tensor.dims = dims;
            assert!(Constant::read(&tensor).is_err(), "{:?}", tensor.dims);
        }
        tensor.dims = vec![4];
        tensor.raw.pop();
        assert!(Constant::read(&tensor).is_err());
    }
}
