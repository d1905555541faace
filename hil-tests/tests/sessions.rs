//! A board stays reachable: through aborts, vanished drivers, noise on its link; and a board that
//! dies is an error, not a hang.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use quintet_driver::compile::{Bundle, compile};
use quintet_driver::emulator::{Emulator, EmulatorLink, known_boards};
use quintet_driver::quantise::{SceneFrame, quantise};
use quintet_driver::render::framing_camera;
use quintet_driver::session::{Blob, Session, SessionError};
use quintet_driver::transport::{Transport, from_unix};
use quintet_hil_tests::{Board, boards, cloud, options, patient, reach};
use quintet_protocol::crc::crc32;
use quintet_protocol::message::{Event, Outcome};

/// A scene ready to be sent, with its camera.
struct Scene {
    bundle: Bundle,
    camera: Vec<u8>,
}

impl Scene {
    fn new() -> Self {
        let cloud = cloud(800, 1, 3);
        let camera = framing_camera(&cloud, [120, 90]);
        let frame = SceneFrame::new(&cloud, reach(&cloud, std::slice::from_ref(&camera)));
        let options = options(std::slice::from_ref(&camera), 4 << 20);
        let bundle = compile(&quantise(&cloud, frame), &options).unwrap();
        let camera = bundle.cameras[0].bytes(&camera).unwrap();
        Self { bundle, camera }
    }

    fn load(&self, session: &mut Session) -> Result<(), SessionError> {
        let constants = self.bundle.constants.iter();
        let mut blobs: Vec<_> =
            constants.map(|it| Blob { offset: it.offset, bytes: &it.bytes }).collect();
        blobs.push(Blob { offset: 0, bytes: &self.bundle.program });
        session.load(&blobs, &mut |_| ())?;
        session.upload(self.bundle.cameras[0].offset, &self.camera, &mut |_| ())?;
        Ok(())
    }
}

/// A run's pixels as one number.
fn digest(session: &mut Session) -> u32 {
    let mut all = Vec::new();
    let outcome = session.run(|event| {
        if let Event::Pixels { x, y, bytes, .. } = event {
            all.extend([x, y].map(u16::to_le_bytes).as_flattened());
            all.extend(bytes);
        }
        ControlFlow::Continue(())
    });
    assert_eq!(outcome.unwrap(), Outcome::Completed);
    crc32(&all)
}

/// A pipe that breaks: after so many written bytes, or when told to.
struct Breaking {
    inner: Box<dyn Transport>,
    left: Arc<AtomicUsize>,
    broken: Arc<AtomicBool>,
}

impl Breaking {
    fn check(&self) -> io::Result<()> {
        let broken = self.broken.load(Ordering::Relaxed) || self.left.load(Ordering::Relaxed) == 0;
        if broken { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}

impl Transport for Breaking {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.check()?;
        self.inner.read(buffer, timeout)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.check()?;
        let count = bytes.len().min(self.left.load(Ordering::Relaxed));
        self.left.fetch_sub(count, Ordering::Relaxed);
        self.inner.write(&bytes[..count])
    }
}

#[test]
fn an_aborted_run_leaves_a_board_that_runs() {
    let scene = Scene::new();
    for uri in boards() {
        let mut board = Board::start(&uri);
        let mut session = board.session();
        scene.load(&mut session).unwrap();
        let expected = digest(&mut session);
        for events in [0, 1, 3] {
            let mut seen = 0;
            let outcome = session.run(|_| {
                seen += 1;
                if seen > events { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(outcome.unwrap(), Outcome::Aborted, "{uri}");
            assert_eq!(session.status().unwrap().running, None, "{uri}");
            assert_eq!(digest(&mut session), expected, "{uri}");
        }
    }
}

#[test]
fn a_driver_that_vanishes_leaves_a_board_for_the_next() {
    let scene = Scene::new();
    for uri in boards() {
        let mut board = Board::start(&uri);
        let mut session = board.session();
        scene.load(&mut session).unwrap();
        let expected = digest(&mut session);
        drop(session);
        // In the middle of an upload, at several places, mostly in the middle of a frame.
        for bytes in [1, 100, 3_000, 12_345] {
            // Or else everything is there already, and nothing is sent.
            let mut session = board.session();
            session.clear().unwrap();
            session.upload(0, &[0xA5; 40_000], &mut |_| ()).unwrap();
            drop(session);
            let (left, broken) = (Arc::new(AtomicUsize::new(usize::MAX)), Arc::default());
            let inner = board.connect();
            let transport = Breaking { inner, left: Arc::clone(&left), broken };
            let mut session = Session::open(Box::new(transport), patient()).unwrap();
            left.store(bytes, Ordering::Relaxed);
            assert!(matches!(scene.load(&mut session), Err(SessionError::Pipe(_))), "{uri}");
            drop(session);
            let mut session = board.session();
            scene.load(&mut session).unwrap();
            assert_eq!(digest(&mut session), expected, "{uri}: after {bytes} bytes");
        }
        // In the middle of a run, without a word.
        let (left, broken) = (Arc::new(AtomicUsize::new(usize::MAX)), Arc::<AtomicBool>::default());
        let inner = board.connect();
        let transport = Breaking { inner, left, broken: Arc::clone(&broken) };
        let mut session = Session::open(Box::new(transport), patient()).unwrap();
        let ended = session.run(|_| {
            broken.store(true, Ordering::Relaxed);
            ControlFlow::Continue(())
        });
        assert!(matches!(ended, Err(SessionError::Pipe(_))), "{uri}: {ended:?}");
        drop(session);
        let mut session = board.session();
        assert_eq!(session.status().unwrap().running, None, "{uri}");
        assert_eq!(digest(&mut session), expected, "{uri}: after a run that nobody awaited");
    }
}

#[test]
fn a_second_driver_takes_over() {
    let scene = Scene::new();
    for uri in boards() {
        let mut board = Board::start(&uri);
        let mut expected = None;
        for _ in 0..20 {
            let mut session = board.session();
            if expected.is_none() {
                scene.load(&mut session).unwrap();
            }
            let found = digest(&mut session);
            assert_eq!(*expected.get_or_insert(found), found, "{uri}");
        }
    }
}

#[test]
fn noise_on_the_link_leaves_a_board_that_answers() {
    let mut state = 0x9e37_79b9u32;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    for uri in boards() {
        let mut board = Board::start(&uri);
        for length in [1, 100, 5_000, 100_000] {
            let noise: Vec<u8> = (0..length).map(|_| random()).collect();
            let mut transport = board.connect();
            transport.write(&noise).unwrap();
            // On the same pipe, then on a new one.
            let mut session = Session::open(transport, patient()).unwrap();
            session.describe().unwrap();
            drop(session);
            board.session().describe().unwrap();
        }
    }
}

#[test]
fn a_board_that_dies_is_an_error() {
    let scene = Scene::new();
    for name in known_boards().map(|board| board.name()) {
        let mut emulator = Emulator::start(name, EmulatorLink::Bulk).unwrap();
        let transport = from_unix(emulator.connect().unwrap()).unwrap();
        let mut session = Session::open(transport, patient()).unwrap();
        scene.load(&mut session).unwrap();
        let mut emulator = Some(emulator);
        let ended = session.run(|_| {
            // Kills QEMU.
            drop(emulator.take());
            ControlFlow::Continue(())
        });
        let ended = ended.expect_err("the run ended well");
        assert!(matches!(ended, SessionError::Pipe(_) | SessionError::Silent), "{name}: {ended}");
        assert!(!ended.advice().is_empty());
        assert!(session.describe().is_err());
    }
}
