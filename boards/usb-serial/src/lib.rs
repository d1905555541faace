//! A serial port to the host over any USB device controller that `usb-device` drives (USB class
//! definitions for communication devices 1.2, abstract control model).
//!
//! Nothing here waits. A packet for which there is no room stays in the controller, which has the
//! host try again, so that no byte is lost; what the host does not fetch stays in a ring.
#![no_std]

use quintet_firmware::Ring;
use usb_device::bus::{UsbBus, UsbBusAllocator};
use usb_device::device::{
    StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbDeviceState, UsbVidPid,
};
use usbd_serial::{CdcAcmClass, USB_CLASS_CDC};

/// Longest packet of a bulk endpoint at full speed, in bytes (USB 2.0, section 5.8.3).
pub const PACKET_BYTES: usize = 64;
/// Bytes that wait for the main loop: 4 ms of a full-speed bus, as long as a step of a run takes.
const RECEIVE_BYTES: usize = 4096;
/// Bytes that wait for the host: two of the longest frames.
const SEND_BYTES: usize = 4096;
/// Wire bytes that a driver may have under way. What does not fit the ring waits at the host.
pub const WINDOW: u32 = 12 << 10;

/// Vendor and product that V-USB shares out for ports of this class (its `USB-IDs-for-free.txt`);
/// ports are told apart by their texts.
const SHARED_ID: UsbVidPid = UsbVidPid(0x16c0, 0x27dd);
/// Packet size of the control endpoint: the longest, which `rp235x-hal` asks for.
const CONTROL_PACKET_BYTES: u8 = 64;

/// Bytes on their way; a board keeps one in a `static`.
pub struct Rings {
    received: Ring<RECEIVE_BYTES>,
    queued: Ring<SEND_BYTES>,
}

impl Rings {
    /// Empty ones.
    #[must_use]
    pub const fn new() -> Self {
        Self { received: Ring::new(), queued: Ring::new() }
    }
}

impl Default for Rings {
    fn default() -> Self {
        Self::new()
    }
}

/// The port. Call [`UsbSerial::service`] from the controller's interrupt.
pub struct UsbSerial<'a, B: UsbBus> {
    device: UsbDevice<'a, B>,
    class: CdcAcmClass<'a, B>,
    rings: &'a Rings,
    /// The packet that is to be sent next, which the controller has not taken yet.
    packet: [u8; PACKET_BYTES],
    /// Its length; zero when there is none.
    staged: usize,
    /// The host waits for more: a transfer ends with a packet that is not full (USB 2.0, section
    /// 5.8.3), an empty one if need be.
    unended: bool,
}

impl<'a, B: UsbBus> UsbSerial<'a, B> {
    /// Makes the port and lets the host see it. `product` and `serial` tell it from others.
    ///
    /// # Panics
    ///
    /// If the controller has no endpoints left: only when it is given to something else too.
    pub fn new(
        bus: &'a UsbBusAllocator<B>,
        rings: &'a Rings,
        product: &'a str,
        serial: &'a str,
    ) -> Self {
        let class = CdcAcmClass::new(bus, PACKET_BYTES as u16);
        let texts = StringDescriptors::default().manufacturer("Quintet");
        let texts = texts.product(product).serial_number(serial);
        let builder = UsbDeviceBuilder::new(bus, SHARED_ID).device_class(USB_CLASS_CDC);
        let builder = builder.strings(&[texts]).expect("one language");
        let builder = builder.max_packet_size_0(CONTROL_PACKET_BYTES).expect("a legal size");
        Self {
            device: builder.build(),
            class,
            rings,
            packet: [0; PACKET_BYTES],
            staged: 0,
            unended: false,
        }
    }

    /// Serves the controller: enumeration, packets in and out. Once it [is full](Self::is_full),
    /// the controller's interrupt has to wait until bytes were read, since it stays raised.
    pub fn service(&mut self) {
        self.device.poll(&mut [&mut self.class]);
        match self.device.state() {
            UsbDeviceState::Configured => {
                self.take();
                self.send();
            }
            // Unplugged, or the host sleeps: it may go on where it was.
            UsbDeviceState::Suspend => {}
            UsbDeviceState::Default | UsbDeviceState::Addressed => self.forget(),
        }
    }

    /// Takes up to `buffer.len()` received bytes; returns how many.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.rings.received.pop(buffer);
        if self.is_configured() {
            self.take();
        }
        count
    }

    /// Queues up to `bytes.len()` bytes for the host; returns how many, zero without a host.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        if !self.is_configured() {
            return 0;
        }
        let count = self.rings.queued.push(bytes);
        self.send();
        count
    }

    /// Whether there are bytes to read.
    pub fn has_received(&self) -> bool {
        !self.rings.received.is_empty()
    }

    /// Whether the next packet would have no room.
    pub fn is_full(&self) -> bool {
        self.rings.received.space() < PACKET_BYTES
    }

    fn is_configured(&self) -> bool {
        self.device.state() == UsbDeviceState::Configured
    }

    /// Takes packets from the controller while there is room.
    fn take(&mut self) {
        let mut packet = [0; PACKET_BYTES];
        while !self.is_full() {
            // No packet, or one that the controller lost: either way there is nothing to take.
            let Ok(count) = self.class.read_packet(&mut packet) else { return };
            self.rings.received.push(packet.get(..count).unwrap_or_default());
        }
    }

    /// Gives packets to the controller while it takes them.
    fn send(&mut self) {
        loop {
            if self.staged == 0 {
                self.staged = self.rings.queued.pop(&mut self.packet);
            }
            if self.staged == 0 && !self.unended {
                return;
            }
            let packet = self.packet.get(..self.staged).unwrap_or_default();
            if self.class.write_packet(packet).is_err() {
                return;
            }
            self.unended = self.staged == PACKET_BYTES;
            self.staged = 0;
        }
    }

    /// The bus was reset: whatever waited belongs to nobody.
    fn forget(&mut self) {
        self.rings.received.clear();
        self.rings.queued.clear();
        (self.staged, self.unended) = (0, false);
        // A host that sends before it has configured the port would hold the interrupt raised.
        let _ = self.class.read_packet(&mut [0; PACKET_BYTES]);
    }
}
