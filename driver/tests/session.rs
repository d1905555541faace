//! Sessions with a tiny device in a thread, over a good pipe and over a bad one.

mod server;

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use quintet_driver::session::{Limits, Session, SessionError};
use quintet_driver::transport::{Transport, memory};
use quintet_protocol::message::{Event, Outcome, Refusal, Request};
use server::Server;

const ARENA: usize = 256 << 10;

/// Loses, damages or repeats bytes in both directions.
struct Lossy<T> {
    inner: T,
    random: u64,
    /// One fault in about so many bytes.
    every: u64,
}

impl<T> Lossy<T> {
    fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut passed = Vec::with_capacity(bytes.len() + 8);
        for &byte in bytes {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            let fault = (self.random >> 20).is_multiple_of(self.every);
            match self.random >> 62 {
                0 if fault => {}
                1 if fault => passed.extend([byte, byte]),
                _ if fault => passed.push(byte ^ 0x10),
                _ => passed.push(byte),
            }
        }
        passed
    }
}

impl<T: Transport> Transport for Lossy<T> {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        // Half the room, since each byte may come twice.
        let mut bytes = vec![0; buffer.len() / 2];
        let count = self.inner.read(&mut bytes, timeout)?;
        let passed = self.pass(&bytes[..count]);
        buffer[..passed.len()].copy_from_slice(&passed);
        Ok(passed.len())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let passed = self.pass(bytes);
        self.inner.write(&passed)
    }
}

fn connect(limits: Limits) -> (Session, Server) {
    let (transport, port) = memory::pair();
    let server = Server::start(port, ARENA);
    (Session::open(Box::new(transport), limits).unwrap(), server)
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn impatient() -> Limits {
    let mut limits = Limits::default();
    limits.answer = Duration::from_millis(300);
    limits
}

#[test]
fn an_upload_arrives_and_comes_back() {
    let (mut session, server) = connect(Limits::default());
    assert_eq!(session.describe().unwrap().arena_bytes, ARENA as u32);
    let data = bytes(200_001);
    let mut seen = Vec::new();
    let started = Instant::now();
    session.upload(77, &data, &mut |done| seen.push(done)).unwrap();
    println!("{:.1} MB/s", data.len() as f64 / started.elapsed().as_secs_f64() / 1e6);
    assert!(seen.is_sorted());
    assert_eq!(seen.last(), Some(&data.len()));
    assert_eq!(session.download(77, data.len() as u32).unwrap(), data);
    session.upload(0, &[], &mut |_| ()).unwrap();
    drop(session);
    server.join();
}

#[test]
fn an_upload_survives_a_bad_cable() {
    for seed in 1..6 {
        let (transport, port) = memory::pair();
        let server = Server::start(port, ARENA);
        let lossy = Lossy { inner: transport, random: seed * 0x1234_5678_9ABC_DEF1, every: 20_000 };
        let mut session = Session::open(Box::new(lossy), Limits::default()).unwrap();
        let data = bytes(100_000);
        session.upload(0, &data, &mut |_| ()).unwrap();
        assert_eq!(session.download(0, data.len() as u32).unwrap(), data);
        drop(session);
        server.join();
    }
}

#[test]
fn a_damaged_upload_is_repeated_once() {
    let (mut session, server) = connect(Limits::default());
    let data = bytes(5_000);
    server.knobs.damage.store(1, Ordering::Relaxed);
    session.upload(8, &data, &mut |_| ()).unwrap();
    assert_eq!(session.download(8, 5_000).unwrap(), data);
    server.knobs.damage.store(1_000, Ordering::Relaxed);
    let error = session.upload(8, &data, &mut |_| ()).unwrap_err();
    assert!(matches!(error, SessionError::Damaged { offset: 8, length: 5_000 }), "{error}");
}

#[test]
fn a_refusal_names_the_request_and_leaves_the_session_usable() {
    let (mut session, _server) = connect(Limits::default());
    let error = session.upload(ARENA as u32 - 10, &bytes(5_000), &mut |_| ()).unwrap_err();
    let SessionError::Refused { request: "write", refusal: Refusal::OutOfArena { .. } } = error
    else {
        panic!("{error}");
    };
    assert!(error.advice().contains("arena"));
    session.upload(0, &bytes(5_000), &mut |_| ()).unwrap();
    let error = session.checksum(u32::MAX, 2).unwrap_err();
    assert!(matches!(error, SessionError::Refused { request: "checksum", .. }), "{error}");
}

#[test]
fn a_run_delivers_every_event_in_order() {
    let (mut session, server) = connect(Limits::default());
    session.upload(0, &[20], &mut |_| ()).unwrap();
    for _ in 0..2 {
        let mut rows = Vec::new();
        let outcome = session.run(|event| {
            if let Event::Pixels { y, bytes, .. } = event {
                assert!(bytes.iter().all(|&byte| byte == y as u8));
                rows.push(y);
            }
            ControlFlow::Continue(())
        });
        assert_eq!(outcome.unwrap(), Outcome::Completed);
        assert_eq!(rows, (1..=160).rev().collect::<Vec<_>>());
    }
    assert_eq!(session.status().unwrap().runs, 2);
    drop(session);
    server.join();
}

#[test]
fn a_run_can_be_aborted_from_its_events() {
    let (mut session, _server) = connect(Limits::default());
    session.upload(0, &[255], &mut |_| ()).unwrap();
    let mut events = 0;
    session
        .run(|_| {
            events += 1;
            if events == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(events, 3);
    assert_eq!(session.status().unwrap().running, None);
}

#[test]
fn dropping_a_session_ends_its_run_on_the_device() {
    let (mut session, server) = connect(Limits::default());
    session.upload(0, &[255], &mut |_| ()).unwrap();
    session.call(Request::Run, |_| Some(())).unwrap();
    drop(session);
    let knobs = server.knobs.clone();
    server.join();
    assert_eq!(knobs.dropped_runs.load(Ordering::Relaxed), 1);
}

#[test]
fn a_reboot_is_told_at_once() {
    let (mut session, server) = connect(Limits::default());
    session.upload(0, &bytes(100), &mut |_| ()).unwrap();
    server.knobs.reboot.store(true, Ordering::Relaxed);
    // The device looks at its knobs within 50 ms.
    std::thread::sleep(Duration::from_millis(150));
    let started = Instant::now();
    let error = session.checksum(0, 100).unwrap_err();
    assert!(matches!(error, SessionError::Lost), "{error}");
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(matches!(session.status(), Err(SessionError::Lost)));
}

#[test]
fn a_device_that_does_not_answer_a_request_is_a_timeout() {
    let (mut session, server) = connect(impatient());
    server.knobs.mute.store(true, Ordering::Relaxed);
    let error = session.status().unwrap_err();
    assert!(matches!(error, SessionError::Timeout { request: "status", .. }), "{error}");
    server.knobs.mute.store(false, Ordering::Relaxed);
    session.status().unwrap();
}

#[test]
fn a_pipe_without_a_device_is_no_answer() {
    let (transport, _port) = memory::pair();
    let mut limits = Limits::default();
    limits.connect = Duration::from_millis(300);
    let error = Session::open(Box::new(transport), limits).err();
    assert!(matches!(error, Some(SessionError::NoAnswer(_))), "{error:?}");
}

#[test]
fn a_broken_pipe_is_told() {
    let (transport, port) = memory::pair();
    drop(port);
    let error = Session::open(Box::new(transport), Limits::default()).err();
    assert!(matches!(error, Some(SessionError::Pipe(_))), "{error:?}");
}
