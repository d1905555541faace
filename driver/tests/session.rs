//! Sessions with the firmware's device over a simulated cable, in simulated time.

mod simulation;

use std::ops::ControlFlow;
use std::time::Duration;

use quintet_driver::session::{Limits, Recovered, Session, SessionError, Uploaded};
use quintet_driver::transport::memory;
use quintet_protocol::fault::Faults;
use quintet_protocol::message::{Event, Outcome, Refusal, Request};
use simulation::scene::{Scene, digest};
use simulation::{Cable, Simulation, Upset};

const ARENA: usize = 256 << 10;

fn bytes(count: usize) -> Vec<u8> {
    (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn scene() -> Scene {
    Scene::new(200, [96, 64], ARENA)
}

/// How long something takes in the world's time.
fn time_of(simulation: &Simulation, work: impl FnOnce()) -> Duration {
    let before = simulation.now();
    work();
    simulation.now() - before
}

#[test]
fn an_upload_arrives_and_comes_back() {
    let simulation = Simulation::good();
    let mut session = simulation.open(Limits::default()).unwrap();
    assert_eq!(session.describe().unwrap().arena_bytes, ARENA as u32);
    let data = bytes(200_001);
    let mut seen = Vec::new();
    let uploaded = session.upload(77, &data, &mut |done| seen.push(done)).unwrap();
    assert_eq!(uploaded, Uploaded { sent: 200_001, found: 0 });
    assert!(seen.is_sorted());
    assert_eq!(seen.last(), Some(&data.len()));
    assert_eq!(session.download(77, data.len() as u32).unwrap(), data);
    session.upload(0, &[], &mut |_| ()).unwrap();
    drop(session);
    assert_eq!(simulation.arena()[77..77 + data.len()], data);
}

#[test]
fn what_is_resident_is_not_sent_again() {
    let simulation = Simulation::good();
    let data = bytes(150_000);
    let mut session = simulation.open(Limits::default()).unwrap();
    session.upload(4, &data, &mut |_| ()).unwrap();
    // By another driver, and however its blob lies.
    let mut session = simulation.open(Limits::default()).unwrap();
    let before = simulation.bytes_down();
    let uploaded = session.upload(4, &data, &mut |_| ()).unwrap();
    assert_eq!(uploaded, Uploaded { sent: 0, found: 150_000 });
    assert!(simulation.bytes_down() - before < 200, "it was to cost next to nothing");
    let part = session.upload(4 + 5_000, &data[5_000..90_000], &mut |_| ()).unwrap();
    assert_eq!(part, Uploaded { sent: 0, found: 85_000 });
}

#[test]
fn only_what_differs_is_sent() {
    let simulation = Simulation::good();
    let mut session = simulation.open(Limits::default()).unwrap();
    let mut data = bytes(100_000);
    session.upload(0, &data, &mut |_| ()).unwrap();
    for at in [0, 50_000, 99_999] {
        data[at] ^= 0x10;
    }
    let uploaded = session.upload(0, &data, &mut |_| ()).unwrap();
    // Two whole blocks of 1 KiB, and the short one at the end.
    assert_eq!(uploaded.sent, 2 * 1024 + 100_000 % 1024);
    drop(session);
    assert_eq!(simulation.arena()[..data.len()], data);
}

#[test]
fn an_upload_survives_a_bad_cable() {
    for seed in 1..6 {
        let simulation = Simulation::new(Cable::GOOD, Faults::noise(5e-5, seed), ARENA, seed);
        let mut session = simulation.open(Limits::default()).unwrap();
        let data = bytes(100_000);
        session.upload(0, &data, &mut |_| ()).unwrap();
        assert_eq!(session.download(0, data.len() as u32).unwrap(), data);
    }
}

#[test]
fn an_upload_goes_on_where_a_pulled_cable_cut_it() {
    let simulation = Simulation::good();
    let data = bytes(200_000);
    let mut session = simulation.dial(Limits::default()).unwrap();
    session.clear().unwrap();
    let before = simulation.bytes_down();
    simulation.upset_after(millis(300), Upset::Pull(millis(700)));
    session.upload(0, &data, &mut |_| ()).unwrap();
    // What was on its way when the cable went is sent again: what the port's buffer holds, and a
    // window. Frames and messages take 2 %.
    let sent = simulation.bytes_down() - before;
    assert!((200_000..204_000 + (12 << 10)).contains(&sent), "{sent}");
    assert!(!session.has_forgotten());
    drop(session);
    assert_eq!(simulation.arena()[..data.len()], data);
}

#[test]
fn an_upload_goes_on_where_a_killed_driver_left_it() {
    let simulation = Simulation::good();
    let data = bytes(200_000);
    let mut session = simulation.open(Limits::default()).unwrap();
    simulation.upset_after(millis(300), Upset::Pull(millis(1)));
    let lost = session.upload(0, &data, &mut |_| ()).unwrap_err();
    assert!(matches!(lost, SessionError::Pipe(_)), "{lost}");
    simulation.pass(millis(5));
    let mut session = simulation.open(Limits::default()).unwrap();
    let uploaded = session.upload(0, &data, &mut |_| ()).unwrap();
    assert!(uploaded.found > 40_000, "{uploaded:?}");
    assert_eq!(uploaded.found + uploaded.sent, 200_000);
}

#[test]
fn an_upload_outlives_a_reset_and_sends_what_the_memory_lost() {
    for (upset, again) in [(Upset::Reset, 12 << 10), (Upset::PowerCut, 150_000)] {
        let simulation = Simulation::good();
        let data = bytes(200_000);
        let mut session = simulation.dial(Limits::default()).unwrap();
        session.clear().unwrap();
        simulation.upset_after(millis(300), upset);
        let uploaded = session.upload(0, &data, &mut |_| ()).unwrap();
        assert!(uploaded.sent <= 200_000 + again, "{upset:?}: {uploaded:?}");
        // Blobs that were sent before may be gone, and the caller hears of it.
        assert!(session.has_forgotten());
        assert!(matches!(session.install(0, 64), Err(SessionError::Forgotten)));
        session.clear().unwrap();
        assert!(!session.has_forgotten());
        drop(session);
        assert_eq!(simulation.arena()[..data.len()], data, "{upset:?}");
    }
}

#[test]
fn loading_starts_again_when_the_device_was_reset() {
    for upset in [Upset::Reset, Upset::PowerCut] {
        // At any moment of it: 22 KB take some 80 ms.
        for after in (0..100).step_by(7) {
            let simulation = Simulation::good();
            let scene = scene();
            let mut session = simulation.dial(Limits::default()).unwrap();
            let expected = scene.load(&mut session).and_then(|_| digest(&mut session)).unwrap();
            drop(session);
            simulation.upset(Upset::PowerCut);
            let mut session = simulation.dial(Limits::default()).unwrap();
            simulation.upset_after(millis(after), upset);
            loop {
                match scene.load(&mut session).and_then(|_| digest(&mut session)) {
                    Ok(found) => break assert_eq!(found, expected),
                    Err(SessionError::Forgotten) => {}
                    Err(error) => drop(session.recover(error).unwrap()),
                }
            }
        }
    }
}

#[test]
fn a_bit_that_flipped_in_the_memory_is_found_and_its_block_sent_again() {
    let simulation = Simulation::good();
    let mut session = simulation.dial(Limits::default()).unwrap();
    let data = bytes(50_000);
    session.upload(8, &data, &mut |_| ()).unwrap();
    simulation.damage(30_000);
    let uploaded = session.upload(8, &data, &mut |_| ()).unwrap();
    assert_eq!(uploaded, Uploaded { sent: 1024, found: 50_000 - 1024 });
}

#[test]
fn a_refusal_names_the_request_and_leaves_the_session_usable() {
    let simulation = Simulation::good();
    let mut session = simulation.open(Limits::default()).unwrap();
    let error = session.upload(ARENA as u32 - 10, &bytes(5_000), &mut |_| ()).unwrap_err();
    let SessionError::Refused { request: "digest", refusal: Refusal::OutOfArena { .. } } = error
    else {
        panic!("{error}");
    };
    assert!(error.advice().contains("arena"));
    session.upload(0, &bytes(5_000), &mut |_| ()).unwrap();
    let error = session.download(u32::MAX, 2).unwrap_err();
    assert!(matches!(error, SessionError::Refused { request: "read", .. }), "{error}");
}

#[test]
fn a_run_delivers_every_pixel_and_counts() {
    let simulation = Simulation::good();
    let mut session = simulation.open(Limits::default()).unwrap();
    scene().load(&mut session).unwrap();
    let first = digest(&mut session).unwrap();
    assert_eq!(digest(&mut session).unwrap(), first);
    assert_eq!(session.status().unwrap().runs, 2);
}

#[test]
fn a_run_can_be_aborted_from_its_events() {
    let simulation = Simulation::good();
    let mut session = simulation.open(Limits::default()).unwrap();
    scene().load(&mut session).unwrap();
    let mut events = 0;
    let outcome = session.run(|_| {
        events += 1;
        if events == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((outcome.unwrap(), events), (Outcome::Aborted, 3));
    assert_eq!(session.status().unwrap().running, None);
}

#[test]
fn dropping_a_session_ends_its_run_on_the_device() {
    let simulation = Simulation::good();
    let mut session = simulation.open(Limits::default()).unwrap();
    scene().load(&mut session).unwrap();
    session.call(Request::Run { ticket: 7 }, |_| Some(())).unwrap();
    drop(session);
    simulation.pass(millis(50));
    let mut session = simulation.open(Limits::default()).unwrap();
    let status = session.status().unwrap();
    let record = status.last_run.unwrap();
    assert_eq!((record.ticket, record.outcome), (7, Some(Outcome::Aborted)));
    assert_eq!((status.running, status.runs), (None, 1));
}

#[test]
fn what_became_of_a_run_is_known_after_its_session_was_lost() {
    for (upset, kept, run) in [
        (Upset::Pull(millis(100)), true, Some(Outcome::Aborted)),
        (Upset::Reset, false, None),
        (Upset::PowerCut, false, None),
    ] {
        let simulation = Simulation::good();
        let mut session = simulation.dial(Limits::default()).unwrap();
        let scene = scene();
        scene.load(&mut session).unwrap();
        let expected = digest(&mut session).unwrap();
        let lost = session.run(|event| {
            if let Event::Pixels { .. } = event {
                simulation.upset(upset);
            }
            ControlFlow::Continue(())
        });
        let recovered = session.recover(lost.unwrap_err()).unwrap();
        let Recovered { kept: found_kept, run: found_run, .. } = recovered;
        assert_eq!((found_kept, found_run), (kept, run), "{upset:?}");
        if !kept {
            assert!(matches!(digest(&mut session), Err(SessionError::Forgotten)));
            scene.load(&mut session).unwrap();
        }
        assert_eq!(digest(&mut session).unwrap(), expected, "{upset:?}");
    }
}

#[test]
fn a_program_that_another_driver_installed_meanwhile_is_not_run() {
    let simulation = Simulation::good();
    let mut first = simulation.dial(Limits::default()).unwrap();
    let scene = scene();
    scene.load(&mut first).unwrap();
    let mut second = simulation.dial(Limits::default()).unwrap();
    scene.load(&mut second).unwrap();
    drop(second);
    let error = digest(&mut first).unwrap_err();
    assert!(!first.recover(error).unwrap().kept);
    assert!(matches!(digest(&mut first), Err(SessionError::Forgotten)));
}

#[test]
fn a_reboot_is_told_at_once() {
    let simulation = Simulation::good();
    let mut session = simulation.open(Limits::default()).unwrap();
    session.upload(0, &bytes(100), &mut |_| ()).unwrap();
    simulation.upset(Upset::Reset);
    let took = time_of(&simulation, || {
        let error = session.download(0, 100).unwrap_err();
        assert!(matches!(error, SessionError::Lost), "{error}");
    });
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(matches!(session.status(), Err(SessionError::Lost)));
}

#[test]
fn requests_find_a_lost_device_again() {
    let simulation = Simulation::good();
    let mut session = simulation.dial(Limits::default()).unwrap();
    session.clear().unwrap();
    session.upload(0, &bytes(9_000), &mut |_| ()).unwrap();
    simulation.upset(Upset::Pull(millis(1500)));
    assert_eq!(session.download(0, 9_000).unwrap(), bytes(9_000));
    simulation.upset(Upset::Reset);
    // The memory may have kept this, but nobody knows.
    assert!(matches!(session.download(0, 9_000), Err(SessionError::Forgotten)));
    session.describe().unwrap();
}

#[test]
fn a_cable_that_stays_out_is_an_error_within_the_limit() {
    let simulation = Simulation::good();
    let mut limits = Limits::default();
    limits.recover = Duration::from_secs(3);
    let mut session = simulation.dial(limits).unwrap();
    simulation.upset(Upset::Pull(Duration::from_secs(1000)));
    let took = time_of(&simulation, || {
        let error = session.upload(0, &bytes(9_000), &mut |_| ()).unwrap_err();
        assert!(matches!(error, SessionError::Pipe(_)), "{error}");
    });
    assert!((millis(2900)..millis(4100)).contains(&took), "{took:?}");
    limits.recover = Duration::ZERO;
    simulation.heal();
    let mut session = simulation.dial(limits).unwrap();
    simulation.upset(Upset::Pull(millis(1)));
    let took = time_of(&simulation, || assert!(session.status().is_err()));
    assert!(took < millis(100), "{took:?}");
}

#[test]
fn a_cable_pulled_in_the_middle_of_the_greeting_is_outlived() {
    for micros in [0, 300, 600, 900, 1_200] {
        let simulation = Simulation::good();
        simulation.upset_after(Duration::from_micros(micros), Upset::Pull(millis(700)));
        simulation.dial(Limits::default()).unwrap().describe().unwrap();
    }
    let simulation = Simulation::good();
    simulation.upset(Upset::Pull(millis(700)));
    let error = simulation.dial(Limits::default()).err();
    assert!(matches!(error, Some(SessionError::Pipe(_))), "{error:?}");
}

#[test]
fn a_broken_wire_is_an_error_or_is_outlived() {
    for (cut, outlived) in [(3, true), (12, true), (60, false)] {
        let simulation = Simulation::good();
        let mut session = simulation.dial(Limits::default()).unwrap();
        session.clear().unwrap();
        simulation.upset_after(millis(300), Upset::Cut(Duration::from_secs(cut)));
        let took = time_of(&simulation, || {
            let uploaded = session.upload(0, &bytes(200_000), &mut |_| ());
            match uploaded {
                Ok(_) => assert!(outlived, "{cut} s"),
                Err(error) => assert!(error.is_loss() && !outlived, "{cut} s: {error}"),
            }
        });
        // The link gives up after 9 s, the session after 15 s more and its last attempt.
        assert!(took < Duration::from_secs(30), "{cut} s: {took:?}");
    }
}

#[test]
fn a_device_that_is_reset_for_ever_is_an_error() {
    let simulation = Simulation::good();
    let mut session = simulation.dial(Limits::default()).unwrap();
    for number in 1..2_000 {
        simulation.upset_after(millis(100 * number), Upset::PowerCut);
    }
    let took = time_of(&simulation, || {
        // Takes 700 ms.
        let error = session.upload(0, &bytes(200_000), &mut |_| ()).unwrap_err();
        assert!(error.is_loss(), "{error}");
    });
    assert!(took < Duration::from_secs(60), "{took:?}");
}

#[test]
fn a_device_that_does_not_answer_is_an_error_within_the_limit() {
    let simulation = Simulation::good();
    let mut limits = Limits::default();
    limits.answer = millis(300);
    let mut session = simulation.open(limits).unwrap();
    simulation.upset(Upset::Away(Duration::from_secs(1)));
    let took = time_of(&simulation, || {
        let error = session.status().unwrap_err();
        assert!(matches!(error, SessionError::Timeout { request: "status", .. }), "{error}");
    });
    assert!(took < millis(350), "{took:?}");
    simulation.pass(Duration::from_secs(1));
    session.status().unwrap();
}

#[test]
fn a_pipe_without_a_device_is_no_answer() {
    let (transport, _port) = memory::pair();
    let mut limits = Limits::default();
    limits.connect = millis(300);
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
