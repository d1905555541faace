//! What crosses the link between a Quintet driver and a Quintet device, and what a program is.
//!
//! `no_std`, no heap, leans on nobody.
#![no_std]

pub mod accelerator;
pub mod codec;
mod copy;
pub mod crc;
pub mod digest;
pub mod fault;
pub mod feature;
pub mod frame;
pub mod gaussian;
pub mod grid;
pub mod link;
pub mod mesh;
pub mod message;
pub mod network;
pub mod program;
pub mod ray;
pub mod schema;
pub mod tile;
pub mod window;

pub use copy::copy;
