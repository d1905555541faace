//! Programs: what is written is read back, the bytes are those of layout version 1, and other bytes
//! are refused without a panic.

mod meshes;
mod networks;

use proptest::prelude::*;
use quintet_protocol::program::{
    BUFFER_BYTES, BoundChunks, Buffer, BufferId, BufferKind, COMMAND_BYTES, Command, Fault,
    HEADER_BYTES, Operator, Program, ProgramError, ProjectGaussians, ProjectWindow,
    RasteriseGaussians, RasteriseWindow, RegionGrid, Repeat, Sort,
};

fn id() -> impl Strategy<Value = BufferId> {
    any::<u16>().prop_map(BufferId)
}

fn ids<const N: usize>() -> impl Strategy<Value = [BufferId; N]> {
    prop::collection::vec(id(), N).prop_map(|ids| ids.try_into().unwrap())
}

fn buffer() -> impl Strategy<Value = Buffer> {
    let kind = prop::sample::select(vec![
        BufferKind::Constant,
        BufferKind::Input,
        BufferKind::Output,
        BufferKind::Scratch,
        BufferKind::Frame,
        BufferKind::Streamed { page_words: 1 },
        BufferKind::Streamed { page_words: u16::MAX },
    ]);
    (kind, any::<u32>(), any::<u32>()).prop_map(|(kind, offset, length)| Buffer {
        kind,
        offset,
        length,
    })
}

prop_compose! {
    fn project()(
        [chunks, gaussians, camera, splats, keys, count] in ids::<6>(),
        // 0xFFFF stands for no buffer, so it is no number of one.
        harmonics in prop::option::of((0..u16::MAX).prop_map(BufferId)),
        chunk_count: u32,
        gaussian_count: u32,
        degree: u8,
        width: u16,
        height: u16,
    ) -> Command {
        Command::ProjectGaussians(ProjectGaussians {
            chunks, gaussians, harmonics, camera, splats, keys, count, chunk_count, gaussian_count,
            degree, width, height,
        })
    }
}

prop_compose! {
    fn sort()(
        [keys, count, order, scratch, histogram] in ids::<5>(),
        capacity: u32,
        digit_bits: u8,
        ties: bool,
    ) -> Command {
        Command::Sort(Sort { keys, count, order, scratch, histogram, capacity, digit_bits, ties })
    }
}

prop_compose! {
    fn rasterise()(
        [splats, order, count, bins, tiles, accumulators, frame] in ids::<7>(),
        capacity: u32,
        tile_width: u16,
        tile_height: u16,
        background: [u8; 3],
    ) -> Command {
        Command::RasteriseGaussians(RasteriseGaussians {
            splats, order, count, bins, tiles, accumulators, frame, capacity, tile_width,
            tile_height, background,
        })
    }
}

prop_compose! {
    fn bound()(
        [chunks, camera, bounds, keys, window] in ids::<5>(),
        chunk_count: u32,
        width: u16,
        height: u16,
    ) -> Command {
        Command::BoundChunks(BoundChunks {
            chunks, camera, bounds, keys, window, chunk_count, width, height,
        })
    }
}

prop_compose! {
    fn project_window()(
        [chunks, pages, camera, bounds, order, window, splats, keys] in ids::<8>(),
        chunk_count: u32,
        capacity: u32,
        frame: [u16; 2],
        region: [u16; 2],
        degree: u8,
    ) -> Command {
        Command::ProjectWindow(ProjectWindow {
            chunks, pages, camera, bounds, order, window, splats, keys, chunk_count, capacity,
            grid: RegionGrid { frame, region }, degree,
        })
    }
}

prop_compose! {
    fn rasterise_window()(
        [splats, keys, order, window, accumulators, frame] in ids::<6>(),
        capacity: u32,
        region_width: u16,
        region_height: u16,
        background: [u8; 3],
    ) -> Command {
        Command::RasteriseWindow(RasteriseWindow {
            splats, keys, order, window, accumulators, frame, capacity, region_width, region_height,
            background,
        })
    }
}

prop_compose! {
    fn repeat()(condition in id(), from: u16, word: u16) -> Command {
        Command::Repeat(Repeat { condition, from, word })
    }
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        project(),
        sort(),
        rasterise(),
        bound(),
        project_window(),
        rasterise_window(),
        repeat(),
        networks::command(),
    ]
}

fn encode(buffers: &[Buffer], commands: &[Command]) -> Vec<u8> {
    let mut bytes = vec![0xAA; Program::encoded_len(buffers.len(), commands.len())];
    assert_eq!(Program::emit(buffers, commands, &mut bytes), Some(bytes.len()));
    bytes
}

/// Reads all there is.
fn read_all(bytes: &[u8]) -> Result<(), ProgramError> {
    let program = Program::new(bytes)?;
    for number in 0..program.buffer_count() as u16 {
        program.buffer(BufferId(number))?;
    }
    for index in 0..program.command_count() as u16 {
        program.command(index)?;
    }
    Ok(())
}

proptest! {
    #[test]
    fn programs_survive(
        buffers in prop::collection::vec(buffer(), 0..20),
        commands in prop::collection::vec(command(), 0..10),
    ) {
        let bytes = encode(&buffers, &commands);
        let program = Program::new(&bytes).unwrap();
        prop_assert_eq!(program.buffer_count(), buffers.len());
        prop_assert_eq!(program.command_count(), commands.len());
        for (number, buffer) in (0..).zip(&buffers) {
            prop_assert_eq!(program.buffer(BufferId(number)), Ok(*buffer));
        }
        for (index, command) in (0..).zip(&commands) {
            prop_assert_eq!(program.command(index), Ok(*command));
        }
    }

    #[test]
    fn a_program_of_another_length_is_refused(
        buffers in prop::collection::vec(buffer(), 0..4),
        commands in prop::collection::vec(sort(), 0..4),
        more in 1usize..200,
    ) {
        let mut bytes = encode(&buffers, &commands);
        for length in 0..bytes.len() {
            let refused = Program::new(&bytes[..length]).err();
            prop_assert_eq!(refused, Some(ProgramError::NotAProgram));
        }
        bytes.resize(bytes.len() + more, 0);
        prop_assert_eq!(Program::new(&bytes).err(), Some(ProgramError::NotAProgram));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_all(&bytes);
    }

    /// A header that fits, so that the records are read as well.
    #[test]
    fn arbitrary_records_never_panic(
        buffer_bytes in prop::collection::vec(any::<[u8; BUFFER_BYTES]>(), 0..4),
        command_words in prop::collection::vec(any::<[[u8; 32]; 2]>(), 0..4),
        operator in 0u8..8,
        mode in 0u8..10,
    ) {
        let mut bytes = encode(&[], &[]);
        bytes[6] = buffer_bytes.len() as u8;
        bytes[8] = command_words.len() as u8;
        bytes.extend(buffer_bytes.as_flattened());
        let first_command = bytes.len();
        bytes.extend(command_words.as_flattened().as_flattened());
        let _ = read_all(&bytes);
        // And once with records that get past the operator.
        for start in (first_command..bytes.len()).step_by(COMMAND_BYTES) {
            bytes[start..start + 4].copy_from_slice(&[operator, mode, 0, 0]);
        }
        let program = Program::new(&bytes).unwrap();
        for index in 0..program.command_count() as u16 {
            match program.command(index) {
                Ok(command) => prop_assert_eq!(command.operator() as u8, operator),
                Err(error) => {
                    let names_it =
                        matches!(error, ProgramError::BadCommand { command, .. } if command == index);
                    prop_assert!(names_it, "{error:?}");
                }
            }
        }
    }
}

/// The layout, written out by hand. It may only change together with `program::VERSION`.
#[test]
fn the_layout_is_that_of_version_1() {
    let buffers = [
        Buffer { kind: BufferKind::Constant, offset: 0x100, length: 0x20 },
        Buffer { kind: BufferKind::Input, offset: 0x120, length: 0x60 },
        Buffer { kind: BufferKind::Output, offset: 0x0403_0200, length: 4 },
        Buffer { kind: BufferKind::Scratch, offset: 0x204, length: 0x0102_0304 },
        Buffer { kind: BufferKind::Frame, offset: 0, length: 320 | 240 << 16 },
        Buffer { kind: BufferKind::Streamed { page_words: 7 }, offset: 8, length: 64 },
    ];
    let b = |number| BufferId(number);
    let commands = [
        Command::ProjectGaussians(ProjectGaussians {
            chunks: b(0),
            gaussians: b(1),
            harmonics: None,
            camera: b(2),
            splats: b(3),
            keys: b(0x0405),
            count: b(6),
            chunk_count: 0x11,
            gaussian_count: 0x1234_5678,
            degree: 3,
            width: 320,
            height: 240,
        }),
        Command::Sort(Sort {
            keys: b(1),
            count: b(2),
            order: b(3),
            scratch: b(4),
            histogram: b(5),
            capacity: 0xAABB,
            digit_bits: 11,
            ties: true,
        }),
        Command::RasteriseGaussians(RasteriseGaussians {
            splats: b(1),
            order: b(2),
            count: b(3),
            bins: b(4),
            tiles: b(5),
            accumulators: b(6),
            frame: b(7),
            capacity: 9,
            tile_width: 64,
            tile_height: 16,
            background: [1, 2, 3],
        }),
        Command::BoundChunks(BoundChunks {
            chunks: b(1),
            camera: b(2),
            bounds: b(3),
            keys: b(4),
            window: b(5),
            chunk_count: 6,
            width: 320,
            height: 240,
        }),
        Command::ProjectWindow(ProjectWindow {
            chunks: b(1),
            pages: b(2),
            camera: b(3),
            bounds: b(4),
            order: b(5),
            window: b(6),
            splats: b(7),
            keys: b(8),
            chunk_count: 9,
            capacity: 10,
            grid: RegionGrid { frame: [320, 240], region: [64, 16] },
            degree: 2,
        }),
        Command::RasteriseWindow(RasteriseWindow {
            splats: b(1),
            keys: b(2),
            order: b(3),
            window: b(4),
            accumulators: b(5),
            frame: b(6),
            capacity: 7,
            region_width: 64,
            region_height: 16,
            background: [1, 2, 3],
        }),
        Command::Repeat(Repeat { condition: b(1), from: 2, word: 3 }),
    ];
    let header = "514e5431 0100 0600 0700 0000";
    let records = [
        "00010000 20000000 00 000000",
        "20010000 60000000 01 000000",
        "00020304 04000000 02 000000",
        "04020000 04030201 03 000000",
        "00000000 4001f000 04 000000",
        "08000000 40000000 05 000700",
    ];
    let project = "00 00 0000  0000 0100 0200 0300 0504 0600 ffff ffff \
                   11000000 78563412 03000000 4001f000";
    let sort = "03 00 0000  0100 0200 0300 0400 0500 ffff ffff ffff  bbaa0000 0b000000 01000000";
    let rasterise = "00 01 0000  0100 0200 0300 0400 0500 0600 0700 ffff \
                     09000000 40001000 01020300";
    let bound = "00 02 0000  0100 0200 0300 0400 0500 ffff ffff ffff  06000000 4001f000";
    let project_window = "00 03 0000  0100 0200 0300 0400 0500 0600 0700 0800 \
                          09000000 0a000000 4001f000 40001000 02000000";
    let rasterise_window = "00 04 0000  0100 0200 0300 0400 0500 0600 ffff ffff \
                            07000000 40001000 01020300";
    let repeat = "06 00 0000  0100 ffff ffff ffff ffff ffff ffff ffff  02000000 03000000";
    let mut expected = hex(header);
    expected.extend(records.iter().flat_map(|record| hex(record)));
    for command in [project, sort, rasterise, bound, project_window, rasterise_window, repeat] {
        let mut bytes = hex(command);
        bytes.resize(COMMAND_BYTES, 0);
        expected.extend(bytes);
    }
    assert_eq!(expected.len(), HEADER_BYTES + 6 * BUFFER_BYTES + 7 * COMMAND_BYTES);
    assert_eq!(encode(&buffers, &commands), expected);
    assert!(read_all(&expected).is_ok());
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect()
}

#[test]
fn what_is_reserved_must_be_zero() {
    let frame = Buffer { kind: BufferKind::Frame, offset: 0, length: 1 | 1 << 16 };
    let sort = Sort {
        keys: BufferId(0),
        count: BufferId(0),
        order: BufferId(0),
        scratch: BufferId(0),
        histogram: BufferId(0),
        capacity: 1,
        digit_bits: 4,
        ties: false,
    };
    let good = encode(&[frame], &[Command::Sort(sort)]);
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        read_all(&bytes)
    };
    for at in [0, 4, 10, 11] {
        assert_eq!(with(at, 9), Err(ProgramError::NotAProgram), "header byte {at}");
    }
    for at in [8, 9, 10, 11].map(|at| HEADER_BYTES + at) {
        assert_eq!(with(at, 9), Err(ProgramError::BadBuffer { buffer: 0 }), "byte {at}");
    }
    let command = HEADER_BYTES + BUFFER_BYTES;
    let bad = |fault| Err(ProgramError::BadCommand { command: 0, fault });
    assert_eq!(with(command, 7), bad(Fault::UnknownOperator));
    assert_eq!(with(command + 2, 1), bad(Fault::UnknownOperator));
    assert_eq!(with(command + 1, 1), bad(Fault::UnknownMode { operator: Operator::Sort, mode: 1 }));
    // More than eight bits of digits.
    assert_eq!(with(command + 25, 1), bad(Fault::OutOfRange { parameter: 1 }));
    assert_eq!(with(command + 28, 2), bad(Fault::OutOfRange { parameter: 2 }));
}

#[test]
fn records_that_are_not_there_are_refused() {
    let bytes = encode(&[], &[]);
    let program = Program::new(&bytes).unwrap();
    assert_eq!(program.buffer(BufferId(0)), Err(ProgramError::BadBuffer { buffer: 0 }));
    let fault = Fault::UnknownOperator;
    assert_eq!(program.command(7), Err(ProgramError::BadCommand { command: 7, fault }));
}

#[test]
fn a_program_is_written_only_where_it_fits() {
    let frame = Buffer { kind: BufferKind::Frame, offset: 0, length: 1 | 1 << 16 };
    let length = Program::encoded_len(1, 0);
    assert_eq!(Program::emit(&[frame], &[], &mut vec![0; length - 1]), None);
    assert_eq!(Program::emit(&[frame], &[], &mut vec![0; length + 1]), Some(length));
}
