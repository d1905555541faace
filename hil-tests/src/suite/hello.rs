//! A device answers, and is what it should be.

use quintet_driver::session::SessionError;
use quintet_protocol::message::{Refusal, Ticks};
use quintet_protocol::program::Operator;

use super::{LITTLE, Test, Verdict, check};
use crate::device::Device;
use crate::target::{Ability, Needs};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    Test { name: "hello_is_answered_with_what_it_is", needs: LITTLE, body: answers },
    Test { name: "ticks_are_instructions", needs: COUNTS, body: counts },
    Test { name: "what_cannot_be_is_refused", needs: LITTLE, body: refuses },
];

const COUNTS: Needs = Needs { can: &[Ability::CountInstructions], ..LITTLE };

fn answers(device: &Device) -> Verdict {
    let connection = device.open()?;
    let (target, description) = (device.target(), connection.description());
    let all = [Operator::Geometry, Operator::Sort, Operator::Gemm, Operator::Vector];
    let wanted = all.into_iter().fold(0, |all, operator| all | 1 << operator as u32);
    check!(description.operators & wanted == wanted, "operators {:#b}", description.operators);
    let bytes = description.arena_bytes as usize;
    check!(bytes >= target.arena, "an arena of {bytes} bytes, not {}", target.arena);
    let name = &description.board;
    if let Some(board) = target.board {
        check!(*name == board.name, "{name} answers, not {}: another board's port?", board.name);
    }
    Ok(())
}

fn counts(device: &Device) -> Verdict {
    let connection = device.open()?;
    let unit = connection.description().ticks;
    check!(unit == Ticks::Instructions, "it counts {unit:?}");
    Ok(())
}

fn refuses(device: &Device) -> Verdict {
    let mut session = device.session()?;
    let refused = session.download(u32::MAX, 1);
    let is_refused =
        matches!(refused, Err(SessionError::Refused { refusal: Refusal::OutOfArena { .. }, .. }));
    check!(is_refused, "a read beside the arena gave {refused:?}");
    session.describe()?;
    Ok(())
}
