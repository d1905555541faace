//! Clocks of `Sort`: a radix sort of as many bits a pass as the sorter has.
//!
//! # Assumptions
//!
//! * One reading of the keys counts the digits of all passes: the index phase. Each pass then puts
//!   every key in its place: the reduce phase. Both take `lanes.sort` keys a clock.
//! * Between passes the counts are summed up, one a clock.
//! * Keys and their numbers stay in the output buffer, if half of it holds them. Else each pass
//!   reads and writes them in memory, where the places that they go to are known a bucket at a
//!   time: they are written as runs.

use quintet_protocol::message::Phase;
use quintet_protocol::program::Sort;

use super::demand::Demand;
use super::operands::{Context, product};
use crate::instance::Instance;

/// A digit of the command's key.
const DIGITS: u64 = 2;

/// Numbers in the order of their keys.
pub fn sort(context: &Context, c: &Sort) -> Demand {
    let Instance { memory, lanes, scratch, .. } = context.instance;
    let keys = context.items(Phase::Sort);
    let [bits, of_pass] = [c.digit_bits.into(), u64::from(lanes.sort_bits)];
    // A second key is a whole word, and sorted by first.
    let ties = if c.ties { 32u64.div_ceil(of_pass) } else { 0 };
    let passes = product([DIGITS, bits]).div_ceil(of_pass) + ties;
    let key_bytes = if c.ties { 8 } else { 4 };
    let scan = keys.div_ceil(lanes.sort.into());
    let sums = product([passes, 1 << lanes.sort_bits.min(16)]);
    let mut demand = Demand {
        index: scan,
        reduce: product([passes, scan]).saturating_add(if keys > 0 { sums } else { 0 }),
        operations: product([passes, keys]),
        ..Demand::default()
    };
    demand.reads.stream(memory, product([keys, key_bytes]));
    demand.writes.stream(memory, product([keys, 4]));
    let held = product([keys, key_bytes + 4]);
    if held > scratch.output.half() {
        for _ in 1..passes {
            demand.reads.stream(memory, held);
            demand.writes.stream(memory, held);
        }
    }
    demand
}
