//! What a firmware image takes, from its ELF headers (System V ABI, edition 4.1, chapter 4; the
//! 32-bit little-endian form).

use anyhow::{Context, Result, bail};

/// What an image takes of a board's memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Code.
    pub text: u64,
    /// What is stored: code, constants, initial data.
    pub flash: u64,
    /// What is written while it runs: initial data and zeroed data, without the stack.
    pub ram: u64,
}

const SECTION_NO_BITS: u32 = 8;
const FLAG_WRITE: u32 = 1 << 0;
const FLAG_ALLOCATE: u32 = 1 << 1;
const FLAG_EXECUTE: u32 = 1 << 2;

/// Measures an image. Refuses one without code or entry point: that is what cargo makes, with exit
/// status zero, when the linker script was not used.
pub fn measure(file: &[u8]) -> Result<Footprint> {
    /// Magic number, `ELFCLASS32`, `ELFDATA2LSB`.
    const IDENTIFICATION: &[u8] = b"\x7fELF\x01\x01";
    if !file.starts_with(IDENTIFICATION) {
        bail!("not a 32-bit little-endian ELF file");
    }
    let entry = word(file, 0x18)?;
    let sections = word(file, 0x20)? as usize;
    let (size, count) = (half(file, 0x2e)?, half(file, 0x30)?);
    let mut footprint = Footprint::default();
    for index in 0..count {
        let header = sections + index * size;
        let (kind, flags) = (word(file, header + 0x04)?, word(file, header + 0x08)?);
        let bytes = u64::from(word(file, header + 0x14)?);
        if flags & FLAG_ALLOCATE == 0 {
            continue;
        }
        if flags & FLAG_EXECUTE != 0 {
            footprint.text += bytes;
        }
        if kind != SECTION_NO_BITS {
            footprint.flash += bytes;
        }
        if flags & FLAG_WRITE != 0 {
            footprint.ram += bytes;
        }
    }
    if footprint.text == 0 || entry == 0 {
        bail!("the image is empty (entry {entry:#x}, {} bytes of code)", footprint.text);
    }
    Ok(footprint)
}

fn word(file: &[u8], at: usize) -> Result<u32> {
    let bytes = file.get(at..at + 4).context("the ELF file is cut off")?;
    Ok(u32::from_le_bytes(bytes.try_into()?))
}

fn half(file: &[u8], at: usize) -> Result<usize> {
    let bytes = file.get(at..at + 2).context("the ELF file is cut off")?;
    Ok(u16::from_le_bytes(bytes.try_into()?).into())
}

#[cfg(test)]
mod tests {
    use super::{Footprint, measure};

    /// An ELF header and two section headers: `text` bytes of code, 7 bytes of zeroed data.
    fn image(entry: u32, text: u32) -> Vec<u8> {
        let mut file = vec![0; 0x34 + 2 * 0x28];
        file[..6].copy_from_slice(b"\x7fELF\x01\x01");
        let mut put =
            |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        put(0x18, entry);
        put(0x20, 0x34);
        put(0x2e, 0x28 | 2 << 16);
        for (header, kind, flags, bytes) in [(0x34, 1, 6, text), (0x5c, 8, 3, 7)] {
            put(header + 0x04, kind);
            put(header + 0x08, flags);
            put(header + 0x14, bytes);
        }
        file
    }

    #[test]
    fn adds_up_what_is_stored_and_what_is_written() {
        let footprint = measure(&image(0x8000_0000, 100)).unwrap();
        assert_eq!(footprint, Footprint { text: 100, flash: 100, ram: 7 });
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
}
