//! Accelerators that go wrong: the run says at which command and why, in bounded time, the device
//! answers all the while, and the next run is as if nothing had been.

use quintet_protocol::accelerator::descriptor::Yield;
use quintet_protocol::accelerator::{Failure, Presence};
use quintet_protocol::message::{Outcome, Request};

use crate::rig::{Device, Rig, copy, fill, presence, program, status, with_program, words};
use crate::toy::{Fault, Script};
use crate::world::Answer;

/// Command at which it goes wrong.
const AT: u16 = 12;
/// Commands of the program.
const COMMANDS: u16 = 24;
/// Turns, of a millisecond, in which a run must have ended.
const BOUND: u32 = 3000;

/// Runs a program at whose command [`AT`] this happens; then, if it `recovers`, the next run uses
/// the accelerator again.
fn check(fault: Fault, expected: Outcome, recovers: bool) {
    for queue in [2, 8] {
        let layout = program(COMMANDS.into(), (0..COMMANDS).map(|it| fill(it, 7)).collect());
        let script = Script { queue, ..Script::with_fault(AT.into(), fault) };
        with_program(script, &layout, |Rig { world, journal }| {
            world.start();
            world.turns(100);
            status(world);
            let told = world.finish(BOUND);
            assert_eq!(told.outcome, Some(expected), "{fault:?}");
            let done = if expected == Outcome::Completed { COMMANDS } else { AT };
            assert!(told.receipts.iter().map(|it| it.0).eq(0..done), "{fault:?}");
            assert!(matches!(status(world).last_run, Some(run) if run.outcome == Some(expected)));
            is_recovered(world, recovers);
            let done = journal.borrow().done.len();
            let again = world.run();
            assert_eq!(again.outcome, Some(Outcome::Completed), "{fault:?}");
            let expected = if recovers { usize::from(COMMANDS) } else { 0 };
            assert_eq!(again.receipts.len(), expected);
            assert_eq!(journal.borrow().done.len() - done, expected);
            for number in 0..COMMANDS {
                assert_eq!(words(world, &layout, number), [0x0707_0707; 4]);
            }
        });
    }
}

fn is_recovered(world: &mut Device, recovers: bool) {
    match presence(world) {
        Presence::Ready { .. } => assert!(recovers),
        Presence::Lost => assert!(!recovers),
        other => panic!("{other:?}"),
    }
}

fn failed(command: u16, failure: Failure) -> Outcome {
    Outcome::Failed { command, failure }
}

fn nonsense(fault: Fault) {
    check(fault, failed(AT, Failure::Nonsense), true);
}

#[test]
fn one_that_never_answers_is_given_up() {
    check(Fault::Silence, failed(AT, Failure::NoAnswer), true);
}

#[test]
fn one_that_never_comes_back_is_not_asked_again() {
    check(Fault::Grave, failed(AT, Failure::NoAnswer), false);
}

#[test]
fn an_error_is_told_with_its_command() {
    for (code, failure) in [
        (1, Failure::BadCommand),
        (2, Failure::BadOperand),
        (3, Failure::Bus),
        (4, Failure::Internal),
        (999, Failure::Other(999)),
    ] {
        check(Fault::Halts(code, None), failed(AT, failure), true);
        // That one is not under way.
        check(Fault::Halts(code, Some(0xFFFF)), failed(AT, failure), true);
    }
}

#[test]
fn more_answers_than_commands_make_no_sense() {
    for more in [1000, u32::MAX - 1, u32::MAX / 2] {
        nonsense(Fault::Counts(more));
    }
}

#[test]
fn an_answer_counted_twice_makes_no_sense_at_the_next_command() {
    let layout = program(COMMANDS.into(), (0..COMMANDS).map(|it| fill(it, 7)).collect());
    for queue in [2, 8] {
        let script = Script { queue, ..Script::with_fault(AT.into(), Fault::Counts(1)) };
        with_program(script, &layout, |Rig { world, .. }| {
            world.start();
            let told = world.finish(BOUND);
            let expected = [AT, AT + 1].map(|at| Some(failed(at, Failure::Nonsense)));
            assert!(expected.contains(&told.outcome), "{:?}", told.outcome);
            assert_eq!(world.run().outcome, Some(Outcome::Completed));
        });
    }
}

#[test]
fn an_answer_to_another_command_makes_no_sense() {
    nonsense(Fault::OtherIndex);
}

#[test]
fn answers_in_another_order_make_no_sense() {
    nonsense(Fault::OutOfOrder);
}

#[test]
fn a_slot_that_is_given_back_twice_is_not_taken_for_the_next_command() {
    // The second time it takes the next command's slot from the accelerator, which notices.
    let layout = program(COMMANDS.into(), (0..COMMANDS).map(|it| fill(it, 7)).collect());
    let script = Script { queue: 2, ..Script::with_fault(AT.into(), Fault::Again) };
    with_program(script, &layout, |Rig { world, .. }| {
        world.start();
        let expected = failed(AT + 1, Failure::BadCommand);
        assert_eq!(world.finish(BOUND).outcome, Some(expected));
        assert_eq!(world.run().outcome, Some(Outcome::Completed));
    });
}

#[test]
fn whatever_a_receipt_says_is_only_passed_on() {
    check(Fault::Receipt, Outcome::Completed, true);
}

#[test]
fn requests_that_no_command_can_make_make_no_sense() {
    let pixels = Yield::Pixels { buffer: 0, x: 0, y: 0, width: 4, bytes: 12 };
    let page = Yield::Page { buffer: 0, slot: 0, page: 0, bytes: 16 };
    for words in [[0; 5], [4, 0, 0, 0, 0], [u32::MAX; 5], pixels.to_words(), page.to_words()] {
        nonsense(Fault::Asks(words));
    }
    nonsense(Fault::YieldsTwice);
}

#[test]
fn one_that_stops_under_the_cores_command_is_noticed() {
    let commands = (0..COMMANDS).map(|it| if it > 0 { fill(it, 7) } else { copy(0, 30) });
    let layout = program(31, commands.collect());
    let capabilities = Script::honest().capabilities.without(copy(0, 1).code());
    let script = Script { capabilities, ..Script::with_fault(0, Fault::Silence) };
    with_program(script, &layout, |Rig { world, .. }| {
        world.start();
        let told = world.finish(BOUND);
        assert_eq!(told.outcome, Some(failed(1, Failure::NoAnswer)));
        assert_eq!(told.costs.first().map(|cost| cost.0), Some(0));
    });
}

#[test]
fn one_that_has_stopped_does_not_hold_an_abort_up() {
    let layout = program(1, vec![fill(0, 7)]);
    for fault in [Fault::Silence, Fault::Grave] {
        with_program(Script::with_fault(0, fault), &layout, |Rig { world, .. }| {
            world.start();
            world.turns(10);
            assert_eq!(world.call(Request::Abort), Answer::Done);
            assert_eq!(world.finish(10).outcome, Some(Outcome::Aborted));
            assert_eq!(world.run().outcome, Some(Outcome::Completed));
        });
    }
}
