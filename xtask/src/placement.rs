//! Whether an image lies in a board's memory as its `board.toml` says.

use anyhow::{Context, Result, bail, ensure};
use object::read::elf::{ElfFile32, ProgramHeader};
use object::{Endianness, Object, ObjectSection, SectionFlags, elf};
use quintet_boards::{Place, Region};

use crate::board::Board;

/// A part of an image: a section where it runs, or a segment where it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    name: String,
    address: u32,
    bytes: u32,
}

/// Fails if a section is outside the board's memory, if what is stored is not in the flash, or if
/// the linker has not put a section where `place` in `board.toml` wants it. Boards without `place`
/// are taken as they are: their linker scripts have a memory map of their own.
pub fn check(board: &Board, file: &[u8]) -> Result<()> {
    if board.place.is_empty() {
        return Ok(());
    }
    let elf = ElfFile32::<Endianness>::parse(file)?;
    check_parts(board, &sections(&elf)?, &stored(&elf))
        .with_context(|| format!("{}: the image is not where it should be", board.name))
}

/// What takes memory while the image runs.
fn sections(elf: &ElfFile32<'_>) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for section in elf.sections() {
        let SectionFlags::Elf { sh_flags } = section.flags() else { continue };
        if sh_flags & u64::from(elf::SHF_ALLOC) != 0 && section.size() > 0 {
            let name = section.name()?.to_owned();
            let (address, bytes) = (section.address().try_into()?, section.size().try_into()?);
            parts.push(Part { name, address, bytes });
        }
    }
    Ok(parts)
}

/// What is stored, which start-up code may copy elsewhere.
fn stored(elf: &ElfFile32<'_>) -> Vec<Part> {
    let endian = elf.endian();
    let headers = elf.elf_program_headers().iter();
    let loaded = headers.filter(|it| it.p_type(endian) == elf::PT_LOAD && it.p_filesz(endian) > 0);
    loaded
        .map(|it| Part {
            name: format!("what is loaded to run at {:#010x}", it.p_vaddr(endian)),
            address: it.p_paddr(endian),
            bytes: it.p_filesz(endian),
        })
        .collect()
}

fn check_parts(board: &Board, sections: &[Part], stored: &[Part]) -> Result<()> {
    for section in sections {
        let known = board.memory.values().any(|region| holds(*region, section));
        ensure!(
            known,
            "{} at {:#010x} is in no region of board.toml",
            section.name,
            section.address
        );
    }
    if let Some(&flash) = board.memory.get("flash") {
        for part in stored {
            ensure!(holds(flash, part), "{}: {:#010x} is not flash", part.name, part.address);
        }
    }
    board.place.iter().try_for_each(|place| check_place(board, place, sections))
}

fn check_place(board: &Board, place: &Place, sections: &[Part]) -> Result<()> {
    let name = &place.section;
    let Some(section) = sections.iter().find(|section| section.name == *name) else {
        bail!("there is nothing in {name}");
    };
    // The catalogue knows no board whose `place` names a region that it lacks.
    let region = board.memory[&place.region];
    let at = section.address;
    ensure!(holds(region, section), "{name} at {at:#010x} is not in {}", place.region);
    let (bytes, least) = (section.bytes, place.bytes);
    ensure!(bytes >= least, "{name} has {bytes} bytes, where {least} are expected");
    let begins = !place.first || at == region.origin;
    ensure!(begins, "{name} at {at:#010x} is not where {} begins", place.region);
    Ok(())
}

fn holds(region: Region, part: &Part) -> bool {
    let start = u64::from(region.origin);
    let first = u64::from(part.address);
    first >= start && first + u64::from(part.bytes) <= start + u64::from(region.bytes)
}

#[cfg(test)]
mod tests {
    use quintet_boards::{Place, Region};

    use super::{Part, check_parts};
    use crate::board::Board;

    const FLASH: Region = Region { origin: 0x0800_0000, bytes: 0x1000 };
    const RAM: Region = Region { origin: 0x2000_0000, bytes: 0x100 };

    fn board() -> Board {
        let mut board = crate::board::all()[0].clone();
        board.memory = [("flash".to_owned(), FLASH), ("ram".to_owned(), RAM)].into();
        let (section, region) = (".vectors".to_owned(), "flash".to_owned());
        board.place = vec![Place { section, region, bytes: 8, first: true }];
        board
    }

    fn part(name: &str, address: u32, bytes: u32) -> Part {
        Part { name: name.to_owned(), address, bytes }
    }

    fn refusal(sections: &[Part], stored: &[Part]) -> String {
        check_parts(&board(), sections, stored).unwrap_err().to_string()
    }

    #[test]
    fn an_image_that_lies_as_it_should_is_accepted() {
        let sections = [part(".vectors", 0x0800_0000, 8), part(".data", 0x2000_00f0, 16)];
        let stored = [part("data", 0x0800_0ff0, 16)];
        check_parts(&board(), &sections, &stored).unwrap();
    }

    #[test]
    fn a_section_outside_the_memory_is_refused() {
        let vectors = part(".vectors", 0x0800_0000, 8);
        let over = refusal(&[vectors.clone(), part(".data", 0x2000_00f0, 17)], &[]);
        assert!(over.contains(".data"), "{over}");
        let wraps = refusal(&[vectors, part(".data", 0x2000_0000, u32::MAX)], &[]);
        assert!(wraps.contains(".data"), "{wraps}");
    }

    #[test]
    fn what_would_be_loaded_into_ram_is_refused() {
        let text = refusal(&[part(".vectors", 0x0800_0000, 8)], &[part("data", 0x2000_0000, 4)]);
        assert!(text.contains("is not flash"), "{text}");
    }

    #[test]
    fn a_section_that_is_missing_small_or_elsewhere_is_refused() {
        let text = |section: Part| refusal(&[section], &[]);
        assert!(text(part(".text", 0x0800_0000, 8)).contains("nothing in .vectors"));
        assert!(text(part(".vectors", 0x0800_0000, 7)).contains("7 bytes"));
        assert!(text(part(".vectors", 0x0800_0100, 8)).contains("begins"));
        assert!(text(part(".vectors", 0x2000_0000, 8)).contains("not in flash"));
    }
}
