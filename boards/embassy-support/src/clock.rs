//! Time: milliseconds counted by an interrupt, cost from the core's cycle counter.
#![allow(unsafe_code)]

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::{DCB, DWT};
use quintet_firmware::{Clock, Ticks};

/// Milliseconds since the start; wraps after 49 days.
static MILLIS: AtomicU32 = AtomicU32::new(0);

/// To be called by an interrupt, a thousand times a second. That interrupt also bounds each sleep.
pub fn on_millisecond() {
    MILLIS.fetch_add(1, Ordering::Relaxed);
}

/// Milliseconds since the start, for log messages; wraps after 49 days.
pub fn since_boot() -> u64 {
    MILLIS.load(Ordering::Relaxed).into()
}

/// The board's clock. The core's cycle counter stands still while the core sleeps, so it tells cost
/// and not time.
#[derive(Debug)]
pub struct BoardClock {
    millis: Extended,
    cycles: Extended,
}

impl BoardClock {
    /// Starts the cycle counter (Armv7-M, C1.8.3; on a Cortex-M7 it has a lock).
    pub fn start(dcb: &mut DCB, dwt: &mut DWT) -> Self {
        dcb.enable_trace();
        DWT::unlock();
        dwt.set_cycle_count(0);
        dwt.enable_cycle_counter();
        Self { millis: Extended(0), cycles: Extended(0) }
    }
}

impl Clock for BoardClock {
    fn millis(&mut self) -> u64 {
        // The device asks for the time at every poll: often enough to see each of the cycle
        // counter's wraps, which are at least eight seconds of work apart.
        self.ticks();
        self.millis.update(MILLIS.load(Ordering::Relaxed))
    }

    fn ticks(&mut self) -> u64 {
        self.cycles.update(DWT::cycle_count())
    }

    fn unit(&self) -> Ticks {
        Ticks::Cycles
    }
}

/// A count that wraps at 32 bits and is looked at more often than that, as one that does not wrap.
#[derive(Debug)]
struct Extended(u64);

impl Extended {
    fn update(&mut self, count: u32) -> u64 {
        self.0 += u64::from(count.wrapping_sub(self.0 as u32));
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Extended;

    #[test]
    fn a_count_goes_on_over_a_wrap() {
        let mut count = Extended(0);
        assert_eq!(count.update(0xffff_fff0), 0xffff_fff0);
        assert_eq!(count.update(0x10), 0x1_0000_0010);
        assert_eq!(count.update(0x10), 0x1_0000_0010);
        assert_eq!(count.update(0x0f), 0x2_0000_000f);
    }
}
