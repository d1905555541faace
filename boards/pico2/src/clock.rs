//! Time: microseconds from timer 0, cost in cycles of the core.

use quintet_firmware::{Clock, Ticks};
use rp235x_hal::pac;

use crate::cycles::Cycles;

/// Milliseconds since reset, for log messages.
pub fn since_boot() -> u64 {
    // SAFETY: only reads, and only registers whose reading changes nothing (RP2350 datasheet,
    // section 12.8.5).
    let timer = unsafe { &*pac::TIMER0::PTR };
    let high = || timer.timerawh().read().bits();
    loop {
        let before = high();
        let low = timer.timerawl().read().bits();
        if high() == before {
            return (u64::from(before) << 32 | u64::from(low)) / 1000;
        }
    }
}

/// The board's clock.
pub struct BoardClock {
    cycles: Cycles,
}

impl BoardClock {
    /// Starts counting cycles; the timer runs already.
    pub fn start() -> Self {
        Self { cycles: Cycles::start() }
    }
}

impl Clock for BoardClock {
    fn millis(&mut self) -> u64 {
        // The main loop asks for the time often enough that no wrap of the counter is missed.
        self.cycles.count();
        since_boot()
    }

    fn ticks(&mut self) -> u64 {
        self.cycles.count()
    }

    fn unit(&self) -> Ticks {
        Ticks::Cycles
    }
}
