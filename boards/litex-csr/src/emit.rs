//! Rust source: a constant for each register, typed by its words and access, and the
//! `quintet_litex::Soc` that is made of them.

use std::fmt::Write;

use crate::{Access, Map, Register, Soc, SocError};

/// Registers that every SoC needs, with their words, and how they are accessed.
pub(crate) const NEEDED: [(&str, u32, Access); 10] = [
    ("uart_rxtx", 1, Access::ReadWrite),
    ("uart_txfull", 1, Access::ReadOnly),
    ("uart_rxempty", 1, Access::ReadOnly),
    ("uart_ev_pending", 1, Access::ReadWrite),
    ("uart_ev_enable", 1, Access::ReadWrite),
    ("timer0_load", 1, Access::ReadWrite),
    ("timer0_reload", 1, Access::ReadWrite),
    ("timer0_en", 1, Access::ReadWrite),
    ("timer0_update_value", 1, Access::ReadWrite),
    ("timer0_value", 1, Access::ReadOnly),
];
/// What a timer with a count since power-on has beside.
const UPTIME: [(&str, u32, Access); 2] =
    [("timer0_uptime_latch", 1, Access::ReadWrite), ("timer0_uptime_cycles", 2, Access::ReadOnly)];
const WATCHDOG: [(&str, u32, Access); 2] =
    [("watchdog0_control", 1, Access::ReadWrite), ("watchdog0_cycles", 1, Access::ReadWrite)];
const RESET: (&str, u32, Access) = ("ctrl_reset", 1, Access::ReadWrite);

/// What every name of the generated source leans on.
const CRATE: &str = "quintet_litex";

/// Looks whether a register is there, and as the board has to have it.
pub(crate) fn check(map: &Map, name: &str, words: u32, access: Access) -> Result<(), SocError> {
    let missing = |what| SocError::Missing {
        what,
        help: "give the SoC a serial port with FIFOs (--uart-name serial) and a timer (not \
               --no-timer); UARTs over USB, Ethernet or JTAG differ",
    };
    match map.registers.get(name) {
        None => Err(missing(format!("the register {name}"))),
        Some(register) if register.words != words => Err(SocError::Unsupported {
            what: format!("the register {name} has {} words, not {words}", register.words),
            help: "build the SoC with a CSR bus of 32 bits (--csr-data-width 32)",
        }),
        Some(register) if access == Access::ReadWrite && register.access != access => {
            Err(missing(format!("a register {name} that can be written")))
        }
        Some(_) => Ok(()),
    }
}

/// Rust source with a module of constants for each core, and `SOC`.
#[must_use]
pub fn registers(soc: &Soc) -> String {
    let map = soc.map();
    let mut source = String::new();
    for core in map.bases.keys() {
        module(&mut source, map, core);
    }
    let has = |names: &[(&str, u32, Access)]| {
        names.iter().all(|(name, words, access)| check(map, name, *words, *access).is_ok())
    };
    let optional = |is_there: bool, text: String| {
        if is_there { format!("Some({text})") } else { "None".into() }
    };
    let _ = write!(
        source,
        "/// The SoC.\n\
         pub const SOC: {CRATE}::Soc = {CRATE}::Soc {{\n    \
             clock_hz: {},\n    \
             uart: {},\n    \
             uart_interrupt: {},\n    \
             timer: {},\n    \
             uptime: {},\n    \
             reset: {},\n    \
             watchdog: {},\n\
         }};\n",
        soc.clock_hz,
        set("UartRegisters", "uart", &["rxtx", "txfull", "rxempty", "ev_pending", "ev_enable"]),
        soc.uart_interrupt,
        set("TimerRegisters", "timer0", &["load", "reload", "en", "update_value", "value"]),
        optional(has(&UPTIME), uptime()),
        optional(has(&[RESET]), constant("ctrl", "reset")),
        optional(has(&WATCHDOG), set("WatchdogRegisters", "watchdog0", &["control", "cycles"])),
    );
    source
}

fn uptime() -> String {
    let [latch, cycles] = ["uptime_latch", "uptime_cycles"].map(|it| constant("timer0", it));
    format!("{CRATE}::UptimeRegisters {{ latch: {latch}, cycles: {cycles} }}")
}

/// A set of a core's registers, whose fields have the registers' names.
fn set(name: &str, core: &str, fields: &[&str]) -> String {
    let fields: Vec<_> =
        fields.iter().map(|field| format!("{field}: {}", constant(core, field))).collect();
    format!("{CRATE}::{name} {{ {} }}", fields.join(", "))
}

/// The path of a register's constant.
fn constant(core: &str, register: &str) -> String {
    format!("{core}::{}", register.to_uppercase())
}

/// The registers of a core.
fn module(source: &mut String, map: &Map, core: &str) {
    let all = map.registers.iter();
    let its = all.filter_map(|(name, register)| Some((of_core(map, core, name)?, register)));
    let its: Vec<(&str, &Register)> = its.filter(|(name, _)| is_name(name)).collect();
    if its.is_empty() || !is_name(core) {
        return;
    }
    let base = map.bases[core];
    let _ = writeln!(source, "/// Registers of `{core}`, at {base:#010x}.");
    let _ = writeln!(source, "#[allow(dead_code)]\npub mod {core} {{");
    let _ = writeln!(source, "    use {CRATE}::{{Csr, ReadOnly, ReadWrite}};");
    for (name, Register { address, words, access }) in its {
        let _ = writeln!(
            source,
            "    /// `{core}_{name}`.\n    pub const {}: Csr<{words}, {access:?}> = Csr::at({address:#010x});",
            name.to_uppercase()
        );
    }
    source.push_str("}\n");
}

/// A register's own name, if it is this core's: the core with the longest name that fits has it.
fn of_core<'n>(map: &Map, core: &str, register: &'n str) -> Option<&'n str> {
    let own =
        |core: &str| register.strip_prefix(core)?.strip_prefix('_').filter(|it| !it.is_empty());
    let longest = map.bases.keys().filter(|core| own(core).is_some()).max_by_key(|core| core.len());
    own(core).filter(|_| longest.is_some_and(|longest| longest == core))
}

/// Whether a name can be one of Rust's: words with underscores, and no keyword that hardware is
/// called by.
fn is_name(name: &str) -> bool {
    const KEYWORDS: [&str; 6] = ["loop", "match", "mod", "move", "ref", "type"];
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let is_word = name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    starts_well && is_word && !KEYWORDS.contains(&name)
}
