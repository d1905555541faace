//! Why a field cannot be compiled.

use crate::camera::CameraError;

/// Why a field cannot be compiled.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// Nothing says what is a density.
    #[error("the field has no density: nothing of it can be seen")]
    NoDensity,
    /// Nothing says what is a colour.
    #[error("the field has no colour")]
    NoColor,
    /// Nothing says where it is seen from.
    #[error("nothing says where the field is seen from: name a camera at least")]
    NoCameras,
    /// Colours are made of what is composed, by a network of its own.
    #[error(
        "the field's colours come of a network behind composing (MeRF), which is not drawn; \
         bake its colours into the field"
    )]
    Deferred,
    /// Colours begin at an odd column.
    #[error(
        "the field's colours begin at column {column}, and a device takes them from an even one; \
         put them before the density"
    )]
    OddColor {
        /// The first of them.
        column: usize,
    },
    /// Rows of so many numbers cannot be told of in a program.
    #[error("layers that share inputs make rows of {columns} columns, and a device takes {most}")]
    Columns {
        /// How many.
        columns: usize,
        /// Most.
        most: usize,
    },
    /// A number of cells that devices do not take.
    #[error("{cells} cells along a side, and a device takes a power of two, {least} to {most}")]
    Cells {
        /// How many.
        cells: usize,
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
    },
    /// Cells that the field tells of are not those of a cube.
    #[error("the field tells of {cells} cells, which are no cube of {side} cells along a side")]
    Occupancy {
        /// Cells along a side.
        side: usize,
        /// How many it tells of.
        cells: usize,
    },
    /// A node has no form that a device takes.
    #[error("node {node} of the field: {reason}")]
    Node {
        /// Its number.
        node: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A number of samples that devices do not take.
    #[error("{samples} samples a ray, and a device takes {least} to {most}")]
    Samples {
        /// How many.
        samples: usize,
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
    },
    /// The arena does not hold what drawing a few pixels takes.
    #[error(
        "drawing the field takes {needed} bytes of arena at the least, and the device has {available}"
    )]
    TooLarge {
        /// Bytes needed.
        needed: usize,
        /// Bytes of arena.
        available: usize,
    },
    /// A camera that it is to be seen from cannot be used.
    #[error(transparent)]
    Camera(#[from] CameraError),
}
