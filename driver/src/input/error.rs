//! What can be wrong with a file that is to go into a network, and what to do next.

use std::io;

use crate::import::Fault;

/// Why a file cannot be an input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The operating system could not read or write it.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is no format that can be an input.
    #[error("it is no array, picture or sound")]
    Unknown,
    /// It contradicts its format.
    #[error("{part}: {reason}")]
    Malformed {
        /// Part of the file.
        part: &'static str,
        /// How it contradicts the format.
        reason: String,
    },
    /// It uses what is left out here.
    #[error("{what} cannot be read")]
    Unsupported {
        /// What it uses.
        what: String,
        /// How to get a file that can be read.
        advice: &'static str,
    },
    /// An archive that cannot be read.
    #[error("{0}")]
    Archive(Fault),
    /// Elements of another type than the model takes.
    #[error("the model's input {port:?} takes {wanted}; these are {found}")]
    Element {
        /// Name of the input.
        port: String,
        /// What it takes.
        wanted: String,
        /// What came.
        found: &'static str,
    },
    /// Another shape than the model takes.
    #[error("the model's input {port:?} takes {wanted}, or several of them; this is {found}")]
    Shape {
        /// Name of the input.
        port: String,
        /// What it takes.
        wanted: String,
        /// What came.
        found: String,
    },
    /// A picture or a sound for a model that takes something else.
    #[error("the model's input {port:?} is {wanted}, which cannot be made of {found}")]
    Kind {
        /// Name of the input.
        port: String,
        /// Its shape.
        wanted: String,
        /// A picture or a sound.
        found: &'static str,
    },
    /// A value that is no number.
    #[error("sample {sample} holds a value that is no finite number")]
    NotFinite {
        /// Index of the sample.
        sample: usize,
    },
    /// An archive of several arrays, none of which has a name that is looked for.
    #[error("none of its arrays has one of the names {wanted}; there are {found}")]
    NoArray {
        /// The names, the preferred one first.
        wanted: String,
        /// The arrays.
        found: String,
    },
    /// A label that names no class.
    #[error("label {number} is {found:?}, which is no class")]
    Label {
        /// Number of the label, from 0.
        number: usize,
        /// The label.
        found: String,
    },
    /// No sample at all.
    #[error("there are no samples in it")]
    Empty,
    /// A size beyond all use.
    #[error("{what} is {size}, more than the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
}

impl InputError {
    /// What to do next.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Io(_) => "check the path and its permissions",
            Self::Unknown => {
                "give a NumPy array (.npy, .npz), a picture (PNG, JPEG, WebP, PPM, PGM) or a sound \
                 (WAV of 16 bits)"
            }
            Self::Malformed { .. } | Self::Archive(_) => "the file is damaged: write it again",
            Self::Unsupported { advice, .. } => advice,
            Self::Element { .. } => {
                "convert it: int8 is taken as it is, uint8 as pixels, floats as real values"
            }
            Self::Shape { .. } => {
                "reshape it; samples lie along the first axis, and `quintet inspect MODEL` shows the \
                 model's inputs"
            }
            Self::Kind { .. } => {
                "give a .npy file of what the model was trained on, such as its spectrogram"
            }
            Self::NotFinite { .. } => "find out where its NaN or infinity comes from",
            Self::NoArray { .. } => {
                "call the array by one of these names, or write it to an .npy file"
            }
            Self::Label { .. } => "give the number of its class for each sample, from 0",
            Self::Empty => "check that it is the file you meant",
            Self::TooLarge { .. } => "make it smaller first",
        }
    }

    pub(super) fn malformed(part: &'static str, reason: impl ToString) -> Self {
        Self::Malformed { part, reason: reason.to_string() }
    }

    pub(super) fn unsupported(what: impl Into<String>, advice: &'static str) -> Self {
        Self::Unsupported { what: what.into(), advice }
    }
}
