//! How to compile for a bare-metal target: with the active toolchain's own `core`, or, where rustup
//! cannot fetch that, with Debian's compiler and library sources.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::board::Board;
use crate::process::{command, read, root, succeeds, target_directory};

/// The name under which rustup knows Debian's toolchain.
pub const DEBIAN: &str = "debian";

/// Set, to anything, it forces the way through Debian's toolchain.
const FORCE: &str = "QUINTET_FORCE_BUILD_STD";

/// How to compile for one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The active toolchain has `core` for the target.
    Active,
    /// Debian's toolchain, which compiles `core` from source.
    Debian,
}

/// Whether the way through Debian's toolchain is forced.
pub fn debian_is_forced() -> bool {
    std::env::var_os(FORCE).is_some()
}

/// Whether the active toolchain really has `core` for the target: rustup's word is not enough.
pub fn has_core(target: &str) -> bool {
    let libraries =
        read(command("rustc").args(["--print", "target-libdir", "--target", target])).ok();
    let entries = libraries.and_then(|folder| std::fs::read_dir(folder).ok());
    entries.into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().starts_with("libcore-")
    })
}

/// Whether rustup knows Debian's toolchain and it works.
pub fn has_debian() -> bool {
    succeeds(command("rustup").args(["run", DEBIAN, "cargo", "--version"]))
}

/// How to compile for `target` here.
pub fn choose(target: &str) -> Result<Toolchain> {
    if !debian_is_forced() && has_core(target) {
        Ok(Toolchain::Active)
    } else if has_debian() {
        Ok(Toolchain::Debian)
    } else {
        bail!("no `core` for {target}; run `cargo xtask setup`")
    }
}

impl Toolchain {
    /// `cargo ACTION` for a board's package and target, in the profile of firmware.
    pub fn cargo(self, action: &str, board: &Board) -> Result<Command> {
        self.cargo_in("firmware", action, board)
    }

    /// As [`Toolchain::cargo`], in another profile.
    pub fn cargo_in(self, profile: &str, action: &str, board: &Board) -> Result<Command> {
        let variable = |what: &str| {
            format!("CARGO_TARGET_{}_{what}", board.target.to_uppercase().replace('-', "_"))
        };
        let mut cargo = match self {
            Self::Active => {
                let mut cargo = crate::process::cargo();
                cargo.arg(action);
                cargo
            }
            Self::Debian => {
                let mut cargo = command("rustup");
                cargo.args(["run", DEBIAN, "cargo", action, "-Zbuild-std=core"]);
                for inherited in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
                    cargo.env_remove(inherited);
                }
                // Building `core` is an unstable option; Debian's package has no linker for it.
                cargo.env("RUSTC_BOOTSTRAP", "1").env(variable("LINKER"), linker()?);
                cargo.env("CARGO_TARGET_DIR", target_directory());
                cargo
            }
        };
        cargo.args(["--profile", profile, "--package", &board.package]);
        cargo.args(["--target", &board.target]);
        if board.standalone {
            // From its own folder, where cargo reads what the board's layer wants to be told.
            cargo.arg("--locked").current_dir(root().join("boards").join(&board.name));
            cargo.env("CARGO_TARGET_DIR", target_directory());
        }
        let cpu = board.target_cpu.as_ref().map(|cpu| format!("-Ctarget-cpu={cpu}"));
        let features = board.target_feature.as_ref().map(|it| format!("-Ctarget-feature={it}"));
        let flags: Vec<_> = cpu.into_iter().chain(features).collect();
        if !flags.is_empty() {
            // Not by the target's name: cargo takes the dot in some for the end of a key.
            let key = "target.'cfg(target_os = \"none\")'.rustflags";
            cargo.arg("--config").arg(format!("{key}={flags:?}"));
        }
        Ok(cargo)
    }
}

/// The active toolchain's linker for bare-metal targets.
fn linker() -> Result<PathBuf> {
    let sysroot = PathBuf::from(read(command("rustc").args(["--print", "sysroot"]))?);
    let version = read(command("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not say its host")?;
    let linker = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    if !linker.is_file() {
        bail!("the active toolchain has no {}", linker.display());
    }
    Ok(linker)
}
