//! A host and a controller in memory: one buffer for each endpoint, as small controllers have.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use quintet_usb_serial::{Rings, UsbSerial};
use usb_device::bus::{PollResult, UsbBus, UsbBusAllocator};
use usb_device::endpoint::{EndpointAddress, EndpointType};
use usb_device::{Result, UsbDirection, UsbError};

/// The port's bulk endpoints: the class allocates the one for notifications first.
const BULK_OUT: usize = 1;
const BULK_IN: usize = 2;

/// What is on the wire and in the controller's buffers.
#[derive(Default)]
struct Wire {
    reset: bool,
    suspend: bool,
    resume: bool,
    setup: Option<[u8; 8]>,
    /// Packets from the host that were not read yet, by endpoint.
    out: BTreeMap<usize, Vec<u8>>,
    /// Packets for the host that were not fetched yet, by endpoint.
    input: BTreeMap<usize, Vec<u8>>,
    /// Endpoints whose packet was fetched since the last poll, a bit each.
    fetched: u16,
    endpoints: [usize; 2],
}

/// The controller.
#[derive(Clone, Default)]
pub struct Bus(Arc<Mutex<Wire>>);

impl Bus {
    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap()
    }
}

impl UsbBus for Bus {
    fn alloc_ep(
        &mut self,
        direction: UsbDirection,
        address: Option<EndpointAddress>,
        kind: EndpointType,
        _packet_bytes: u16,
        _interval: u8,
    ) -> Result<EndpointAddress> {
        if let Some(address) = address.filter(|_| kind == EndpointType::Control) {
            return Ok(address);
        }
        let next = &mut self.wire().endpoints[usize::from(direction == UsbDirection::In)];
        *next += 1;
        Ok(EndpointAddress::from_parts(*next, direction))
    }

    fn enable(&mut self) {}

    fn reset(&self) {
        let mut wire = self.wire();
        let endpoints = wire.endpoints;
        *wire = Wire { endpoints, ..Wire::default() };
    }

    fn set_device_address(&self, _address: u8) {}

    fn write(&self, address: EndpointAddress, bytes: &[u8]) -> Result<usize> {
        let mut wire = self.wire();
        if wire.input.contains_key(&address.index()) {
            return Err(UsbError::WouldBlock);
        }
        wire.input.insert(address.index(), bytes.to_vec());
        Ok(bytes.len())
    }

    fn read(&self, address: EndpointAddress, buffer: &mut [u8]) -> Result<usize> {
        let mut wire = self.wire();
        let setup = (address.index() == 0).then(|| wire.setup.take()).flatten();
        let packet = setup.map(|setup| setup.to_vec());
        let packet = packet.or_else(|| wire.out.remove(&address.index()));
        let packet = packet.ok_or(UsbError::WouldBlock)?;
        buffer[..packet.len()].copy_from_slice(&packet);
        Ok(packet.len())
    }

    fn set_stalled(&self, _address: EndpointAddress, stalled: bool) {
        assert!(!stalled, "a request was refused");
    }

    fn is_stalled(&self, _address: EndpointAddress) -> bool {
        false
    }

    fn suspend(&self) {}

    fn resume(&self) {}

    fn poll(&self) -> PollResult {
        let mut wire = self.wire();
        if wire.reset {
            return PollResult::Reset;
        }
        if std::mem::take(&mut wire.suspend) {
            return PollResult::Suspend;
        }
        if std::mem::take(&mut wire.resume) {
            return PollResult::Resume;
        }
        let ep_out = wire.out.keys().fold(0, |bits, endpoint| bits | 1 << endpoint);
        let ep_in_complete = std::mem::take(&mut wire.fetched);
        let ep_setup = u16::from(wire.setup.is_some());
        if ep_out | ep_in_complete | ep_setup == 0 {
            return PollResult::None;
        }
        PollResult::Data { ep_out, ep_in_complete, ep_setup }
    }
}

/// A port on a controller in memory, and that controller.
pub fn port(product: &'static str, number: &'static str) -> (UsbSerial<'static, Bus>, Bus) {
    let bus = Bus::default();
    let allocator = Box::leak(Box::new(UsbBusAllocator::new(bus.clone())));
    let rings = Box::leak(Box::new(Rings::new()));
    (UsbSerial::new(allocator, rings, product, number), bus)
}

/// A host, and the port that it speaks with, whose interrupt it is.
pub struct Host<'a> {
    /// The port.
    pub serial: &'a mut UsbSerial<'static, Bus>,
    bus: Bus,
}

impl<'a> Host<'a> {
    /// Plugs the port in.
    pub fn new(serial: &'a mut UsbSerial<'static, Bus>, bus: Bus) -> Self {
        Self { serial, bus }
    }

    /// Resets the bus.
    pub fn reset(&mut self) {
        self.bus.wire().reset = true;
        self.serial.service();
    }

    /// Lets the bus sleep.
    pub fn suspend(&mut self) {
        self.bus.wire().suspend = true;
        self.serial.service();
    }

    /// Wakes the bus.
    pub fn resume(&mut self) {
        self.bus.wire().resume = true;
        self.serial.service();
    }

    /// Resets the bus, gives the device an address and its configuration (USB 2.0, section 9.4).
    pub fn enumerate(&mut self) {
        self.reset();
        self.order([0x00, 5, 1, 0, 0, 0, 0, 0]);
        assert_eq!(self.ask([0x80, 6, 0, 1, 0, 0, 18, 0])[8..12], [0xc0, 0x16, 0xdd, 0x27]);
        self.order([0x00, 9, 1, 0, 0, 0, 0, 0]);
    }

    /// A text of the device's, by number.
    pub fn text(&mut self, number: u8) -> String {
        let descriptor = self.ask([0x80, 6, number, 3, 0x09, 0x04, 255, 0]);
        let units = descriptor[2..].chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        char::decode_utf16(units).map(std::result::Result::unwrap).collect()
    }

    /// Sends a packet to the port; false if its buffer is not free.
    pub fn send(&mut self, packet: &[u8]) -> bool {
        let free = !self.bus.wire().out.contains_key(&BULK_OUT);
        if free {
            self.bus.wire().out.insert(BULK_OUT, packet.to_vec());
            self.serial.service();
        }
        free
    }

    /// Fetches a packet from the port, if there is one.
    pub fn fetch(&mut self) -> Option<Vec<u8>> {
        self.fetch_from(BULK_IN)
    }

    fn fetch_from(&mut self, endpoint: usize) -> Option<Vec<u8>> {
        let mut wire = self.bus.wire();
        let packet = wire.input.remove(&endpoint)?;
        wire.fetched |= 1 << endpoint;
        drop(wire);
        self.serial.service();
        Some(packet)
    }

    /// A request with an answer.
    fn ask(&mut self, setup: [u8; 8]) -> Vec<u8> {
        self.bus.wire().setup = Some(setup);
        self.serial.service();
        let mut answer = Vec::new();
        loop {
            let packet = self.fetch_from(0).expect("no answer");
            answer.extend(&packet);
            if packet.len() < 64 || answer.len() >= usize::from(setup[6]) {
                break;
            }
        }
        self.bus.wire().out.insert(0, Vec::new());
        self.serial.service();
        answer
    }

    /// A request without data.
    fn order(&mut self, setup: [u8; 8]) {
        self.bus.wire().setup = Some(setup);
        self.serial.service();
        assert_eq!(self.fetch_from(0), Some(vec![]), "not acknowledged");
    }
}
