//! What a firmware image takes, and which of its functions and statics take it.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, SymbolKind, elf};

/// What an image takes of a board's memory, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// What is stored: code, constants, initial data.
    pub flash: u64,
    /// What is written while it runs: initial data and zeroed data, without the stack.
    pub ram: u64,
    /// RAM that is left for scenes and networks.
    pub arena: u64,
    /// Bytes of flash by function and constant, under their paths.
    pub flash_symbols: BTreeMap<String, u64>,
    /// Bytes of RAM by static.
    pub ram_symbols: BTreeMap<String, u64>,
}

/// Measures an image. Refuses one without code or entry point: that is what cargo makes, with exit
/// status zero, when the linker script was not used.
pub fn measure(file: &[u8]) -> Result<Footprint> {
    let elf = ElfFile32::<object::Endianness>::parse(file)?;
    let mut footprint = Footprint::default();
    let mut text = 0;
    for section in elf.sections() {
        let SectionFlags::Elf { sh_flags } = section.flags() else { continue };
        let has = |flag: u32| sh_flags & u64::from(flag) != 0;
        if !has(elf::SHF_ALLOC) {
            continue;
        }
        if has(elf::SHF_EXECINSTR) {
            text += section.size();
        }
        if section.kind() != SectionKind::UninitializedData {
            footprint.flash += section.size();
        }
        if has(elf::SHF_WRITE) {
            footprint.ram += section.size();
        }
    }
    if text == 0 || elf.entry() == 0 {
        bail!("the image is empty (entry {:#x}, {text} bytes of code)", elf.entry());
    }
    let place = |name| elf.symbol_by_name(name).map_or(0, |symbol| symbol.address());
    footprint.arena = place("_arena_end").saturating_sub(place("_arena_start"));
    symbols(&elf, &mut footprint);
    Ok(footprint)
}

/// Adds up symbols of the same path: a generic function's copies are one entry.
fn symbols(elf: &ElfFile32<'_>, footprint: &mut Footprint) {
    let sized = elf
        .symbols()
        .filter(|it| it.size() > 0 && matches!(it.kind(), SymbolKind::Text | SymbolKind::Data));
    for symbol in sized {
        let section = symbol.section_index().and_then(|at| elf.section_by_index(at).ok());
        let (Some(section), Ok(name)) = (section, symbol.name()) else { continue };
        let written = matches!(section.kind(), SectionKind::Data | SectionKind::UninitializedData);
        let names = if written { &mut footprint.ram_symbols } else { &mut footprint.flash_symbols };
        // Without the digest of the compiler's own, which is another in every version.
        *names.entry(path(name)).or_default() += symbol.size();
    }
}

/// The path of a mangled symbol. Constants without a name are counted together.
fn path(mangled: &str) -> String {
    if mangled.starts_with(".Lanon.") {
        return "constants without a name".into();
    }
    let path = format!("{:#}", rustc_demangle::demangle(mangled));
    // The linker numbers copies of a name that files have for themselves.
    match path.rsplit_once('.') {
        Some((path, copy)) if copy.bytes().all(|digit| digit.is_ascii_digit()) => path.to_owned(),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::{measure, path};

    /// An ELF header and four section headers: none, `text` bytes of code, 7 bytes of zeroed data,
    /// an empty table of names.
    fn image(entry: u32, text: u32) -> Vec<u8> {
        const HEADERS: usize = 0x34;
        const CONTENT: usize = HEADERS + 4 * 0x28;
        let mut file = vec![0; CONTENT + 0x100];
        file[..7].copy_from_slice(b"\x7fELF\x01\x01\x01");
        let mut put =
            |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        put(0x18, entry);
        put(0x20, HEADERS as u32);
        // Bytes of a section header; their number, and which are the names.
        put(0x2c, 0x28 << 16);
        put(0x30, 4 | 3 << 16);
        // Kind, flags, place in the file, bytes.
        for (section, kind, flags, bytes) in [(1, 1, 6, text), (2, 8, 3, 7), (3, 3, 0, 1)] {
            let header = HEADERS + section * 0x28;
            put(header + 0x04, kind);
            put(header + 0x08, flags);
            put(header + 0x10, CONTENT as u32);
            put(header + 0x14, bytes);
        }
        file
    }

    #[test]
    fn adds_up_what_is_stored_and_what_is_written() {
        let footprint = measure(&image(0x8000_0000, 100)).unwrap();
        assert_eq!((footprint.flash, footprint.ram), (100, 7));
    }

    #[test]
    fn refuses_an_empty_image() {
        assert!(measure(&image(0, 100)).unwrap_err().to_string().contains("empty"));
        assert!(measure(&image(1, 0)).unwrap_err().to_string().contains("empty"));
    }

    #[test]
    fn refuses_what_is_no_image() {
        assert!(measure(b"").is_err());
        assert!(measure(&image(1, 1)[..0x40]).is_err());
    }

    #[test]
    fn a_path_is_without_the_compilers_digest() {
        assert_eq!(path("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
        assert_eq!(path(".Lanon.0123.4"), "constants without a name");
        assert_eq!(path("__aeabi_memset"), "__aeabi_memset");
        assert_eq!(path("held.136"), "held");
    }
}
