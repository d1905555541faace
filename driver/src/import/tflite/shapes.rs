//! Operators that compute shapes: converters add them where the number of samples is left open.
//!
//! They read the shape of a tensor, take it apart and put another one together, mostly for
//! `RESHAPE`. All of that is done here, for a single sample; the device never sees it.

use super::reading::Reading;
use super::slices;
use crate::import::error::Fault;

/// Most elements of a shape that is computed.
const ELEMENTS_MAX: usize = 64;

/// Computes the elements that an operator gives from those that it reads, all of them in one row.
pub(super) type Compute = fn(&mut Reading) -> Result<Option<Vec<i64>>, Fault>;

/// What operators do to shapes, by their names.
const OPERATORS: [(&str, Compute); 14] = [
    ("ADD", |reading| pairs(reading, i64::checked_add)),
    ("CAST", |reading| reading.known(0)),
    ("CONCATENATION", joined),
    ("EXPAND_DIMS", |reading| reading.known(0)),
    ("FLOOR_DIV", |reading| pairs(reading, i64::checked_div_euclid)),
    ("GATHER", gathered),
    ("MUL", |reading| pairs(reading, i64::checked_mul)),
    ("PACK", joined),
    ("REDUCE_PROD", product),
    ("RESHAPE", |reading| reading.known(0)),
    ("SHAPE", shape),
    ("SQUEEZE", |reading| reading.known(0)),
    ("STRIDED_SLICE", part),
    ("SUB", |reading| pairs(reading, i64::checked_sub)),
];

/// How to compute what an operator gives, if its output is a shape: integers of these types.
pub(super) fn computing(operator: &str, outputs: &[&str]) -> Option<Compute> {
    let [output] = outputs else { return None };
    let integers = ["int32", "int64"].contains(output);
    let known = OPERATORS.iter().find(|(known, _)| integers && *known == operator);
    known.map(|&(_, compute)| compute)
}

/// The shape that a `RESHAPE` of so many elements asks for: one of its lengths may be -1, which is
/// all the rest.
pub(super) fn reshaped(elements: usize, target: &[i64]) -> Option<Vec<usize>> {
    let open = target.iter().filter(|&&length| length == -1).count();
    let length = |&length: &i64| if length == -1 { Some(1) } else { usize::try_from(length).ok() };
    let mut shape = target.iter().map(length).collect::<Option<Vec<usize>>>()?;
    let known = shape.iter().try_fold(1, |product: usize, &it| product.checked_mul(it))?;
    let rest = elements.checked_div(known).filter(|rest| rest * known == elements)?;
    match open {
        0 if rest == 1 => Some(shape),
        1 => {
            let at = target.iter().position(|&length| length == -1)?;
            shape[at] = rest;
            Some(shape)
        }
        _ => None,
    }
}

fn shape(reading: &mut Reading) -> Result<Option<Vec<i64>>, Fault> {
    let input = reading.input(0)?;
    Ok(Some(reading.tensor(input).shape.iter().map(|&length| length as i64).collect()))
}

fn joined(reading: &mut Reading) -> Result<Option<Vec<i64>>, Fault> {
    let mut all = Vec::new();
    for i in 0..reading.count() {
        match reading.known(i)? {
            Some(elements) if all.len() + elements.len() <= ELEMENTS_MAX => all.extend(elements),
            _ => return Ok(None),
        }
    }
    Ok(Some(all))
}

fn gathered(reading: &mut Reading) -> Result<Option<Vec<i64>>, Fault> {
    let (Some(elements), Some(indices)) = (reading.known(0)?, reading.known(1)?) else {
        return Ok(None);
    };
    let at = |&index: &i64| elements.get(usize::try_from(index).ok()?).copied();
    Ok(indices.iter().take(ELEMENTS_MAX).map(at).collect())
}

fn product(reading: &mut Reading) -> Result<Option<Vec<i64>>, Fault> {
    let product = |elements: Vec<i64>| elements.into_iter().try_fold(1, i64::checked_mul);
    Ok(reading.known(0)?.and_then(product).map(|product| vec![product]))
}

fn part(reading: &mut Reading) -> Result<Option<Vec<i64>>, Fault> {
    let Some(elements) = reading.known(0)? else { return Ok(None) };
    let Some(indices) = slices::indices(reading, elements.len())? else { return Ok(None) };
    Ok(indices.into_iter().map(|index| elements.get(index).copied()).collect())
}

/// Element by element, a single one with each of the others.
fn pairs(
    reading: &mut Reading,
    compute: fn(i64, i64) -> Option<i64>,
) -> Result<Option<Vec<i64>>, Fault> {
    let (Some(a), Some(b)) = (reading.known(0)?, reading.known(1)?) else { return Ok(None) };
    let count = a.len().max(b.len());
    if [&a, &b].iter().any(|it| ![1, count].contains(&it.len())) {
        return Ok(None);
    }
    let pairs = a.iter().cycle().zip(b.iter().cycle()).take(count);
    Ok(pairs.map(|(&a, &b)| compute(a, b)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_shapes_and_bytes_are_not() {
        assert!(computing("SHAPE", &["int32"]).is_some());
        assert!(computing("STRIDED_SLICE", &["int64"]).is_some());
        assert!(computing("STRIDED_SLICE", &["int8"]).is_none());
        assert!(computing("ARG_MAX", &["int32"]).is_none());
    }

    #[test]
    fn one_length_may_be_the_rest() {
        assert_eq!(reshaped(24, &[1, -1, 6]), Some(vec![1, 4, 6]));
        assert_eq!(reshaped(24, &[-1]), Some(vec![24]));
        assert_eq!(reshaped(24, &[4, 6]), Some(vec![4, 6]));
        assert_eq!(reshaped(24, &[-1, 7]), None);
        assert_eq!(reshaped(24, &[-1, 0]), None);
        assert_eq!(reshaped(24, &[-1, -1]), None);
        assert_eq!(reshaped(24, &[2, 6]), None);
        assert_eq!(reshaped(24, &[i64::MAX, i64::MAX, i64::MAX]), None);
    }
}
