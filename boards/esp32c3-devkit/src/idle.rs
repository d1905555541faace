//! Sleeps until there is something to do: the USB controller or the timer interrupts.

use core::cell::RefCell;

use critical_section::Mutex;
use esp_hal::Blocking;
use esp_hal::handler;
use esp_hal::peripherals::SYSTIMER;
use esp_hal::time::Duration;
use esp_hal::timer::PeriodicTimer;
use esp_hal::timer::systimer::SystemTimer;

use crate::usb::Port;

/// Longest sleep. An interrupt between the look at the port and the sleep is handled before the
/// sleep begins, so that what it brought waits for the next.
const LONGEST: Duration = Duration::from_millis(1);

static TIMER: Mutex<RefCell<Option<PeriodicTimer<'static, Blocking>>>> =
    Mutex::new(RefCell::new(None));

/// Has the timer interrupt from now on.
pub fn start(timer: SYSTIMER<'static>) {
    let mut timer = PeriodicTimer::new(SystemTimer::new(timer).alarm0);
    timer.set_interrupt_handler(on_alarm);
    // Refused only if the period is too long for the timer.
    let _ = timer.start(LONGEST);
    timer.listen();
    critical_section::with(|section| TIMER.replace(section, Some(timer)));
}

/// Sleeps until bytes arrive, or a millisecond has passed.
pub fn wait(port: &Port) {
    if !port.has_received() {
        // SAFETY: has no effect but to wait.
        unsafe { core::arch::asm!("wfi", options(nomem, nostack)) };
    }
}

#[handler]
fn on_alarm() {
    critical_section::with(|section| {
        if let Some(timer) = TIMER.borrow_ref_mut(section).as_mut() {
            timer.clear_interrupt();
        }
    });
}
