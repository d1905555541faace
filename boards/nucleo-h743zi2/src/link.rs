//! The link: USART 3 through the probe's serial port, both ways by DMA.
//!
//! Received bytes go round in a ring without the core's help; the line falling idle interrupts, and
//! ends its sleep.

use embassy_stm32::mode::Async;
use embassy_stm32::peripherals::{DMA1_CH0, DMA1_CH1, PD8, PD9, USART3};
use embassy_stm32::usart::{Config, RingBufferedUartRx, TxDma, Uart, UartTx};
use embassy_stm32::{Peri, bind_interrupts, dma, pac, usart};
use quintet_embassy_support::EmbassyPort;

use crate::memory::{self, Buffers};
use crate::transmitter::Transmitter;

/// Bytes that may wait for the main loop: 178 ms.
pub const RECEIVE_BYTES: usize = 16_384;
/// Wire bytes that a driver may have under way: the ring, less room for acknowledgements.
pub const WINDOW: u32 = RECEIVE_BYTES as u32 - 512;

/// As in `board.toml`. 120 MHz / 130 is 0.16 % off.
const BAUD: u32 = 921_600;

bind_interrupts!(pub struct Handlers {
    USART3 => usart::InterruptHandler<USART3>;
    DMA1_STREAM0 => dma::InterruptHandler<DMA1_CH0>;
    DMA1_STREAM1 => dma::InterruptHandler<DMA1_CH1>;
});

/// What the link is.
pub type Link = EmbassyPort<RingBufferedUartRx<'static>, Transmitter>;

/// The pins to the probe (UM2407, "Virtual COM port").
pub struct Pins {
    /// To the chip.
    pub receive: Peri<'static, PD9>,
    /// From the chip.
    pub transmit: Peri<'static, PD8>,
}

/// Starts the serial port: 8 data bits, no parity, 1 stop bit. [`memory::start`] comes first.
pub fn start(
    usart: Peri<'static, USART3>,
    pins: Pins,
    receive: Peri<'static, DMA1_CH0>,
    transmit: Peri<'static, DMA1_CH1>,
) -> Link {
    let mut config = Config::default();
    config.baudrate = BAUD;
    // A doubtful sample is no reason to stop the ring; the link has checksums.
    config.assume_noise_free = true;
    let request = TxDma::<USART3>::request(&*transmit);
    let uart = Uart::new(usart, pins.receive, pins.transmit, transmit, receive, Handlers, config)
        .expect("the baud rate is one that the clock can make");
    let (unused, receiver): (UartTx<'static, Async>, _) = uart.split();
    // Its pin and clock stay on, while the DMA transfers are our own: its futures would stop one
    // when they are given up.
    core::mem::forget(unused);
    pac::USART3.cr3().modify(|w| w.set_dmat(true));
    let Buffers { received, to_send: [first, second] } =
        memory::take_buffers().expect("there is one link");
    let mut receiver = receiver.into_ring_buffered(received);
    receiver.start_uart();
    EmbassyPort::new(receiver, Transmitter::new(first, second, request))
}
