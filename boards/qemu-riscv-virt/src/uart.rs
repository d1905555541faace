//! The 16550A UART of `virt` (TI TL16C550C data sheet, section 8), polled.
//!
//! With a receive trigger of 14 QEMU hands over up to 14 bytes at a time, nine times as fast as
//! one. Polling reads whatever the FIFO holds, so none is left below the trigger; while the core
//! sleeps, the character time-out or the sleep's own end wakes it.

use quintet_firmware::Port;
use quintet_qemu_support::Registers;

/// UART 0 (QEMU, `hw/riscv/virt.c`).
const BASE: usize = 0x1000_0000;

/// Receive buffer and transmit holding register.
const DATA: u32 = 0;
const INTERRUPT_ENABLE: u32 = 1;
const RECEIVED_DATA_INTERRUPT: u8 = 1 << 0;
const FIFO_CONTROL: u32 = 2;
/// FIFOs on and empty, trigger at 14 bytes.
const FIFOS_TRIGGER_14: u8 = 0b1100_0111;
const LINE_CONTROL: u32 = 3;
/// 8 data bits, no parity, 1 stop bit.
const EIGHT_N_ONE: u8 = 0b0000_0011;
const LINE_STATUS: u32 = 5;
const DATA_READY: u8 = 1 << 0;
const TRANSMITTER_EMPTY: u8 = 1 << 5;
/// Bytes that fit once the transmit FIFO is empty.
const FIFO_BYTES: usize = 16;
/// Wire bytes that a driver may have under way. The FIFO is small, but QEMU holds back what does
/// not fit; a real 16550 would want an interrupt and a ring.
pub const WINDOW: u32 = 4096;

/// UART 0 once it runs.
#[derive(Debug)]
pub struct Uart {
    registers: Registers,
}

fn registers() -> Registers {
    // SAFETY: the UART's registers, all of them bytes.
    unsafe { Registers::new(BASE) }
}

impl Uart {
    /// Starts the UART.
    pub fn start() -> Self {
        let registers = registers();
        registers.write_byte(LINE_CONTROL, EIGHT_N_ONE);
        registers.write_byte(FIFO_CONTROL, FIFOS_TRIGGER_14);
        registers.write_byte(INTERRUPT_ENABLE, RECEIVED_DATA_INTERRUPT);
        Self { registers }
    }

    /// Whether there are bytes to read.
    pub fn has_received(&self) -> bool {
        self.registers.read_byte(LINE_STATUS) & DATA_READY != 0
    }
}

impl Port for Uart {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let mut count = 0;
        while count < buffer.len() && self.has_received() {
            buffer[count] = self.registers.read_byte(DATA);
            count += 1;
        }
        count
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        if self.registers.read_byte(LINE_STATUS) & TRANSMITTER_EMPTY == 0 {
            return 0;
        }
        let taken = &bytes[..bytes.len().min(FIFO_BYTES)];
        taken.iter().for_each(|&byte| self.registers.write_byte(DATA, byte));
        taken.len()
    }
}

/// Ends a frame that a fault cut off, whatever state the UART is in.
pub fn end_frame() {
    registers().write_byte(DATA, 0);
}
