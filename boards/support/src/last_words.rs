//! Why the firmware failed, kept in RAM over the reset that follows, and logged after it.
#![allow(unsafe_code)]

use core::fmt::{self, Display, Write};
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// Longest reason, in bytes; what is longer is cut off.
const BYTES: usize = 192;
/// Bytes of it in one log message, which has a limit.
const CHUNK: usize = 96;
/// Says that there is a reason: RAM is not zeroed, and holds anything after power-up.
const PRESENT: u32 = 0x7175_6974;

/// A reason that stays where it is during a reset.
struct Kept {
    present: AtomicU32,
    length: AtomicU32,
    text: [AtomicU8; BYTES],
}

// SAFETY: the start-up code leaves this section as it is; any bit pattern is an atomic integer.
#[cfg_attr(target_os = "none", unsafe(link_section = ".uninit.last_words"))]
static KEPT: Kept = Kept::new();

impl Kept {
    const fn new() -> Self {
        Self {
            present: AtomicU32::new(0),
            length: AtomicU32::new(0),
            text: [const { AtomicU8::new(0) }; BYTES],
        }
    }

    fn keep(&self, reason: &dyn Display) {
        self.length.store(0, Ordering::Relaxed);
        let _ = write!(Pen(self), "{reason}");
        self.present.store(PRESENT, Ordering::Release);
    }

    /// Hands out the reason, if there is one, and forgets it.
    fn take(&self) -> Option<([u8; BYTES], usize)> {
        if self.present.swap(0, Ordering::Acquire) != PRESENT {
            return None;
        }
        let text = self.text.each_ref().map(|byte| byte.load(Ordering::Relaxed));
        Some((text, (self.length.load(Ordering::Relaxed) as usize).min(BYTES)))
    }
}

/// Appends to what is kept.
struct Pen<'a>(&'a Kept);

impl Write for Pen<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let start = self.0.length.load(Ordering::Relaxed) as usize;
        let room = self.0.text.get(start..).unwrap_or_default();
        for (kept, byte) in room.iter().zip(part.bytes()) {
            // A character that is cut in half would not be text.
            kept.store(if byte.is_ascii() { byte } else { b'?' }, Ordering::Relaxed);
        }
        self.0.length.store((start + part.len().min(room.len())) as u32, Ordering::Relaxed);
        Ok(())
    }
}

/// Keeps the reason of a failure; a reset comes next.
pub fn keep(reason: &dyn Display) {
    KEPT.keep(reason);
}

/// Logs why the firmware failed before the reset, if it did; returns whether it did.
pub fn tell() -> bool {
    let Some((text, length)) = KEPT.take() else { return false };
    for chunk in text.get(..length).unwrap_or_default().chunks(CHUNK) {
        defmt::error!("failed before the reset: {=str}", str::from_utf8(chunk).unwrap_or("?"));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{BYTES, Kept};

    #[test]
    fn a_reason_is_told_once() {
        let kept = Kept::new();
        assert!(kept.take().is_none());
        kept.keep(&format_args!("at {}: {}", 7, "naïve"));
        let (text, length) = kept.take().unwrap();
        assert_eq!(&text[..length], b"at 7: na??ve");
        assert!(kept.take().is_none());
    }

    #[test]
    fn a_long_reason_is_cut_off() {
        let kept = Kept::new();
        kept.keep(&format_args!("{:>1$}", "end", BYTES + 1));
        let (text, length) = kept.take().unwrap();
        assert_eq!((length, text[BYTES - 1]), (BYTES, b'n'));
        kept.keep(&"short");
        assert_eq!(kept.take().unwrap().1, 5);
    }
}
