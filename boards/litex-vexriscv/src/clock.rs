//! Time and cost: both are clocks of the SoC's timer.

use critical_section::Mutex;
use quintet_firmware::{Clock, Ticks};
use quintet_litex::Counter;

use crate::bus;
use crate::soc::SOC;

static COUNTER: Mutex<Counter> = Mutex::new(Counter::new());

/// Clocks since the firmware, or the SoC, was started.
fn clocks() -> u64 {
    critical_section::with(|section| COUNTER.borrow(section).read(&bus(), &SOC))
}

/// Milliseconds, for log messages.
pub fn since_boot() -> u64 {
    clocks() / u64::from(SOC.clock_hz / 1000)
}

/// The board's clock.
pub struct BoardClock(());

impl BoardClock {
    /// Starts the counter.
    pub fn start() -> Self {
        critical_section::with(|section| COUNTER.borrow(section).start(&bus(), &SOC));
        Self(())
    }
}

impl Clock for BoardClock {
    fn millis(&mut self) -> u64 {
        since_boot()
    }

    fn ticks(&mut self) -> u64 {
        clocks()
    }

    fn unit(&self) -> Ticks {
        Ticks::Cycles
    }
}
