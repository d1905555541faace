//! Pins: a light, and a pin's way to a peripheral.

use crate::bus::Bus;

/// RCC AHB1 peripheral clock enable register (RM0090, section 7.3.10); port A is bit 0.
const RCC_AHB1ENR: u32 = 0x4002_3830;
/// Port A; the others follow (section 2.3, table 1).
const GPIO: u32 = 0x4002_0000;
const PORT_STEP: u32 = 0x400;
/// Two bits a pin (section 8.4.1): 1 output, 2 alternate function.
const MODER: u32 = 0x00;
/// Two bits a pin (section 8.4.4): 1 pull-up.
const PUPDR: u32 = 0x0c;
/// Bit n sets, bit n + 16 clears pin n (section 8.4.7).
const BSRR: u32 = 0x18;
/// Four bits a pin, pins 0 to 7, then 8 to 15 (sections 8.4.9 and 8.4.10).
const AFRL: u32 = 0x20;

/// A pin: its port, 0 for A, and its number, 0 to 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// 0 for A.
    pub port: u8,
    /// 0 to 15.
    pub number: u8,
}

impl Pin {
    /// Makes it an output.
    pub fn output(self, bus: &mut impl Bus) {
        self.power(bus);
        self.two_bits(bus, MODER, 1);
    }

    /// Drives the output.
    pub fn drive(self, bus: &mut impl Bus, high: bool) {
        let bit = if high { self.number } else { self.number + 16 };
        bus.write(self.base() + BSRR, 1 << bit);
    }

    /// Connects it to a peripheral, pulled up, so that an open line is idle.
    pub fn alternate(self, bus: &mut impl Bus, function: u32) {
        self.power(bus);
        let (word, shift) = (u32::from(self.number) / 8 * 4, u32::from(self.number) % 8 * 4);
        bus.change(self.base() + AFRL + word, 0b1111 << shift, function << shift);
        self.two_bits(bus, PUPDR, 1);
        // Last, so that the pin is never another peripheral's.
        self.two_bits(bus, MODER, 2);
    }

    fn power(self, bus: &mut impl Bus) {
        bus.set(RCC_AHB1ENR, 1 << self.port);
        // A peripheral answers two clocks after it was enabled (section 7.2.13).
        let _ = bus.read(RCC_AHB1ENR);
    }

    fn two_bits(self, bus: &mut impl Bus, register: u32, value: u32) {
        let shift = 2 * u32::from(self.number);
        bus.change(self.base() + register, 0b11 << shift, value << shift);
    }

    fn base(self) -> u32 {
        GPIO + PORT_STEP * u32::from(self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::record::Record;

    #[test]
    fn a_pin_is_connected_without_touching_its_neighbours() {
        let mut bus = Record::new(|_, _, _| ());
        let gpioc = 0x4002_0800;
        // Every other pin's bits are ones.
        for register in [MODER, PUPDR, AFRL] {
            bus.registers.insert(gpioc + register, u32::MAX);
        }
        Pin { port: 2, number: 7 }.alternate(&mut bus, 8);
        assert_eq!(bus.written[0], (RCC_AHB1ENR, 1 << 2));
        assert_eq!(bus.registers[&(gpioc + AFRL)], 0x8fff_ffff);
        assert_eq!(bus.registers[&(gpioc + PUPDR)], 0xffff_7fff);
        assert_eq!(bus.registers[&(gpioc + MODER)], 0xffff_bfff);
    }

    #[test]
    fn the_debugger_keeps_its_pins_when_the_light_gets_one() {
        let mut bus = Record::new(|_, _, _| ());
        // Pins 13 to 15 of port A (section 8.4.1, "Reset values").
        bus.registers.insert(GPIO, 0xa800_0000);
        let led = Pin { port: 0, number: 10 };
        led.output(&mut bus);
        assert_eq!(bus.registers[&GPIO], 0xa810_0000);
        led.drive(&mut bus, true);
        led.drive(&mut bus, false);
        assert_eq!(bus.written[2..], [(GPIO + BSRR, 1 << 10), (GPIO + BSRR, 1 << 26)]);
    }
}
