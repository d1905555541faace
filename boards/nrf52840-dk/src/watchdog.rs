//! The watchdog: resets the board when the main loop stands still. It rests while a debugger has
//! halted the core.
#![allow(unsafe_code)]

use embassy_nrf::peripherals::WDT;
use embassy_nrf::wdt::{Config, HaltConfig, SleepConfig, Watchdog, WatchdogHandle};

/// How long the main loop may take: four seconds of the 32 768 Hz clock. The longest step of a run
/// takes some milliseconds.
const TIMEOUT_TICKS: u32 = 4 * 32_768;

/// Starts the watchdog, which a reset by software leaves running (nRF52840 PS, "WDT").
pub fn start() -> WatchdogHandle {
    let mut config = Config::default();
    config.timeout_ticks = TIMEOUT_TICKS;
    config.action_during_debug_halt = HaltConfig::Pause;
    config.action_during_sleep = SleepConfig::Run;
    // SAFETY: the peripherals are not handed out yet, and nothing else takes this one.
    let watchdog = unsafe { WDT::steal() };
    match Watchdog::try_new(watchdog, config) {
        Ok((_, [handle])) => handle,
        // It runs already, as other firmware set it, and cannot be changed: feed it.
        // SAFETY: there is no other handle.
        Err(_) => unsafe { WatchdogHandle::steal::<WDT>(0) },
    }
}
