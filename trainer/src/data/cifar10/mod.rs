//! CIFAR-10 (Krizhevsky 2009): 50 000 and 10 000 pictures of 32x32 in colour, in ten classes.

mod binary;
mod packed;

use std::path::Path;

use super::{DataError, Split};
use crate::network::Shape;

const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const SHAPE: Shape = Shape { height: 32, width: 32, channels: 3 };

fn classes() -> Vec<String> {
    CLASSES.map(str::to_owned).to_vec()
}

/// Reads a folder that holds CIFAR-10 packed as JPEG (`train.jpegpack.xz`), or its own binary
/// version, unpacked.
///
/// # Errors
/// A [`DataError`].
pub fn read(folder: &Path) -> Result<Split, DataError> {
    if folder.join(packed::FILES[0]).is_file() {
        return packed::read(folder);
    }
    for folder in [folder, &folder.join("cifar-10-batches-bin")] {
        if folder.join(binary::TEST).is_file() {
            return binary::read(folder);
        }
    }
    let what = "CIFAR-10: neither `train.jpegpack.xz` nor `test_batch.bin`";
    Err(DataError::Missing { path: folder.to_owned(), what: what.to_owned() })
}
