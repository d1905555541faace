//! A device stays reachable: through aborts, vanished drivers, noise on its link.

use std::ops::ControlFlow;

use quintet_driver::session::{Session, SessionError};
use quintet_protocol::message::Outcome;

use super::{LITTLE, Test, Verdict, check};
use crate::device::Device;
use crate::scene::Scene;
use crate::target::Needs;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    Test { name: "an_aborted_run_leaves_a_device_that_runs", needs: SCENE, body: aborts },
    Test {
        name: "a_driver_that_vanishes_leaves_a_device_for_the_next",
        needs: SCENE,
        body: vanishes,
    },
    Test { name: "a_second_driver_takes_over", needs: SCENE, body: takes_over },
    Test { name: "noise_on_the_link_leaves_a_device_that_answers", needs: NOISE, body: noise },
];

const SCENE: Needs = Needs { arena: 48 << 10, upload: 100 << 10, ..LITTLE };
const NOISE: Needs = Needs { upload: 210_000, ..LITTLE };

fn aborts(device: &Device) -> Verdict {
    let scene = Scene::for_target(device.target());
    let mut session = device.session()?;
    scene.load(&mut session)?;
    let expected = scene.digest(&mut session)?;
    for events in [0, 1, 3] {
        device.step(format!("abort after {events} events"));
        let mut seen = 0;
        let outcome = session.run(|_| {
            seen += 1;
            if seen > events { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        check!(outcome == Outcome::Aborted, "after {events} events: {outcome:?}");
        check!(session.status()?.running.is_none(), "it still runs after {events} events");
        check!(scene.digest(&mut session)? == expected, "other pixels after {events} events");
    }
    Ok(())
}

fn vanishes(device: &Device) -> Verdict {
    let scene = Scene::for_target(device.target());
    let mut session = device.session()?;
    scene.load(&mut session)?;
    let expected = scene.digest(&mut session)?;
    drop(session);
    // In the middle of an upload, at several places, mostly in the middle of a frame.
    for bytes in [1, 100, 1_000, 2_345] {
        device.step(format!("pull the cable {bytes} bytes into an upload"));
        // Or else everything is there already, and nothing is sent.
        let mut session = device.session()?;
        session.clear()?;
        session.upload(0, &[0xA5; 12_000], &mut |_| ())?;
        drop(session);
        let mut session = device.fragile_session()?;
        device.pull_cable_after(bytes);
        let ended = scene.load(&mut session);
        check!(matches!(ended, Err(SessionError::Pipe(_))), "{ended:?} without a cable");
        drop(session);
        device.plug_in();
        let mut session = device.session()?;
        scene.load(&mut session)?;
        check!(scene.digest(&mut session)? == expected, "other pixels after {bytes} bytes");
    }
    device.step("pull the cable in a run");
    let mut session = device.fragile_session()?;
    let ended = session.run(|_| {
        device.pull_cable();
        ControlFlow::Continue(())
    });
    check!(matches!(ended, Err(SessionError::Pipe(_))), "{ended:?} without a cable");
    drop(session);
    device.plug_in();
    let mut session = device.session()?;
    check!(session.status()?.running.is_none(), "it runs for nobody");
    check!(scene.digest(&mut session)? == expected, "other pixels after a run that nobody awaited");
    Ok(())
}

fn takes_over(device: &Device) -> Verdict {
    let scene = Scene::for_target(device.target());
    let mut expected = None;
    for turn in 0..20 {
        let mut session = device.session()?;
        if expected.is_none() {
            scene.load(&mut session)?;
        }
        let found = scene.digest(&mut session)?;
        check!(*expected.get_or_insert(found) == found, "other pixels for driver {turn}");
    }
    Ok(())
}

fn noise(device: &Device) -> Verdict {
    let mut state = 0x9e37_79b9u32;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    for length in [1, 100, 5_000, 100_000] {
        device.step(format!("send {length} bytes of noise"));
        let noise: Vec<u8> = (0..length).map(|_| random()).collect();
        let mut transport = device.connect()?;
        for part in noise.chunks(4096) {
            transport.write(part)?;
        }
        // On the same pipe, then on a new one.
        let mut session = Session::open(transport, device.target().limits())?;
        session.describe()?;
        drop(session);
        device.session()?.describe()?;
    }
    Ok(())
}
