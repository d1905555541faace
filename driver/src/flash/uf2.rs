//! Firmware as a UF2 file, which the boot ROM of an RP2350 takes when it is copied to its drive
//! (github.com/microsoft/uf2, "File format"; RP2350 datasheet, section 5.5).

use std::collections::BTreeMap;

/// Bytes of a block of the file.
pub const BLOCK_BYTES: usize = 512;
/// Bytes of flash in a block: the page that the boot ROM writes at once.
const PAGE_BYTES: usize = 256;

const MAGIC_FIRST: u32 = u32::from_le_bytes(*b"UF2\n");
const MAGIC_SECOND: u32 = 0x9e5d_5157;
const MAGIC_LAST: u32 = 0x0ab1_6f30;
/// The family stands in the header.
const FLAG_FAMILY: u32 = 0x2000;
/// Extension tags follow the page.
const FLAG_EXTENSIONS: u32 = 0x8000;

/// Family of blocks that go where they say whatever the chip's partitions are.
const FAMILY_ABSOLUTE: u32 = 0xe48b_ff57;
/// Where the block for erratum E10 goes: the end of the flash's addresses.
const END_OF_FLASH: u32 = 0x10ff_ff00;
/// Extension tag by which other tools know that block (`picotool`, `boot/uf2.h`).
const TAG_IGNORE: u32 = 0x9957_e304;

/// Which cores of the RP2350 an image is for (RP2350 datasheet, section 5.5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The Arm cores, secure.
    Rp2350Arm,
    /// The RISC-V cores.
    Rp2350Riscv,
}

impl Family {
    fn id(self) -> u32 {
        match self {
            Self::Rp2350Arm => 0xe48b_ff59,
            Self::Rp2350Riscv => 0xe48b_ff5a,
        }
    }
}

/// The UF2 file of an image: `segments` are addresses in flash and what is stored there. Bytes of a
/// page that no segment has are zero; where segments overlap, the later one counts.
///
/// Before the pages comes a block that the chip's first revisions need to take any other (RP2350
/// datasheet, appendix E, RP2350-E10). It overwrites the last page of flash.
#[must_use]
pub fn encode<'a>(segments: impl IntoIterator<Item = (u32, &'a [u8])>, family: Family) -> Vec<u8> {
    let pages = pages(segments);
    let mut file = block(FAMILY_ABSOLUTE, END_OF_FLASH, &[0xef; PAGE_BYTES], 0, 2).to_vec();
    file[8..12].copy_from_slice(&(FLAG_FAMILY | FLAG_EXTENSIONS).to_le_bytes());
    file[32 + PAGE_BYTES..][..4].copy_from_slice(&TAG_IGNORE.to_le_bytes());
    let count = pages.len() as u32;
    for (number, (address, page)) in (0..).zip(&pages) {
        file.extend(block(family.id(), *address, page, number, count));
    }
    file
}

/// Whole pages, by address.
fn pages<'a>(
    segments: impl IntoIterator<Item = (u32, &'a [u8])>,
) -> BTreeMap<u32, [u8; PAGE_BYTES]> {
    let mut pages = BTreeMap::new();
    for (start, bytes) in segments {
        for (address, &byte) in (start..).zip(bytes) {
            let offset = address as usize % PAGE_BYTES;
            pages.entry(address - offset as u32).or_insert([0; PAGE_BYTES])[offset] = byte;
        }
    }
    pages
}

fn block(
    family: u32,
    address: u32,
    page: &[u8; PAGE_BYTES],
    number: u32,
    count: u32,
) -> [u8; BLOCK_BYTES] {
    let header =
        [MAGIC_FIRST, MAGIC_SECOND, FLAG_FAMILY, address, PAGE_BYTES as u32, number, count, family];
    let mut block = [0; BLOCK_BYTES];
    for (to, word) in block.as_chunks_mut::<4>().0.iter_mut().zip(header) {
        *to = word.to_le_bytes();
    }
    block[32..][..PAGE_BYTES].copy_from_slice(page);
    block[BLOCK_BYTES - 4..].copy_from_slice(&MAGIC_LAST.to_le_bytes());
    block
}

#[cfg(test)]
mod tests {
    use super::{BLOCK_BYTES, Family, encode};

    fn word(block: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(block[at..at + 4].try_into().unwrap())
    }

    /// The blocks behind the one for erratum E10: address, number, count, family, page.
    fn blocks(file: &[u8]) -> Vec<(u32, u32, u32, u32, &[u8])> {
        let blocks = file.chunks(BLOCK_BYTES).skip(1);
        let read = |it| (word(it, 12), word(it, 20), word(it, 24), word(it, 28), &it[32..288]);
        blocks.map(read).collect()
    }

    #[test]
    fn every_block_has_its_three_magic_numbers_and_a_page() {
        let file = encode([(0x1000_0000, &[7; 700][..])], Family::Rp2350Arm);
        assert_eq!(file.len(), 4 * BLOCK_BYTES);
        for block in file.chunks(BLOCK_BYTES) {
            assert_eq!(block[..8], *b"UF2\nWQ\x5d\x9e");
            assert_eq!(word(block, 16), 256);
            assert_eq!(block[508..], *b"\x30\x6f\xb1\x0a");
        }
    }

    #[test]
    fn the_first_block_is_the_one_that_early_chips_need() {
        let file = encode([(0x1000_0000, &[7; 1][..])], Family::Rp2350Riscv);
        assert_eq!(word(&file, 8), 0xa000);
        assert_eq!(word(&file, 12), 0x10ff_ff00);
        assert_eq!((word(&file, 20), word(&file, 24)), (0, 2));
        assert_eq!(word(&file, 28), 0xe48b_ff57);
        assert!(file[32..288].iter().all(|byte| *byte == 0xef));
        assert_eq!(word(&file, 288), 0x9957_e304);
    }

    #[test]
    fn segments_become_whole_pages_in_the_order_of_their_addresses() {
        let segments = [(0x1000_0300, &[3; 2][..]), (0x1000_00ff, &[1, 2][..])];
        let file = encode(segments, Family::Rp2350Arm);
        let blocks = blocks(&file);
        let addresses: Vec<_> = blocks.iter().map(|it| (it.0, it.1, it.2, it.3)).collect();
        let family = 0xe48b_ff59;
        assert_eq!(
            addresses,
            [(0x1000_0000, 0, 3, family), (0x1000_0100, 1, 3, family), (0x1000_0300, 2, 3, family)]
        );
        assert_eq!((blocks[0].4[254], blocks[0].4[255]), (0, 1));
        assert_eq!((blocks[1].4[0], blocks[1].4[1]), (2, 0));
        assert_eq!(blocks[2].4[..3], [3, 3, 0]);
    }

    #[test]
    fn segments_may_share_a_page() {
        let segments = [(0x1000_0000, &[1; 4][..]), (0x1000_0004, &[2; 4][..])];
        let file = encode(segments, Family::Rp2350Riscv);
        assert_eq!(file.len(), 2 * BLOCK_BYTES);
        assert_eq!(blocks(&file)[0].4[..8], [1, 1, 1, 1, 2, 2, 2, 2]);
        assert_eq!(blocks(&file)[0].3, 0xe48b_ff5a);
    }
}
