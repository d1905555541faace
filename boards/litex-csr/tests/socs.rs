//! SoCs of different shapes: what is made of them, and what is said of those that will not do.

use quintet_litex_csr::{Region, Soc, SocError, Split, registers};
use serde_json::{Value, json};

const IMAC: &str = include_str!("../samples/imac.json");
const SMALL: &str = include_str!("../samples/small.json");
const SPLIT: Split = Split { flash: 0x4_0000, ram: 0x1_0000, stack: 0x8000 };

/// The larger sample with something else about it.
fn changed(change: impl Fn(&mut Value)) -> Result<Soc, SocError> {
    let mut soc = serde_json::from_str(IMAC).unwrap();
    change(&mut soc);
    Soc::parse(&soc.to_string())
}

/// The larger sample without one entry.
fn without(section: &str, name: &str) -> Result<Soc, SocError> {
    changed(|soc| {
        soc[section].as_object_mut().unwrap().remove(name).unwrap();
    })
}

#[test]
fn registers_become_constants_of_their_words_and_access() {
    let source = registers(&Soc::parse(IMAC).unwrap());
    for line in [
        "pub mod uart {",
        "    pub const RXTX: Csr<1, ReadWrite> = Csr::at(0xf0001800);",
        "    pub const TXFULL: Csr<1, ReadOnly> = Csr::at(0xf0001804);",
        "    pub const UPTIME_CYCLES: Csr<2, ReadOnly> = Csr::at(0xf0001024);",
        "    clock_hz: 100000000,",
        "    reset: Some(ctrl::RESET),",
    ] {
        assert!(source.lines().any(|its| its == line), "{line:?} is not in:\n{source}");
    }
    assert!(source.contains("watchdog: Some(quintet_litex::WatchdogRegisters { control: "));
    // A core without registers is no module.
    assert!(!source.contains("identifier_mem"));
}

#[test]
fn a_soc_with_the_least_is_a_soc() {
    let soc = Soc::parse(SMALL).unwrap();
    assert_eq!((soc.clock_hz, soc.uart_interrupt), (48_000_000, 3));
    assert_eq!(soc.main_ram, Region { base: 0x2000_0000, size: 512 << 10 });
    let source = registers(&soc);
    for line in ["    uptime: None,", "    reset: None,", "    watchdog: None,"] {
        assert!(source.lines().any(|its| its == line), "{line:?} is not in:\n{source}");
    }
}

#[test]
fn a_name_that_fits_two_cores_is_the_longer_ones() {
    let soc = changed(|soc| {
        soc["csr_bases"]["uart_phy"] = json!(0xF000_3000_u32);
        let register = json!({"addr": 0xF000_3000_u32, "size": 1, "type": "rw"});
        soc["csr_registers"]["uart_phy_tuning_word"] = register;
    });
    let source = registers(&soc.unwrap());
    assert!(source.contains("pub mod uart_phy {"));
    assert!(source.contains("pub const TUNING_WORD: "));
    assert!(!source.contains("PHY_TUNING_WORD"));
}

#[test]
fn main_memory_is_split_and_the_rest_is_arena() {
    let script = Soc::parse(IMAC).unwrap().memory_script(SPLIT).unwrap();
    let lines = [
        "  FLASH : ORIGIN = 0x40000000, LENGTH = 0x40000",
        "  RAM : ORIGIN = 0x40040000, LENGTH = 0x10000",
        "  STACK : ORIGIN = 0x40050000, LENGTH = 0x8000",
        "  ARENA : ORIGIN = 0x40058000, LENGTH = 0x7a8000",
        "_arena_start = ORIGIN(ARENA);",
        "_arena_end = ORIGIN(ARENA) + LENGTH(ARENA);",
        "_stack_end = ORIGIN(STACK);",
        "_stack_start = ORIGIN(STACK) + LENGTH(STACK);",
    ];
    for line in lines {
        assert!(script.lines().any(|its| its == line), "{line:?} is not in:\n{script}");
    }
    let tight = Soc::parse(SMALL).unwrap();
    assert!(tight.memory_script(SPLIT).is_ok());
    let error = tight.memory_script(Split { flash: 0x6_0001, ..SPLIT }).unwrap_err();
    let (needed, there) = (0x6_0001 + 0x1_8000 + 0x1_0000, 512 << 10);
    assert_eq!(error, SocError::TooSmall { needed, there });
}

#[test]
fn what_is_missing_is_named_with_a_way_to_get_it() {
    for (section, name, said) in [
        ("csr_registers", "uart_rxtx", "uart_rxtx"),
        ("csr_registers", "uart_ev_pending", "uart_ev_pending"),
        ("csr_registers", "timer0_update_value", "timer"),
        ("constants", "uart_interrupt", "interrupt"),
        ("constants", "config_clock_frequency", "config_clock_frequency"),
        ("memories", "main_ram", "--integrated-main-ram-size"),
        ("constants", "config_cpu_variant_imac", "--cpu-variant imac"),
        ("constants", "config_cpu_type_vexriscv", "--cpu-type vexriscv"),
    ] {
        let error = without(section, name).unwrap_err().to_string();
        assert!(error.contains(said), "{name}: {error}");
    }
}

#[test]
fn what_the_board_cannot_drive_is_refused() {
    let narrow = changed(|soc| soc["constants"]["config_csr_data_width"] = json!(8));
    assert!(narrow.unwrap_err().to_string().contains("--csr-data-width 32"));
    let cached = changed(|soc| soc["csr_registers"]["uart_rxtx"]["addr"] = json!(0x6000_0000));
    assert!(cached.unwrap_err().to_string().contains("cached"));
    let plic = changed(|soc| soc["memories"]["plic"] = json!({"base": 0xF0C0_0000_u32, "size": 4}));
    assert!(plic.unwrap_err().to_string().contains("plic"));
    let wide = changed(|soc| soc["csr_registers"]["timer0_value"]["size"] = json!(4));
    assert!(matches!(wide, Err(SocError::Unsupported { .. })), "{wide:?}");
    let long = changed(|soc| soc["memories"]["main_ram"]["base"] = json!(1_u64 << 33));
    assert!(matches!(long, Err(SocError::Beyond(_))), "{long:?}");
    let long = changed(|soc| soc["memories"]["main_ram"]["size"] = json!(u64::MAX));
    assert!(matches!(long, Err(SocError::Beyond(_))), "{long:?}");
    let isa = changed(|soc| soc["constants"]["config_cpu_isa"] = json!("rv32i2p0_m"));
    assert!(isa.unwrap_err().to_string().contains("rv32imac"));
    assert!(matches!(Soc::parse("{}"), Err(SocError::Json(_))));
}
