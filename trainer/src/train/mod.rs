//! Training: losses, the optimiser and its schedule, what happens in a step, and what is kept of
//! it.

pub mod checkpoint;
pub mod curve;
pub mod error;
pub mod log;
pub mod loss;
pub mod optimise;
pub mod recipe;
mod runner;
pub(crate) mod task;
pub mod training;
pub mod weights;

pub use runner::accuracy;
