//! Folders of pictures: PNG and JPEG of any size, brought to that of a network's input.

mod decode;
mod resize;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::folder::{self, Item, Names};
use super::{DataError, Dataset, Split, files};
use crate::network::Shape;

/// A folder of pictures, each class in a folder of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Images {
    /// The folder. If it has `train` and `test`, classes are in these.
    pub path: PathBuf,
    /// Height and width in pixels that pictures are brought to, whatever their proportions.
    pub size: [usize; 2],
    /// Three channels, red, green and blue, or one of luma.
    #[serde(default = "yes")]
    pub colour: bool,
    /// What files' names tell.
    #[serde(default)]
    pub names: Names,
    /// The share of files (or of groups of them) to test with, where the folder does not have
    /// `test`.
    #[serde(default = "super::fifth")]
    pub test_share: f32,
}

fn yes() -> bool {
    true
}

/// More pixels a side than any network for microcontrollers takes.
const LARGEST: usize = 1024;

impl Images {
    /// Reads the pictures; a relative path begins at `base`.
    ///
    /// # Errors
    /// A [`DataError`].
    pub fn read(&self, base: &Path) -> Result<Split, DataError> {
        if self.size.iter().any(|size| !(1..=LARGEST).contains(size)) {
            let reason = format!("{:?} are not sizes from 1 to {LARGEST}", self.size);
            return Err(DataError::Option { option: "size", reason });
        }
        let extensions = ["png", "jpg", "jpeg"];
        let listing =
            folder::list(&base.join(&self.path), &extensions, self.names, self.test_share)?;
        let part = |items: &[Item]| self.part(items, &listing.classes);
        Ok(Split { train: part(&listing.train)?, test: part(&listing.test)?, range: None })
    }

    fn part(&self, items: &[Item], classes: &[String]) -> Result<Dataset, DataError> {
        let [height, width] = self.size;
        let shape = Shape { height, width, channels: if self.colour { 3 } else { 1 } };
        let mut bytes = vec![0; items.len() * shape.elements()];
        let pictures = bytes.par_chunks_exact_mut(shape.elements()).zip(items);
        pictures.try_for_each(|(bytes, Item { path, .. })| {
            let picture = decode::decode(&files::read(path)?, self.colour)
                .map_err(|reason| DataError::Malformed { path: path.clone(), reason })?;
            resize::resize(&picture, self.size, bytes);
            Ok(())
        })?;
        let labels = items.iter().map(|item| item.label).collect();
        Ok(Dataset { shape, bytes, labels, classes: classes.to_vec() })
    }
}
