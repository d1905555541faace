//! A board's log: decoded with the image that its build id finds, counted where it is lost, and no
//! burden to what the board does besides.

use std::path::Path;
use std::time::Duration;

use quintet_driver::device::Connection;
use quintet_driver::log::{Decoder, Level, LogError, find_image};
use quintet_driver::render::framing_camera;
use quintet_driver::session::SessionError;
use quintet_hil_tests::heard::Heard;
use quintet_hil_tests::{boards, cloud, open, render};

/// Generous: the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A request that every board refuses, and logs.
fn be_refused(connection: &mut Connection) {
    let refused = connection.session().download(u32::MAX, 1);
    assert!(matches!(refused, Err(SessionError::Refused { .. })), "{refused:?}");
}

#[test]
fn a_log_shows_what_a_session_did_and_where_the_firmware_says_so() {
    let cloud = cloud(50, 0, 9);
    let camera = framing_camera(&cloud, [32, 24]);
    for board in boards() {
        let mut connection = open(&board);
        let name = connection.description().board.clone();
        let heard = Heard::listen(&mut connection);
        render(&mut connection, &cloud, std::slice::from_ref(&camera), None);
        be_refused(&mut connection);
        let messages = [
            (format!("{name} ready"), Level::Info, "device.rs"),
            ("session opened".into(), Level::Info, "device.rs"),
            ("program installed".into(), Level::Info, "server.rs"),
            ("run 0 ended: Completed".into(), Level::Info, "server.rs"),
            ("request refused: OutOfArena".into(), Level::Warn, "server.rs"),
        ];
        for (message, level, file) in messages {
            let record = heard.wait_for(&mut connection, &message);
            assert_eq!(record.level, level, "{record}");
            let (path, line) = record.place.as_ref().expect("no place in the source");
            assert!(path.ends_with(Path::new("firmware/src").join(file)), "{record}");
            // The emulated boards' firmware was built from this very source.
            let source = std::fs::read_to_string(path).unwrap();
            let there = source.lines().nth(*line as usize - 1).unwrap();
            assert!(there.contains("log!("), "{record}: it is not logged there: {there}");
            assert!(record.time.parse::<f64>().unwrap() < TIMEOUT.as_secs_f64(), "{record}");
        }
        assert!(heard.records().iter().all(|(lost, _)| *lost == 0), "{board}");
    }
}

#[test]
fn a_ring_that_overflows_keeps_the_oldest_messages_and_counts_the_rest() {
    const REFUSALS: usize = 1_000;
    for board in boards() {
        let mut connection = open(&board);
        for _ in 0..REFUSALS {
            be_refused(&mut connection);
        }
        let heard = Heard::listen(&mut connection);
        let first = heard.wait_for(&mut connection, "request refused");
        // Only the next message can tell how many are missing before it.
        let lost = loop {
            be_refused(&mut connection);
            connection.session().wait(Duration::from_millis(5)).unwrap();
            let records = heard.records();
            let refusals = records.iter().filter(|(_, it)| it.message == first.message);
            if let Some(place) = refusals.clone().position(|(lost, _)| *lost > 0) {
                let (lost, _) = refusals.clone().nth(place).unwrap();
                // All that were kept came before the gap, and the boot is among them.
                assert!(records[0].1.message.contains("ready"), "{}", records[0].1);
                break place + usize::from(*lost);
            }
            assert!(records.len() < 2 * REFUSALS, "{board}: nothing was lost");
        };
        // A refusal may have been made room for before the one that told.
        assert!((REFUSALS..REFUSALS + 50).contains(&lost), "{board}: {lost}");
    }
}

#[test]
fn listening_changes_neither_pixels_nor_their_cost() {
    let cloud = cloud(400, 1, 4);
    let camera = framing_camera(&cloud, [96, 72]);
    let cameras = [camera.clone(), camera];
    for board in boards() {
        let expected = render(&mut open(&board), &cloud, &cameras, None);
        let mut connection = open(&board);
        let heard = Heard::listen(&mut connection);
        let found = render(&mut connection, &cloud, &cameras, None);
        heard.wait_for(&mut connection, "run 1 ended");
        for (expected, found) in expected.iter().zip(&found) {
            assert!(expected.rgb == found.rgb, "{board}");
            assert_eq!(expected.costs, found.costs, "{board}");
        }
    }
}

#[test]
fn an_image_of_another_build_is_refused() {
    let all = boards();
    let builds: Vec<_> =
        all.iter().map(|board| open(board).session().peer().unwrap().build).collect();
    for (build, other) in builds.iter().zip(builds.iter().cycle().skip(1)) {
        let image = find_image(*other, None).unwrap();
        match find_image(*build, Some(&image.path)) {
            Err(LogError::OtherBuild { found, .. }) => assert_eq!(found, *other),
            _ => assert_eq!(build, other, "an image of another build was taken"),
        }
    }
}

#[test]
fn packets_that_no_firmware_sends_are_no_messages() {
    let mut state = 0x9e37_79b9u32;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    for board in boards() {
        let build = open(&board).session().peer().unwrap().build;
        let decoder = Decoder::new(&find_image(build, None).unwrap()).unwrap();
        let mut decoded = 0;
        for _ in 0..100_000 {
            let mut packet: Vec<u8> = (0..random() % 40).map(|_| random() as u8).collect();
            // Mostly a number that there is, so that what follows is looked at.
            if let Some(number) = packet.get_mut(..2) {
                number.copy_from_slice(&((random() % 100) as u16).to_le_bytes());
            }
            decoded += usize::from(decoder.decode(&packet).is_some());
        }
        assert!(decoded > 0, "no packet got as far as being printed");
    }
}
