//! A device's log: decoded with the image that its build id finds, counted where it is lost, and no
//! burden to what the device does besides.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use quintet_driver::device::Connection;
use quintet_driver::log::{Decoder, Level, Record, find_image};
use quintet_driver::render::framing_camera;
use quintet_driver::session::SessionError;

use super::{Cause, LITTLE, Test, Verdict, check};
use crate::device::Device;
use crate::target::{Ability, Needs};
use crate::{cloud, render};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    Test { name: "a_log_shows_what_a_session_did_and_where", needs: LOG, body: shows },
    Test {
        name: "a_log_that_overflows_keeps_the_oldest_and_counts_the_rest",
        needs: LOG,
        body: overflows,
    },
    Test { name: "listening_changes_neither_pixels_nor_their_cost", needs: BOTH, body: no_burden },
];

/// Needs a reset as well, since only the log from boot on is known.
const LOG: Needs =
    Needs { can: &[Ability::Log, Ability::Reset], arena: 48 << 10, upload: 16 << 10, ..LITTLE };
const BOTH: Needs = Needs {
    can: &[Ability::Log, Ability::CountInstructions],
    arena: 512 << 10,
    upload: 100 << 10,
    ..LITTLE
};

/// How long a message is waited for. Generous: the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What has been heard of a device's log.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(u16, Record)>>>);

impl Heard {
    /// Has the device send its log.
    fn listen(connection: &mut Connection) -> Result<Self, Cause> {
        let build = connection.session().peer().ok_or("no session")?.build;
        let decoder = Decoder::new(&find_image(build, None)?)?;
        let heard = Self::default();
        let records = Arc::clone(&heard.0);
        let hear = move |packet: &[u8], lost| {
            let record = decoder.decode(packet).expect("a packet that is no message");
            records.lock().unwrap_or_else(PoisonError::into_inner).push((lost, record));
        };
        check!(connection.session().sends_log(), "it keeps no log");
        connection.session().listen(hear)?;
        Ok(heard)
    }

    fn records(&self) -> Vec<(u16, Record)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a message that begins so.
    fn wait_for(&self, connection: &mut Connection, beginning: &str) -> Result<Record, Cause> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let records = self.records();
            let found = records.iter().find(|(_, record)| record.message.starts_with(beginning));
            if let Some((_, record)) = found {
                return Ok(record.clone());
            }
            check!(Instant::now() < deadline, "no {beginning:?} in {records:?}");
            connection.session().wait(Duration::from_millis(5))?;
        }
    }
}

/// A request that every board refuses, and logs.
fn be_refused(connection: &mut Connection) -> Verdict {
    let refused = connection.session().download(u32::MAX, 1);
    check!(matches!(refused, Err(SessionError::Refused { .. })), "{refused:?}");
    Ok(())
}

fn shows(device: &Device) -> Verdict {
    let cloud = cloud(50, 0, 9);
    let camera = framing_camera(&cloud, [32, 24]);
    device.reset()?;
    let mut connection = device.open()?;
    let name = connection.description().board.clone();
    let heard = Heard::listen(&mut connection)?;
    render(&mut connection, &cloud, std::slice::from_ref(&camera), None);
    be_refused(&mut connection)?;
    let messages = [
        (format!("{name} ready"), Level::Info, "device.rs"),
        ("session opened".into(), Level::Info, "device.rs"),
        ("program installed".into(), Level::Info, "server.rs"),
        ("run 0 ended: Completed".into(), Level::Info, "server.rs"),
        ("request refused: OutOfArena".into(), Level::Warn, "server.rs"),
    ];
    for (message, level, file) in messages {
        let record = heard.wait_for(&mut connection, &message)?;
        check!(record.level == level, "{record}");
        let (path, line) = record.place.as_ref().ok_or("no place in the source")?;
        check!(path.ends_with(Path::new("firmware/src").join(file)), "{record}");
        // A board's firmware is to be built from this very source; elsewhere it cannot be looked
        // at.
        if let Ok(source) = std::fs::read_to_string(path) {
            let there = source.lines().nth(*line as usize - 1).unwrap_or_default();
            check!(there.contains("log!("), "{record}: it is not logged there: {there}");
        }
        check!(record.time.parse::<f64>().is_ok(), "{record}: no time");
    }
    check!(heard.records().iter().all(|(lost, _)| *lost == 0), "some of the log was lost");
    Ok(())
}

fn overflows(device: &Device) -> Verdict {
    const REFUSALS: usize = 1_000;
    device.reset()?;
    let mut connection = device.open()?;
    for _ in 0..REFUSALS {
        be_refused(&mut connection)?;
    }
    let heard = Heard::listen(&mut connection)?;
    let first = heard.wait_for(&mut connection, "request refused")?;
    // Only the next message can tell how many are missing before it; one that is shorter than a
    // refusal may have found room where that did not, and told of some.
    let told = loop {
        be_refused(&mut connection)?;
        connection.session().wait(Duration::from_millis(5))?;
        let records = heard.records();
        let is_refusal = |record: &Record| record.message == first.message;
        let gap = records.iter().position(|(lost, record)| *lost > 0 && is_refusal(record));
        if let Some(gap) = gap {
            // All that were kept came before any gap, and the boot is among them; before it a board
            // may have logged what reset it.
            let mut kept = records.iter().take_while(|(lost, _)| *lost == 0);
            check!(kept.any(|(_, it)| it.message.contains("ready")), "no boot in {records:?}");
            let heard = records[..gap].iter().filter(|(_, record)| is_refusal(record)).count();
            let lost = records[..=gap].iter().map(|(lost, _)| usize::from(*lost)).sum::<usize>();
            break heard + lost;
        }
        check!(records.len() < 2 * REFUSALS, "nothing was lost");
    };
    // A refusal may have been made room for before the one that told.
    check!((REFUSALS..REFUSALS + 50).contains(&told), "{told} of {REFUSALS} are accounted for");
    Ok(())
}

fn no_burden(device: &Device) -> Verdict {
    let cloud = cloud(300, 1, 4);
    let camera = framing_camera(&cloud, [96, 72]);
    let cameras = [camera.clone(), camera];
    let expected = render(&mut device.open()?, &cloud, &cameras, None);
    device.power_cycle()?;
    let mut connection = device.open()?;
    let heard = Heard::listen(&mut connection)?;
    let found = render(&mut connection, &cloud, &cameras, None);
    heard.wait_for(&mut connection, "run 1 ended")?;
    for (expected, found) in expected.iter().zip(&found) {
        check!(expected.rgb == found.rgb, "pixels differ");
        check!(expected.costs == found.costs, "{:?}, not {:?}", found.costs, expected.costs);
    }
    Ok(())
}
