//! What can go wrong while importing a scene or a network: what, where, and what to do next.

use std::fmt;

use crate::network::NetworkError;

/// Why a file could not be imported; [`fmt::Display`] says the file, what is wrong and where.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {fault}")]
pub struct ImportError {
    /// The file or folder, as the caller named it.
    pub file: String,
    /// What is wrong with it.
    pub fault: Fault,
}

impl ImportError {
    /// What the user can do next, as one sentence or two.
    pub fn help(&self) -> String {
        self.fault.help()
    }
}

/// What is wrong with a file. Offsets are bytes from the start of the (decompressed) part named.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The operating system could not read it.
    #[error("cannot read it: {0}")]
    Io(#[from] std::io::Error),
    /// The content is of no format that is imported.
    #[error("not {wanted}: it looks like {looks_like}")]
    Unknown {
        /// What was to be imported.
        wanted: Wanted,
        /// A guess from the content.
        looks_like: &'static str,
    },
    /// A valid file that uses something this importer leaves out.
    #[error("{what} cannot be imported")]
    Unsupported {
        /// What it uses.
        what: String,
        /// How to get a file that can be imported.
        advice: &'static str,
    },
    /// A valid file with a network that is not supported.
    #[error(transparent)]
    Network(Box<NetworkError>),
    /// The file ends too early.
    #[error("{part} is cut short: {needed} bytes wanted at byte {at}, {available} there")]
    Truncated {
        /// Section, element, stream or picture.
        part: String,
        /// Where the read began.
        at: u64,
        /// How many bytes were wanted.
        needed: u64,
        /// How many bytes were left.
        available: u64,
    },
    /// The content contradicts its format.
    #[error("{part}: {reason}")]
    Malformed {
        /// Section, element, property or field.
        part: String,
        /// How it contradicts the format.
        reason: String,
    },
    /// The file asks for more than [`super::limits`] allows.
    #[error("{what} is {size}, more than the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// A valid file without a single Gaussian.
    #[error("there are no Gaussians in it")]
    Empty,
    /// More than half of the Gaussians hold NaN or infinite values.
    #[error("{dropped} of {total} Gaussians hold NaN or infinite values")]
    NotFinite {
        /// Gaussians with such a value.
        dropped: usize,
        /// All Gaussians in the file.
        total: usize,
    },
}

/// What was to be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// With [`super::gaussians`].
    Scene,
    /// With [`super::mesh()`].
    Mesh,
    /// With [`super::network`].
    Network,
    /// With [`super::field`].
    Field,
}

impl Wanted {
    fn formats(self) -> &'static str {
        match self {
            Wanted::Scene => super::FORMATS,
            Wanted::Mesh => super::MESH_FORMATS,
            Wanted::Network => super::NETWORK_FORMATS,
            Wanted::Field => super::FIELD_FORMATS,
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Wanted::Scene => "a scene of Gaussians",
            Wanted::Mesh => "a mesh",
            Wanted::Network => "a network",
            Wanted::Field => "a radiance field",
        })
    }
}

impl From<NetworkError> for Fault {
    fn from(error: NetworkError) -> Self {
        Fault::Network(Box::new(error))
    }
}

impl Fault {
    /// What the user can do next.
    pub fn help(&self) -> String {
        match self {
            Fault::Io(_) => "Check the path and its permissions.".into(),
            Fault::Unknown { wanted, .. } => {
                format!("Formats that can be imported: {}.", wanted.formats())
            }
            Fault::Unsupported { advice, .. } => (*advice).into(),
            Fault::Network(error) => error.help(),
            Fault::Truncated { .. } => "Download or export the file again: its end is missing, or \
                                        a count in its header is wrong."
                .into(),
            Fault::Malformed { .. } => {
                "The file is damaged or its writer has a fault: export it again, if need be to \
                 another format."
                    .into()
            }
            Fault::TooLarge { .. } => {
                "Reduce the scene first (prune it, or export a coarser level of detail); a \
                 microcontroller shows some thousands of Gaussians or triangles."
                    .into()
            }
            Fault::Empty => "Check the export: the selection may have been empty.".into(),
            Fault::NotFinite { .. } => {
                "The training probably diverged: use an earlier checkpoint.".into()
            }
        }
    }

    /// Names the file.
    pub(super) fn in_file(self, file: impl fmt::Display) -> ImportError {
        ImportError { file: file.to_string(), fault: self }
    }

    /// A file that is no scene.
    pub(super) fn no_scene(looks_like: &'static str) -> Fault {
        Fault::Unknown { wanted: Wanted::Scene, looks_like }
    }

    /// A file that is no mesh.
    pub(super) fn no_mesh(looks_like: &'static str) -> Fault {
        Fault::Unknown { wanted: Wanted::Mesh, looks_like }
    }

    /// A file that is no network.
    pub(super) fn no_network(looks_like: &'static str) -> Fault {
        Fault::Unknown { wanted: Wanted::Network, looks_like }
    }

    /// A file that is no radiance field.
    pub(super) fn no_field(looks_like: &'static str) -> Fault {
        Fault::Unknown { wanted: Wanted::Field, looks_like }
    }

    pub(super) fn malformed(part: impl Into<String>, reason: impl Into<String>) -> Fault {
        Fault::Malformed { part: part.into(), reason: reason.into() }
    }

    pub(super) fn unsupported(what: impl Into<String>, advice: &'static str) -> Fault {
        Fault::Unsupported { what: what.into(), advice }
    }
}
