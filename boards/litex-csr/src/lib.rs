//! From a LiteX SoC's `csr.json`, which LiteX writes with `--csr-json`, to what a board is built
//! of: typed registers, as Rust source, and a memory map, as a linker script.
//!
//! For build scripts: whatever the SoC lacks is an error with a sentence that says what to build it
//! with.

mod emit;
mod error;
mod map;

pub use emit::registers;
pub use error::SocError;
pub use map::{Access, Map, Region, Register};

use std::fmt::Write;

/// What the core has to execute: the firmware's target is `riscv32imac-unknown-none-elf`.
const EXTENSIONS: [char; 3] = ['m', 'a', 'c'];
/// Where VexRiscv's caches end, and peripherals begin (LiteX, `litex/soc/cores/cpu/vexriscv`).
const IO_BEGIN: u32 = 0x8000_0000;
/// Least bytes of arena: what `quintet selftest` needs.
const ARENA_MIN: u32 = 64 << 10;

/// A SoC that a board can be built for.
#[derive(Clone, Debug)]
pub struct Soc {
    map: Map,
    /// The clock, in Hz.
    pub clock_hz: u32,
    /// The UART's bit among the interrupts.
    pub uart_interrupt: u32,
    /// The main memory, into which the BIOS loads programs.
    pub main_ram: Region,
}

/// How much of the main memory the firmware has, in bytes, from the first on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// For the image: code, constants, and a copy of the initial data.
    pub flash: u32,
    /// For data.
    pub ram: u32,
    /// For the stack.
    pub stack: u32,
}

impl Soc {
    /// Reads a `csr.json`, and looks whether all is there that a board needs.
    ///
    /// # Errors
    ///
    /// A [`SocError`] that names what is missing.
    pub fn parse(json: &str) -> Result<Self, SocError> {
        let map = Map::parse(json)?;
        check_bus(&map)?;
        check_core(&map)?;
        let missing = |what: &str, help| SocError::Missing { what: what.to_owned(), help };
        let clock_hz = map.constant("config_clock_frequency").ok_or_else(|| {
            missing("the constant config_clock_frequency", "write it with litex --csr-json")
        })?;
        let uart_interrupt =
            map.constant("uart_interrupt").filter(|bit| *bit < 32).ok_or_else(|| {
                missing(
                    "the constant uart_interrupt",
                    "give the SoC a serial port with an interrupt (--uart-name serial)",
                )
            })?;
        let main_ram = map.memories.get("main_ram").copied().ok_or_else(|| {
            missing(
                "the memory main_ram",
                "give the SoC external RAM, or block RAM with --integrated-main-ram-size",
            )
        })?;
        for (name, words, access) in emit::NEEDED {
            emit::check(&map, name, words, access)?;
        }
        Ok(Self { map, clock_hz, uart_interrupt, main_ram })
    }

    /// All that its `csr.json` says.
    #[must_use]
    pub fn map(&self) -> &Map {
        &self.map
    }

    /// The linker's `memory.x`: the image at the begin of the main memory, where the BIOS boots
    /// programs, then data and stack; the rest is the arena.
    ///
    /// # Errors
    ///
    /// [`SocError::TooSmall`] if there is not enough of it.
    pub fn memory_script(&self, split: Split) -> Result<String, SocError> {
        let Region { base, size } = self.main_ram;
        let parts = [split.flash, split.ram, split.stack];
        let taken: u64 = parts.iter().map(|part| u64::from(*part)).sum();
        let needed = taken + u64::from(ARENA_MIN);
        if needed > u64::from(size) {
            return Err(SocError::TooSmall { needed, there: size.into() });
        }
        let mut script = String::from("MEMORY\n{\n");
        let mut origin = base;
        let arena = size - taken as u32;
        let names = ["FLASH", "RAM", "STACK", "ARENA"];
        for (name, length) in names.into_iter().zip(parts.into_iter().chain([arena])) {
            let _ = writeln!(script, "  {name} : ORIGIN = {origin:#010x}, LENGTH = {length:#x}");
            origin = origin.wrapping_add(length);
        }
        script += "}\n";
        for (name, region) in [("_arena", "ARENA"), ("_stack", "STACK")] {
            // A stack begins at its end.
            let [first, behind] =
                if name == "_stack" { ["end", "start"] } else { ["start", "end"] };
            let _ = writeln!(script, "{name}_{first} = ORIGIN({region});");
            let _ = writeln!(script, "{name}_{behind} = ORIGIN({region}) + LENGTH({region});");
        }
        Ok(script)
    }
}

/// Registers are words, out of the caches' sight.
fn check_bus(map: &Map) -> Result<(), SocError> {
    for name in ["config_csr_data_width", "config_csr_alignment"] {
        match map.constant(name) {
            None | Some(32) => {}
            Some(other) => {
                let what = format!("{name} is {other}");
                let help = "build the SoC with a CSR bus of 32 bits (--csr-data-width 32)";
                return Err(SocError::Unsupported { what, help });
            }
        }
    }
    match map.registers.iter().find(|(_, register)| register.address < IO_BEGIN) {
        Some((name, register)) => Err(SocError::Unsupported {
            what: format!(
                "the register {name} is at {:#010x}, where it is cached",
                register.address
            ),
            help: "leave the CSR bus above 0x8000_0000, where LiteX puts it",
        }),
        None => Ok(()),
    }
}

/// A VexRiscv with the instructions that the firmware is built of, and its own interrupts.
fn check_core(map: &Map) -> Result<(), SocError> {
    let unsupported = |what: String, help| Err(SocError::Unsupported { what, help });
    if !map.has_flag("config_cpu_type_vexriscv") {
        return unsupported("the core is no VexRiscv".into(), "build it with --cpu-type vexriscv");
    }
    let imac = "build it with --cpu-type vexriscv --cpu-variant imac";
    for controller in ["plic", "clint"] {
        if map.memories.contains_key(controller) || map.bases.contains_key(controller) {
            let what = format!("the core has a {controller}, which this board does not drive");
            return unsupported(what, imac);
        }
    }
    let has_all = match map.text("config_cpu_isa") {
        // Such as rv32i2p0_mac.
        Some(isa) => {
            let extensions = isa.trim_start_matches("rv32");
            isa.starts_with("rv32") && EXTENSIONS.iter().all(|it| extensions.contains(*it))
        }
        None => map.flags().any(|flag| {
            let variant = flag.strip_prefix("config_cpu_variant_");
            variant.is_some_and(|variant| variant.starts_with("imac"))
        }),
    };
    match has_all {
        true => Ok(()),
        false => unsupported("the core is no rv32imac".into(), imac),
    }
}
