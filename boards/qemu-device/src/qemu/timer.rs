//! Time as the emulated machine has it, and what happens at a moment of it.

use std::ffi::c_int;
use std::ptr;

use super::{Handle, Qemu};

/// `QEMU_CLOCK_VIRTUAL`: stands still while the machine does.
const CLOCK_VIRTUAL: c_int = 1;

/// A call that QEMU makes at a moment of the machine's time.
pub struct Timer(Handle);

// SAFETY: the handle is only used through `Qemu::set_timer`, under QEMU's lock.
unsafe impl Send for Timer {}
// SAFETY: as above.
unsafe impl Sync for Timer {}

impl Qemu {
    /// The machine's time, in nanoseconds.
    pub fn now(&self) -> u64 {
        // SAFETY: the clock is one that QEMU has.
        unsafe { (self.functions.qemu_clock_get_ns)(CLOCK_VIRTUAL) }.try_into().unwrap_or(0)
    }

    /// Makes a timer that runs `then` in the main loop.
    pub fn timer(&self, then: extern "C" fn(Handle)) -> Timer {
        /// `QEMUTimer` is 48 bytes in QEMU 7.2; allow it to be more.
        const TIMER_WORDS: usize = 64;
        const NANOSECONDS: c_int = 1;
        let timer: Handle = Box::leak(Box::new([0u64; TIMER_WORDS])).as_mut_ptr().cast();
        // SAFETY: the timer lives for ever, in the main loop's group, which is what null means; the
        // callback uses no argument.
        unsafe {
            (self.functions.timer_init_full)(
                timer,
                ptr::null_mut(),
                CLOCK_VIRTUAL,
                NANOSECONDS,
                0,
                then,
                ptr::null_mut(),
            );
        }
        Timer(timer)
    }

    /// Sets the moment of a timer, in place of the one that it had. Under QEMU's lock.
    pub fn set_timer(&self, timer: &Timer, at: u64) {
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        // SAFETY: the handle was made by `timer` and is never freed.
        unsafe { (self.functions.timer_mod)(timer.0, at) }
    }
}
