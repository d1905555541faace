//! The millisecond interrupt: a timer, as the core's own stands still while it sleeps.
#![allow(unsafe_code)]

use embassy_nrf::interrupt::{self, InterruptExt};
use embassy_nrf::peripherals::TIMER0;
use embassy_nrf::timer::{Frequency, Timer};
use embassy_nrf::{Peri, pac};

/// The timer counts at this frequency.
const FREQUENCY: Frequency = Frequency::F1MHz;
/// Of these counts.
const COUNTS_PER_MILLISECOND: u32 = 1_000;

/// Starts the interrupt, for good.
pub fn start(timer: Peri<'static, TIMER0>) {
    let timer = Timer::new(timer);
    timer.set_frequency(FREQUENCY);
    timer.cc(0).write(COUNTS_PER_MILLISECOND);
    timer.cc(0).short_compare_clear();
    pac::TIMER0.intenset().write(|w| w.set_compare(0, true));
    // SAFETY: the handler shares only an atomic with the main loop, so breaks no critical section.
    unsafe { interrupt::TIMER0.enable() };
    timer.start();
    timer.persist();
}

/// The handler.
// SAFETY: the name that the interrupt table has for this interrupt's handler.
#[unsafe(export_name = "TIMER0")]
extern "C" fn on_interrupt() {
    pac::TIMER0.events_compare(0).write_value(0);
    quintet_embassy_support::on_millisecond();
}
