//! Why the firmware failed, kept in RAM over the reset that follows, for the log of the next boot.
//!
//! For boards whose linker script has a section `.uninit` that start-up leaves alone (`cortex-m-rt`,
//! `riscv-rt`); without these calls it takes nothing.
#![allow(unsafe_code)]

use core::fmt::{Display, Write};
use core::mem::MaybeUninit;

/// Bytes that are kept; the rest of a long reason is dropped. A log message holds them.
const TEXT_BYTES: usize = 96;
/// Says that there are last words. RAM holds anything when the power comes.
const MAGIC: u32 = 0x51f4_a11d;

/// Last words.
#[derive(Clone, Copy)]
#[repr(C)]
struct Words {
    magic: u32,
    length: u32,
    text: [u8; TEXT_BYTES],
}

#[unsafe(link_section = ".uninit.LAST_WORDS")]
static mut WORDS: MaybeUninit<Words> = MaybeUninit::uninit();

/// Keeps why the firmware fails; a reset follows.
pub fn leave(reason: &dyn Display) {
    let mut text = Text { bytes: [0; TEXT_BYTES], length: 0 };
    // Text that does not fit is cut off, which is no error.
    let _ = write!(text, "{reason}");
    let words = Words { magic: MAGIC, length: text.length as u32, text: text.bytes };
    let place = (&raw mut WORDS).cast::<Words>();
    // SAFETY: a place of that type; whoever fails never comes back to what it interrupts.
    unsafe { place.write_volatile(words) };
}

/// Logs what was left before the last reset, once; returns whether there was anything. Call it once,
/// at boot.
pub fn tell() -> bool {
    let place = (&raw mut WORDS).cast::<Words>();
    // SAFETY: words and bytes, for which any bits do; at boot nothing else looks at them. They are
    // RAM that was written before a reset, of which the compiler knows nothing.
    let words = unsafe { place.read_volatile() };
    if words.magic != MAGIC {
        return false;
    }
    // SAFETY: as above.
    unsafe { (&raw mut (*place).magic).write_volatile(0) };
    if let Some(Ok(text)) = words.text.get(..words.length as usize).map(core::str::from_utf8) {
        defmt::error!("before the reset: {=str}", text);
    }
    true
}

/// Formats into bytes, as many characters as fit.
struct Text {
    bytes: [u8; TEXT_BYTES],
    length: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for character in text.chars() {
            let end = self.length + character.len_utf8();
            let room = self.bytes.get_mut(self.length..end).ok_or(core::fmt::Error)?;
            character.encode_utf8(room);
            self.length = end;
        }
        Ok(())
    }
}
