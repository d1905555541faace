//! What a driver makes of a board's log with the wrong image, and of packets that are none; the log
//! itself is looked at by the suite.

use quintet_driver::log::{Decoder, LogError, find_image};
use quintet_hil_tests::{boards, open};

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
