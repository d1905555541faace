//! Whether there is an accelerator, and one that this core knows.

use quintet_protocol::accelerator::{Capabilities, Presence, VERSION};
use quintet_protocol::message::Outcome;

use crate::rig::{Rig, fill, presence, program, with_program, words};
use crate::toy::{Fault, Script};

/// Runs a command; returns what the device says of its accelerator, and how many commands that has
/// done.
fn run(script: Script) -> (Presence, usize) {
    let layout = program(1, vec![fill(0, 7)]);
    let mut result = None;
    with_program(script, &layout, |Rig { world, journal }| {
        let presence = presence(world);
        assert_eq!(world.run().outcome, Some(Outcome::Completed));
        assert_eq!(words(world, &layout, 0), [0x0707_0707; 4]);
        result = Some((presence, journal.borrow().done.len()));
    });
    result.unwrap()
}

#[test]
fn one_of_this_version_is_told_and_used() {
    let capabilities = Capabilities([0, 0, 0, 0, 0, 1 << 7, 0, 0]);
    let ready = Presence::Ready { version: VERSION, instance: 0, clock_khz: 0, capabilities };
    assert_eq!(run(Script { capabilities, ..Script::honest() }), (ready, 1));
}

#[test]
fn one_of_a_greater_minor_version_is_used() {
    let version = VERSION | 7;
    let (presence, done) = run(Script { version, ..Script::honest() });
    assert!(matches!(presence, Presence::Ready { version: its, .. } if its == version));
    assert_eq!(done, 1);
}

#[test]
fn one_of_another_major_version_is_told_and_left_alone() {
    for version in [0, 0xFFFF, 2 << 16, u32::MAX] {
        let unknown = Presence::Unknown { version };
        assert_eq!(run(Script { version, ..Script::honest() }), (unknown, 0));
    }
}

#[test]
fn one_without_a_queue_is_left_alone() {
    for queue in [0, 1] {
        let unknown = Presence::Unknown { version: VERSION };
        assert_eq!(run(Script { queue, ..Script::honest() }), (unknown, 0));
    }
}

#[test]
fn where_something_else_answers_there_is_none() {
    for identification in [0, u32::MAX] {
        assert_eq!(run(Script { identification, ..Script::honest() }), (Presence::Absent, 0));
    }
}

#[test]
fn one_that_never_finishes_its_first_reset_is_left_alone() {
    let script = Script { fault: Some((0, Fault::NoReset)), ..Script::honest() };
    assert_eq!(run(script), (Presence::Lost, 0));
}
