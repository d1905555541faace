//! The independent watchdog, which resets a core that no longer polls its device.

use crate::bus::Bus;

/// IWDG (RM0090, section 2.3, table 1).
const IWDG: u32 = 0x4000_3000;
/// Key register (section 21.4.1).
const KR: u32 = IWDG;
const KEY_START: u32 = 0xcccc;
const KEY_UNLOCK: u32 = 0x5555;
const KEY_FEED: u32 = 0xaaaa;
/// Prescaler register (section 21.4.2): 4 is by 64, so 500 Hz of the nominal 32 kHz.
const PR: u32 = IWDG + 0x04;
const PRESCALE_64: u32 = 4;
/// Reload register (section 21.4.3). Four seconds; 2.7 to 7.5 within what the oscillator may be
/// (DS8626, section 5.3.9, 17 to 47 kHz). A step of a run takes milliseconds.
const RLR: u32 = IWDG + 0x08;
const RELOAD: u32 = 2000;
/// Status register (section 21.4.4): prescaler or reload value are still under way.
const SR: u32 = IWDG + 0x0c;
const SR_BUSY: u32 = 0b11;
/// DBGMCU APB1 freeze register (section 38.16.4): the watchdog stops while a debugger halts.
const DBGMCU_APB1_FZ: u32 = 0xe004_2008;
const FREEZE_IWDG: u32 = 1 << 12;

/// Starts the watchdog; nothing but a reset stops it.
pub fn start(bus: &mut impl Bus) {
    bus.set(DBGMCU_APB1_FZ, FREEZE_IWDG);
    bus.write(KR, KEY_START);
    bus.write(KR, KEY_UNLOCK);
    bus.write(PR, PRESCALE_64);
    bus.write(RLR, RELOAD);
    // If they never arrive, their reset values are in force: 0.5 s, which does, too.
    let _ = bus.wait(SR, SR_BUSY, 0);
    feed(bus);
}

/// Puts the reset off.
pub fn feed(bus: &mut impl Bus) {
    bus.write(KR, KEY_FEED);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::record::Record;

    const SEQUENCE: [(u32, u32); 6] = [
        (DBGMCU_APB1_FZ, FREEZE_IWDG),
        (KR, KEY_START),
        (KR, KEY_UNLOCK),
        (PR, PRESCALE_64),
        (RLR, RELOAD),
        (KR, KEY_FEED),
    ];

    #[test]
    fn the_watchdog_is_unlocked_set_and_fed_in_order() {
        let mut bus = Record::new(|_, _, _| ());
        start(&mut bus);
        assert_eq!(bus.written, SEQUENCE);
    }

    #[test]
    fn a_watchdog_that_never_takes_its_values_does_not_hang_the_boot() {
        let mut bus = Record::new(|_, _, _| ());
        bus.registers.insert(SR, SR_BUSY);
        start(&mut bus);
        assert_eq!(bus.written, SEQUENCE);
        assert!(bus.reads < 150_000);
    }
}
