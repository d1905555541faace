//! ELF files as linkers of firmware make them, with nothing but what is stored.

/// `e_machine` of Arm cores (System V ABI, edition 4.1, chapter 4).
pub const ARM: u16 = 40;
/// `e_machine` of RISC-V cores.
pub const RISCV: u16 = 243;

/// An ELF file with loadable segments: virtual address, physical address, bytes (System V ABI,
/// edition 4.1, chapters 4 and 5).
pub fn elf(machine: u16, segments: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0".to_vec();
    file.extend(machine.to_le_bytes());
    let words = [1u32, 0x0800_0041, 0x34, 0, 0];
    file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    let halves = [0x34u16, 0x20, segments.len() as u16, 0x28, 0, 0];
    file.extend(halves.iter().flat_map(|half| half.to_le_bytes()));
    let mut at = (0x34 + 0x20 * segments.len()) as u32;
    for (virtual_address, physical_address, bytes) in segments {
        let length = bytes.len() as u32;
        let header = [1, at, *virtual_address, *physical_address, length, length, 5, 4];
        file.extend(header.iter().flat_map(|word| word.to_le_bytes()));
        at += length;
    }
    segments.iter().for_each(|(_, _, bytes)| file.extend_from_slice(bytes));
    file
}
