//! `test`: everything that is checked before a change is kept. Stops at the first failure.

use anyhow::{Context, Result};

use crate::process::{cargo, root, run as run_command};
use crate::toolchain::{self, Toolchain};
use crate::{board, firmware, hil, readme, setup, small, trainer};

/// Packages for the host that are no default members, since they are only of use with QEMU.
const EMULATION: [&str; 4] =
    ["--package", "quintet-qemu-support", "--package", "quintet-qemu-device"];

/// Where tests look for scenes and pictures that are not in the repository.
const REFERENCES: &str = "QUINTET_REFERENCE_DIR";

/// A step's name and what it does.
type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 15] = [
    ("set-up", setup::run),
    ("format", format),
    ("lints", lints),
    ("lints of the boards", board_lints),
    ("documentation", documentation),
    ("unit tests", || run_command(cargo().arg("test"))),
    ("debug probes", debug_probes),
    ("fuzz targets, for a bounded time", || {
        run_command(cargo().args(["test", "--package", "quintet-fuzz"]))
    }),
    ("unit tests of the emulation", || run_command(cargo().arg("test").args(EMULATION))),
    ("the trainer", trainer::check),
    ("firmware", || firmware::run(&board::all())),
    ("the smallest firmware", small::run),
    ("tests on the emulated boards", || {
        run_command(cargo().args(["test", "--package", "quintet-hil-tests"]))
    }),
    ("the suite on every target", || hil::run(&[])),
    ("commands of the README", readme::run),
];

/// Runs the subcommand.
pub fn run() -> Result<()> {
    for (number, (name, step)) in STEPS.into_iter().enumerate() {
        println!("== {}/{}: {name}", number + 1, STEPS.len());
        step().with_context(|| format!("step {:?}", name))?;
    }
    println!("== all {} steps passed", STEPS.len());
    if std::env::var_os(REFERENCES).is_none() {
        println!("   without the larger reference scenes: {REFERENCES} is not set");
    }
    Ok(())
}

/// Of this workspace, and of the boards that are workspaces of their own.
fn format() -> Result<()> {
    run_command(cargo().args(["fmt", "--all", "--check"]))?;
    for board in board::all().into_iter().filter(|board| board.standalone) {
        let manifest = root().join("boards").join(&board.name).join("Cargo.toml");
        run_command(cargo().args(["fmt", "--check", "--manifest-path"]).arg(manifest))?;
    }
    Ok(())
}

fn lints() -> Result<()> {
    let deny = ["--", "-D", "warnings"];
    run_command(cargo().args(["clippy", "--all-targets"]).args(deny))?;
    let packages = ["--package", "quintet-hil-tests", "--package", "quintet-fuzz"];
    run_command(cargo().args(["clippy", "--all-targets"]).args(packages).args(EMULATION).args(deny))
}

/// What the driver has only with the feature `flash`; the rest of it was tested without.
fn debug_probes() -> Result<()> {
    let driver = ["--package", "quintet-driver", "--features", "flash", "--lib"];
    let clippy = ["clippy", "--bin", "quintet", "--test", "flash", "--test", "cli"];
    run_command(cargo().args(clippy).args(driver).args(["--", "-D", "warnings"]))?;
    let test = ["test", "--test", "flash", "--test", "cli"];
    let names = ["--", "flash::", "probes::", "boards::"];
    run_command(cargo().args(test).args(driver).args(names))
}

/// Of what can be built for the host; a link that leads nowhere is an error.
fn documentation() -> Result<()> {
    let mut flags = std::env::var("RUSTDOCFLAGS").unwrap_or_default();
    flags.push_str(" -D warnings");
    let mut cargo = cargo();
    cargo.env("RUSTDOCFLAGS", flags).args(["doc", "--no-deps", "--quiet"]);
    // The command's own page would have the library's name.
    cargo.args(["--lib", "--package", "quintet-driver", "--package", "quintet-protocol"]);
    cargo.args(["--package", "quintet-kernels", "--package", "quintet-firmware"]);
    cargo.args(["--package", "quintet-accelerator", "--package", "quintet-boards"]);
    run_command(cargo.args(EMULATION))
}

/// Of the boards in this workspace: the layers beneath the others are too heavy to be checked for
/// this alone. `cargo clippy` in their folders does it.
fn board_lints() -> Result<()> {
    for board in board::all().into_iter().filter(|board| !board.standalone) {
        match toolchain::choose(&board.target)? {
            Toolchain::Active => {
                let mut clippy = Toolchain::Active.cargo("clippy", board)?;
                run_command(clippy.args(["--", "-D", "warnings"]))?;
            }
            Toolchain::Debian => println!("{}: no clippy in Debian's toolchain", board.name),
        }
    }
    Ok(())
}
