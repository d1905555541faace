//! Trains tiny networks on the host for Quintet devices.

pub mod boost;
pub mod config;
pub mod data;
pub mod distil;
pub mod engine;
pub mod export;
pub mod kernels;
pub mod models;
pub mod network;
pub mod quantise;
pub mod random;
pub mod train;
pub mod whole_file;
