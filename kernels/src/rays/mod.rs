//! Rays: casting them, finding samples along them, composing these, and spending samples where
//! there is something.

pub mod cast;
pub mod compose;
pub mod even;
pub mod focus;
pub mod march;
pub mod occupancy;
mod power;
mod shares;
