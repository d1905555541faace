//! `Sort`: an LSD radix sort of numbers by two-digit keys. Stable, in linear time, without moving
//! keys.

/// Where each digit's keys will start: counts the low and the high digits of all keys, then sums
/// up. Each table has `1 << digit_bits` entries.
#[inline(never)]
pub fn count(keys: &[u32], digit_bits: u32, low: &mut [u32], high: &mut [u32]) {
    let mask = (1u32 << digit_bits) - 1;
    low.fill(0);
    high.fill(0);
    for &key in keys {
        if let Some(bin) = low.get_mut((key & mask) as usize) {
            *bin = bin.wrapping_add(1);
        }
        if let Some(bin) = high.get_mut((key >> digit_bits & mask) as usize) {
            *bin = bin.wrapping_add(1);
        }
    }
    for table in [low, high] {
        let mut sum = 0u32;
        for bin in table {
            let count = core::mem::replace(bin, sum);
            sum = sum.wrapping_add(count);
        }
    }
}

/// Scatters the numbers `0..keys.len()` by the low digit.
#[inline(never)]
pub fn scatter_low(keys: &[u32], digit_bits: u32, bins: &mut [u32], order: &mut [u32]) {
    let mask = (1u32 << digit_bits) - 1;
    for (number, &key) in (0..).zip(keys) {
        place(bins, (key & mask) as usize, order, number);
    }
}

/// Scatters the numbers in `numbers` by the high digit of their keys.
#[inline(never)]
pub fn scatter_high(
    keys: &[u32],
    digit_bits: u32,
    bins: &mut [u32],
    numbers: &[u32],
    order: &mut [u32],
) {
    let mask = (1u32 << digit_bits) - 1;
    for &number in numbers {
        let key = keys.get(number as usize).copied().unwrap_or(0);
        place(bins, (key >> digit_bits & mask) as usize, order, number);
    }
}

/// Orders the numbers of equal keys, which stand side by side, by their second words. A heap sort,
/// as there may be any number of equal keys.
#[inline(never)]
pub fn break_ties(keys: &[u32], seconds: &[u32], digit_bits: u32, order: &mut [u32]) {
    let mask = (1u32 << (2 * digit_bits)) - 1;
    let word = |words: &[u32], number: u32| words.get(number as usize).copied().unwrap_or(0);
    let same = |&a: &u32, &b: &u32| (word(keys, a) ^ word(keys, b)) & mask == 0;
    for run in order.chunk_by_mut(same).filter(|run| run.len() > 1) {
        for root in (0..run.len() / 2).rev() {
            sift(run, root, |number| word(seconds, number));
        }
        for end in (1..run.len()).rev() {
            run.swap(0, end);
            sift(&mut run[..end], 0, |number| word(seconds, number));
        }
    }
}

/// Lets a number sink in a heap until those below it have no greater key.
fn sift(heap: &mut [u32], mut root: usize, key: impl Fn(u32) -> u32) {
    let at = |heap: &[u32], place: usize| heap.get(place).map(|&number| key(number));
    while let Some(left) = at(heap, 2 * root + 1) {
        let right = at(heap, 2 * root + 2).unwrap_or(0);
        let child = 2 * root + if right > left { 2 } else { 1 };
        if at(heap, root) >= Some(left.max(right)) {
            return;
        }
        heap.swap(root, child);
        root = child;
    }
}

/// Puts a number where its bin stands and moves the bin on.
#[inline(always)]
fn place(bins: &mut [u32], bin: usize, order: &mut [u32], number: u32) {
    let Some(position) = bins.get_mut(bin) else { return };
    if let Some(slot) = order.get_mut(*position as usize) {
        *slot = number;
    }
    *position = position.wrapping_add(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sort(keys: &[u32], digit_bits: u32) -> Vec<u32> {
        let mut histogram = vec![0; 2 << digit_bits];
        let (mut scratch, mut order) = (vec![0; keys.len()], vec![0; keys.len()]);
        let (low, high) = histogram.split_at_mut(1 << digit_bits);
        count(keys, digit_bits, low, high);
        scatter_low(keys, digit_bits, low, &mut scratch);
        scatter_high(keys, digit_bits, high, &scratch, &mut order);
        order
    }

    proptest! {
        #[test]
        fn order_is_that_of_a_stable_sort(
            keys in proptest::collection::vec(any::<u32>(), 0..600),
            digit_bits in 4u32..=12,
        ) {
            let mask = (1u32 << (2 * digit_bits)) - 1;
            let mut expected: Vec<u32> = (0..keys.len() as u32).collect();
            expected.sort_by_key(|&number| keys[number as usize] & mask);
            prop_assert_eq!(sort(&keys, digit_bits), expected);
        }
    }

    proptest! {
        #[test]
        fn ties_are_broken_by_second_words(
            keys in proptest::collection::vec(0u32..20, 0..300),
            seed: u32,
        ) {
            let seconds: Vec<u32> =
                (0..keys.len() as u32).map(|i| (i ^ seed).wrapping_mul(0x9E37_79B1)).collect();
            let mut order = sort(&keys, 4);
            break_ties(&keys, &seconds, 4, &mut order);
            let mut expected: Vec<u32> = (0..keys.len() as u32).collect();
            expected.sort_by_key(|&number| (keys[number as usize], seconds[number as usize]));
            prop_assert_eq!(order, expected);
        }
    }

    extern crate std;
    use std::{vec, vec::Vec};
}
