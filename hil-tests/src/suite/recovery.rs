//! Resets, lost power and pulled cables in the middle of uploads and runs: the session goes on,
//! sends only what is missing, and draws the same pixels; or says what is wrong.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use quintet_driver::session::{Session, SessionError};
use quintet_protocol::message::Event;

use super::memory::bytes;
use super::{LITTLE, Test, Verdict, check};
use crate::device::{Device, DeviceError};
use crate::scene::Scene;
use crate::target::{Ability, Needs, Target};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    Test {
        name: "a_reset_in_mid_upload_costs_what_was_under_way",
        needs: RESET,
        body: reset_upload,
    },
    Test { name: "a_reset_in_mid_run_is_told_and_the_run_repeats", needs: RESET, body: reset_run },
    Test { name: "a_power_cycle_in_mid_upload_is_made_good", needs: POWER, body: power_upload },
    Test { name: "a_power_cycle_in_mid_run_is_made_good", needs: POWER, body: power_run },
    Test {
        name: "a_cable_pulled_in_mid_upload_costs_what_was_under_way",
        needs: CABLE,
        body: cable_upload,
    },
    Test { name: "a_cable_pulled_in_mid_run_aborts_that_run_alone", needs: CABLE, body: cable_run },
    Test {
        name: "a_cable_that_stays_out_is_an_error_in_time",
        needs: CABLE,
        body: cable_stays_out,
    },
];

const CABLE: Needs = Needs { arena: 48 << 10, upload: 64 << 10, ..LITTLE };
const RESET: Needs = Needs { can: &[Ability::Reset], ..CABLE };
const POWER: Needs = Needs { can: &[Ability::PowerCycle], ..CABLE };

/// Bytes that may be under way on the link, and so may have to be sent twice: the longest window of
/// a board, and what its acknowledgements lag behind.
const UNDER_WAY: usize = 160 << 10;

/// What to upload: more than is under way, where there is room and time for it.
fn load(target: &Target) -> Vec<u8> {
    let room = target.arena.saturating_sub(4 << 10);
    bytes(room.min(3 * target.rate).min(6 << 20))
}

/// Uploads while something happens half-way; checks that all is there in the end. Returns the bytes
/// sent.
fn upload_while(
    device: &Device,
    what: impl Fn() -> Result<(), DeviceError>,
) -> Result<(Session, usize, usize), super::Cause> {
    let data = load(device.target());
    let mut session = device.session()?;
    session.clear()?;
    let mut happened = None;
    let uploaded = session.upload(64, &data, &mut |done| {
        // Between two looks at the link, so mostly in the middle of a frame.
        if done > data.len() / 2 && happened.is_none() {
            happened = Some(what());
        }
    });
    match happened {
        Some(result) => result?,
        None => return Err("the upload was over before anything could happen".into()),
    }
    let sent = uploaded?.sent as usize;
    device.step("look at what was uploaded");
    let is_kept = !session.has_forgotten();
    if !is_kept {
        check!(session.download(64, 500).is_err(), "whose memory it is was not asked");
        session.clear()?;
    }
    for part in [0, data.len() / 2, data.len() - 500] {
        let found = session.download(64 + part as u32, 500)?;
        check!(found == data[part..part + 500], "bytes {part}.. are not what was sent");
    }
    Ok((session, sent, data.len()))
}

fn reset_upload(device: &Device) -> Verdict {
    device.step("reset it in mid-upload");
    let (_, sent, count) = upload_while(device, || device.reset())?;
    // A reset keeps memory where a board has it so, and an upload finds what is there.
    let most = count + UNDER_WAY.min(count / 2);
    check!(sent <= most, "{sent} bytes were sent for {count}");
    Ok(())
}

fn power_upload(device: &Device) -> Verdict {
    device.step("take its power in mid-upload");
    let (_, sent, count) = upload_while(device, || device.power_cycle())?;
    check!(sent > count, "{sent} bytes were sent for {count}: it had power all the time");
    Ok(())
}

fn cable_upload(device: &Device) -> Verdict {
    device.step("pull the cable in mid-upload");
    let (session, sent, count) = upload_while(device, || {
        device.pull_cable();
        device.plug_in();
        Ok(())
    })?;
    check!(!session.has_forgotten(), "it has forgotten what it held");
    check!(sent <= count + UNDER_WAY.min(count / 2), "{sent} bytes were sent for {count}");
    Ok(())
}

/// Runs a scene during which something happens; after that the session goes on and draws the same.
///
/// It happens beside the run, which goes on reading: some UARTs of QEMU wait for their reader, the
/// whole machine with them, and a machine that waits is not reset.
fn run_while(device: &Device, what: impl Fn() -> Result<(), DeviceError> + Sync) -> Verdict {
    let scene = Scene::for_target(device.target());
    let mut session = device.session()?;
    session.clear()?;
    scene.load(&mut session)?;
    let expected = scene.digest(&mut session)?;
    let (happened, ended) = thread::scope(|scope| {
        let mut happening = None;
        let ended = session.run(|event| {
            if let (Event::Pixels { .. }, None) = (&event, &happening) {
                happening = Some(scope.spawn(&what));
            }
            ControlFlow::Continue(())
        });
        (happening.map(|it| it.join()), ended)
    });
    match happened {
        Some(Ok(result)) => result?,
        Some(Err(panic)) => resume_unwind(panic),
        None => return Err("the run was over before anything could happen".into()),
    }
    device.step("go on after that");
    if let Err(error) = ended {
        session.recover(error)?;
    }
    scene.load(&mut session)?;
    check!(scene.digest(&mut session)? == expected, "other pixels than before");
    Ok(())
}

fn reset_run(device: &Device) -> Verdict {
    device.step("reset it in mid-run");
    run_while(device, || device.reset())
}

fn power_run(device: &Device) -> Verdict {
    device.step("take its power in mid-run");
    run_while(device, || device.power_cycle())
}

fn cable_run(device: &Device) -> Verdict {
    device.step("pull the cable in mid-run");
    run_while(device, || {
        device.pull_cable();
        device.plug_in();
        Ok(())
    })
}

fn cable_stays_out(device: &Device) -> Verdict {
    const RECOVER: Duration = Duration::from_secs(1);
    let mut limits = device.target().limits();
    limits.recover = RECOVER;
    let mut session = Session::dial(Box::new(device.clone()), limits)?;
    session.clear()?;
    let data = load(device.target());
    let pulled = Instant::now();
    let ended = session.upload(64, &data, &mut |done| {
        if done > data.len() / 3 {
            device.pull_cable();
        }
    });
    let Err(ended) = ended else { return Err("an upload went on without a cable".into()) };
    let is_pipe = matches!(ended, SessionError::Pipe(_));
    check!(is_pipe && !ended.advice().is_empty(), "a pulled cable is told as: {ended}");
    let most = device.target().patience + RECOVER * 10;
    check!(pulled.elapsed() < most, "it took {:?} to tell", pulled.elapsed());
    device.plug_in();
    device.session()?.describe()?;
    Ok(())
}
