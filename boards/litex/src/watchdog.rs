//! The watchdog, where the SoC has one: whoever does not feed it is reset to the BIOS, which then
//! asks for a program again.

use crate::csr::Bus;
use crate::{Soc, WatchdogRegisters};

/// Bits of `control` (LiteX, `litex/soc/cores/watchdog.py`).
const FEED: u32 = 1 << 0;
const ENABLE: u32 = 1 << 8;
const RESETS: u32 = 1 << 16;
/// Not while a debugger holds the core.
const PAUSES: u32 = 1 << 24;

/// Seconds until it starves: the longest step of a run is far below one.
const PATIENCE_SECONDS: u32 = 8;

/// The watchdog, or none.
#[derive(Clone, Copy, Debug)]
pub struct Watchdog(Option<WatchdogRegisters>);

impl Watchdog {
    /// Starts it if there is one.
    pub fn start(bus: &impl Bus, soc: &Soc) -> Self {
        if let Some(watchdog) = &soc.watchdog {
            watchdog.cycles.write(bus, soc.clock_hz.saturating_mul(PATIENCE_SECONDS));
            // Fed before it is enabled: it may have been hungry since power-on.
            watchdog.control.write(bus, FEED);
            watchdog.control.write(bus, ENABLE | RESETS | PAUSES);
        }
        Self(soc.watchdog)
    }

    /// Feeds it.
    pub fn feed(self, bus: &impl Bus) {
        if let Some(watchdog) = self.0 {
            watchdog.control.write(bus, FEED | ENABLE | RESETS | PAUSES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Watchdog;
    use crate::model::{Model, SOC, WATCHDOG};
    use crate::{Csr, Soc, WatchdogRegisters};

    #[test]
    fn it_is_fed_before_it_is_enabled_and_resets() {
        let [control, cycles] = WATCHDOG;
        let watchdog = WatchdogRegisters { control: Csr::at(control), cycles: Csr::at(cycles) };
        let soc = Soc { watchdog: Some(watchdog), ..SOC };
        let model = Model::new(16);
        let watchdog = Watchdog::start(&&model, &soc);
        watchdog.feed(&&model);
        let writes =
            [(cycles, 800_000_000), (control, 1), (control, 0x0101_0100), (control, 0x0101_0101)];
        assert_eq!(model.written(), writes);
    }

    #[test]
    fn a_soc_without_one_is_left_alone() {
        let model = Model::new(16);
        Watchdog::start(&&model, &SOC).feed(&&model);
        assert_eq!(model.written(), []);
    }
}
