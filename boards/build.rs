//! The build script of every board: turns the memory map in `board.toml` into the linker's
//! `memory.x`, and asks for the linker scripts. Link arguments stand here and not in a cargo
//! configuration file, which cargo reads from the current folder and not from the package.
//!
//! A board may have scripts of its own beside its `board.toml`: `link.x` replaces the one that the
//! runtime crate brings, `device.x` is the list of interrupts that `cortex-m-rt` wants of a chip's
//! crate, and `extra.x` comes after all others. `linker-scripts` in `board.toml` names other ones
//! than `link.x`, such as a hardware abstraction layer brings; without `link.x` among them the
//! memory map is the layer's, too, and may include other scripts of the board's.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Linker scripts that a board may have in its folder.
const OWN_SCRIPTS: [&str; 4] = ["link.x", "device.x", "extra.x", "rwtext_hook.x"];
/// Those that another script includes: the runtime crate's, or a hardware abstraction layer's.
const INCLUDED: [&str; 2] = ["device.x", "rwtext_hook.x"];

/// Public for a board whose own build script does more than this one.
pub fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=../build.rs");
    println!("cargo:rerun-if-changed=board.toml");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let board: toml::Table = fs::read_to_string("board.toml")?.parse()?;
    let text = |key: &str| board[key].as_str().ok_or(format!("board.toml: {key} is not a text"));

    fs::write(out.join("build-id.x"), build_id_script(&board))?;
    println!("cargo:rustc-link-search={}", out.display());
    for script in scripts(&board, &out)? {
        println!("cargo:rustc-link-arg-bins=-T{script}");
    }
    println!("cargo:rustc-link-arg-bins=--build-id=sha1");
    // Left to itself defmt builds in errors only.
    println!("cargo:rerun-if-env-changed=DEFMT_LOG");
    if env::var_os("DEFMT_LOG").is_none() {
        println!("cargo:rustc-env=DEFMT_LOG=debug");
    }
    // Sections at exact addresses: no padding to pages that a microcontroller does not have.
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rustc-env=QUINTET_BOARD={}", text("name")?);
    Ok(())
}

/// All scripts that the linker is given, in their order; those of the board are put where it looks.
fn scripts(board: &toml::Table, out: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut scripts = linker_scripts(board)?;
    if scripts.iter().any(|script| script == "link.x") {
        fs::write(out.join("memory.x"), memory_script(board)?)?;
    }
    // Beside the board's own script: that of the build id, a digest of the image, and defmt's.
    scripts.push("build-id.x".into());
    if env::var_os("DEP_QUINTET_BOARD_SUPPORT_LOGS").is_some() {
        scripts.push("defmt.x".into());
    }
    for name in OWN_SCRIPTS {
        println!("cargo:rerun-if-changed={name}");
        let Ok(script) = fs::read(name) else { continue };
        fs::write(out.join(name), script)?;
        if !INCLUDED.contains(&name) && !scripts.iter().any(|script| script == name) {
            scripts.push(name.to_owned());
        }
    }
    Ok(scripts)
}

/// The scripts that lay out the image.
fn linker_scripts(board: &toml::Table) -> Result<Vec<String>, Box<dyn Error>> {
    let Some(scripts) = board.get("linker-scripts") else { return Ok(vec!["link.x".to_owned()]) };
    let names = scripts.as_array().ok_or("board.toml: linker-scripts is not an array")?;
    let name = |value: &toml::Value| value.as_str().map(str::to_owned);
    let names: Option<_> = names.iter().map(name).collect();
    Ok(names.ok_or("board.toml: linker-scripts has what is not a text")?)
}

/// Stores the build id after the constants, where the firmware finds it.
fn build_id_script(board: &toml::Table) -> String {
    let memory = if board["memory"].get("flash").is_some() { "FLASH" } else { "RAM" };
    format!(
        "SECTIONS\n{{\n  .note.gnu.build-id : ALIGN(4)\n  {{\n    _build_id_start = .;\n    \
         KEEP(*(.note.gnu.build-id))\n    _build_id_end = .;\n  }} > {memory}\n}}\n\
         INSERT AFTER .rodata;\n"
    )
}

fn memory_script(board: &toml::Table) -> Result<String, Box<dyn Error>> {
    let mut script = String::from("MEMORY\n{\n");
    let memory = board["memory"].as_table().ok_or("board.toml: memory is not a table")?;
    for (name, region) in memory {
        let number = |key: &str| {
            region.get(key).and_then(toml::Value::as_integer).ok_or(format!("memory.{name}.{key}"))
        };
        let (origin, bytes) = (number("origin")?, number("bytes")?);
        writeln!(
            script,
            "  {} : ORIGIN = {origin:#010x}, LENGTH = {bytes:#x}",
            name.to_uppercase()
        )?;
    }
    script += "}\n";
    script += if memory.contains_key("arena") {
        "_arena_start = ORIGIN(ARENA);\n_arena_end = ORIGIN(ARENA) + LENGTH(ARENA);\n"
    } else {
        // What is left of the RAM behind all data, where runtime crates would put a heap.
        "_arena_start = __sheap;\n_arena_end = ORIGIN(RAM) + LENGTH(RAM);\n"
    };
    if memory.contains_key("stack") {
        // A region of its own: at the bottom of RAM, an overflow faults and overwrites nothing.
        script += "_stack_end = ORIGIN(STACK);\n_stack_start = ORIGIN(STACK) + LENGTH(STACK);\n";
    }
    if memory.contains_key("shared") {
        script += "_shared_start = ORIGIN(SHARED);\n";
    }
    Ok(script)
}
