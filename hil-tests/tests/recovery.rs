//! Killed drivers and killed emulators in the middle of uploads: the next session goes on where the
//! last one was, a connection starts its emulator again; or what is wrong is said.

use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quintet_driver::device::Connection;
use quintet_driver::emulator::{Emulator, EmulatorLink, known_boards};
use quintet_driver::session::{Dialer, Session, SessionError};
use quintet_driver::transport::{DeviceUri, Transport, from_unix};
use quintet_hil_tests::{patient, uri};

/// Names the socket of the board for the driver that is to be killed, and the bytes it sends.
const SOCKET_VARIABLE: &str = "QUINTET_TEST_SOCKET";
const BYTES_VARIABLE: &str = "QUINTET_TEST_BYTES";

/// The emulated boards with both links, and how much to send over each: a second's worth or more.
/// The last one has RAM of its own only, which a reset leaves as it is.
fn subjects() -> impl Iterator<Item = (&'static str, EmulatorLink, usize)> {
    let both = known_boards().map(|board| board.name()).flat_map(|board| {
        [(board, EmulatorLink::Bulk, 6 << 20), (board, EmulatorLink::Uart, 24 << 10)]
    });
    both.chain([("netduinoplus2", EmulatorLink::Uart, 24 << 10)])
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// A board that a test kills while a session uses it.
#[derive(Clone)]
struct SharedBoard(Arc<Mutex<Emulator>>);

impl SharedBoard {
    fn start(board: &str, link: EmulatorLink) -> Self {
        let emulator = Emulator::start(board, link).unwrap();
        assert_eq!(emulator.warning(), None);
        Self(Arc::new(Mutex::new(emulator)))
    }
}

impl Dialer for SharedBoard {
    fn dial(&mut self) -> io::Result<Box<dyn Transport>> {
        from_unix(self.0.lock().unwrap().connect().map_err(io::Error::other)?)
    }
}

/// Started by the next test, which kills it.
#[test]
#[ignore = "a helper of an_upload_goes_on_where_a_killed_driver_left_it"]
fn driver_to_be_killed() {
    let socket = std::env::var(SOCKET_VARIABLE).unwrap();
    let count = std::env::var(BYTES_VARIABLE).unwrap().parse().unwrap();
    let transport = uri(&format!("unix:{socket}")).connect().unwrap();
    let mut session = Session::open(transport, patient()).unwrap();
    session.clear().unwrap();
    let mut told = false;
    let uploaded = session.upload(64, &bytes(count), &mut |done| {
        if done > count / 3 && !told {
            told = true;
            println!("a third is there");
        }
    });
    panic!("lived for too long: {uploaded:?}");
}

#[test]
fn an_upload_goes_on_where_a_killed_driver_left_it() {
    for (name, link, count) in subjects() {
        let mut emulator = Emulator::start(name, link).unwrap();
        // The first connection is kept for the one who started it.
        drop(emulator.connect().unwrap());
        let mut driver = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "driver_to_be_killed"])
            .env(SOCKET_VARIABLE, emulator.socket())
            .env(BYTES_VARIABLE, count.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("a third is there")), "{name} {link:?}");
        driver.kill().unwrap();
        driver.wait().unwrap();
        let transport = from_unix(emulator.connect().unwrap()).unwrap();
        let mut session = Session::open(transport, patient()).unwrap();
        session.clear().unwrap();
        let uploaded = session.upload(64, &bytes(count), &mut |_| ()).unwrap();
        println!("{name} {link:?}: {uploaded:?}");
        assert!(uploaded.found > count as u64 / 4, "{name} {link:?}: {uploaded:?}");
        assert_eq!(session.download(64, count as u32).unwrap(), bytes(count));
    }
}

#[test]
fn a_killed_emulator_is_an_error_in_mid_upload() {
    for name in known_boards().map(|board| board.name()) {
        let board = SharedBoard::start(name, EmulatorLink::Bulk);
        let mut limits = patient();
        limits.recover = Duration::from_secs(1);
        let mut session = Session::dial(Box::new(board.clone()), limits).unwrap();
        let ended = session.upload(0, &bytes(6 << 20), &mut |done| {
            if done > 1 << 20 {
                kill(board.0.lock().unwrap().process_id());
            }
        });
        let ended = ended.unwrap_err();
        assert!(matches!(ended, SessionError::Pipe(_)), "{name}: {ended}");
        assert!(!ended.advice().is_empty());
    }
}

#[test]
fn a_killed_emulator_is_started_again_by_its_connection() {
    for name in known_boards().map(|board| board.name()) {
        let uri: DeviceUri = uri(&format!("qemu:{name}"));
        let mut connection = Connection::open(&uri, patient()).unwrap();
        let first = connection.emulator_process().unwrap();
        let data = bytes(3 << 20);
        let mut killed = false;
        let session = connection.session();
        session.clear().unwrap();
        let uploaded = session.upload(0, &data, &mut |done| {
            if done > 1 << 20 && !killed {
                killed = true;
                kill(first);
            }
        });
        // Its memory has gone with it.
        assert!(uploaded.unwrap().sent > data.len() as u64 + (1 << 19), "{name}");
        assert!(session.has_forgotten(), "{name}");
        session.clear().unwrap();
        assert_eq!(session.download(0, 100_000).unwrap(), data[..100_000]);
        assert_ne!(connection.emulator_process().unwrap(), first);
    }
}

fn kill(process: u32) {
    // QEMU is to have no chance to tidy up.
    Command::new("kill").args(["-9", &process.to_string()]).status().unwrap();
}
