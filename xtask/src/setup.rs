//! `setup`: installs what is missing, and says what it does.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Result, bail};

use crate::board;
use crate::process::{self, command, read, show, succeeds};
use crate::toolchain::{DEBIAN, debian_is_forced, has_core, has_debian};

const EMULATORS: [&str; 2] = ["qemu-system-arm", "qemu-system-riscv32"];

/// Runs the subcommand.
pub fn run() -> Result<()> {
    components()?;
    targets()?;
    emulators()?;
    println!("Ready: cargo xtask firmware");
    Ok(())
}

/// rustfmt and clippy, which a pinned toolchain may lack when rustup installs nothing by itself.
fn components() -> Result<()> {
    for (component, tool) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if succeeds(command("cargo").args([tool, "--version"])) {
            println!("{component}: there");
        } else {
            announced(command("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

/// `core` for every board's target: from rustup, or else Debian's toolchain to compile it with.
fn targets() -> Result<()> {
    let mut missing = Vec::new();
    let targets: BTreeSet<_> = board::all().iter().map(|board| board.target.as_str()).collect();
    for target in targets {
        if !debian_is_forced() && !has_core(target) {
            let added = announced(command("rustup").args(["target", "add", target]));
            added.unwrap_or_else(|error| println!("{error:#}"));
        }
        if !debian_is_forced() && has_core(target) {
            println!("{target}: there");
        } else {
            missing.push(target);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    println!("{}: with Debian's toolchain instead, which compiles `core`", missing.join(", "));
    if has_debian() {
        println!("Debian's toolchain: there");
        return Ok(());
    }
    // rustc-web and cargo-web are the current release, for Debian's web browsers; the plain
    // packages are years older.
    install(&["rustc-web", "cargo-web", "rust-web-src"])?;
    announced(command("rustup").args(["toolchain", "link", DEBIAN, "/usr"]))?;
    if !has_debian() {
        bail!("Debian's toolchain does not run: rustup run {DEBIAN} cargo --version");
    }
    Ok(())
}

fn emulators() -> Result<()> {
    let there = |name: &&str| succeeds(command(name).arg("--version"));
    if !EMULATORS.iter().all(there) {
        install(&["qemu-system-arm", "qemu-system-misc"])?;
    }
    for name in EMULATORS {
        let version = read(command(name).arg("--version"))?;
        println!("{name}: {}", version.lines().next().unwrap_or("there"));
    }
    Ok(())
}

/// Installs Debian packages; updates the lists only if that fails. Without the recommended
/// packages, since those of QEMU conflict with others on some machines.
fn install(packages: &[&str]) -> Result<()> {
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    if !succeeds(command("apt-get").arg("--version")) {
        bail!("no apt-get here; install by hand: {}", packages.join(" "));
    }
    let install = || announced(&mut as_root(&arguments)?);
    if install().is_err() {
        announced(&mut as_root(&["update"])?)?;
        install()?;
    }
    Ok(())
}

/// `apt-get ARGUMENTS` with the rights it needs, or what to type.
fn as_root(arguments: &[&str]) -> Result<Command> {
    let mut plain = command("apt-get");
    plain.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    if read(command("id").arg("-u"))? == "0" {
        return Ok(plain);
    }
    if succeeds(command("sudo").args(["-n", "true"])) {
        let mut sudo = command("sudo");
        sudo.args(["-n", "apt-get"]).args(arguments);
        return Ok(sudo);
    }
    bail!("this needs root; type: sudo {}", show(&plain))
}

fn announced(command: &mut Command) -> Result<()> {
    println!("+ {}", show(command));
    process::run(command)
}
