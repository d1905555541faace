//! How much memory reading a file may take.
//!
//! Tables of a flatbuffer may share what they point to, so a small file can stand for an immense
//! one.

use crate::import::error::Fault;

/// What is read may take this many times what the file does, which shares equal constants.
const SHARING: usize = 4;
/// What small files may take whatever their size, in bytes.
const LEAST: usize = 1 << 20;

/// What is left to read, in bytes.
pub(super) struct Budget {
    left: usize,
    all: usize,
}

impl Budget {
    pub(super) fn of_file(length: usize) -> Self {
        let all = length.saturating_mul(SHARING).max(LEAST);
        Budget { left: all, all }
    }

    /// Takes what something is about to occupy.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), Fault> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Fault::malformed(
                "the tables",
                format!("they share so much that they stand for more than {} bytes", self.all),
            )),
        }
    }
}
