//! The handwritten digits that come with the trainer: 1 437 and 360 pictures of 8x8, in ten
//! classes.
//!
//! Source: E. Alpaydin and C. Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine
//! Learning Repository; `data/digits/ATTRIBUTION.md` says what was changed.

use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::{DataError, Dataset, Split, files, idx};

/// Pictures and labels.
type Files = [&'static [u8]; 2];

const TRAIN: Files = [
    include_bytes!("../../data/digits/train-images-idx3-ubyte.gz"),
    include_bytes!("../../data/digits/train-labels-idx1-ubyte.gz"),
];
const TEST: Files = [
    include_bytes!("../../data/digits/t10k-images-idx3-ubyte.gz"),
    include_bytes!("../../data/digits/t10k-labels-idx1-ubyte.gz"),
];

/// Reads the digits, which are part of the program.
///
/// # Errors
/// None is known; the files are read as those of users are.
pub fn read() -> Result<Split, DataError> {
    let path = Path::new("digits");
    let malformed = |reason| DataError::Malformed { path: path.to_owned(), reason };
    let part = |[pictures, labels]: Files| {
        let unpack = |file| files::unpack(path, MultiGzDecoder::new(file));
        let (shape, bytes) = idx::images(&unpack(pictures)?).map_err(malformed)?;
        let count = bytes.len() / shape.elements();
        let labels = idx::labels(&unpack(labels)?, count).map_err(malformed)?;
        Ok(Dataset { shape, bytes, labels, classes: Vec::new() })
    };
    idx::split(part(TRAIN)?, part(TEST)?).map_err(malformed)
}
