//! Samples of rays: where they lie, and which of them are taken.

use proptest::prelude::*;
use quintet_kernels::rays::even::Even;
use quintet_kernels::rays::march::{EvenShares, ListedShares, Shares, Space, Stop, Walk};
use quintet_kernels::rays::occupancy::Occupancy;
use quintet_protocol::ray::{ENDLESS, Ray, SHARE_ONE, Spacing, occupancy_words};

/// Binary logarithm of the cells along a side of the tests' grids.
const BITS: u32 = 4;
const SIDE: usize = 1 << BITS;
const BLOCKS: usize = SIDE / 4;
/// One, Q28.
const ONE: i32 = 1 << 28;

/// A sample: its number, its optical length and its point.
type Sample = (u32, u32, [i32; 3]);

/// Occupied cells, and the words that say so.
#[derive(Clone, Debug)]
struct Cells {
    occupied: Vec<[usize; 3]>,
    words: Vec<u32>,
}

impl Cells {
    fn new(occupied: Vec<[usize; 3]>) -> Self {
        let block_of = |cell: &[usize; 3]| cell.map(|at| at / 4);
        let number = |[x, y, z]: [usize; 3], side: usize| x + side * (y + side * z);
        let mut words = vec![0; occupancy_words(BITS)];
        for cell in &occupied {
            let bit = number(cell.map(|at| at % 4), 4) + 64 * number(block_of(cell), BLOCKS);
            words[bit / 32] |= 1 << (bit % 32);
        }
        for block in 0..BLOCKS.pow(3) {
            let at = [1, BLOCKS, BLOCKS * BLOCKS].map(|step| block / step % BLOCKS);
            let away = |cell| (0..3).map(|k| at[k].abs_diff(block_of(cell)[k])).max();
            let nearest = occupied.iter().filter_map(away).min().unwrap_or(BLOCKS);
            words[2 * BLOCKS.pow(3) + block / 4] |= (nearest as u32) << (block % 4 * 8);
        }
        Self { occupied, words }
    }

    /// Whether the cell of a point, or the nearest one, is occupied.
    fn has(&self, point: [i32; 3]) -> bool {
        let cell = point.map(|at| (at >> (28 - BITS)).clamp(0, SIDE as i32 - 1) as usize);
        self.occupied.contains(&cell)
    }
}

/// All samples of a ray, and how many looks they took; batches have that much room, and steps that
/// many looks.
fn taken<S: Shares>(walk: &Walk<'_, S>, room: usize, step: u32) -> (Vec<Sample>, u32) {
    let (mut samples, mut mark, mut spent) = (Vec::new(), 0, 0);
    loop {
        let (mut batch, mut points, mut looks) = (vec![[0; 2]; room], vec![[0; 3]; room], step);
        let (count, stop) = walk.take(0xABC, &mut mark, (&mut batch, &mut points), &mut looks);
        for ([place, length], point) in batch.iter().zip(&points).take(count) {
            assert_eq!(place & 0xFFFF, 0xABC);
            samples.push((place >> 16, *length, point.map(|at| at as i32)));
        }
        spent += step - looks;
        match stop {
            Stop::End => return (samples, spent),
            Stop::Full => assert_eq!(count, room),
            Stop::Tired => assert_eq!(looks, 0),
        }
    }
}

fn any_spacing() -> impl Strategy<Value = Spacing> {
    prop_oneof![Just(Spacing::Middles), Just(Spacing::Points)]
}

/// Coordinates in and around the box, some of them equal, so that spans may be zero.
fn coordinate() -> impl Strategy<Value = i32> {
    prop_oneof![4 => -2 * ONE..3 * ONE, 1 => Just(0), 1 => Just(ONE), 1 => Just(ONE / 3)]
}

prop_compose! {
    fn any_ray()(start in [coordinate(), coordinate(), coordinate()],
                 end in [coordinate(), coordinate(), coordinate()],
                 tiny in [-3000i32..3000, -3000..3000, -3000..3000],
                 is_tiny in prop::bits::u8::masked(7)) -> Ray {
        let span = [0, 1, 2].map(|k| if is_tiny >> k & 1 != 0 { tiny[k] } else { end[k] - start[k] });
        Ray { start, span, length: 1 << 28, direction: [0; 3] }
    }
}

fn any_cells() -> impl Strategy<Value = Cells> {
    let cell = [0..SIDE, 0..SIDE, 0..SIDE];
    prop::collection::vec(cell, 0..12).prop_map(Cells::new)
}

/// Ascending shares, some of them equal.
fn any_shares() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0..=SHARE_ONE, 1..80).prop_map(|mut shares| {
        shares.sort_unstable();
        shares
    })
}

/// Holds what is taken of occupied cells against what is taken of all and is in one of them.
fn compare<'a, S: Shares>(
    cells: &'a Cells,
    clips: bool,
    room: usize,
    walk: impl Fn(Space<'a>) -> Walk<'a, S>,
) -> Result<(), TestCaseError> {
    let everywhere = Space { occupancy: None, clips: false };
    let (all, _) = taken(&walk(everywhere), 4096, u32::MAX);
    let is_inside = |point: [i32; 3]| point.iter().all(|at| (0..ONE).contains(at));
    let mut expected = all.clone();
    expected.retain(|&(_, _, point)| !clips || is_inside(point));
    let space = Space { occupancy: None, clips };
    prop_assert_eq!(&taken(&walk(space), room, 50).0, &expected);
    expected.retain(|&(_, _, point)| cells.has(point));
    let space = Space { occupancy: Occupancy::new(&cells.words, BITS), clips };
    prop_assert_eq!(&taken(&walk(space), room, 50).0, &expected);
    prop_assert_eq!(&taken(&walk(space), 4096, 1).0, &expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn occupied_cells_have_the_samples_that_they_have_among_all(
        ray in any_ray(),
        cells in any_cells(),
        spacing in any_spacing(),
        count in 1u32..300,
        clips: bool,
        room in 1usize..20,
    ) {
        let shares = || EvenShares::new(Even::new(spacing, count), spacing, count, ray.length);
        compare(&cells, clips, room, |space| Walk::new(&ray, shares(), space))?;
    }

    #[test]
    fn so_they_have_of_listed_samples(
        ray in any_ray(),
        cells in any_cells(),
        spacing in any_spacing(),
        list in any_shares(),
        clips: bool,
        room in 1usize..20,
    ) {
        let shares = || ListedShares::new(&list, spacing, ray.length);
        compare(&cells, clips, room, |space| Walk::new(&ray, shares(), space))?;
    }

    #[test]
    fn points_are_where_shares_are(ray in any_ray(), spacing in any_spacing(), list in any_shares()) {
        let everywhere = Space { occupancy: None, clips: false };
        let near = |at: i32, k: usize, share: f64| {
            let exact = f64::from(ray.start[k]) + f64::from(ray.span[k]) * share;
            // A step of the point, and what the share has less than one.
            (f64::from(at) - exact).abs() <= 1.0 + f64::from(ray.span[k]).abs() / 2.0f64.powi(32)
        };
        let shares = ListedShares::new(&list, spacing, ray.length);
        let (listed, _) = taken(&Walk::new(&ray, shares, everywhere), 100, 100);
        prop_assert_eq!(listed.len(), list.len());
        for (number, length, point) in listed {
            let share = list[number as usize];
            for (k, at) in point.into_iter().enumerate() {
                prop_assert!(near(at, k, f64::from(share) / f64::from(SHARE_ONE)));
            }
            let expected = match (list.get(number as usize + 1), spacing) {
                (None, Spacing::Points) => ENDLESS,
                (next, _) => (next.unwrap_or(&SHARE_ONE) - share) * 16,
            };
            prop_assert_eq!(length, expected);
        }
        let count = list.len() as u32 + 1;
        let shares = EvenShares::new(Even::new(spacing, count), spacing, count, ray.length);
        let (even, _) = taken(&Walk::new(&ray, shares, everywhere), 100, 100);
        prop_assert_eq!(even.len() as u32, count);
        for (number, length, point) in even {
            let (step, first) = match spacing {
                Spacing::Middles => (1.0 / f64::from(count), 0.5),
                Spacing::Points => (1.0 / f64::from(count - 1), 0.0),
            };
            for (k, at) in point.into_iter().enumerate() {
                prop_assert!(near(at, k, (f64::from(number) + first) * step));
            }
            let whole = step * 2.0f64.powi(28);
            match (number + 1 == count, spacing) {
                (true, Spacing::Points) => prop_assert_eq!(length, ENDLESS),
                (true, Spacing::Middles) => prop_assert!((f64::from(length) - whole / 2.0).abs() < 2.0),
                (false, _) => prop_assert!((f64::from(length) - whole).abs() < 2.0),
            }
        }
    }

    #[test]
    fn any_words_come_to_an_end(
        words: [u32; 10],
        list in prop::collection::vec(any::<u32>(), 1..50),
        occupied in prop::collection::vec(any::<u32>(), occupancy_words(BITS)),
        count in 1u32..=4096,
        clips: bool,
        spacing in any_spacing(),
    ) {
        let ray = Ray::from_words(&words);
        let space = Space { occupancy: Occupancy::new(&occupied, BITS), clips };
        let listed = ListedShares::new(&list, spacing, ray.length);
        let (samples, _) = taken(&Walk::new(&ray, listed, space), 10, 10);
        prop_assert!(samples.len() <= list.len());
        let even = EvenShares::new(Even::new(spacing, count), spacing, count, ray.length);
        let (samples, looks) = taken(&Walk::new(&ray, even, space), 10, 10);
        // A sample for which there was no room is looked at twice.
        prop_assert!(samples.len() as u32 <= count && looks <= 2 * count);
    }
}

/// Rays of all directions through a box with a single occupied cell.
#[test]
fn what_is_empty_is_seldom_looked_at() {
    let cells = Cells::new(vec![[9, 3, 12]]);
    let (mut looks, mut samples) = (0, 0);
    for number in 0..500u32 {
        let word = |k: u32| (number.wrapping_mul(0x9E37_79B1).rotate_left(k * 11) >> 4) as i32;
        let start = [0, 1, 2].map(|k| word(k) - ONE / 2);
        let span = [3, 4, 5].map(|k| 3 * (word(k) - ONE / 2));
        let ray = Ray { start, span, length: 1 << 28, direction: [0; 3] };
        let spacing = Spacing::Middles;
        let shares = EvenShares::new(Even::new(spacing, 256), spacing, 256, ray.length);
        let space = Space { occupancy: Occupancy::new(&cells.words, BITS), clips: true };
        looks += taken(&Walk::new(&ray, shares, space), 256, u32::MAX).1;
        samples += 256;
    }
    println!("{looks} looks at {samples} samples");
    assert!(looks * 20 < samples, "{looks} looks at {samples} samples");
}
