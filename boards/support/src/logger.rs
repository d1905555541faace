//! The global logger: gathers a `defmt` frame and hands it to the ring that the link empties, and,
//! with feature `rtt`, to a debug probe.
//!
//! Nothing waits here. A critical section lasts as long as encoding one message does.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;

use critical_section::RestoreState;
use quintet_firmware::log::{LOG_BYTES_MAX, LogRing};

/// Messages that wait for the link, from boot on.
pub static LOGS: LogRing = LogRing::new();

#[defmt::global_logger]
struct Logger;

static FRAME: Frame = Frame(UnsafeCell::new(Gathered {
    bytes: [0; LOG_BYTES_MAX],
    length: 0,
    restore: RestoreState::invalid(),
}));

/// The message that is being encoded.
struct Gathered {
    bytes: [u8; LOG_BYTES_MAX],
    /// How long the message is; above the size of `bytes` when it is too long.
    length: usize,
    restore: RestoreState,
}

struct Frame(UnsafeCell<Gathered>);

// SAFETY: only used between `acquire` and `release`, which is a critical section.
unsafe impl Sync for Frame {}

// SAFETY: from `acquire` to `release` nothing else runs, and no message is begun within another.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        // SAFETY: `release` ends it with the state that is kept here.
        let restore = unsafe { critical_section::acquire() };
        // SAFETY: in the critical section, and no other reference lives.
        let frame = unsafe { &mut *FRAME.0.get() };
        (frame.length, frame.restore) = (0, restore);
    }

    unsafe fn flush() {
        // The main loop empties the ring; who waited for that here would wait for ever.
    }

    unsafe fn release() {
        // SAFETY: in the critical section, and no other reference lives.
        let frame = unsafe { &mut *FRAME.0.get() };
        match frame.bytes.get(..frame.length) {
            Some(message) => {
                #[cfg(feature = "rtt")]
                crate::rtt::push(message);
                LOGS.push(message);
            }
            None => LOGS.lose(),
        }
        // SAFETY: `acquire` began it and kept this state.
        unsafe { critical_section::release(frame.restore) };
    }

    unsafe fn write(bytes: &[u8]) {
        // SAFETY: in the critical section, and no other reference lives.
        let frame = unsafe { &mut *FRAME.0.get() };
        let end = frame.length + bytes.len();
        if let Some(room) = frame.bytes.get_mut(frame.length..end) {
            room.copy_from_slice(bytes);
        }
        frame.length = end;
    }
}
