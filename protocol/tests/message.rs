//! Messages: what goes in comes out, and any other bytes are refused without a panic.

use proptest::prelude::*;
use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::accelerator::{Capabilities, Failure, Presence, VERSION};
use quintet_protocol::message::{
    Call, Description, Event, Outcome, Phase, Refusal, Reply, Request, RunRecord, Status, Ticks,
    ToDriver, decode,
};

fn request(bytes: &[u8], offset: u32, length: u32) -> [Request<'_>; 9] {
    [
        Request::Describe,
        Request::Clear { claim: offset },
        Request::Write { offset, bytes },
        Request::Digest { offset, length, block: 1024 },
        Request::Read { offset, length },
        Request::Install { offset, length },
        Request::Run { ticket: length },
        Request::Abort,
        Request::Status,
    ]
}

fn answers<'a>(bytes: &'a [u8], board: &'a str, id: u16, number: u32) -> Vec<ToDriver<'a>> {
    let description = Description {
        board,
        firmware: board,
        target: "thumbv7em",
        arena_bytes: number,
        operators: !number,
        ticks: Ticks::Instructions,
        accelerator: Presence::Ready {
            version: VERSION,
            instance: number,
            clock_khz: !number,
            capabilities: Capabilities([number; 8]),
        },
    };
    let replies = [
        Reply::Done,
        Reply::Refused(Refusal::OutOfArena { offset: number, length: 1, arena: 2 }),
        Reply::Description(description),
        Reply::Digests(bytes),
        Reply::Bytes(bytes),
        Reply::Refused(Refusal::AlreadyRun { outcome: None }),
        Reply::Status(Status {
            claim: Some(number),
            installed: true,
            running: Some(id),
            runs: number,
            last_run: Some(RunRecord { ticket: number, outcome: Some(Outcome::Aborted) }),
            pages_wanted: id,
        }),
    ];
    let events = [
        Event::Pixels { buffer: id, x: id, y: 1, width: 2, bytes },
        Event::Cost { command: id, phase: Phase::Sort, ticks: u64::MAX, items: number.into() },
        Event::Accelerated {
            command: id,
            receipt: Receipt { clocks: u64::MAX, stall: number, ..Receipt::default() },
        },
        Event::Finished(Outcome::Completed),
        Event::Finished(Outcome::Failed { command: id, failure: Failure::Other(id) }),
    ];
    let replies = replies.into_iter().map(|reply| ToDriver::Reply { id, reply });
    replies.chain(events.into_iter().map(ToDriver::Event)).collect()
}

proptest! {
    #[test]
    fn messages_survive(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        board in ".{0,20}",
        id: u16,
        number: u32,
        length: u32,
    ) {
        let mut wire = [0; 512];
        for request in request(&bytes, number, length) {
            let call = Call { id, request };
            let used = postcard::to_slice(&call, &mut wire).unwrap();
            prop_assert_eq!(decode::<Call<'_>>(used), Ok(call));
            prop_assert!(decode::<Call<'_>>(&used[..used.len() - 1]).is_err());
        }
        for answer in answers(&bytes, &board, id, number) {
            let used = postcard::to_slice(&answer, &mut wire).unwrap();
            prop_assert_eq!(decode::<ToDriver<'_>>(used), Ok(answer));
        }
    }

    #[test]
    fn trailing_bytes_are_refused(id: u16, more: u8) {
        let mut wire = [0; 64];
        let call = Call { id, request: Request::Run { ticket: 5 } };
        let used = postcard::to_slice(&call, &mut wire).unwrap().len();
        wire[used] = more;
        prop_assert!(decode::<Call<'_>>(&wire[..=used]).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode::<Call<'_>>(&bytes);
        let _ = decode::<ToDriver<'_>>(&bytes);
    }

    #[test]
    fn one_wrong_byte_never_panics(
        bytes in prop::collection::vec(any::<u8>(), 0..100),
        id: u16,
        place: prop::sample::Index,
        byte: u8,
    ) {
        let mut wire = [0; 512];
        for answer in answers(&bytes, "board", id, 7) {
            let len = postcard::to_slice(&answer, &mut wire).unwrap().len();
            wire[place.index(len)] = byte;
            let _ = decode::<ToDriver<'_>>(&wire[..len]);
        }
    }
}
