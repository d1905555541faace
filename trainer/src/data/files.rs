//! Files as bytes, unpacked where they are packed, with a limit on what a small file can grow to.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::DataError;

/// More than any data set here has: CIFAR-10's pictures are 184 MB, MNIST's 47 MB.
const MOST: u64 = 1 << 31;

/// Opens a file.
pub fn open(path: &Path) -> Result<BufReader<File>, DataError> {
    let io = |source| DataError::Io { path: path.to_owned(), source };
    Ok(BufReader::new(File::open(path).map_err(io)?))
}

/// A file's bytes.
pub fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    unpack(path, open(path)?)
}

/// All that a decoder of a file gives.
pub fn unpack(path: &Path, decoder: impl Read) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    let read = decoder.take(MOST + 1).read_to_end(&mut bytes);
    read.map_err(|source| DataError::Io { path: path.to_owned(), source })?;
    if bytes.len() as u64 > MOST {
        let reason = format!("it holds more than {} MiB", MOST >> 20);
        return Err(DataError::Malformed { path: path.to_owned(), reason });
    }
    Ok(bytes)
}
