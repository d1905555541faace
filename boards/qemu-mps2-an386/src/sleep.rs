//! The core's sleep, and the timer that bounds it.

use cortex_m::peripheral::syst::SystClkSource;

/// Longest sleep, so that the link's deadlines are seen: 10 ms of the 25 MHz clock.
pub const LONGEST_CLOCKS: u32 = 250_000;

/// Sleeps until an interrupt is pending, or so many clocks have passed. Call it with interrupts held
/// back: one that arrives between the last look at the link and the sleep then ends the sleep at
/// once (ARMv7-M, B1.5.19), and its handler runs afterwards.
pub fn sleep(longest_clocks: u32) {
    // SAFETY: nothing else uses SysTick.
    let mut timer = unsafe { cortex_m::Peripherals::steal() }.SYST;
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(longest_clocks - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
    cortex_m::asm::wfi();
    timer.disable_counter();
    timer.disable_interrupt();
}
