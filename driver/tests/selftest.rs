//! The self-test passes a device that is right, and says what is wrong with one that is not.
#![cfg(unix)]

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use quintet_driver::device::Connection;
use quintet_driver::selftest::{self, Check, Fault, Report, Skip, Verdict};
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;
use quintet_firmware::backend::{Backend, Step, Taken};
use quintet_firmware::pager::Pager;
use quintet_firmware::software::Software;
use quintet_firmware::{BuildId, Clock, Device, Identity, Memory, Port, Ticks};
use quintet_protocol::program::{
    BufferId, Command, Fault as ProgramFault, Operator, Program, ProgramError,
};

const ARENA_BYTES: usize = 64 << 10;

/// What is wrong with a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ill {
    /// Nothing.
    Not,
    /// `Lookup` leaves one bit of its output wrong.
    WrongBit,
    /// `ResolveTile` hands over colours with one bit wrong.
    WrongPixel,
    /// It was built without `Sort`.
    WithoutSort,
    /// Runs never end.
    Hangs,
}

/// The core's own backend, but for what is wrong with it.
struct IllBackend {
    ill: Ill,
    software: Software,
    /// The command at hand, and where its output is, in words.
    at_hand: Option<(Command, usize)>,
}

impl Backend for IllBackend {
    fn operators(&self) -> u32 {
        self.software.operators()
    }

    fn check(&self, program: &Program, index: u16) -> Result<(), ProgramError> {
        let (operator, mode) = program.command(index)?.code();
        if self.ill == Ill::WithoutSort && operator == Operator::Sort {
            let fault = ProgramFault::UnknownMode { operator, mode };
            return Err(ProgramError::BadCommand { command: index, fault });
        }
        self.software.check(program, index)
    }

    fn take(
        &mut self,
        program: &Program,
        index: u16,
        pager: &Pager,
    ) -> Result<Taken, ProgramError> {
        let command = program.command(index)?;
        let output = match &command {
            Command::Lookup(it) => it.output,
            _ => BufferId(0),
        };
        self.at_hand = Some((command, program.buffer(output)?.offset as usize / 4));
        self.software.take(program, index, pager)
    }

    fn step(&mut self, arena: &mut [u32], pager: &mut Pager, staging: &mut [u8], now: u64) -> Step {
        if self.ill == Ill::Hangs {
            return Step::Waiting(Some(now + 1));
        }
        let step = self.software.step(arena, pager, staging, now);
        match (self.ill, &step, &self.at_hand) {
            (Ill::WrongBit, Step::Done(_), Some((Command::Lookup(_), output))) => {
                arena[*output] ^= 1 << 8;
            }
            (Ill::WrongPixel, Step::Pixels(..), Some((Command::ResolveTile(_), _))) => {
                staging[0] ^= 1;
            }
            _ => {}
        }
        step
    }

    fn abandon(&mut self) {
        self.software.abandon();
    }
}

/// A socket that is never waited for.
struct Socket(UnixStream);

impl Port for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        self.0.read(buffer).unwrap_or(0)
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        match self.0.write(bytes) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            // Nobody is there any more.
            Err(_) => bytes.len(),
        }
    }
}

struct Time(Instant);

impl Clock for Time {
    fn millis(&mut self) -> u64 {
        self.0.elapsed().as_millis() as u64
    }

    fn ticks(&mut self) -> u64 {
        0
    }

    fn unit(&self) -> Ticks {
        Ticks::None
    }
}

/// Serves one driver on a socket of that name.
fn start(name: &str, ill: Ill) -> DeviceUri {
    let path: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let backend = IllBackend { ill, software: Software::default(), at_hand: None };
        let (mut memory, mut arena) = (Box::new(Memory::new()), vec![0xA5A5_A5A5; ARENA_BYTES / 4]);
        let build = BuildId::UNKNOWN;
        let identity = Identity { board: "ill", target: "host", window: 4096, nonce: 1, build };
        let clock = Time(Instant::now());
        let mut device =
            Device::new(identity, &mut memory, &mut arena, Socket(stream), clock, backend);
        // The thread ends with the test's process.
        loop {
            if device.poll() != quintet_firmware::Activity::Busy {
                thread::sleep(Duration::from_micros(200));
            }
        }
    });
    format!("unix:{}", path.display()).parse().unwrap()
}

fn test(name: &str, ill: Ill) -> Report {
    test_within(name, ill, Limits::default())
}

fn test_within(name: &str, ill: Ill, limits: Limits) -> Report {
    let mut connection = Connection::open(&start(name, ill), limits).unwrap();
    selftest::run(&mut connection, &mut |_| ()).unwrap()
}

/// The only check that did not pass.
fn only(report: &Report) -> &Check {
    let odd: Vec<_> =
        report.checks.iter().filter(|check| check.verdict != Verdict::Passed).collect();
    assert_eq!(odd.len(), 1, "{odd:?}");
    odd[0]
}

#[test]
fn a_device_with_64_kib_of_anything_passes_and_progress_is_told() {
    let uri = start("selftest-right", Ill::Not);
    let mut connection = Connection::open(&uri, Limits::default()).unwrap();
    let mut told = Vec::new();
    let report = selftest::run(&mut connection, &mut |it| told.push((it.done, it.total))).unwrap();
    assert_eq!(report.counts(), [3 + 35, 0, 0], "{report:?}");
    let total = told[0].1;
    assert!(told.iter().copied().eq((0..=total).map(|done| (done, total))));
    let [sent, received] = connection.link_bytes();
    println!("{sent} bytes sent, {received} received");
    assert!(sent < 500_000, "{sent} bytes take too long at 115 200 baud");
}

#[test]
fn one_wrong_bit_is_told_with_its_place() {
    let report = test("selftest-bit", Ill::WrongBit);
    assert!(!report.has_passed());
    let check = only(&report);
    assert_eq!(check.name, "Vector.Lookup");
    let Verdict::Failed(Fault::Byte { at, expected, found, .. }) = check.verdict else {
        panic!("{check:?}");
    };
    assert_eq!((at, expected ^ found), (1, 1));
}

#[test]
fn one_wrong_pixel_is_told_with_its_place() {
    let report = test("selftest-pixel", Ill::WrongPixel);
    let check = only(&report);
    assert_eq!(check.name, "Geometry.ResolveTile");
    let Verdict::Failed(Fault::Pixel { expected: Some(expected), found: Some(found), .. }) =
        check.verdict
    else {
        panic!("{check:?}");
    };
    assert_eq!(expected ^ found, 1 << 16);
}

#[test]
fn a_command_that_is_not_built_in_is_skipped_and_nothing_fails() {
    let report = test("selftest-without", Ill::WithoutSort);
    assert!(report.has_passed());
    let check = only(&report);
    assert_eq!(check.name, "Sort.Sort");
    assert_eq!(check.verdict, Verdict::Skipped(Skip::NotBuiltIn));
}

#[test]
fn runs_that_never_end_are_given_up_one_by_one() {
    let mut limits = Limits::default();
    limits.run = Some(Duration::from_millis(50));
    let report = test_within("selftest-hangs", Ill::Hangs, limits);
    assert_eq!(report.counts(), [3, 0, 35]);
    let after = Duration::from_millis(50);
    let commands = &report.checks[3..];
    assert!(commands.iter().all(|it| it.verdict == Verdict::Failed(Fault::Late { after })));
}
