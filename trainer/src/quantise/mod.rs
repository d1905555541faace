//! From floats to int8.
//!
//! ```text
//! network --fold--> without normalisations --aware--> with roundings --calibrate--> their ranges
//!         --[train on, with the weights of `aware::rounded`]--> export
//! ```

pub mod aware;
pub mod calibrate;
mod error;
pub mod fold;
pub mod round;
pub mod weights;

pub use calibrate::{Calibration, Choice};
pub use error::QuantiseError;

use crate::data::Dataset;
use crate::network::{Network, State};

/// Post-training quantisation: folds normalisations, and gives every tensor of the int8 network a
/// range that samples of `data` fill. What comes back can be exported, or trained on.
///
/// # Errors
/// A [`QuantiseError`].
pub fn quantise(
    network: &Network,
    state: &State,
    data: &Dataset,
    calibration: &Calibration,
) -> Result<(Network, State), QuantiseError> {
    let (folded, mut state) = fold::fold(network, state)?;
    let rounded = aware::with_roundings(&folded)?;
    state.ranges = calibrate::ranges(&folded, &state, &rounded.sources, data, calibration)?;
    Ok((rounded.network, state))
}
