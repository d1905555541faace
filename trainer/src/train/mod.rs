//! Training: losses, the optimiser and its schedule, and what happens in a step.

pub mod loss;
pub mod optimise;
pub mod recipe;
pub mod training;
