//! The clock tree: 168 MHz from a crystal, or as near to that as the board lets it come.

use crate::bus::Bus;

/// Reset and clock control (RM0090, section 2.3, table 1).
const RCC: u32 = 0x4002_3800;
/// RCC clock control register (section 7.3.1).
const RCC_CR: u32 = RCC;
const CR_HSEON: u32 = 1 << 16;
const CR_HSERDY: u32 = 1 << 17;
const CR_PLLON: u32 = 1 << 24;
const CR_PLLRDY: u32 = 1 << 25;
/// RCC PLL configuration register (section 7.3.2): M in bits 0 to 5, N in 6 to 14, P / 2 - 1 in 16
/// and 17, Q in 24 to 27.
const RCC_PLLCFGR: u32 = RCC + 0x04;
const PLLCFGR_SOURCE_HSE: u32 = 1 << 22;
/// RCC clock configuration register (section 7.3.3).
const RCC_CFGR: u32 = RCC + 0x08;
const CFGR_SWITCH: u32 = 0b11;
const CFGR_SWITCH_PLL: u32 = 0b10;
const CFGR_STATUS: u32 = 0b11 << 2;
const CFGR_STATUS_PLL: u32 = 0b10 << 2;
const CFGR_PRESCALERS: u32 = 0b1111 << 4 | 0b111 << 10 | 0b111 << 13;
/// AHB as it is, APB1 by 4, APB2 by 2.
const CFGR_PRESCALERS_168: u32 = 0b101 << 10 | 0b100 << 13;
/// RCC APB1 peripheral clock enable register (section 7.3.13).
const RCC_APB1ENR: u32 = RCC + 0x40;
const APB1ENR_PWR: u32 = 1 << 28;
/// PWR power control register (section 5.4.1): regulator scale 1, which 168 MHz needs.
const PWR_CR: u32 = 0x4000_7000;
const CR_VOS: u32 = 1 << 14;
/// Flash access control register (section 3.9.1): wait states, prefetch, both caches.
const FLASH_ACR: u32 = 0x4002_3c00;
const ACR_LATENCY: u32 = 0b111;
/// At 168 MHz and 2.7 to 3.6 V (section 3.5.1, table 10).
const ACR_LATENCY_168: u32 = 5;
const ACR_FAST: u32 = 1 << 8 | 1 << 9 | 1 << 10;

/// The internal oscillator, Hz.
const INTERNAL_HZ: u32 = 16_000_000;
/// The core at its maximum, Hz (DS8626, section 5.3.1).
const FULL_HZ: u32 = 168_000_000;
/// The PLL compares its oscillators at 1 MHz and multiplies: 336 MHz, of which the core has half
/// and USB and the random number generator a seventh.
const PLL_N: u32 = 336;
const PLL_Q: u32 = 7;
const PLL_COMPARES_HZ: u32 = 1_000_000;

/// Where the core's clock comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The PLL on the crystal.
    Crystal,
    /// The PLL on the internal oscillator, which is within 1 % at room temperature, since the
    /// crystal did not start.
    Internal,
    /// The internal oscillator itself at 16 MHz, since the PLL did not lock.
    Unlocked,
    /// QEMU's model, which has no clock tree: its core clock counts 168 MHz.
    Emulated,
}

/// Clocks as they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// The core's, Hz.
    pub core: u32,
    /// That of APB2, which USART1 and USART6 divide, Hz.
    pub apb2: u32,
    /// Where they come from.
    pub source: Source,
}

impl Source {
    /// In words, for the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Crystal => "crystal",
            Self::Internal => "internal oscillator, as the crystal does not start",
            Self::Unlocked => "internal oscillator, as the PLL does not lock",
            Self::Emulated => "emulator",
        }
    }
}

impl Clocks {
    /// Brings the chip to 168 MHz from a crystal of `crystal_hz`, a whole number of MHz up to 50.
    /// Call it right after a reset.
    #[must_use]
    pub fn start(bus: &mut impl Bus, crystal_hz: u32) -> Self {
        // After every reset of the chip the internal oscillator runs and says so (section 7.3.1).
        if bus.read(RCC_CR) == 0 {
            return Self::full(Source::Emulated);
        }
        bus.set(RCC_APB1ENR, APB1ENR_PWR);
        // A peripheral answers two clocks after it was enabled (section 7.2.13).
        let _ = bus.read(RCC_APB1ENR);
        bus.set(PWR_CR, CR_VOS);
        bus.set(RCC_CR, CR_HSEON);
        let (source, hz) = if bus.wait(RCC_CR, CR_HSERDY, CR_HSERDY) {
            (Source::Crystal, crystal_hz)
        } else {
            (Source::Internal, INTERNAL_HZ)
        };
        if Self::switch_to_pll(bus, source, hz) { Self::full(source) } else { Self::slow() }
    }

    fn full(source: Source) -> Self {
        Self { core: FULL_HZ, apb2: FULL_HZ / 2, source }
    }

    fn slow() -> Self {
        Self { core: INTERNAL_HZ, apb2: INTERNAL_HZ, source: Source::Unlocked }
    }

    /// Has the core run from the PLL; returns whether it does. If not, nothing but the flash's wait
    /// states is as it does not have to be.
    fn switch_to_pll(bus: &mut impl Bus, source: Source, hz: u32) -> bool {
        let crystal = if source == Source::Crystal { PLLCFGR_SOURCE_HSE } else { 0 };
        // P is 2, which is written as zero.
        let factors = (hz / PLL_COMPARES_HZ) | (PLL_N << 6) | (PLL_Q << 24);
        bus.write(RCC_PLLCFGR, factors | crystal);
        bus.set(RCC_CR, CR_PLLON);
        if !bus.wait(RCC_CR, CR_PLLRDY, CR_PLLRDY) {
            return false;
        }
        // More wait states before the clock is faster, and only once they are known to be there
        // (section 3.5.1).
        bus.write(FLASH_ACR, ACR_LATENCY_168 | ACR_FAST);
        if !bus.wait(FLASH_ACR, ACR_LATENCY, ACR_LATENCY_168) {
            return false;
        }
        bus.change(RCC_CFGR, CFGR_PRESCALERS, CFGR_PRESCALERS_168);
        bus.change(RCC_CFGR, CFGR_SWITCH, CFGR_SWITCH_PLL);
        if bus.wait(RCC_CFGR, CFGR_STATUS, CFGR_STATUS_PLL) {
            return true;
        }
        bus.change(RCC_CFGR, CFGR_SWITCH | CFGR_PRESCALERS, 0);
        false
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::bus::record::Record;

    const CRYSTAL: u32 = 25_000_000;
    /// The internal oscillator runs and says so (RM0090, section 7.3.1, "Reset value").
    const RCC_CR_RESET: u32 = 0x83;

    fn chip(reaction: crate::bus::record::Reaction) -> Record {
        let mut record = Record::new(reaction);
        record.registers.insert(RCC_CR, RCC_CR_RESET);
        record
    }

    /// A chip whose oscillators all work.
    fn works(registers: &mut BTreeMap<u32, u32>, address: u32, value: u32) {
        dead_crystal(registers, address, value);
        if address == RCC_CR && value & CR_HSEON != 0 {
            *registers.get_mut(&RCC_CR).unwrap() |= CR_HSERDY;
        }
    }

    fn dead_crystal(registers: &mut BTreeMap<u32, u32>, address: u32, value: u32) {
        if address == RCC_CR && value & CR_PLLON != 0 {
            *registers.get_mut(&RCC_CR).unwrap() |= CR_PLLRDY;
        }
        if address == RCC_CFGR {
            registers.insert(RCC_CFGR, value & !CFGR_STATUS | (value & CFGR_SWITCH) << 2);
        }
    }

    fn nothing(_: &mut BTreeMap<u32, u32>, _: u32, _: u32) {}

    #[test]
    fn the_crystal_brings_the_core_to_168_mhz() {
        let mut bus = chip(works);
        let clocks = Clocks::start(&mut bus, CRYSTAL);
        let expected = Clocks { core: 168_000_000, apb2: 84_000_000, source: Source::Crystal };
        assert_eq!(clocks, expected);
        // M 25, N 336, P 2, Q 7: 25 MHz / 25 * 336 / 2.
        let factors = 25 | 336 << 6 | 7 << 24 | 1 << 22;
        let switched = bus.registers[&RCC_CFGR] & !CFGR_STATUS;
        assert_eq!(switched, CFGR_PRESCALERS_168 | CFGR_SWITCH_PLL);
        let order = bus.places(&[
            (PWR_CR, CR_VOS),
            (RCC_CR, RCC_CR_RESET | CR_HSEON),
            (RCC_PLLCFGR, factors),
            (RCC_CR, RCC_CR_RESET | CR_HSEON | CR_HSERDY | CR_PLLON),
            (FLASH_ACR, 0x705),
            (RCC_CFGR, switched),
        ]);
        assert!(order.is_sorted(), "{order:?}");
        // The power controller has no clock before that.
        assert_eq!(bus.written[0], (RCC_APB1ENR, APB1ENR_PWR));
    }

    #[test]
    fn without_a_crystal_the_internal_oscillator_drives_the_pll() {
        let mut bus = chip(dead_crystal);
        let clocks = Clocks::start(&mut bus, CRYSTAL);
        assert_eq!((clocks.core, clocks.source), (168_000_000, Source::Internal));
        // M 16, and no bit for the crystal.
        assert_eq!(bus.registers[&RCC_PLLCFGR], 16 | 336 << 6 | 7 << 24);
    }

    #[test]
    fn without_a_pll_the_chip_stays_as_it_was_and_no_wait_lasts_for_ever() {
        let mut bus = chip(nothing);
        let clocks = Clocks::start(&mut bus, CRYSTAL);
        assert_eq!((clocks.core, clocks.apb2), (16_000_000, 16_000_000));
        assert_eq!(clocks.source, Source::Unlocked);
        assert!(!bus.written.iter().any(|(address, _)| *address == RCC_CFGR));
        assert!(bus.reads < 250_000, "{}", bus.reads);
    }

    #[test]
    fn a_switch_that_does_not_happen_is_taken_back() {
        fn sticks(registers: &mut BTreeMap<u32, u32>, address: u32, value: u32) {
            if address != RCC_CFGR {
                works(registers, address, value);
            }
        }
        let mut bus = chip(sticks);
        assert_eq!(Clocks::start(&mut bus, CRYSTAL).source, Source::Unlocked);
        assert_eq!(bus.registers[&RCC_CFGR], 0);
    }

    #[test]
    fn an_emulator_is_known_by_its_silent_clock_tree_and_left_alone() {
        let mut bus = Record::new(nothing);
        let clocks = Clocks::start(&mut bus, CRYSTAL);
        assert_eq!((clocks.core, clocks.source), (168_000_000, Source::Emulated));
        assert!(bus.written.is_empty());
        assert_eq!(bus.reads, 1);
    }
}
