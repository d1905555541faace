//! From floats to int8.

pub mod round;
