//! Folders of sounds: WAV files as log-mel features, which networks take like pictures of one
//! channel, frames x bins.

pub mod fft;
pub mod log_mel;
pub mod resample;
mod vary;
pub mod wav;

pub use vary::Vary;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::folder::{self, Item, Names};
use super::{DataError, Dataset, Split, files};
use crate::network::Shape;
use log_mel::{FrontEnd, LogMel};
use vary::Variation;

/// A folder of sounds, each class in a folder of its own or named by the files' names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sounds {
    /// The folder. If it has `train` and `test`, classes are in these.
    pub path: PathBuf,
    /// What each sound is cut to, at its end, or filled up to with silence.
    pub seconds: f32,
    /// Samples are pieces of sounds, as an autoencoder that watches a machine takes them. Without
    /// it each sound is one sample.
    pub pieces: Option<Pieces>,
    /// The front end.
    #[serde(default)]
    pub features: LogMel,
    /// How training sounds are varied.
    #[serde(default)]
    pub vary: Vary,
    /// What files' names tell.
    #[serde(default)]
    pub names: Names,
    /// The share of files (or of groups of them) to test with, where the folder does not have
    /// `test`.
    #[serde(default = "super::fifth")]
    pub test_share: f32,
}

/// Pieces of a sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pieces {
    /// Frames of each.
    pub frames: usize,
    /// Frames from the beginning of one to that of the next.
    #[serde(default = "one")]
    pub step: usize,
}

fn one() -> usize {
    1
}

/// Longer ones have to be cut into files first.
const LONGEST: f32 = 600.0;

impl Sounds {
    /// Reads the sounds; a relative path begins at `base`.
    ///
    /// # Errors
    /// A [`DataError`].
    pub fn read(&self, base: &Path) -> Result<Split, DataError> {
        let front_end = FrontEnd::new(&self.features)?;
        let length = self.length()?;
        let pieces = self.pieces(front_end.frames(length))?;
        let folder = base.join(&self.path);
        let listing = folder::list(&folder, &["wav"], self.names, self.test_share)?;
        let variation = Variation::new(&self.vary, base, self.features.rate)?;
        let reader = Reader { front_end, rate: self.features.rate, length, variation };
        let train = reader.read(&listing.train, self.vary.copies)?;
        let test = reader.read(&listing.test, 0)?;
        let range = range(&train, self.features.decibels);
        let set = |features: &[Features], items: &[Item]| {
            let shape = Shape { height: pieces.frames, width: self.features.bins, channels: 1 };
            let (bytes, labels) = (Vec::new(), Vec::new());
            let mut set = Dataset { shape, bytes, labels, classes: listing.classes.clone() };
            for (sound, item) in features.iter().zip(items) {
                for levels in sound {
                    append(&mut set, levels, item.label, pieces, range);
                }
            }
            set
        };
        let (train, test) = (set(&train, &listing.train), set(&test, &listing.test));
        Ok(Split { train, test, range: Some(range) })
    }

    /// Samples of each sound.
    fn length(&self) -> Result<usize, DataError> {
        if !(self.seconds > 0.0 && self.seconds <= LONGEST) {
            let reason = format!("{} is not above 0 and at most {LONGEST}", self.seconds);
            return Err(DataError::Option { option: "seconds", reason });
        }
        Ok((f64::from(self.seconds) * f64::from(self.features.rate)).round() as usize)
    }

    /// The pieces of sounds of this many frames.
    fn pieces(&self, frames: usize) -> Result<Pieces, DataError> {
        let error = |option, reason| Err(DataError::Option { option, reason });
        if frames == 0 {
            let reason = format!("{} is shorter than `features.window_ms`", self.seconds);
            return error("seconds", reason);
        }
        let pieces = self.pieces.unwrap_or(Pieces { frames, step: 1 });
        let Pieces { frames: own, step } = pieces;
        if step == 0 || !(1..=frames).contains(&own) {
            let reason = format!("{own} frames, step {step}, cannot be had of {frames} frames");
            return error("pieces", reason);
        }
        Ok(pieces)
    }
}

/// Levels of a sound, and of its copies.
type Features = Vec<Vec<f32>>;

struct Reader {
    front_end: FrontEnd,
    rate: u32,
    length: usize,
    variation: Variation,
}

impl Reader {
    fn read(&self, items: &[Item], copies: usize) -> Result<Vec<Features>, DataError> {
        let features = |item: &Item| {
            let mut samples = read_wav(&item.path, self.rate, self.length)?;
            samples.resize(self.length, 0.0);
            let name = item.path.file_name().unwrap_or_default().to_string_lossy();
            let copies = (0..copies).map(|copy| self.variation.copy(&samples, &name, copy));
            let mut levels = vec![self.front_end.levels(&samples)];
            levels.extend(copies.map(|samples| self.front_end.levels(&samples)));
            Ok(levels)
        };
        items.par_iter().map(features).collect()
    }
}

/// The first `most` samples of a file, at a rate in hertz.
fn read_wav(path: &Path, rate: u32, most: usize) -> Result<Vec<f32>, DataError> {
    let sound = wav::parse(&files::read(path)?)
        .map_err(|reason| DataError::Malformed { path: path.to_owned(), reason })?;
    Ok(resample::resample(&sound.samples, sound.rate, rate, most))
}

/// From the least level to the greatest, but no more than `decibels` down.
fn range(train: &[Features], decibels: f32) -> [f32; 2] {
    let levels = train.iter().flatten().flatten();
    let [least, greatest] = levels.fold([f32::INFINITY, f32::NEG_INFINITY], |[least, most], it| {
        [least.min(*it), most.max(*it)]
    });
    // One level alone would have no range.
    [least.max(greatest - decibels).min(greatest - 1.0), greatest]
}

/// The byte of a level.
fn quantise(level: f32, [low, high]: [f32; 2]) -> u8 {
    ((level - low) / (high - low) * 255.0).round() as u8
}

/// Appends a sound's pieces to a set.
fn append(set: &mut Dataset, levels: &[f32], label: u16, pieces: Pieces, range: [f32; 2]) {
    let bins = set.shape.width;
    for piece in levels.windows(pieces.frames * bins).step_by(pieces.step * bins) {
        set.bytes.extend(piece.iter().map(|level| quantise(*level, range)));
        set.labels.push(label);
    }
}
