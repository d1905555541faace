//! MNIST's IDX format, plain or as `.gz`: {u16 0, u8 type, u8 dimensions, a u32 each, numbers},
//! big-endian (LeCun, Cortes and Burges 1998).

use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{DataError, Dataset, Split, files};
use crate::network::Shape;

/// The type of bytes, the only one that is read.
const UNSIGNED_BYTE: u8 = 8;

/// Reads a folder of MNIST's four files (`train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and
/// the same with `t10k`), each plain or as `.gz`. Classes are named after their number.
///
/// # Errors
/// A [`DataError`].
pub fn read(folder: &Path) -> Result<Split, DataError> {
    split(part(folder, "train")?, part(folder, "t10k")?)
        .map_err(|reason| DataError::Malformed { path: folder.to_owned(), reason })
}

fn part(folder: &Path, prefix: &str) -> Result<Dataset, DataError> {
    let path = find(folder, &format!("{prefix}-images-idx3-ubyte"))?;
    let (shape, bytes) =
        images(&content(&path)?).map_err(|reason| DataError::Malformed { path, reason })?;
    let path = find(folder, &format!("{prefix}-labels-idx1-ubyte"))?;
    let labels = labels(&content(&path)?, bytes.len() / shape.elements())
        .map_err(|reason| DataError::Malformed { path, reason })?;
    Ok(Dataset { shape, bytes, labels, classes: Vec::new() })
}

/// The two parts of a set, whose classes are named after their number.
pub(super) fn split(mut train: Dataset, mut test: Dataset) -> Result<Split, String> {
    if train.shape != test.shape {
        let [a, b] = [train.shape, test.shape].map(|it| format!("{}x{}", it.width, it.height));
        return Err(format!("pictures are {a} for training and {b} for testing"));
    }
    let classes = train.labels.iter().chain(&test.labels).max().map_or(0, |most| most + 1);
    for part in [&mut train, &mut test] {
        part.classes = (0..classes).map(|number| number.to_string()).collect();
    }
    Ok(Split { train, test, range: None })
}

/// Shape and pixels of a file of pictures: {count, height, width} and a byte for each pixel.
pub(super) fn images(file: &[u8]) -> Result<(Shape, Vec<u8>), String> {
    let ([count, height, width], pixels) = parse(file)?;
    if count == 0 || height == 0 || width == 0 {
        return Err(format!("it holds {count} pictures of {width}x{height}"));
    }
    Ok((Shape { height, width, channels: 1 }, pixels.to_vec()))
}

/// The labels of a file that has `count` of them.
pub(super) fn labels(file: &[u8], count: usize) -> Result<Vec<u16>, String> {
    let ([labels], bytes) = parse(file)?;
    if labels != count {
        return Err(format!("it has {labels} labels for {count} pictures"));
    }
    Ok(bytes.iter().map(|label| u16::from(*label)).collect())
}

/// The dimensions of a file, and its bytes.
fn parse<const DIMENSIONS: usize>(file: &[u8]) -> Result<([usize; DIMENSIONS], &[u8]), String> {
    let cut = || "its header is cut short".to_owned();
    let (header, mut rest) = file.split_first_chunk::<4>().ok_or_else(cut)?;
    if *header != [0, 0, UNSIGNED_BYTE, DIMENSIONS as u8] {
        return Err(format!("it begins with {header:02x?}, not as IDX of {DIMENSIONS} dimensions"));
    }
    let mut sizes = [0; DIMENSIONS];
    for size in &mut sizes {
        let (bytes, after) = rest.split_first_chunk().ok_or_else(cut)?;
        (*size, rest) = (u32::from_be_bytes(*bytes) as usize, after);
    }
    let bytes = sizes.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
    if bytes != Some(rest.len()) {
        return Err(format!("it has {} bytes for {sizes:?} of them", rest.len()));
    }
    Ok((sizes, rest))
}

/// A file by its name, or with `.gz` behind it, or with a dot in its name as some copies have it.
fn find(folder: &Path, name: &str) -> Result<PathBuf, DataError> {
    let dotted = name.replace("-idx", ".idx");
    let names = [name.to_owned(), format!("{name}.gz"), format!("{dotted}.gz"), dotted];
    let path = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    path.ok_or_else(|| DataError::Missing {
        path: folder.to_owned(),
        what: format!("`{name}` or `{name}.gz`"),
    })
}

/// A file's bytes, unpacked if it is packed.
fn content(path: &Path) -> Result<Vec<u8>, DataError> {
    if path.extension().is_some_and(|extension| extension == "gz") {
        return files::unpack(path, MultiGzDecoder::new(files::open(path)?));
    }
    files::read(path)
}
