//! Builds the board for one SoC: that of the `csr.json` which `QUINTET_LITEX_CSR` names, or of the
//! sample. Registers and memory map are made of it; what is every board's is `../build.rs`.

#[path = "../build.rs"]
mod board;

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use quintet_litex_csr::{Soc, Split, registers};

/// Names the SoC's `csr.json`.
const VARIABLE: &str = "QUINTET_LITEX_CSR";
const SAMPLE: &str = "../litex-csr/samples/imac.json";

fn main() -> Result<(), Box<dyn Error>> {
    board::main()?;
    println!("cargo:rerun-if-env-changed={VARIABLE}");
    let path = env::var_os(VARIABLE).map_or_else(|| SAMPLE.into(), PathBuf::from);
    println!("cargo:rerun-if-changed={}", path.display());
    if let Err(error) = build_for(&path) {
        // A sentence, where an error of `main` would come with all that the script printed.
        println!("cargo::error={}: {error}", path.display());
    }
    Ok(())
}

fn build_for(path: &Path) -> Result<(), Box<dyn Error>> {
    let json = fs::read_to_string(path)
        .map_err(|error| format!("{error}; {VARIABLE} names the csr.json, by its full path"))?;
    let soc = Soc::parse(&json)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("soc.rs"), registers(&soc))?;
    fs::write(out.join("memory.x"), soc.memory_script(split()?)?)?;
    Ok(())
}

/// How much the firmware has, by `board.toml`.
fn split() -> Result<Split, Box<dyn Error>> {
    let board: toml::Table = fs::read_to_string("board.toml")?.parse()?;
    let bytes = |region: &str| -> Result<u32, Box<dyn Error>> {
        let bytes = board["memory"].get(region).and_then(|region| region.get("bytes"));
        let bytes = bytes.and_then(toml::Value::as_integer);
        Ok(bytes.ok_or(format!("board.toml: memory.{region}.bytes"))?.try_into()?)
    };
    Ok(Split { flash: bytes("flash")?, ram: bytes("ram")?, stack: bytes("stack")? })
}
