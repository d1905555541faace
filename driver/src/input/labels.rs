//! Labels: names of classes, and the classes of samples.

use std::path::Path;

use super::npy::Elements;
use super::{InputError, array, read_file};

/// Most characters of a wrong label that a message shows.
const SHOWN_MAX: usize = 40;

/// Names of classes: a text file with one on each line, the first for class 0.
///
/// # Errors
/// An [`InputError`].
pub fn names(path: &Path) -> Result<Vec<String>, InputError> {
    let names: Vec<_> = text(&read_file(path)?)?.lines().map(|it| it.trim().to_owned()).collect();
    if names.is_empty() { Err(InputError::Empty) } else { Ok(names) }
}

/// The class of each sample, from `.npy` (integers), or from a text file with a line for each: the
/// class, or fields parted by commas with the class last, as in MLPerf Tiny's `y_labels.csv`. A
/// first line without a number is a heading.
///
/// # Errors
/// An [`InputError`].
pub fn classes(path: &Path) -> Result<Vec<usize>, InputError> {
    classes_from_bytes(&read_file(path)?)
}

fn classes_from_bytes(file: &[u8]) -> Result<Vec<usize>, InputError> {
    let classes = match array(file, &["labels", "y"])? {
        Some(array) => match array.elements {
            Elements::Int8(classes) => each(&classes, |it| usize::try_from(it).ok())?,
            Elements::Uint8(classes) => each(&classes, |it| Some(it.into()))?,
            Elements::Integer(classes) => each(&classes, |it| usize::try_from(it).ok())?,
            Elements::Float(classes) => each(&classes, |_| None)?,
        },
        None => {
            let class = |line: &str| line.rsplit(',').next()?.trim().parse().ok();
            let mut lines: Vec<_> =
                text(file)?.lines().filter(|it| !it.trim().is_empty()).collect();
            if lines.first().is_some_and(|line| class(line).is_none()) {
                lines.remove(0);
            }
            each(&lines, class)?
        }
    };
    if classes.is_empty() { Err(InputError::Empty) } else { Ok(classes) }
}

/// The class that each of them is.
fn each<T: Copy + ToString>(
    labels: &[T],
    class: impl Fn(T) -> Option<usize>,
) -> Result<Vec<usize>, InputError> {
    let class = |(number, &label): (usize, &T)| {
        let found = || label.to_string().chars().take(SHOWN_MAX).collect();
        class(label).ok_or_else(|| InputError::Label { number, found: found() })
    };
    labels.iter().enumerate().map(class).collect()
}

fn text(file: &[u8]) -> Result<&str, InputError> {
    std::str::from_utf8(file).map_err(|_| InputError::malformed("the labels", "they are not text"))
}

#[cfg(test)]
mod tests {
    use super::super::npy::Array;
    use super::*;

    #[test]
    fn classes_come_from_arrays_and_from_text() {
        let written = |elements: Elements| Array { shape: vec![2], elements }.to_npy();
        for file in [
            written(Elements::Uint8(vec![3, 0])),
            written(Elements::Int8(vec![3, 0])),
            written(Elements::Integer(vec![3, 0])),
            b"3\n0\n".to_vec(),
            b"file,classes,class\r\na.bin, 12, 3\r\nb.bin, 12, 0\r\n\r\n".to_vec(),
        ] {
            assert_eq!(classes_from_bytes(&file).unwrap(), [3, 0]);
        }
    }

    #[test]
    fn what_is_no_class_is_named() {
        let negative = Array { shape: vec![1], elements: Elements::Integer(vec![-1]) }.to_npy();
        for (file, says) in [
            (&negative[..], "label 0 is \"-1\""),
            (b"1\ntwo\n", "label 1 is \"two\""),
            (b"\xFF\xFE", "not text"),
            (b"", "no samples"),
        ] {
            let error = classes_from_bytes(file).unwrap_err().to_string();
            assert!(error.contains(says), "{error:?} does not say {says:?}");
        }
    }
}
