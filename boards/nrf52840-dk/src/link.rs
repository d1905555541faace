//! The link: UARTE 0 through the probe's serial port, both ways by DMA, with flow control.
//!
//! Two DMA buffers take turns while a timer counts bytes; see `embassy_nrf::buffered_uarte`.

use cortex_m::singleton;
use embassy_nrf::buffered_uarte::{BufferedUarte, BufferedUarteRx, BufferedUarteTx};
use embassy_nrf::peripherals::{
    P0_05, P0_06, P0_07, P0_08, PPI_CH0, PPI_CH1, PPI_GROUP0, TIMER1, UARTE0,
};
use embassy_nrf::uarte::{Baudrate, Config};
use embassy_nrf::{Peri, bind_interrupts, buffered_uarte};
use quintet_embassy_support::EmbassyPort;

/// Bytes that may wait for the main loop: 80 ms.
const RECEIVE_BYTES: usize = 8192;
/// Bytes that may wait for the line: 20 ms.
const TRANSMIT_BYTES: usize = 2048;
/// Wire bytes that a driver may have under way. The DMA needs half of the ring free to go on, and
/// there is room for acknowledgements; so no byte is lost even without flow control.
pub const WINDOW: u32 = RECEIVE_BYTES as u32 / 2 - 256;

/// The fastest that there is (nRF52840 PS, `UARTE.BAUDRATE`), as in `board.toml`.
const BAUD: Baudrate = Baudrate::Baud1m;

bind_interrupts!(struct Handlers {
    UARTE0 => buffered_uarte::InterruptHandler<UARTE0>;
});

/// What the link is.
pub type Link = EmbassyPort<BufferedUarteRx<'static>, BufferedUarteTx<'static>>;

/// The pins to the probe (nRF52840-DK user guide, "Virtual serial port").
pub struct Pins {
    /// To the chip.
    pub rxd: Peri<'static, P0_08>,
    /// From the chip.
    pub txd: Peri<'static, P0_06>,
    /// High holds the chip back.
    pub cts: Peri<'static, P0_07>,
    /// High holds the probe back.
    pub rts: Peri<'static, P0_05>,
}

/// Starts the serial port: 8 data bits, no parity, 1 stop bit.
pub fn start(
    uarte: Peri<'static, UARTE0>,
    counter: Peri<'static, TIMER1>,
    (first, second, group): (
        Peri<'static, PPI_CH0>,
        Peri<'static, PPI_CH1>,
        Peri<'static, PPI_GROUP0>,
    ),
    pins: Pins,
) -> Link {
    let received = singleton!(: [u8; RECEIVE_BYTES] = [0; RECEIVE_BYTES]).expect("a port each");
    let to_send = singleton!(: [u8; TRANSMIT_BYTES] = [0; TRANSMIT_BYTES]).expect("a port each");
    let mut config = Config::default();
    config.baudrate = BAUD;
    let uarte = BufferedUarte::new_with_rtscts(
        uarte, counter, first, second, group, pins.rxd, pins.txd, pins.cts, pins.rts, Handlers,
        config, received, to_send,
    );
    let (receiver, transmitter) = uarte.split();
    EmbassyPort::new(receiver, transmitter)
}
