//! When each buffer of a draft holds something that is still wanted.

use std::collections::HashMap;

use quintet_protocol::program::BufferId;

use super::draft::{Content, Draft};
use super::operands::{Access, operands};
use super::overlap::relation;
use super::place::{Item, Relations};

/// The buffers of a draft that want a place, and how they may overlap.
///
/// Moment 0 is before the first command, moment `i + 1` is that of command `i`, and there is one
/// more after the last.
pub struct Lifetimes {
    /// The buffers, which lie in no other one and are not constant.
    pub roots: Vec<BufferId>,
    /// Their lengths and lifetimes.
    pub items: Vec<Item>,
    /// How they may overlap.
    pub relations: Relations,
}

impl Lifetimes {
    /// Of a draft.
    pub fn of(draft: &Draft) -> Self {
        let mut spans: HashMap<BufferId, [usize; 2]> = HashMap::new();
        let mut live = |id: BufferId, moment: usize| {
            let root = draft.root(id).0;
            let span = spans.entry(root).or_insert([moment, moment]);
            *span = [span[0].min(moment), span[1].max(moment)];
        };
        for number in 0..draft.buffers.len() {
            let id = BufferId(number as u16);
            match draft.at(id).content {
                Content::Input => live(id, 0),
                Content::Output => live(id, draft.steps.len() + 1),
                _ => {}
            }
        }
        for (step, moment) in draft.steps.iter().zip(1..) {
            operands(&step.command).iter().for_each(|operand| live(operand.buffer, moment));
        }
        let placed = |id: &BufferId| {
            let buffer = draft.at(*id);
            let moves = !matches!(buffer.content, Content::Constant(_) | Content::Streamed);
            buffer.within.is_none() && moves && spans.contains_key(id)
        };
        let all = (0..draft.buffers.len()).map(|number| BufferId(number as u16));
        let roots: Vec<BufferId> = all.filter(placed).collect();
        let item = |id: &BufferId| {
            let [first, last] = spans[id];
            Item { bytes: draft.at(*id).words * 4, first, last }
        };
        let items: Vec<Item> = roots.iter().map(item).collect();
        let relations = relations(draft, &roots, &items);
        Self { roots, items, relations }
    }
}

/// An output may overlap an input of the command that makes it, if that is the input's last one and
/// the output's first, and the command reads it as that input only.
fn relations(draft: &Draft, roots: &[BufferId], items: &[Item]) -> Relations {
    let numbers: HashMap<BufferId, usize> =
        roots.iter().enumerate().map(|(number, &id)| (id, number)).collect();
    let mut relations = Relations::new();
    for (step, moment) in draft.steps.iter().zip(1..) {
        let operands = operands(&step.command);
        let of = |access| operands.iter().filter(move |operand| operand.access == access);
        let has_scratch = of(Access::Scratch).any(|it| draft.at(it.buffer).words > 0);
        let Some(&output) = of(Access::Write).next().and_then(|it| numbers.get(&it.buffer)) else {
            continue;
        };
        for (which, input) in of(Access::Read).enumerate() {
            let Some(&input) = numbers.get(&input.buffer) else { continue };
            let reads = of(Access::Read).filter(|it| draft.root(it.buffer).0 == roots[input]);
            let hand_over =
                items[input].last == moment && items[output].first == moment && reads.count() == 1;
            if let Some(relation) = relation(&step.command, which, has_scratch)
                && hand_over
                && input != output
            {
                relations.insert((input, output), relation);
            }
        }
    }
    relations
}
