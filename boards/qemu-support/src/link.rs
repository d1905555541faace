//! The one port that a run of an emulated board uses.

use quintet_firmware::Port;

use crate::bulk::BulkPort;

/// The bulk link when the host asked for it, the UART otherwise; decided once, at boot.
#[derive(Debug)]
pub enum Link<U> {
    /// The emulator device's byte link.
    Bulk(BulkPort),
    /// The machine's own UART.
    Uart(U),
}

impl<U: Port> Port for Link<U> {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        match self {
            Self::Bulk(port) => port.read(buffer),
            Self::Uart(port) => port.read(buffer),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Bulk(port) => port.write(bytes),
            Self::Uart(port) => port.write(bytes),
        }
    }

    fn overruns(&self) -> u32 {
        match self {
            Self::Bulk(port) => port.overruns(),
            Self::Uart(port) => port.overruns(),
        }
    }
}
