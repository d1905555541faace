//! Grids, their factors and textures against what they are in real numbers.

mod factors;
mod levels;

use proptest::prelude::*;

/// Fraction bits of points.
const POINT_ONE: f64 = (1u32 << 28) as f64;

/// Points in the box and up to three boxes off.
fn points() -> impl Strategy<Value = Vec<[i32; 3]>> {
    let inside = 0..1i32 << 28;
    let coordinate = prop_oneof![3 => inside, 1 => -3i32 << 28..4 << 28, 1 => Just(1i32 << 28)];
    prop::collection::vec(prop::array::uniform3(coordinate), 1..20)
}

fn words(points: &[[i32; 3]]) -> Vec<[u32; 3]> {
    points.iter().map(|point| point.map(|word| word as u32)).collect()
}

/// What is stored as bytes or halves: feature number `at` of a table.
fn feature(table: &[u32], entry: quintet_protocol::program::GridEntry, at: usize) -> f64 {
    use quintet_protocol::program::GridEntry::{Bytes, Halves, Pixels};
    let bytes: &[u8] = bytemuck::cast_slice(table);
    match entry {
        Bytes => f64::from(bytes[at]) - 128.0,
        Pixels => f64::from(bytes[at]),
        Halves => f64::from(i16::from_le_bytes([bytes[2 * at], bytes[2 * at + 1]])),
    }
}
