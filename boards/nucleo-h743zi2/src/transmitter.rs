//! Sending by DMA without waiting: one half of the memory fills while the other is sent.
#![allow(unsafe_code)]

use core::convert::Infallible;
use core::future::poll_fn;
use core::mem::transmute;
use core::task::Poll;

use embassy_stm32::dma::{Channel, Transfer, TransferOptions};
use embassy_stm32::pac;
use embassy_stm32::peripherals::DMA1_CH1;
use embedded_io_async::{ErrorType, Write};

use crate::link::Handlers;

/// Bytes of one half: 22 ms at 921 600 baud.
pub const HALF_BYTES: usize = 2048;

/// One half, in memory that the DMA reaches and no cache holds.
type Half = &'static mut [u8; HALF_BYTES];

/// Sends through USART 3.
pub struct Transmitter {
    /// What is sent, or was.
    sending: Half,
    /// What comes next, as far as `filled`.
    filling: Half,
    filled: usize,
    transfer: Option<Transfer<'static>>,
    /// The DMA multiplexer's input.
    request: u8,
}

impl Transmitter {
    /// A transmitter with nothing to send. The serial port asks the DMA for bytes already, on this
    /// input of the DMA's multiplexer.
    pub fn new(sending: Half, filling: Half, request: u8) -> Self {
        Self { sending, filling, filled: 0, transfer: None, request }
    }

    /// Takes as many bytes as there is room for, and has the DMA go on if it has ended.
    fn push(&mut self, bytes: &[u8]) -> usize {
        let room = &mut self.filling[self.filled..];
        let count = bytes.len().min(room.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.filled += count;
        self.go_on();
        count
    }

    /// Sends what is filled, unless the other half is still being sent.
    fn go_on(&mut self) {
        if self.transfer.as_mut().is_some_and(Transfer::is_running) || self.filled == 0 {
            return;
        }
        // Ended: dropping it only sees that.
        self.transfer = None;
        core::mem::swap(&mut self.sending, &mut self.filling);
        let bytes = &raw const self.sending[..self.filled];
        self.filled = 0;
        // What was written must be in the memory before the DMA reads it.
        cortex_m::asm::dsb();
        // SAFETY: the `UartTx` that took this channel is forgotten, and the transfer before ended.
        let mut channel = Channel::new(unsafe { DMA1_CH1::steal() }, Handlers);
        let to = pac::USART3.tdr().as_ptr().cast::<u8>();
        // SAFETY: the DMA reads `sending`, which lives for ever and is left alone until this ended;
        // the data register takes a byte each time that the port requests one.
        let transfer =
            unsafe { channel.write_raw(self.request, bytes, to, TransferOptions::default()) };
        // SAFETY: a transfer borrows its channel, which is but a number, to keep others from it.
        // There are none.
        self.transfer = Some(unsafe { transmute::<Transfer<'_>, Transfer<'static>>(transfer) });
    }
}

impl ErrorType for Transmitter {
    type Error = Infallible;
}

impl Write for Transmitter {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        // Whoever waits would have to be woken; the boards only poll.
        poll_fn(|_| match self.push(bytes) {
            0 if !bytes.is_empty() => Poll::Pending,
            count => Poll::Ready(Ok(count)),
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        poll_fn(|_| {
            self.go_on();
            let running = self.transfer.as_mut().is_some_and(Transfer::is_running);
            if running { Poll::Pending } else { Poll::Ready(Ok(())) }
        })
        .await
    }
}
