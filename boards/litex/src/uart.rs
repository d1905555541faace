//! The UART, receiving by interrupt into a ring.
//!
//! Events are edges: `rx` happens when the receive FIFO stops being empty. Reading a byte leaves it
//! in the FIFO; taking the event away takes it out. So a handler goes on until the FIFO is empty:
//! a byte that comes while there are others makes no event of its own. The FIFO is 16 bytes deep
//! unless the SoC was built with a deeper one, and what comes while it is full is lost without a
//! trace: the link notices.

use quintet_firmware::{Port, Ring};

use crate::csr::Bus;
use crate::{Soc, UartRegisters};

/// Bytes that may wait for the main loop: 355 ms at 115 200 baud.
const RING_BYTES: usize = 4096;
/// Wire bytes that a driver may have under way: the ring, less room for acknowledgements.
pub const WINDOW: u32 = RING_BYTES as u32 - 256;

/// Bits of `ev_pending` and `ev_enable` (LiteX, `litex/soc/cores/uart.py`).
const EVENT_TX: u32 = 1 << 0;
const EVENT_RX: u32 = 1 << 1;

/// Looks at a UART that takes no byte, when a frame has to be ended at all cost: 16 bytes of FIFO
/// at 9 600 baud take 17 ms, and a look takes some ten clocks.
const LOOKS_MAX: u32 = 1 << 20;

/// What handler and main loop share.
#[derive(Default)]
pub struct Line {
    received: Ring<RING_BYTES>,
}

impl Line {
    /// Nothing received.
    #[must_use]
    pub const fn new() -> Self {
        Self { received: Ring::new() }
    }

    /// The handler of the UART's interrupt. A ring that is full makes it deaf: the FIFO keeps what
    /// comes, until the main loop has made room.
    pub fn on_interrupt(&self, bus: &impl Bus, uart: &UartRegisters) {
        while uart.rxempty.read(bus) == 0 {
            if self.received.space() == 0 {
                uart.ev_enable.write(bus, 0);
                return;
            }
            self.received.push(&[uart.rxtx.read(bus) as u8]);
            uart.ev_pending.write(bus, EVENT_RX);
        }
    }
}

/// The UART once it runs.
pub struct Uart<'l, B> {
    bus: B,
    registers: UartRegisters,
    line: &'l Line,
}

impl<'l, B: Bus> Uart<'l, B> {
    /// Throws away what came before, and has every byte from now on interrupt.
    pub fn start(bus: B, soc: &Soc, line: &'l Line) -> Self {
        let registers = soc.uart;
        registers.ev_enable.write(&bus, 0);
        // A line that never rests must not hold this up: as much as the deepest FIFO may hold.
        for _ in 0..RING_BYTES {
            if registers.rxempty.read(&bus) != 0 {
                break;
            }
            registers.ev_pending.write(&bus, EVENT_RX);
        }
        registers.ev_pending.write(&bus, EVENT_TX | EVENT_RX);
        registers.ev_enable.write(&bus, EVENT_RX);
        Self { bus, registers, line }
    }
}

impl<B: Bus> Port for Uart<'_, B> {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.line.received.pop(buffer);
        if count > 0 && self.registers.ev_enable.read(&self.bus) == 0 {
            // The UART does not interrupt now, so this is the only producer.
            self.line.on_interrupt(&self.bus, &self.registers);
            if self.line.received.space() > 0 {
                // What came since made an event, which interrupts at once.
                self.registers.ev_enable.write(&self.bus, EVENT_RX);
            }
        }
        count
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let ready = |_: &&u8| self.registers.txfull.read(&self.bus) == 0;
        let taken = bytes.iter().take_while(ready);
        taken.map(|&byte| self.registers.rxtx.write(&self.bus, byte.into())).count()
    }
}

/// Ends a frame that a fault cut off, whatever state the UART is in.
pub fn end_frame(bus: &impl Bus, uart: &UartRegisters) {
    uart.ev_enable.write(bus, 0);
    if (0..LOOKS_MAX).any(|_| uart.txfull.read(bus) == 0) {
        uart.rxtx.write(bus, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use quintet_firmware::Port;

    use super::{Line, RING_BYTES, Uart, end_frame};
    use crate::model::{Model, SOC};

    /// Hands bytes to the UART, and interrupts the core as long as that is called for.
    fn arrive(model: &Model, line: &Line, bytes: &[u8]) {
        for &byte in bytes {
            model.arrive(byte);
            while model.interrupts() {
                line.on_interrupt(&model, &SOC.uart);
            }
        }
    }

    #[test]
    fn bytes_are_taken_in_their_order_and_old_ones_thrown_away() {
        let (model, line) = (Model::new(16), Line::new());
        b"BIOS".iter().for_each(|&byte| model.arrive(byte));
        let mut uart = Uart::start(&model, &SOC, &line);
        arrive(&model, &line, b"quintet");
        let mut buffer = [0; 4];
        assert_eq!((uart.read(&mut buffer), &buffer), (4, b"quin"));
        assert_eq!((uart.read(&mut buffer), &buffer[..3]), (3, b"tet".as_slice()));
        assert_eq!(uart.read(&mut buffer), 0);
    }

    #[test]
    fn a_byte_that_comes_while_another_is_taken_is_not_left_behind() {
        let (model, line) = (Model::new(16), Line::new());
        let mut uart = Uart::start(&model, &SOC, &line);
        // Each access to a register lets another byte arrive, at every moment of the handler.
        for moment in 0..12 {
            model.arrive_later(moment, b'b');
            model.arrive(b'a');
            while model.interrupts() {
                line.on_interrupt(&&model, &SOC.uart);
            }
            model.run_out();
            while model.interrupts() {
                line.on_interrupt(&&model, &SOC.uart);
            }
            let mut buffer = [0; 8];
            assert_eq!(uart.read(&mut buffer), 2, "moment {moment}");
            assert_eq!(&buffer[..2], b"ab");
        }
    }

    #[test]
    fn a_full_ring_leaves_bytes_in_the_fifo_until_there_is_room() {
        let (model, line) = (Model::new(16), Line::new());
        let mut uart = Uart::start(&model, &SOC, &line);
        let sent: Vec<u8> = (0..RING_BYTES + 10).map(|number| (number % 251) as u8).collect();
        arrive(&model, &line, &sent);
        assert!(!model.interrupts(), "a deaf UART does not interrupt for ever");
        let mut got = vec![0; 100];
        assert_eq!(uart.read(&mut got), 100);
        arrive(&model, &line, b"!");
        let mut rest = vec![0; RING_BYTES];
        let count = uart.read(&mut rest);
        got.extend(&rest[..count]);
        assert_eq!(got, [sent.as_slice(), b"!"].concat());
    }

    #[test]
    fn no_more_is_sent_than_the_fifo_takes() {
        let (model, line) = (Model::new(16), Line::new());
        let mut uart = Uart::start(&model, &SOC, &line);
        assert_eq!(uart.write(&[7; 40]), 16);
        assert_eq!(uart.write(&[8]), 0);
        assert_eq!(model.sent().len(), 16);
        assert_eq!(uart.write(&[8]), 1);
    }

    #[test]
    fn a_uart_that_takes_nothing_does_not_hold_up_a_failure() {
        let model = Model::new(0);
        end_frame(&&model, &SOC.uart);
        assert_eq!(model.sent(), []);
        let model = Model::new(1);
        end_frame(&&model, &SOC.uart);
        assert_eq!(model.sent(), [0]);
    }
}
