//! The messages once more for a debug probe: an up-channel of SEGGER's Real-Time Transfer, which the
//! probe reads from RAM while the core runs (UM08001, "RTT", "Control block").
//!
//! A message goes in whole or not at all, so that the decoder never loses its place, and nothing
//! waits: without a probe the buffer fills once and the rest is dropped. The link counts losses.
#![allow(unsafe_code)]

use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicUsize, Ordering};

/// Bytes that wait for the probe; one of them always stays free.
const BYTES: usize = 2048;

/// Where the debugger looks for everything. The layout is SEGGER's.
#[repr(C)]
struct ControlBlock {
    id: [u8; 16],
    up_channels: AtomicUsize,
    down_channels: AtomicUsize,
    up: Channel,
}

/// One channel. The probe reads all of it and writes `taken`.
#[repr(C)]
struct Channel {
    name: AtomicPtr<u8>,
    buffer: AtomicPtr<u8>,
    bytes: AtomicUsize,
    /// Where the next byte goes.
    put: AtomicUsize,
    /// Where the probe reads next.
    taken: AtomicUsize,
    /// What to do when the buffer is full; zero: skip the message.
    mode: AtomicUsize,
}

static BUFFER: [AtomicU8; BYTES] = [const { AtomicU8::new(0) }; BYTES];

/// The name by which decoders know the channel.
static NAME: [u8; 6] = *b"defmt\0";

// SAFETY: the symbol that debuggers look for; nothing else has its name.
#[unsafe(export_name = "_SEGGER_RTT")]
static CONTROL: ControlBlock = ControlBlock {
    id: *b"SEGGER RTT\0\0\0\0\0\0",
    up_channels: AtomicUsize::new(1),
    down_channels: AtomicUsize::new(0),
    up: Channel {
        name: AtomicPtr::new(NAME.as_ptr().cast_mut()),
        buffer: AtomicPtr::new((&raw const BUFFER).cast::<u8>().cast_mut()),
        bytes: AtomicUsize::new(BYTES),
        put: AtomicUsize::new(0),
        taken: AtomicUsize::new(0),
        mode: AtomicUsize::new(0),
    },
};

/// Shows a message to the probe, or drops it if there is no room. Call it from one context at a time.
pub fn push(message: &[u8]) {
    let up = &CONTROL.up;
    let (put, taken) = (up.put.load(Ordering::Relaxed), up.taken.load(Ordering::Acquire));
    if let Some(next) = write(&BUFFER, put, taken, message) {
        up.put.store(next, Ordering::Release);
    }
}

/// Copies a message to `put` in a ring that is read at `taken`; returns where the next one goes, or
/// nothing when it does not fit or an offset, which a probe may have written, is no offset.
fn write(ring: &[AtomicU8], put: usize, taken: usize, message: &[u8]) -> Option<usize> {
    let bytes = ring.len();
    if put >= bytes || taken >= bytes {
        return None;
    }
    let room = (taken + bytes - put - 1) % bytes;
    if message.len() > room {
        return None;
    }
    for (at, &byte) in ring.iter().cycle().skip(put).zip(message) {
        at.store(byte, Ordering::Relaxed);
    }
    Some((put + message.len()) % bytes)
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicU8, Ordering};

    use super::write;

    fn ring() -> [AtomicU8; 8] {
        [const { AtomicU8::new(b'.') }; 8]
    }

    fn text(ring: &[AtomicU8; 8]) -> [u8; 8] {
        ring.each_ref().map(|byte| byte.load(Ordering::Relaxed))
    }

    #[test]
    fn a_message_goes_round_the_end() {
        let ring = ring();
        assert_eq!(write(&ring, 6, 6, b"abcd"), Some(2));
        assert_eq!(&text(&ring), b"cd....ab");
    }

    #[test]
    fn a_message_without_room_is_dropped_whole() {
        let ring = ring();
        assert_eq!(write(&ring, 2, 6, b"abcd"), None);
        assert_eq!(write(&ring, 0, 0, b"abcdefgh"), None);
        assert_eq!(&text(&ring), b"........");
        assert_eq!(write(&ring, 2, 6, b"abc"), Some(5));
        assert_eq!(write(&ring, 0, 0, b"abcdefg"), Some(7));
    }

    #[test]
    fn an_offset_outside_the_buffer_is_not_followed() {
        let ring = ring();
        assert_eq!(write(&ring, 0, 8, b"a"), None);
        assert_eq!(write(&ring, 8, 0, b"a"), None);
        assert_eq!(write(&ring, 0, usize::MAX, b"a"), None);
    }
}
