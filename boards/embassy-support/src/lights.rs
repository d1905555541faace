//! Three lights: that the firmware lives, that it works, that it had failed.

use embedded_hal::digital::{OutputPin, PinState};

/// How long the first light stays on, and then off.
const HALF_PERIOD_MILLIS: u64 = 500;

/// A board's lights.
#[derive(Debug)]
pub struct Lights<P> {
    alive: P,
    busy: P,
    on: PinState,
}

impl<P: OutputPin> Lights<P> {
    /// Lights, of which `alive` will blink, `busy` be on while there is work, and `failed` be on
    /// until the next reset if the firmware failed before this one. `on` is what lights them.
    pub fn new(alive: P, busy: P, mut failed: P, on: PinState, has_failed: bool) -> Self {
        set(&mut failed, on, has_failed);
        Self { alive, busy, on }
    }

    /// Shows what goes on; `millis` since the start.
    pub fn show(&mut self, millis: u64, busy: bool) {
        set(&mut self.alive, self.on, (millis / HALF_PERIOD_MILLIS).is_multiple_of(2));
        set(&mut self.busy, self.on, busy);
    }
}

fn set(pin: &mut impl OutputPin, on: PinState, lit: bool) {
    // A pin of the chip itself cannot fail.
    let _ = pin.set_state(if lit { on } else { !on });
}
