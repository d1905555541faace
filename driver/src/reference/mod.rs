//! Float evaluation of scenes, which quantised ones are calibrated by and held against.

pub mod field;
