//! The `serial:` transport against a real UART, QEMU's, over a pseudo-terminal; and that cable
//! pulled.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use quintet_driver::emulator::{self, firmware_path, known_boards};
use quintet_driver::session::{Session, SessionError};
use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::{patient, uri};

/// A board on a pseudo-terminal.
struct Board {
    qemu: Child,
    port: DeviceUri,
}

impl Board {
    fn start(board: &emulator::Board) -> Self {
        let mut qemu = Command::new(&board.qemu.command)
            .args(&board.qemu.arguments)
            .args(["-display", "none", "-monitor", "none", "-serial", "pty", "-kernel"])
            .arg(firmware_path(board.name()).unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // "char device redirected to /dev/pts/3 (label serial0)", on either of the two.
        let (stdout, stderr) = (qemu.stdout.take().unwrap(), qemu.stderr.take().unwrap());
        let (found, told) = std::sync::mpsc::channel();
        let outputs: [Box<dyn Read + Send>; 2] = [Box::new(stdout), Box::new(stderr)];
        for output in outputs {
            let found = found.clone();
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let path = line.split_whitespace().find(|word| word.starts_with("/dev/"));
                    path.map(|path| found.send(path.to_owned()));
                }
            });
        }
        let path = told.recv_timeout(Duration::from_secs(60)).expect("QEMU names no terminal");
        Self { qemu, port: uri(&format!("serial:{path}?baud=1000000")) }
    }

    fn session(&self) -> Session {
        let transport = self.port.connect().unwrap_or_else(|error| panic!("{error}"));
        Session::open(transport, patient()).unwrap()
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

fn bytes(count: u32) -> Vec<u8> {
    (0..count).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[test]
fn a_serial_port_carries_sessions_to_a_board() {
    for known in known_boards() {
        let name = known.name();
        let board = Board::start(&known);
        let data = bytes(6_000);
        for _ in 0..2 {
            let mut session = board.session();
            assert!(session.describe().unwrap().board.ends_with(name));
            session.upload(64, &data, &mut |_| ()).unwrap();
            assert_eq!(session.download(64, data.len() as u32).unwrap(), data, "{name}");
        }
    }
}

#[test]
fn a_cable_pulled_in_mid_upload_is_told_at_once() {
    for known in known_boards() {
        let name = known.name();
        let mut board = Board::start(&known);
        let mut session = board.session();
        let (mut pulled, mut done) = (None, 0);
        let error = session.upload(0, &bytes(100_000), &mut |sent| {
            done = sent;
            if sent > 4_000 && pulled.is_none() {
                // The far end of the port goes with QEMU.
                board.qemu.kill().unwrap();
                pulled = Some(Instant::now());
            }
        });
        let error = error.expect_err("the upload went on without a board");
        assert!(pulled.unwrap().elapsed() < Duration::from_secs(5), "{name}");
        assert!(done < 100_000, "{name}");
        assert!(matches!(error, SessionError::Pipe(_)), "{name}: {error}");
        assert!(error.to_string().contains("the serial port is gone"), "{error}");
        assert!(error.advice().contains("plug it in"), "{}", error.advice());
    }
}
