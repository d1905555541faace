//! What papers say of accelerators, beside what our model and our profiles say.
//!
//! Three kinds of numbers stand side by side, and are named apart:
//!
//! * **theirs**: what a paper states, with its source;
//! * **replay**: our profile's shares with their factor put in ([`amdahl`]): would the same
//!   speed-up of the same part have the same effect on our program?
//! * **model**: our profile, and clocks that our description of an accelerator is charged.
//!
//! None of ours is a measurement of silicon, and factors differ in what they are relative to:
//! theirs to a GPU, ours to instructions of a microcontroller's core. Shares compare; factors do
//! not.

pub mod amdahl;
mod gaurast;
mod ngpc;
mod profile;
mod table;
mod uni_render;

pub use gaurast::gaurast;
pub use ngpc::ngpc;
pub use profile::{Part, Profile};
pub use table::Table;
pub use uni_render::{Sample, uni_render};
