//! The build script of every board: turns the memory map in `board.toml` into the linker's
//! `memory.x`, and asks for the linker scripts. Link arguments stand here and not in a cargo
//! configuration file, which cargo reads from the current folder and not from the package.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=../build.rs");
    println!("cargo:rerun-if-changed=board.toml");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let board: toml::Table = fs::read_to_string("board.toml")?.parse()?;
    let text = |key: &str| board[key].as_str().ok_or(format!("board.toml: {key} is not a text"));

    fs::write(out.join("memory.x"), memory_script(&board)?)?;
    fs::write(out.join("build-id.x"), build_id_script(&board))?;
    // Without a linker script of the board's own, the runtime crate brings one of this name. A list
    // of interrupts a board may have to bring itself.
    for name in ["link.x", "device.x"] {
        println!("cargo:rerun-if-changed={name}");
        if let Ok(script) = fs::read(name) {
            fs::write(out.join(name), script)?;
        }
    }
    println!("cargo:rustc-link-search={}", out.display());
    // Beside the board's own script: that of the build id, a digest of the image, and defmt's.
    for argument in ["-Tlink.x", "-Tbuild-id.x", "--build-id=sha1"] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
    if env::var_os("DEP_QUINTET_BOARD_SUPPORT_LOGS").is_some() {
        println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    }
    // Sections at exact addresses: no padding to pages that a microcontroller does not have.
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rustc-env=QUINTET_BOARD={}", text("name")?);
    Ok(())
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
    script += "}\n_arena_start = ORIGIN(ARENA);\n_arena_end = ORIGIN(ARENA) + LENGTH(ARENA);\n";
    if memory.contains_key("shared") {
        script += "_shared_start = ORIGIN(SHARED);\n";
    }
    Ok(script)
}
