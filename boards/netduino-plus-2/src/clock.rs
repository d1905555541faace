//! Time: milliseconds by the core's own timer, cost by its cycle counter, which QEMU has not.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::Peripherals;
use cortex_m::peripheral::DWT;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use quintet_firmware::{Clock, Ticks};
use quintet_stm32f4::clocks::{Clocks, Source};

static MILLIS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    MILLIS.fetch_add(1, Ordering::Relaxed);
}

/// Milliseconds since the clock was started, for log messages; wraps after 49 days.
pub fn since_boot() -> u64 {
    MILLIS.load(Ordering::Relaxed).into()
}

/// The board's clock.
pub struct BoardClock {
    /// The 32-bit counts, extended. Cycles wrap after 25 s, and are looked at with the time.
    millis: u64,
    cycles: u64,
    counts_cycles: bool,
}

impl BoardClock {
    /// Starts the timer, and the counter if there is one.
    pub fn start(clocks: Clocks) -> Self {
        // SAFETY: nothing else uses these.
        let mut core = unsafe { Peripherals::steal() };
        core.SYST.set_clock_source(SystClkSource::Core);
        core.SYST.set_reload(clocks.core / 1000 - 1);
        core.SYST.clear_current();
        core.SYST.enable_interrupt();
        core.SYST.enable_counter();
        let counts_cycles = clocks.source != Source::Emulated;
        if counts_cycles {
            core.DCB.enable_trace();
            core.DWT.enable_cycle_counter();
        }
        Self { millis: 0, cycles: 0, counts_cycles }
    }
}

impl Clock for BoardClock {
    fn millis(&mut self) -> u64 {
        self.ticks();
        let passed = MILLIS.load(Ordering::Relaxed).wrapping_sub(self.millis as u32);
        self.millis += u64::from(passed);
        self.millis
    }

    fn ticks(&mut self) -> u64 {
        if self.counts_cycles {
            let passed = DWT::cycle_count().wrapping_sub(self.cycles as u32);
            self.cycles += u64::from(passed);
        }
        self.cycles
    }

    fn unit(&self) -> Ticks {
        if self.counts_cycles { Ticks::Cycles } else { Ticks::None }
    }
}
