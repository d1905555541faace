//! The link: the serial port of the chip's USB-Serial/JTAG controller (ESP32-C3 technical reference
//! manual, chapter 30), served by its interrupt.
//!
//! The controller enumerates by itself. It holds one packet each way and has the host try again
//! while there is no room, so that no byte is lost; what the host does not fetch stays in a ring.

use esp_hal::handler;
use esp_hal::peripherals::USB_DEVICE;
use esp_hal::usb::usb_serial_jtag::UsbSerialJtag;
use quintet_firmware::Ring;

/// Bytes that wait for the main loop: 4 ms of a full-speed bus, as long as a step of a run takes.
const RECEIVE_BYTES: usize = 4096;
/// Bytes that wait for the host: two of the longest frames.
const SEND_BYTES: usize = 4096;
/// Wire bytes that a driver may have under way. What does not fit the ring waits at the host.
pub const WINDOW: u32 = 12 << 10;
/// Bytes of a packet. One of 64 would not end the transfer, and the host would wait for more.
const PACKET_BYTES: usize = 63;

static RECEIVED: Ring<RECEIVE_BYTES> = Ring::new();
static QUEUED: Ring<SEND_BYTES> = Ring::new();

/// The serial port, once it is there.
pub struct Port(());

/// Starts the port.
pub fn start(controller: USB_DEVICE<'static>) -> Port {
    let mut controller = UsbSerialJtag::new(controller);
    controller.set_interrupt_handler(on_interrupt);
    controller.listen_rx_packet_recv_interrupt();
    Port(())
}

impl Port {
    /// Whether there are bytes to read.
    pub fn has_received(&self) -> bool {
        !RECEIVED.is_empty()
    }
}

impl quintet_firmware::Port for Port {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = RECEIVED.pop(buffer);
        if count > 0 {
            // A packet that had no room has raised its interrupt already.
            critical_section::with(|_| take());
        }
        count
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let count = QUEUED.push(bytes);
        if count > 0 {
            critical_section::with(|_| send());
        }
        count
    }
}

#[handler]
fn on_interrupt() {
    critical_section::with(|_| {
        USB_DEVICE::regs().int_clr().write(|clear| {
            clear.serial_out_recv_pkt().clear_bit_by_one();
            clear.serial_in_empty().clear_bit_by_one()
        });
        take();
        send();
    });
}

/// Takes bytes from the controller while there is room.
fn take() {
    let controller = USB_DEVICE::regs();
    while RECEIVED.space() > 0
        && controller.ep1_conf().read().serial_out_ep_data_avail().bit_is_set()
    {
        RECEIVED.push(&[controller.ep1().read().rdwr_byte().bits()]);
    }
}

/// Gives the controller a packet, if it has sent the one before; its interrupt then asks for more.
fn send() {
    let controller = USB_DEVICE::regs();
    if controller.ep1_conf().read().serial_in_ep_data_free().bit_is_clear() {
        return;
    }
    let mut packet = [0; PACKET_BYTES];
    let count = QUEUED.pop(&mut packet);
    for &byte in packet.get(..count).unwrap_or_default() {
        // SAFETY: any byte can be sent.
        controller.ep1().write(|to| unsafe { to.rdwr_byte().bits(byte) });
    }
    if count > 0 {
        controller.ep1_conf().modify(|_, to| to.wr_done().set_bit());
    }
    // Empty with nothing to send, it would interrupt for ever.
    controller.int_ena().modify(|_, enable| enable.serial_in_empty().bit(count > 0));
}

/// Ends a frame that a fault cut off, if the controller takes a byte.
pub fn end_frame() {
    let controller = USB_DEVICE::regs();
    if controller.ep1_conf().read().serial_in_ep_data_free().bit_is_set() {
        // SAFETY: any byte can be sent.
        controller.ep1().write(|to| unsafe { to.rdwr_byte().bits(0) });
        controller.ep1_conf().modify(|_, to| to.wr_done().set_bit());
    }
}
