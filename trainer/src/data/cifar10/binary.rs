//! CIFAR-10's own binary version: records of {u8 label, red, green and blue plane}.

use std::path::Path;

use super::{CLASSES, SHAPE, classes};
use crate::data::{DataError, Dataset, Split, files};

const TRAIN: [&str; 5] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
];

/// The name of the file with the test pictures.
pub const TEST: &str = "test_batch.bin";

/// Reads training and test pictures from a folder.
pub fn read(folder: &Path) -> Result<Split, DataError> {
    let read = |names: &[&str]| {
        let (bytes, labels) = (Vec::new(), Vec::new());
        let mut set = Dataset { shape: SHAPE, bytes, labels, classes: classes() };
        for name in names {
            let path = folder.join(name);
            append(&files::read(&path)?, &mut set)
                .map_err(|reason| DataError::Malformed { path, reason })?;
        }
        Ok(set)
    };
    Ok(Split { train: read(&TRAIN)?, test: read(&[TEST])?, range: None })
}

fn append(bytes: &[u8], set: &mut Dataset) -> Result<(), String> {
    let plane = SHAPE.height * SHAPE.width;
    let (records, rest) = bytes.as_chunks::<{ 1 + 3 * 32 * 32 }>();
    if records.is_empty() || !rest.is_empty() {
        return Err(format!("{} bytes are no whole number of pictures", bytes.len()));
    }
    for (picture, [label, planes @ ..]) in records.iter().enumerate() {
        if usize::from(*label) >= CLASSES.len() {
            return Err(format!("picture {picture} has label {label} of {}", CLASSES.len()));
        }
        set.labels.push(u16::from(*label));
        let [red, green, blue] = [0, 1, 2].map(|channel| &planes[channel * plane..][..plane]);
        for ((red, green), blue) in red.iter().zip(green).zip(blue) {
            set.bytes.extend([red, green, blue]);
        }
    }
    Ok(())
}
