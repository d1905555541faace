//! An accelerator beside an emulated core, in QEMU's device or watching the machine's memory: it is
//! found, its interrupt wakes the core, and whatever goes wrong with it, the board answers. With
//! `--nocapture` it prints what a command costs a core that has it executed.

use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use quintet_accelerator::{Instance, Kind, Misbehave};
use quintet_driver::device::Connection;
use quintet_driver::emulator::{Emulator, EmulatorLink, known_boards};
use quintet_driver::scene::Content;
use quintet_driver::session::{Dialer, Session};
use quintet_driver::transport::{DeviceUri, Transport, from_unix};
use quintet_hil_tests::accelerated::{Accelerated, Known};
use quintet_hil_tests::case::Case;
use quintet_hil_tests::{cases, cloud, open, patient, uri};
use quintet_protocol::accelerator::registers::SPAN_BYTES;
use quintet_protocol::accelerator::{Failure, Presence};
use quintet_protocol::message::Outcome;

/// An accelerator that executes everything.
const WHOLE: &str = "tiny-ecp5";
/// For a fault to be told, with a busy machine's slowness: a core waits 2 s for an answer.
const SOON: Duration = Duration::from_secs(30);

/// An accelerator by its specification.
fn instance(spec: &str) -> Instance {
    Instance::from_spec(spec).unwrap().unwrap()
}

/// A small network: eight commands, half of them of one kind.
fn network() -> Case {
    cases::network(&cases::network_folder().join("tflm_micro_speech_int8.tflite"), cases::ARENA)
}

/// A small scene: pixels leave by the accelerator's yields.
fn scene() -> Case {
    cases::framed("a few Gaussians", &Content::Gaussians(cloud(60, 1, 5)), [32, 24])
}

/// Every emulated board, with both kinds of accelerator.
fn places() -> impl Iterator<Item = DeviceUri> {
    known_boards()
        .map(|board| board.name())
        .flat_map(|board| ["bulk", "bare"].map(|link| uri(&format!("qemu:{board}?link={link}"))))
}

/// Opens a board with an accelerator that may be of any kind.
fn open_with(uri: &DeviceUri, instance: Instance) -> Connection {
    Connection::open_with(uri, patient(), None, Some(instance)).unwrap()
}

fn presence(connection: &mut Connection) -> Presence {
    connection.session().describe().unwrap().accelerator
}

#[test]
fn a_board_tells_of_the_accelerator_that_it_has() {
    let described = instance(&format!("{WHOLE},without=Sort"));
    for place in places() {
        assert_eq!(open(&place).description().accelerator, Presence::Absent, "{place}");
        let Presence::Ready { instance, clock_khz, capabilities, .. } =
            open_with(&place, described.clone()).description().accelerator
        else {
            panic!("{place}: no accelerator");
        };
        assert_eq!(instance, described.digest(), "{place}");
        assert_eq!(clock_khz, described.clock_khz(), "{place}");
        assert_eq!(capabilities, described.capabilities(), "{place}");
    }
}

#[test]
fn an_accelerator_beside_qemu_gives_the_same_bits_as_the_core() {
    let known = [network(), scene()].map(Known::of);
    for board in known_boards().map(|board| board.name()) {
        let place = uri(&format!("qemu:{board}?link=bare"));
        for pace in ["instant", "clock"] {
            let mut device = Accelerated::open(&place, &format!("{WHOLE},pace={pace}"));
            for known in &known {
                assert!(!device.check(known).is_empty(), "{place}: nothing was executed");
            }
        }
    }
}

#[test]
fn a_board_without_the_device_inside_qemu_has_its_accelerator_all_the_same() {
    let board = known_boards().next().unwrap().name();
    let image = quintet_driver::emulator::firmware_path(board).unwrap();
    let folder = std::env::temp_dir().join(format!("quintet-beside-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(&image, folder.join(image.file_name().unwrap())).unwrap();
    std::fs::write(folder.join("libquintet_qemu_device.so"), b"not a library").unwrap();
    let described = instance(WHOLE);
    let started = Emulator::start_from(&folder, board, EmulatorLink::Bulk, Some(&described));
    let mut emulator = started.unwrap();
    assert!(emulator.warning().unwrap().contains("libquintet_qemu_device.so"));
    let mut session =
        Session::open(from_unix(emulator.connect().unwrap()).unwrap(), patient()).unwrap();
    let found = session.describe().unwrap().accelerator;
    assert!(matches!(found, Presence::Ready { .. }), "{found:?}");
    drop(session);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// An accelerator of so many MHz that completes by its clock, and takes so many milliseconds more
/// for each command.
fn slow(megahertz: u32, milliseconds: u32) -> String {
    let clocks = milliseconds * megahertz * 1000;
    format!("{WHOLE},pace=clock,clock_hz={megahertz}000000,costs.command={clocks}")
}

#[test]
fn a_core_sleeps_while_the_accelerator_takes_its_time() {
    let case = network();
    for board in known_boards().map(|board| board.name()) {
        let place = uri(&format!("qemu:{board}"));
        let at_once = Accelerated::open(&place, WHOLE).run(&case);
        for spent in at_once.spent.iter().filter(|spent| spent.offloaded > 0) {
            println!("{board}: {} instructions to have a command executed", spent.offload);
        }
        let begun = Instant::now();
        let ran = Accelerated::open(&place, &slow(10, 100)).run(&case);
        let took = begun.elapsed();
        let clocks: u64 = ran.spent.iter().map(|spent| spent.receipt.clocks).sum();
        println!("{board}: {} instructions at once, {} in {took:?}", at_once.ticks, ran.ticks);
        assert!(clocks > 3_000_000, "{board}: too short to tell");
        assert!(
            took >= Duration::from_nanos(100 * clocks),
            "{board}: {took:?} for {clocks} clocks"
        );
        // Awake, a core executes ten instructions or more in a clock of 10 MHz.
        let awake = ran.ticks.saturating_sub(at_once.ticks);
        assert!(awake < clocks / 10, "{board}: {awake} instructions in {clocks} clocks");
    }
}

#[test]
fn the_accelerators_interrupt_ends_a_sleep() {
    let case = network();
    for board in known_boards().map(|board| board.name()) {
        let place = uri(&format!("qemu:{board}"));
        let mut device = Accelerated::open(&place, &slow(100, 1));
        device.run(&case);
        // Some milliseconds in all; a sleep that nothing ends takes 10. The shortest of several is
        // that of the least busy moment of the machine.
        let run = |_| {
            let begun = Instant::now();
            let outcome = device.session().run(|_| ControlFlow::Continue(()));
            assert_eq!(outcome.unwrap(), Outcome::Completed, "{board}");
            begun.elapsed()
        };
        let shortest = (0..20).map(run).min().unwrap();
        println!("{board}: {shortest:?}");
        assert!(shortest < Duration::from_millis(9), "{board}: {shortest:?}");
    }
}

/// A board that a test resets while a session uses it.
#[derive(Clone)]
struct SharedBoard(Arc<Mutex<Emulator>>);

impl Dialer for SharedBoard {
    fn dial(&mut self) -> io::Result<Box<dyn Transport>> {
        from_unix(self.0.lock().unwrap().connect().map_err(io::Error::other)?)
    }
}

#[test]
fn a_board_that_is_reset_while_its_accelerator_works_runs_again() {
    let known = Known::of(network());
    let slow = instance(&slow(10, 50));
    for board in known_boards().map(|board| board.name()) {
        for link in [EmulatorLink::Bulk, EmulatorLink::Bare] {
            let emulator = Emulator::start_with(board, link, Some(&slow)).unwrap();
            let board = SharedBoard(Arc::new(Mutex::new(emulator)));
            let mut session = Session::dial(Box::new(board.clone()), patient()).unwrap();
            known.case.load(&mut session).unwrap();
            let mut was_reset = false;
            let lost = session.run(|_| {
                // Something is finished, and the next commands are under way.
                if !was_reset {
                    was_reset = true;
                    board.0.lock().unwrap().reset().unwrap();
                }
                ControlFlow::Continue(())
            });
            assert!(was_reset, "{link:?}: nothing was finished");
            session.recover(lost.expect_err("the board has lost the run")).unwrap();
            assert!(matches!(session.describe().unwrap().accelerator, Presence::Ready { .. }));
            known.case.load(&mut session).unwrap();
            let ran = known.case.run(&mut session).unwrap();
            assert_eq!(ran.outcome, Outcome::Completed, "{link:?}");
            assert!(ran.outputs == known.software.outputs, "{link:?}");
            assert!(ran.spent.iter().any(|spent| spent.offloaded > 0), "{link:?}");
        }
    }
}

/// What a run has to come to when this goes wrong; none where it cannot be noticed.
fn failure(kind: Kind) -> Option<Failure> {
    match kind {
        Kind::NeverAnswers | Kind::OutOfOrder => Some(Failure::NoAnswer),
        Kind::Error | Kind::NoReset => Some(Failure::Internal),
        Kind::UnknownError => None,
        Kind::GarbageReceipt => None,
        _ => Some(Failure::Nonsense),
    }
}

#[test]
fn whatever_an_accelerator_does_wrong_is_told_and_the_board_answers() {
    let known = Known::of(scene());
    for place in places() {
        for kind in Kind::ALL {
            let mut described = instance(WHOLE);
            described.misbehave = Some(Misbehave { kind, at: 1 });
            let mut connection = open_with(&place, described);
            known.case.load(connection.session()).unwrap();
            let begun = Instant::now();
            let ran = known.case.run(connection.session()).unwrap();
            let took = begun.elapsed();
            println!("{place}: {kind:?}: {:?} after {took:?}", ran.outcome);
            assert!(took < SOON, "{place}: {kind:?}: {took:?}");
            match (ran.outcome, kind, failure(kind)) {
                (Outcome::Completed, Kind::GarbageReceipt, _) => {}
                (Outcome::Failed { failure: Failure::Other(_), .. }, Kind::UnknownError, _) => {}
                (Outcome::Failed { failure, .. }, _, Some(expected)) => {
                    assert_eq!(failure, expected, "{place}: {kind:?}");
                }
                (outcome, ..) => panic!("{place}: {kind:?}: {outcome:?}"),
            }
            let is_lost = presence(&mut connection) == Presence::Lost;
            assert_eq!(is_lost, kind == Kind::NoReset, "{place}: {kind:?}");
            let again = known.case.run(connection.session()).unwrap();
            assert_eq!(again.outcome, Outcome::Completed, "{place}: {kind:?}");
            assert!(again.rgb == known.software.rgb, "{place}: {kind:?}: pixels differ");
        }
    }
}

#[test]
fn board_files_say_where_memory_is_shared() {
    for board in known_boards() {
        let page = board.description.memory["shared"];
        let registers = board.description.accelerator_registers();
        assert_eq!(registers, Some(page.origin + page.bytes - SPAN_BYTES), "{}", board.name());
    }
}
