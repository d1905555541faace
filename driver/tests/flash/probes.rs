//! Boards as a debug probe meets them. probe-rs's fake probe has a chip whose memory reads zero and
//! which runs no code, so what ends here is the way up to the first erased sector.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use probe_rs::architecture::arm::FullyQualifiedApAddress;
use probe_rs::integration::{FakeProbe, Operation, ProbeLister};
use probe_rs::probe::list::{Lister, ProbeListItem};
use probe_rs::probe::{
    DebugProbe, DebugProbeError, DebugProbeInfo, DebugProbeSelector, Probe, ProbeCreationError,
    ProbeFactory,
};
use quintet_boards::{Identity, Line};
use quintet_driver::flash::probe::{Options, Probes};
use quintet_driver::flash::{Chip, FlashError, Image, Segment};

/// Register of an nRF52's control access port that tells whether it is open (nRF52840 product
/// specification, section 4.8.2, APPROTECTSTATUS).
const APPROTECTSTATUS: u64 = 0x0c;

#[derive(Debug)]
struct Factory;

impl fmt::Display for Factory {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("test")
    }
}

impl ProbeFactory for Factory {
    fn open(&self, _: &DebugProbeSelector) -> Result<Box<dyn DebugProbe>, DebugProbeError> {
        unreachable!("the lister opens probes")
    }

    fn list_probes(&self) -> Vec<ProbeListItem> {
        Vec::new()
    }
}

/// One probe; what becomes of opening it, time by time.
#[derive(Debug)]
struct Bench(Mutex<VecDeque<Result<Probe, DebugProbeError>>>);

impl ProbeLister for Bench {
    fn open(&self, _: &DebugProbeSelector) -> Result<Probe, DebugProbeError> {
        self.0.lock().unwrap().pop_front().unwrap()
    }

    fn list_with_access(&self, _: Option<&DebugProbeSelector>) -> Vec<ProbeListItem> {
        let serial = Some("1050012345".to_owned());
        let info = DebugProbeInfo::new("J-Link", 0x1366, 0x1051, serial, &Factory, None, false);
        vec![ProbeListItem::accessible(info)]
    }
}

/// Writes to a chip through a probe that opens like this.
fn write(
    opened: Result<Probe, DebugProbeError>,
    chip: &Chip,
    options: Options,
) -> Result<(), FlashError> {
    let bench = Bench(Mutex::new(VecDeque::from([opened])));
    let probes = Probes::new(Lister::with_lister(Box::new(bench)));
    let probe = probes.choose(None).unwrap();
    probes.write(&probe, chip, &image(0, 0x1800), options, &mut |_| ())
}

/// A probe with an nRF52 behind it, open or locked.
fn nrf52(open: bool) -> Result<Probe, DebugProbeError> {
    let probe = FakeProbe::with_mocked_core();
    probe.expect_operation(Operation::ReadRawApRegister {
        ap: FullyQualifiedApAddress::v1_with_default_dp(1),
        address: APPROTECTSTATUS,
        result: open.into(),
    });
    Ok(probe.into_probe())
}

fn chip(name: &'static str) -> Chip {
    Chip { name, line: Line::Swd, identity: None, unlocked: None }
}

/// `bytes` bytes from `address` on.
fn image(address: u32, bytes: usize) -> Image {
    let segments = vec![Segment { address, bytes: vec![0xa5; bytes] }];
    Image { path: PathBuf::from("b.elf"), machine: 40, entry: address + 1, segments, build: None }
}

const REHEARSE: Options = Options { erase_locked: false, rehearse: true };

#[test]
fn an_open_chip_is_planned_to_the_end_when_nothing_is_to_be_written() {
    let chip = chip("nRF52840_xxAA");
    write(nrf52(true), &chip, REHEARSE).unwrap();
}

#[test]
fn a_locked_chip_says_what_opens_it_and_stays_as_it_is() {
    let chip = chip("nRF52840_xxAA");
    let error = write(nrf52(false), &chip, Options::default()).unwrap_err();
    assert!(matches!(error, FlashError::Locked { by_erasing: true, .. }), "{error}");
    assert!(error.advice().contains("--erase-locked"), "{}", error.advice());
}

#[test]
fn another_chip_is_told_by_its_word_before_anything_is_written() {
    let identity = Identity { address: 0x1000_0100, mask: !0, value: 0x0005_2840 };
    let chip = Chip { identity: Some(identity), ..chip("nRF52840_xxAA") };
    let error = write(nrf52(true), &chip, Options::default()).unwrap_err();
    let said = error.to_string();
    assert!(matches!(error, FlashError::WrongChip { found: 0, .. }), "{said}");
    assert!(said.contains("nRF52840_xxAA") && said.contains("0x00052840"), "{said}");
}

#[test]
fn option_bytes_that_lock_a_chip_are_seen_before_anything_is_written() {
    let unlocked = Identity { address: 0x4002_3c14, mask: 0xff00, value: 0xaa00 };
    let chip = Chip { unlocked: Some(unlocked), ..chip("STM32F405RG") };
    let probe = Ok(FakeProbe::with_mocked_core().into_probe());
    let error = write(probe, &chip, Options::default()).unwrap_err();
    assert!(matches!(error, FlashError::Locked { by_erasing: false, .. }), "{error}");
}

#[test]
fn a_probe_that_does_not_open_says_why() {
    let usb = |kind| {
        let source = io::Error::from(kind);
        let error = DebugProbeError::ProbeCouldNotBeCreated(ProbeCreationError::Usb(source));
        write(Err(error), &chip("nRF52840_xxAA"), Options::default()).unwrap_err()
    };
    let denied = usb(io::ErrorKind::PermissionDenied);
    assert!(matches!(denied, FlashError::ProbeDenied { .. }), "{denied}");
    let busy = usb(io::ErrorKind::ResourceBusy);
    assert!(matches!(busy, FlashError::ProbeBusy { .. }), "{busy}");
    let other = usb(io::ErrorKind::BrokenPipe);
    assert!(matches!(other, FlashError::Probe { .. }), "{other}");
    assert!(other.to_string().starts_with("1366:1051:1050012345 J-Link"), "{other}");
}

#[test]
fn a_chip_that_the_probe_does_not_reach_is_told_from_one_that_probe_rs_lacks() {
    let probe = || Ok(FakeProbe::with_mocked_core().into_probe());
    let unreached = write(probe(), &chip("riscv"), REHEARSE).unwrap_err();
    assert!(matches!(unreached, FlashError::NoChip { .. }), "{unreached}");
    let unknown = write(probe(), &chip("esp32c3"), REHEARSE).unwrap_err();
    assert!(matches!(unknown, FlashError::Chip { .. }), "{unknown}");
}

#[test]
fn what_is_erased_is_known_without_a_probe() {
    let probes = Probes::default();
    let layout = |name, address, bytes| probes.layout(&chip(name), &image(address, bytes));
    // Four sectors of 16 KiB, one of 64, one of 128 (RM0090, table 5).
    let f405 = layout("STM32F405RG", 0x0800_0000, 200 << 10).unwrap();
    assert_eq!((f405.sectors, f405.erased, f405.written), (6, 256 << 10, 200 << 10));
    // Sectors of 128 KiB (RM0433, table 7).
    let h743 = layout("STM32H743ZI", 0x0800_0000, 200 << 10).unwrap();
    assert_eq!((h743.sectors, h743.erased), (2, 256 << 10));
    // Pages of 4 KiB (nRF52840 product specification, section 4.3).
    let nrf = layout("nRF52840_xxAA", 0x0000_0ffc, 8).unwrap();
    assert_eq!((nrf.sectors, nrf.erased), (2, 8 << 10));
    // Sectors of 4 KiB of the flash on the board.
    let rp2350 = layout("RP235x", 0x1000_0000, 1).unwrap();
    assert_eq!((rp2350.sectors, rp2350.erased), (1, 4 << 10));
    let outside = layout("STM32F405RG", 0x0810_0000, 4).unwrap_err();
    assert!(matches!(outside, FlashError::Chip { .. }), "{outside}");
}
