//! Time: microseconds from the system timer, cost in cycles of the core.

use core::arch::asm;

use esp_hal::time::Instant;
use quintet_board_support::Widened;
use quintet_firmware::{Clock, Ticks};

/// Milliseconds since reset, for log messages.
pub fn since_boot() -> u64 {
    Instant::now().duration_since_epoch().as_millis()
}

/// The board's clock. Cycles come from the core's performance counter, extended: it has 32 bits,
/// which wrap after 26 seconds.
pub struct BoardClock {
    cycles: Widened,
}

impl BoardClock {
    /// Has the performance counter count cycles (ESP32-C3 technical reference manual, section 1.4,
    /// `mpcer` and `mpcmr`): the core has no `mcycle`.
    pub fn start() -> Self {
        // SAFETY: nothing else uses the counter.
        unsafe {
            asm!(
                "csrw 0x7e0, {one}", "csrw 0x7e1, {one}",
                one = in(reg) 1,
                options(nomem, nostack),
            );
        }
        Self { cycles: Widened::default() }
    }

    fn cycles(&mut self) -> u64 {
        let counter: u32;
        // SAFETY: only reads the counter (`mpccr`).
        unsafe { asm!("csrr {}, 0x7e2", out(reg) counter, options(nomem, nostack)) };
        self.cycles.see(counter)
    }
}

impl Clock for BoardClock {
    fn millis(&mut self) -> u64 {
        // The main loop asks for the time often enough that no wrap of the counter is missed.
        self.cycles();
        since_boot()
    }

    fn ticks(&mut self) -> u64 {
        self.cycles()
    }

    fn unit(&self) -> Ticks {
        Ticks::Cycles
    }
}
