//! Why the chip was reset.

use crate::bus::Bus;

/// RCC clock control and status register (RM0090, section 7.3.21).
const RCC_CSR: u32 = 0x4002_3874;
/// Forgets the causes, which else add up from reset to reset.
const CSR_REMOVE: u32 = 1 << 24;

/// Causes by their bit, the one that tells most first: every reset pulls the pin, too.
const CAUSES: [(u32, &str); 7] = [
    (1 << 31, "low power"),
    (1 << 30, "window watchdog"),
    (1 << 29, "watchdog"),
    (1 << 28, "software"),
    (1 << 27, "power on"),
    (1 << 25, "low voltage"),
    (1 << 26, "reset pin"),
];

/// Takes the cause of the last reset, in words for the log.
pub fn take_cause(bus: &mut impl Bus) -> &'static str {
    let flags = bus.read(RCC_CSR);
    bus.set(RCC_CSR, CSR_REMOVE);
    CAUSES.iter().find(|(bit, _)| flags & bit != 0).map_or("not told", |(_, cause)| cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::record::Record;

    #[test]
    fn a_watchdog_is_told_from_the_pin_that_it_pulls() {
        let mut bus = Record::new(|_, _, _| ());
        bus.registers.insert(RCC_CSR, 1 << 29 | 1 << 26);
        assert_eq!(take_cause(&mut bus), "watchdog");
        assert_eq!(bus.written, [(RCC_CSR, 1 << 29 | 1 << 26 | CSR_REMOVE)]);
    }

    #[test]
    fn an_emulator_tells_no_cause() {
        assert_eq!(take_cause(&mut Record::new(|_, _, _| ())), "not told");
    }
}
