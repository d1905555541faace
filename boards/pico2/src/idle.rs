//! Sleeps until there is something to do: the USB controller or the timer interrupts.

use hal::Timer;
use hal::fugit::MicrosDurationU32;
use hal::timer::{Alarm as _, Alarm0, CopyableTimer0};
use rp235x_hal as hal;

use crate::fault;
use crate::usb::Port;

/// Longest sleep, so that the link's deadlines are seen and the watchdog is fed.
const LONGEST: MicrosDurationU32 = MicrosDurationU32::millis(10);

/// Ends a sleep in which nothing else happens.
pub struct Alarm(Alarm0<CopyableTimer0>);

impl Alarm {
    /// Takes the timer's first alarm.
    pub fn start(mut timer: Timer<CopyableTimer0>) -> Self {
        let Some(alarm) = timer.alarm_0() else { fault::fail(&"the alarm is taken") };
        // SAFETY: its handler does nothing, so breaks no critical section.
        unsafe { hal::arch::interrupt_unmask(hal::pac::Interrupt::TIMER0_IRQ_0) };
        Self(alarm)
    }

    /// Sleeps until bytes arrive, or 10 ms have passed.
    pub fn wait(&mut self, port: &Port) {
        // With interrupts held back, one that arrives between the look at the port and the sleep
        // ends the sleep at once (Armv8-M, section B13.3; RISC-V privileged specification 1.12,
        // section 3.3.3); its handler runs afterwards.
        critical_section::with(|_| {
            // A time so near that it has passed: then there is no sleep.
            if port.has_received() || self.0.schedule(LONGEST).is_err() {
                return;
            }
            self.0.enable_interrupt();
            hal::arch::wfi();
            self.0.disable_interrupt();
            self.0.clear_interrupt();
        });
    }
}

/// Runs when the alarm has ended a sleep. Its reason is gone by then.
// The same without arguments in Rust's calling convention, which `rp235x-hal` has on RISC-V, and in
// C's, which the vector table has on Arm.
#[unsafe(no_mangle)]
#[allow(non_snake_case)]
fn TIMER0_IRQ_0() {}
