//! `demo`: from a fresh machine to pictures of a captured scene, rendered by the firmware on an
//! emulated Cortex-M board.

use anyhow::Result;

use crate::process::{build_quintet, command, root, run as run_command, show, target_directory};
use crate::{board, firmware, setup};

const DEVICE: &str = "qemu:mps2-an386";
const SCENE: &str = "scenes/playbot/playbot_lod4.sog";
const ATTRIBUTION: &str = "PLAYBOT by Stephane Agullo (https://sa3d.fr), CC-BY-4.0, converted and \
                           reduced: scenes/playbot/ATTRIBUTION.md";

/// Runs the subcommand.
pub fn run() -> Result<()> {
    println!("== 1/3: set up");
    setup::run()?;
    println!("\n== 2/3: build the firmware and the driver");
    firmware::run(&board::select(None)?)?;
    let mut command = command(build_quintet()?);
    println!("\n== 3/3: render on an emulated Cortex-M4F (Arm MPS2, AN386)");
    let folder = target_directory().join("demo");
    // As a person would type it, where that can be.
    let folder = folder.strip_prefix(root()).unwrap_or(&folder);
    command.args(["render", SCENE, "--device", DEVICE, "--size", "320x240", "--orbit", "8", "-o"]);
    println!("+ {}\n", show(command.arg(folder)));
    run_command(&mut command)?;
    println!("\nScene: {ATTRIBUTION}");
    Ok(())
}
