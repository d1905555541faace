//! Random programs that a device accepts, and a device that runs them.

pub mod commands;
mod contents;
pub mod device;
pub mod draft;
#[path = "../../../firmware/tests/device/world.rs"]
#[allow(dead_code, reason = "written for the device's own tests, which use all of it")]
pub mod world;

/// The number in an environment variable, or another where there is none.
pub fn variable(name: &str, other: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text}: not a number")),
        Err(_) => other,
    }
}
