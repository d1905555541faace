//! The networks that can be trained, in sizes for microcontrollers.

pub mod mobilenet_v2;
