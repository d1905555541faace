//! Hostile drivers: whatever bytes and messages come, the device lives and answers the next HELLO.

use proptest::prelude::*;
use quintet_firmware::Memory;
use quintet_protocol::message::Request;

use crate::scene::{Layout, Plan, Scene};
use crate::world::{Answer, World};

const FRAME: [u16; 2] = [32, 24];
const COUNT: usize = 60;

fn with_device(test: impl FnOnce(&mut World, &Layout)) {
    let layout = Layout::new(&Plan { tile: [16, 8], ..Plan::roomy(FRAME, COUNT) });
    let (mut memory, mut arena) = (Memory::new(), vec![0; layout.words + 100]);
    test(&mut World::new(&mut memory, &mut arena), &layout);
}

fn answers_hello(world: &mut World) {
    world.connect();
    assert!(matches!(world.call(Request::Describe), Answer::Described { .. }));
}

/// A request, whose bytes are cut from a fixed pattern.
#[derive(Clone, Copy, Debug)]
enum Ask {
    Describe,
    Clear,
    Write(u32, usize),
    Digest(u32, u32, u32),
    Read(u32, u32),
    Install(u32, u32),
    Run(u32),
    Abort,
    Status,
}

/// Numbers around what matters, and any others.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![
        0u32..64,
        (0u32..20_000).prop_map(|at| at * 4),
        any::<u32>(),
        Just(u32::MAX),
        Just(0x8000_0000)
    ]
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        Just(Ask::Describe),
        Just(Ask::Clear),
        (number(), 0usize..1500).prop_map(|(offset, length)| Ask::Write(offset, length)),
        (number(), number(), number())
            .prop_map(|(at, length, block)| Ask::Digest(at, length, block)),
        (number(), number()).prop_map(|(offset, length)| Ask::Read(offset, length)),
        (number(), number()).prop_map(|(offset, length)| Ask::Install(offset, length)),
        number().prop_map(Ask::Run),
        number().prop_map(Ask::Run),
        Just(Ask::Abort),
        Just(Ask::Status),
    ]
}

fn request(ask: Ask, bytes: &[u8; 1500]) -> Request<'_> {
    match ask {
        Ask::Describe => Request::Describe,
        Ask::Clear => Request::Clear { claim: 7 },
        Ask::Write(offset, length) => Request::Write { offset, bytes: &bytes[..length] },
        Ask::Digest(offset, length, block) => Request::Digest { offset, length, block },
        Ask::Read(offset, length) => Request::Read { offset, length },
        Ask::Install(offset, length) => Request::Install { offset, length },
        Ask::Run(ticket) => Request::Run { ticket },
        Ask::Abort => Request::Abort,
        Ask::Status => Request::Status,
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_leave_a_device_that_answers(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 1..6),
        in_session: bool,
    ) {
        with_device(|world, _| {
            if in_session {
                world.connect();
            }
            pieces.iter().for_each(|piece| world.inject(piece));
            answers_hello(world);
        });
    }

    #[test]
    fn arbitrary_packets_leave_a_device_that_answers(
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..6),
        // Small numbers are the tags of requests.
        tags in prop::collection::vec(0u8..12, 6),
    ) {
        with_device(|world, _| {
            world.connect();
            for (packet, tag) in packets.iter().zip(tags) {
                world.send_packet(packet);
                world.send_packet(&[&[0, tag], packet.as_slice()].concat());
                world.turns(20);
            }
            answers_hello(world);
        });
    }

    #[test]
    fn arbitrary_requests_leave_a_device_that_answers(
        asks in prop::collection::vec((ask(), any::<bool>(), 0u8..5), 1..40),
        installed: bool,
        filler: u8,
    ) {
        let bytes = [filler; 1500];
        with_device(|world, layout| {
            world.connect();
            if installed {
                layout.load(world, &Scene::random(FRAME, COUNT, 9));
            }
            for (ask, waits, turns) in asks {
                let id = world.send(request(ask, &bytes));
                if waits {
                    // Every request has an answer, during a run too.
                    world.answer(id);
                }
                world.turns(turns.into());
                if !waits {
                    world.answer(id);
                }
            }
            answers_hello(world);
        });
    }

    #[test]
    fn any_packet_length_of_the_driver_is_fine(payload in 0usize..300) {
        with_device(|world, layout| {
            world.connect();
            layout.load(world, &Scene::random(FRAME, COUNT, 9));
            world.connect_with(payload);
            for packet in [&[0, 0][..], &[0, 4, 0, 64], &[0, 6], &[0, 8]] {
                if packet.len() <= payload {
                    world.send_packet(packet);
                    world.turns(200);
                }
            }
            answers_hello(world);
        });
    }
}
