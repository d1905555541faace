//! `schedules`: seeded schedules of faults, through the driver's session and the firmware's device.

use anyhow::Result;

use crate::process::{cargo, run as run_command};

/// Runs `count` schedules, the first with `seed`.
pub fn run(count: &str, seed: &str) -> Result<()> {
    let mut cargo = cargo();
    cargo.env("QUINTET_SCHEDULES", count).env("QUINTET_SCHEDULES_SEED", seed);
    cargo.args(["test", "--release", "--package", "quintet-driver", "--test", "schedules"]);
    run_command(cargo.args(["many_schedules", "--", "--ignored", "--nocapture"]))
}
