//! What is executed where, in which order that is told, and what goes on at the same time.

use quintet_firmware::Activity;
use quintet_protocol::accelerator::Capabilities;
use quintet_protocol::message::{Outcome, Phase, Request};
use quintet_protocol::program::{Command, Operator};

use crate::rig::{Rig, copy, fill, program, repeat, status, with_program, words};
use crate::scene::Layout;
use crate::toy::{Journal, Script};
use crate::world::Answer;

/// A ring goes round five times.
const MANY: u16 = 40;

/// Bytes of one value.
fn of(value: u8) -> Vec<u32> {
    vec![u32::from_le_bytes([value; 4]); 4]
}

fn many_fills() -> Layout {
    program(MANY.into(), (0..MANY).map(|number| fill(number, number as i8)).collect())
}

/// An accelerator that leaves copies to the core.
fn fills_only(turns: u32) -> Script {
    let (operator, mode) = copy(0, 1).code();
    assert_eq!(operator, Operator::Vector);
    let capabilities = Script::honest().capabilities.without((operator, mode));
    Script { capabilities, turns, ..Script::honest() }
}

#[test]
fn every_command_goes_through_the_ring_and_its_receipt_comes_back() {
    let layout = many_fills();
    for queue in [2, 3, 4, 8, 1024] {
        let script = Script { queue, ..Script::honest() };
        with_program(script, &layout, |Rig { world, journal }| {
            for _ in 0..3 {
                let told = world.run();
                assert_eq!(told.outcome, Some(Outcome::Completed));
                let clocks: Vec<_> =
                    told.receipts.iter().map(|(index, receipt)| (*index, receipt.clocks)).collect();
                let expected: Vec<_> = (0..MANY).map(|it| (it, 100 + u64::from(it))).collect();
                assert_eq!(clocks, expected);
                assert!(told.costs.iter().all(|&(_, phase, _)| phase == Phase::Offload));
            }
            for number in 0..MANY {
                assert_eq!(words(world, &layout, number), of(number as u8));
            }
            let journal = journal.borrow();
            assert_eq!(journal.done.len(), 3 * usize::from(MANY));
            // The ring is filled, and filled again before it is empty.
            assert_eq!(journal.deepest, if queue == 3 { 2 } else { queue.min(8) });
            assert_eq!(journal.resets, 1, "nothing was wrong");
        });
    }
}

#[test]
fn commands_that_are_there_together_are_handed_over_together() {
    let layout = program(8, (0..8).map(|number| fill(number, 1)).collect());
    with_program(Script::honest(), &layout, |Rig { world, journal }| {
        world.run();
        assert_eq!(journal.borrow().rung, 1);
    });
}

#[test]
fn without_an_accelerator_that_can_the_core_executes() {
    let script = Script { capabilities: Capabilities::default(), ..Script::honest() };
    let layout = many_fills();
    with_program(script, &layout, |Rig { world, journal }| {
        let told = world.run();
        assert_eq!((told.outcome, told.receipts.len()), (Some(Outcome::Completed), 0));
        assert_eq!(words(world, &layout, 9), of(9));
        assert!(journal.borrow().done.is_empty());
    });
}

#[test]
fn what_either_executes_is_told_in_the_programs_order() {
    // Core and accelerator hand buffer after buffer on to each other, or work apart.
    let chain: Vec<Command> =
        [fill(0, 7)].into_iter().chain((0..9).map(|it| copy(it, it + 1))).collect();
    let apart: Vec<Command> = (0..10)
        .map(|it| if it % 3 == 0 { copy(it, it + 10) } else { fill(it, it as i8) })
        .collect();
    for commands in [chain, apart] {
        let layout = program(20, commands);
        let mut results = Vec::new();
        for turns in [0, 1, 30] {
            let scripts = [fills_only(turns), Script { declines: true, ..fills_only(turns) }];
            for script in [scripts[0], scripts[1], Script { turns, ..Script::honest() }] {
                with_program(script, &layout, |Rig { world, .. }| {
                    let told = world.run();
                    assert_eq!(told.outcome, Some(Outcome::Completed));
                    let order: Vec<_> = told.costs.iter().map(|cost| cost.0).collect();
                    assert!(order.is_sorted(), "{order:?}");
                    assert_eq!(order.last(), Some(&9));
                    results.push([0, 4, 9, 13, 19].map(|it| words(world, &layout, it)));
                });
            }
        }
        assert!(results.iter().all(|it| *it == results[0]), "{results:?}");
    }
}

#[test]
fn the_core_executes_meanwhile_what_nothing_under_way_can_see() {
    let commands = vec![fill(1, 5), copy(1, 2), fill(0, 7), copy(2, 3), copy(0, 4)];
    let layout = program(5, commands);
    with_program(fills_only(30), &layout, |Rig { world, journal }| {
        world.run();
        let journal = journal.borrow();
        let (index, arena) = &journal.done[1];
        let held = |buffer: usize| &arena[layout.buffers[buffer].offset as usize / 4..][..4];
        assert_eq!((*index, held(0)), (2, &of(7)[..]));
        assert_eq!(held(3), of(5), "the core did not work meanwhile");
        assert_eq!(held(4), [0x0101_0101; 4], "the core did not wait for what it reads");
        assert_eq!(words(world, &layout, 4), of(7));
    });
}

#[test]
fn a_loop_goes_on_only_when_all_before_it_is_done() {
    // Buffer 0 is zero after the second round, through buffers 1 and 2.
    let layout = program(4, vec![copy(1, 0), copy(2, 1), fill(2, 0), repeat(0, 0), fill(3, 9)]);
    for script in [Script::honest(), Script { turns: 9, ..Script::honest() }, fills_only(9)] {
        with_program(script, &layout, |Rig { world, journal }| {
            let told = world.run();
            assert_eq!(told.outcome, Some(Outcome::Completed));
            assert_eq!(told.receipts.last().map(|it| it.0), Some(4));
            let rounds = journal.borrow().done.iter().filter(|(index, _)| *index == 2).count();
            assert_eq!(rounds, 3);
            assert_eq!(words(world, &layout, 3), of(9));
        });
    }
}

#[test]
fn the_link_is_served_while_the_accelerator_works() {
    let layout = program(1, vec![fill(0, 7)]);
    with_program(Script { turns: 1000, ..Script::honest() }, &layout, |Rig { world, .. }| {
        world.start();
        world.turns(20);
        assert_eq!(status(world).running, Some(0));
        let waits = |activity| matches!(activity, Activity::Waiting(Some(_)));
        assert!((0..20).any(|_| waits(world.turn())), "the core could sleep");
        assert_eq!(world.finish(2000).outcome, Some(Outcome::Completed));
    });
}

#[test]
fn a_core_that_sleeps_until_the_interrupt_misses_nothing() {
    let commands = (0..60).map(|it| if it % 7 == 3 { copy(it, it + 60) } else { fill(it, 3) });
    let layout = program(120, commands.collect());
    for queue in [2, 8] {
        let script = Script { queue, works_on: true, ..fills_only(3) };
        with_program(script, &layout, |Rig { world, journal }| {
            world.start();
            for _ in 0..10_000 {
                if world.told.outcome.is_some() {
                    break;
                }
                let is_waiting = matches!(world.turn(), Activity::Waiting(_));
                let Journal { is_high, is_idle, .. } = *journal.borrow();
                assert!(!is_waiting || is_high || !is_idle, "both wait for each other");
            }
            assert_eq!(world.told.outcome, Some(Outcome::Completed));
            assert!(!journal.borrow().is_high, "an event was left unseen");
        });
    }
}

#[test]
fn an_aborted_run_leaves_nothing_behind() {
    let layout = many_fills();
    with_program(Script { turns: 50, ..Script::honest() }, &layout, |Rig { world, journal }| {
        world.start();
        world.turns(120);
        assert_eq!(world.call(Request::Abort), Answer::Done);
        assert_eq!(world.finish(10).outcome, Some(Outcome::Aborted));
        assert_eq!(journal.borrow().resets, 2);
        let done = journal.borrow().done.len();
        assert!((1..10).contains(&done), "{done}");
        world.turns(200);
        assert_eq!(journal.borrow().done.len(), done, "it went on");
        let told = world.run();
        assert_eq!((told.outcome, told.receipts.len()), (Some(Outcome::Completed), 40));
    });
}
