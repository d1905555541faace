//! What tells this chip and this boot from others, by the boot ROM (RP2350 datasheet, section
//! 5.4.8.17, `get_sys_info`).

use rp235x_hal::rom_data::sys_info_api::{boot_random, chip_info};

/// Digits of a chip's number in hexadecimal.
pub const DIGITS: usize = 16;

/// The chip's number, 64 bits; zeros if the ROM cannot tell.
pub fn serial() -> [u8; DIGITS] {
    let chip = chip_info().ok().flatten();
    let number = chip.map_or(0, |it| u64::from(it.wafer_id) << 32 | u64::from(it.device_id));
    core::array::from_fn(|index| {
        let digit = (number >> (4 * (DIGITS - 1 - index))) as usize & 0xf;
        b"0123456789ABCDEF"[digit]
    })
}

/// Random by the boot ROM, another one at every boot.
pub fn nonce() -> u32 {
    boot_random().ok().flatten().map_or(0, |random| random.0 as u32)
}
