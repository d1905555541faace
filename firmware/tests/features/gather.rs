//! `Gather` and `Harmonics`: rows of any places, against their definitions.

use proptest::prelude::*;
use quintet_protocol::feature::Matrix;
use quintet_protocol::program::{BufferId, Command, Fault, Gather, Harmonics};

use crate::execute::{Arena, Random, halves};

prop_compose! {
    fn gather()(
        capacity in 0u32..60,
        rows in 1u32..30,
        words in 0u16..8,
        is_listed in any::<bool>(),
        [a, b, c, d] in [0u16..3, 0u16..3, 0u16..3, 0u16..3],
        [list_first, after] in [0u8..3, 1u8..3],
    ) -> Gather {
        let [input, count, output, list] = [0, 1, 2, 3].map(BufferId);
        let columns = 2 * words;
        let matrix = |before: u16, after: u16| Matrix {
            stride: columns + 2 * (before + after) + 2,
            first: 2 * before,
        };
        Gather {
            input,
            count,
            list: Some(list).filter(|_| is_listed),
            output,
            capacity,
            rows,
            columns,
            list_first,
            list_stride: list_first + after,
            input_matrix: matrix(a, b),
            output_matrix: matrix(c, d),
        }
    }
}

/// Executes it over random words; the rows before and after, the input and the list.
fn executed(c: &Gather, count: u32, random: &mut Random) -> Result<[Vec<i16>; 4], Fault> {
    let mut arena = Arena::default();
    let capacity = c.capacity as usize;
    let input = random.words(c.input_matrix.words(c.rows as usize));
    let before = random.words(c.output_matrix.words(capacity));
    let entries = random.words(capacity * usize::from(c.list_stride));
    let list: Vec<u32> = entries.iter().map(|word| word & !0xFFC0).collect();
    arena.constant(&input);
    arena.constant(&[count]);
    let output = arena.scratch(&before);
    arena.constant(&list);
    arena.execute(Command::Gather(*c))?;
    Ok([&before, arena.words(output), &input, &list].map(halves))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn rows_are_those_that_the_list_names(c in gather(), more in -2i32..3, seed: u64) {
        let rows = c.capacity.saturating_add_signed(more);
        let [mut expected, found, input, list] = executed(&c, rows, &mut Random::new(seed)).unwrap();
        let place = |matrix: Matrix, row: usize| {
            row * usize::from(matrix.stride) + usize::from(matrix.first)
        };
        for row in 0..rows.min(c.capacity) as usize {
            let entry = row * usize::from(c.list_stride) + usize::from(c.list_first);
            let source = if c.list.is_some() { list[2 * entry] as usize } else { row };
            let from = place(c.input_matrix, source.min(c.rows as usize - 1));
            let columns = &input[from..from + usize::from(c.columns)];
            expected[place(c.output_matrix, row)..][..columns.len()].copy_from_slice(columns);
        }
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn what_cannot_be_gathered_is_refused() {
    let [input, count, output, list] = [0, 1, 2, 3].map(BufferId);
    let matrix = Matrix { stride: 4, first: 0 };
    let gather = Gather {
        input,
        count,
        list: Some(list),
        output,
        capacity: 3,
        rows: 2,
        columns: 4,
        list_first: 0,
        list_stride: 2,
        input_matrix: matrix,
        output_matrix: matrix,
    };
    let fault = |gather| executed_in_little(&gather);
    let parameter = |parameter| Err(Fault::OutOfRange { parameter });
    let too_small = |buffer, needed| Err(Fault::TooSmall { buffer, needed });
    assert_eq!(fault(gather), Ok(()));
    assert_eq!(fault(Gather { rows: 0, ..gather }), parameter(1));
    assert_eq!(fault(Gather { rows: (1 << 16) + 1, ..gather }), parameter(1));
    assert_eq!(fault(Gather { columns: 3, ..gather }), parameter(2));
    assert_eq!(fault(Gather { list_stride: 0, ..gather }), parameter(2));
    assert_eq!(fault(Gather { list_first: 2, ..gather }), parameter(2));
    assert_eq!(fault(Gather { columns: 6, ..gather }), parameter(3));
    let narrow = Matrix { stride: 2, first: 0 };
    assert_eq!(fault(Gather { output_matrix: narrow, ..gather }), parameter(4));
    assert_eq!(fault(Gather { rows: 3, ..gather }), too_small(input, 24));
    assert_eq!(fault(Gather { list_stride: 3, ..gather }), too_small(list, 36));
    assert_eq!(fault(Gather { capacity: 4, list: None, ..gather }), too_small(output, 32));
    assert_eq!(fault(Gather { capacity: u32::MAX, ..gather }), too_small(list, u32::MAX));
    assert_eq!(fault(Gather { input: output, ..gather }), Err(Fault::Overlap));
    assert_eq!(fault(Gather { count: output, ..gather }), Err(Fault::Overlap));
    assert_eq!(fault(Gather { list: Some(output), ..gather }), Err(Fault::Overlap));
}

/// Executes it where each buffer has just what three rows take.
fn executed_in_little(c: &Gather) -> Result<(), Fault> {
    let mut arena = Arena::default();
    for words in [4, 1, 6, 6] {
        arena.scratch(&vec![0; words]);
    }
    arena.execute(Command::Gather(*c))
}

#[test]
fn harmonics_of_each_ray_are_written_and_nothing_else() {
    let mut arena = Arena::default();
    let one = 1u32 << 30;
    let mut rays = [0; 30];
    (rays[7], rays[18], rays[29]) = (one, one, one);
    let rays = arena.constant(&rays);
    let count = arena.constant(&[7]);
    let output = arena.scratch(&[0x1111_1111; 18]);
    let matrix = Matrix { stride: 12, first: 2 };
    let harmonics = Harmonics { rays, count, output, capacity: 3, degree: 2, matrix };
    arena.execute(Command::Harmonics(harmonics)).unwrap();
    let rows: Vec<Vec<i16>> = halves(arena.words(output)).chunks(12).map(<[i16]>::to_vec).collect();
    let x = [4622, 0, 0, 8005, 0, 0, -5167, 0, 8950];
    let y = [4622, 8005, 0, 0, 0, 0, -5167, 0, -8950];
    let z = [4622, 0, 8005, 0, 0, 0, 10335, 0, 0];
    for (row, expected) in rows.iter().zip([x, y, z]) {
        assert_eq!(row[2..11], expected);
        assert_eq!([row[0], row[1], row[11]], [0x1111; 3]);
    }

    let mut fault = |harmonics| arena.execute(Command::Harmonics(harmonics)).unwrap_err();
    assert_eq!(fault(Harmonics { degree: 4, ..harmonics }), Fault::OutOfRange { parameter: 1 });
    assert_eq!(fault(Harmonics { degree: 3, ..harmonics }), Fault::OutOfRange { parameter: 2 });
    let needed = 160;
    assert_eq!(
        fault(Harmonics { capacity: 4, ..harmonics }),
        Fault::TooSmall { buffer: rays, needed }
    );
    let count = output;
    assert_eq!(fault(Harmonics { count, ..harmonics }), Fault::Overlap);
}
