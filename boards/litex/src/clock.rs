//! Clocks since the counter was started: by the timer's own 64-bit count where the SoC has it, or
//! else by its 32-bit count, extended.

use core::cell::Cell;

use crate::Soc;
use crate::csr::Bus;

/// A counter of clocks. Its 32-bit count, of a SoC without the other, has to be read at least once
/// before it wraps: 42 s at 100 MHz.
#[derive(Debug, Default)]
pub struct Counter {
    /// What was read last.
    clocks: Cell<u64>,
}

impl Counter {
    /// One that has not been started.
    #[must_use]
    pub const fn new() -> Self {
        Self { clocks: Cell::new(0) }
    }

    /// Has the timer count down for ever, without interrupts.
    pub fn start(&self, bus: &impl Bus, soc: &Soc) {
        let timer = &soc.timer;
        timer.en.write(bus, 0);
        timer.load.write(bus, u32::MAX);
        timer.reload.write(bus, u32::MAX);
        timer.en.write(bus, 1);
        self.clocks.set(0);
    }

    /// Clocks so far.
    pub fn read(&self, bus: &impl Bus, soc: &Soc) -> u64 {
        if let Some(uptime) = &soc.uptime {
            uptime.latch.write(bus, 1);
            return uptime.cycles.read(bus);
        }
        soc.timer.update_value.write(bus, 1);
        let count = u32::MAX - soc.timer.value.read(bus);
        let passed = count.wrapping_sub(self.clocks.get() as u32);
        self.clocks.set(self.clocks.get() + u64::from(passed));
        self.clocks.get()
    }
}

#[cfg(test)]
mod tests {
    use super::Counter;
    use crate::model::{Model, SOC, UPTIME};
    use crate::{Soc, UptimeRegisters};

    #[test]
    fn a_32_bit_count_goes_on_beyond_its_end() {
        let (model, counter) = (Model::new(16), Counter::new());
        counter.start(&&model, &SOC);
        let mut expected = 0;
        for passed in [0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF, 5, 0x8000_0000] {
            model.pass(passed);
            expected += u64::from(passed);
            assert_eq!(counter.read(&&model, &SOC), expected);
        }
    }

    #[test]
    fn the_64_bit_count_is_its_words_in_their_order() {
        let [latch, cycles] = UPTIME;
        let uptime =
            UptimeRegisters { latch: crate::Csr::at(latch), cycles: crate::Csr::at(cycles) };
        let soc = Soc { uptime: Some(uptime), ..SOC };
        let (model, counter) = (Model::new(16), Counter::new());
        for _ in 0..3 {
            model.pass(0xC000_0000);
        }
        assert_eq!(counter.read(&&model, &soc), 0x2_4000_0000);
    }
}
