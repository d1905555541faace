//! Images, and which board they are for.

use std::path::Path;

use quintet_boards::Description;
use quintet_driver::flash::{Image, ImageError};

use crate::elf::{ARM, RISCV, elf};

const BOARD: &str = r#"
    name = "b"
    title = "a board"
    package = "p"
    target = "thumbv7em-none-eabihf"
    [memory]
    flash = { origin = 0x0800_0000, bytes = 0x100 }
    ram = { origin = 0x2000_0000, bytes = 0x100 }
    arena = { origin = 0x2000_0100, bytes = 0x100 }
    [budget]
    flash = 3
    ram = 4
    stack = 2
"#;

fn board() -> Description {
    Description::parse(BOARD).unwrap()
}

fn parse(file: &[u8]) -> Result<Image, ImageError> {
    Image::parse(Path::new("b.elf"), file)
}

#[test]
fn stored_bytes_are_told_by_physical_address_in_order() {
    let file = elf(ARM, &[(0x2000_0000, 0x0800_0040, &[3; 8]), (0, 0x0800_0000, &[1, 2])]);
    let image = parse(&file).unwrap();
    let segments = image.segments.iter().map(|it| (it.address, it.bytes.as_slice()));
    let expected = [(0x0800_0000, &[1, 2][..]), (0x0800_0040, &[3; 8])];
    assert_eq!(segments.collect::<Vec<_>>(), expected);
    assert_eq!((image.bytes(), image.entry), (10, 0x0800_0041));
    assert_eq!(image.check(&board()), Ok(()));
}

#[test]
fn what_is_no_image_is_refused_and_so_is_every_cut_one() {
    let file = elf(ARM, &[(0, 0x0800_0000, &[1; 16])]);
    assert!(matches!(parse(b"#!/bin/sh\n"), Err(ImageError::NotElf(_))));
    assert_eq!(parse(&elf(ARM, &[])).unwrap_err(), ImageError::Empty);
    for length in 0..file.len() {
        assert!(parse(&file[..length]).is_err(), "{length} bytes of {}", file.len());
    }
}

#[test]
fn an_image_of_another_core_or_another_place_is_not_the_boards() {
    let said = |machine, address, bytes: &[u8]| {
        let image = parse(&elf(machine, &[(0, address, bytes)])).unwrap();
        image.check(&board()).unwrap_err().to_string()
    };
    let riscv = said(RISCV, 0x0800_0000, &[0; 4]);
    assert_eq!(riscv, "it is for a RISC-V core, this board has an Arm core");
    let place = said(ARM, 0x1000_0000, &[0; 4]);
    assert!(place.contains("0x10000000") && place.ends_with("flash at 0x08000000..0x08000100"));
    let large = said(ARM, 0x0800_0010, &[0; 0x101]);
    assert_eq!(large, "it needs 273 bytes of flash, the board has 256");
    let wrapping = said(ARM, 0xffff_fffc, &[0; 8]);
    assert!(wrapping.contains("0xfffffffc"), "{wrapping}");
    let edge = parse(&elf(ARM, &[(0, 0x0800_00fc, &[0; 4])])).unwrap();
    assert_eq!(edge.check(&board()), Ok(()));
}

#[test]
fn a_board_without_flash_is_loaded_to_any_of_its_memories() {
    let mut board = board();
    board.memory.remove("flash");
    let image = |address| parse(&elf(ARM, &[(0, address, &[0; 4])])).unwrap();
    assert_eq!(image(0x2000_0100).check(&board), Ok(()));
    assert!(image(0x0800_0000).check(&board).is_err());
}
