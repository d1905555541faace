//! Where buffers lie in the arena: the least peak that greedy orders and small changes to them
//! find.

use std::collections::HashMap;

use super::overlap::Relation;

/// Buffers begin at words.
const ALIGNMENT: i64 = 4;
/// Small changes that are tried, in items placed: a fraction of a second.
const EFFORT: usize = 100_000;

/// A buffer that wants a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Length in bytes, a multiple of 4.
    pub bytes: usize,
    /// The first moment at which it holds something.
    pub first: usize,
    /// The last.
    pub last: usize,
}

/// What may overlap though both are alive: `(input, output)`, by their numbers.
pub type Relations = HashMap<(usize, usize), Relation>;

/// A place for every item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// Byte offsets, multiples of 4.
    pub offsets: Vec<usize>,
    /// Bytes from the first to past the last.
    pub peak: usize,
}

/// Places items: any two that live at the same time lie apart, or as their relation allows.
pub fn place(items: &[Item], relations: &Relations) -> Placement {
    place_with(items, relations, EFFORT)
}

fn place_with(items: &[Item], relations: &Relations, effort: usize) -> Placement {
    let task = Task::new(items, relations);
    let mut best = task
        .orders()
        .into_iter()
        .map(|order| (task.place(&order), order))
        .min_by_key(|(placement, _)| placement.peak)
        .unwrap_or_default();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..effort / items.len().max(1) {
        if best.0.peak == task.least || items.len() < 2 {
            break;
        }
        let mut order = best.1.clone();
        let item = order.remove(random.below(order.len()));
        order.insert(random.below(order.len() + 1), item);
        let placement = task.place(&order);
        // What is no worse is a new place to look around from.
        if placement.peak <= best.0.peak {
            best = (placement, order);
        }
    }
    best.0
}

/// What is to be placed.
struct Task<'a> {
    items: &'a [Item],
    /// For each item the others that live at the same time, and where it may begin against them.
    others: Vec<Vec<Other>>,
    /// No placement has a lower peak.
    least: usize,
}

/// An item that lives at the same time as another one.
struct Other {
    number: usize,
    /// How the other may overlap this one: this one is its output, or its input.
    as_output: Option<Relation>,
    as_input: Option<Relation>,
}

impl<'a> Task<'a> {
    fn new(items: &'a [Item], relations: &Relations) -> Self {
        let meet = |a: &Item, b: &Item| a.first <= b.last && b.first <= a.last;
        let others = |number: usize| {
            let other = |(other, item): (usize, &Item)| {
                (other != number && meet(item, &items[number])).then(|| Other {
                    number: other,
                    as_output: relations.get(&(other, number)).copied(),
                    as_input: relations.get(&(number, other)).copied(),
                })
            };
            items.iter().enumerate().filter_map(other).collect()
        };
        let least = items.iter().map(|item| least_at(items, relations, item.first)).max();
        let others = (0..items.len()).map(others).collect();
        Self { items, others, least: least.unwrap_or(0) }
    }

    /// Orders that are known to do well.
    fn orders(&self) -> Vec<Vec<usize>> {
        let by = |key: &dyn Fn(&Item) -> [usize; 2]| {
            let mut order: Vec<usize> = (0..self.items.len()).collect();
            order.sort_by_key(|&number| std::cmp::Reverse(key(&self.items[number])));
            order
        };
        let mut orders = vec![
            by(&|item| [item.bytes, item.last - item.first]),
            by(&|item| [item.last - item.first, item.bytes]),
            by(&|item| [item.bytes * (item.last - item.first + 1), item.bytes]),
            by(&|item| [item.last, item.bytes]),
        ];
        let forward = orders[3].iter().rev().copied().collect();
        orders.push(forward);
        orders
    }

    /// Gives each item of an order the lowest place that is left to it.
    fn place(&self, order: &[usize]) -> Placement {
        const NOWHERE: i64 = i64::MIN;
        let mut offsets = vec![NOWHERE; self.items.len()];
        let mut peak = 0;
        let mut candidates = Vec::new();
        for &number in order {
            let bytes = self.items[number].bytes as i64;
            let placed = || {
                let others = self.others[number].iter();
                others.filter(|other| offsets[other.number] != NOWHERE)
            };
            candidates.clear();
            candidates.push(0);
            for other in placed() {
                let start = offsets[other.number];
                let end = start + self.items[other.number].bytes as i64;
                candidates.extend([start - bytes, start, end]);
                if let Some(Relation::Below(lead)) = other.as_output {
                    candidates.push(down(start.saturating_sub(lead)));
                }
                if let Some(Relation::Below(lead)) = other.as_input {
                    candidates.push(up(start.saturating_add(lead)));
                }
            }
            candidates.retain(|&offset| (0..=peak).contains(&offset));
            candidates.sort_unstable();
            candidates.dedup();
            let fits = |offset: &&i64| {
                placed().all(|other| self.fits(**offset, bytes, other, offsets[other.number]))
            };
            // Past all others there is always room.
            let offset = candidates.iter().find(fits).copied().unwrap_or(peak);
            offsets[number] = offset;
            peak = peak.max(offset + bytes);
        }
        let offsets = offsets.into_iter().map(|offset| offset.max(0) as usize).collect();
        Placement { offsets, peak: peak as usize }
    }

    /// Whether an item can lie at `offset` when another one lies at `start`.
    fn fits(&self, offset: i64, bytes: i64, other: &Other, start: i64) -> bool {
        let end = start + self.items[other.number].bytes as i64;
        let allows = |relation: Option<Relation>, output: i64, input: i64| match relation {
            None => false,
            Some(Relation::Same) => output == input,
            Some(Relation::Below(lead)) => output <= input.saturating_sub(lead),
        };
        offset + bytes <= start
            || end <= offset
            || allows(other.as_output, offset, start)
            || allows(other.as_input, start, offset)
    }
}

/// What lives at a moment takes no less than this, however it is placed.
fn least_at(items: &[Item], relations: &Relations, moment: usize) -> usize {
    let lives = |item: &Item| (item.first..=item.last).contains(&moment);
    let all: usize = items.iter().filter(|item| lives(item)).map(|item| item.bytes).sum();
    let shared = |(&(input, output), relation): (&(usize, usize), &Relation)| {
        let [input, output] = [&items[input], &items[output]];
        let ahead = match *relation {
            Relation::Same => 0,
            Relation::Below(lead) => usize::try_from(lead).unwrap_or(0),
        };
        let both = output.bytes.max(input.bytes.saturating_add(ahead));
        let apart = input.bytes + output.bytes;
        if lives(input) && lives(output) { apart.saturating_sub(both) } else { 0 }
    };
    all.saturating_sub(relations.iter().map(shared).sum())
}

fn down(offset: i64) -> i64 {
    offset.div_euclid(ALIGNMENT) * ALIGNMENT
}

fn up(offset: i64) -> i64 {
    offset.saturating_add(ALIGNMENT - 1).div_euclid(ALIGNMENT) * ALIGNMENT
}

/// Marsaglia's xorshift, so that a network gets the same plan every time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(bytes: usize, first: usize, last: usize) -> Item {
        Item { bytes, first, last }
    }

    prop_compose! {
        fn items()(items in prop::collection::vec((1usize..64, 0usize..12, 0usize..4), 1..12))
            -> Vec<Item> {
            items.into_iter().map(|(words, first, more)| item(words * 4, first, first + more)).collect()
        }
    }

    proptest! {
        #[test]
        fn what_lives_at_the_same_time_lies_apart_or_as_it_may(
            items in items(),
            leads in prop::collection::vec(prop::option::of(-40i64..80), 12),
        ) {
            // An input dies where its output begins.
            let mut relations = Relations::new();
            for (input, &lead) in leads.iter().enumerate().take(items.len()) {
                let begins = |output: &usize| items[*output].first == items[input].last;
                let output = (0..items.len()).filter(|it| *it != input).find(begins);
                if let (Some(lead), Some(output)) = (lead, output) {
                    let relation = if lead == 0 { Relation::Same } else { Relation::Below(lead) };
                    relations.insert((input, output), relation);
                }
            }
            let placement = place_with(&items, &relations, 200);
            for (a, x) in items.iter().enumerate() {
                prop_assert!(placement.offsets[a].is_multiple_of(4));
                prop_assert!(placement.offsets[a] + x.bytes <= placement.peak);
                for (b, y) in items.iter().enumerate().skip(a + 1) {
                    let (p, q) = (placement.offsets[a], placement.offsets[b]);
                    let apart = p + x.bytes <= q || q + y.bytes <= p;
                    let allowed = |input: usize, output: usize| {
                        let [i, o] = [input, output].map(|it| placement.offsets[it] as i64);
                        match relations.get(&(input, output)) {
                            Some(Relation::Same) => i == o,
                            Some(Relation::Below(lead)) => o <= i - lead,
                            None => false,
                        }
                    };
                    let meet = x.first <= y.last && y.first <= x.last;
                    prop_assert!(!meet || apart || allowed(a, b) || allowed(b, a));
                }
            }
        }
    }

    #[test]
    fn a_chain_takes_its_two_largest_neighbours() {
        let chain = [item(400, 0, 1), item(800, 1, 2), item(400, 2, 3), item(40, 3, 4)];
        assert_eq!(place(&chain, &Relations::new()).peak, 1200);
        assert_eq!(place(&[], &Relations::new()), Placement::default());
    }

    #[test]
    fn what_may_overlap_does() {
        let chain = [item(400, 0, 1), item(400, 1, 2), item(400, 2, 3)];
        let relations =
            Relations::from([((0, 1), Relation::Below(10)), ((1, 2), Relation::Below(10))]);
        assert_eq!(place(&chain, &relations).peak, 424);
        let relations = Relations::from([((0, 1), Relation::Same), ((1, 2), Relation::Same)]);
        assert_eq!(place(&chain, &relations).peak, 400);
    }
}
