//! The link: a serial port on the RP2350's own USB device, served by its interrupt.

use core::cell::RefCell;
use core::mem::MaybeUninit;

use critical_section::Mutex;
use hal::clocks::UsbClock;
use hal::pac;
use hal::usb::UsbBus;
use quintet_usb_serial::{Rings, UsbSerial};
use rp235x_hal as hal;
use usb_device::bus::UsbBusAllocator;

use crate::{BOARD, identity};

static SERIAL: Mutex<RefCell<Option<UsbSerial<'static, UsbBus>>>> = Mutex::new(RefCell::new(None));

/// The serial port, once it is there.
pub struct Port(());

/// Lets the host see the port. Called once.
pub fn start(
    controller: pac::USB,
    memory: pac::USB_DPRAM,
    clock: UsbClock,
    resets: &mut pac::RESETS,
) -> Port {
    static RINGS: Rings = Rings::new();
    static mut ALLOCATOR: MaybeUninit<UsbBusAllocator<UsbBus>> = MaybeUninit::uninit();
    static mut NUMBER: [u8; identity::DIGITS] = [0; identity::DIGITS];
    // The board has no way to see the bus's power, so that it is always taken to be there.
    let bus = UsbBus::new(controller, memory, clock, true, resets);
    let (allocator, number) = (&raw mut ALLOCATOR, &raw mut NUMBER);
    // SAFETY: `main` calls this once, so these are the only references to them.
    let (allocator, number) = unsafe { (&mut *allocator, &mut *number) };
    *number = identity::serial();
    let number = str::from_utf8(number).unwrap_or_default();
    let serial = UsbSerial::new(allocator.write(UsbBusAllocator::new(bus)), &RINGS, BOARD, number);
    critical_section::with(|section| SERIAL.replace(section, Some(serial)));
    // SAFETY: outside of critical sections, and the handler waits for the end of any.
    unsafe {
        hal::arch::interrupt_unmask(pac::Interrupt::USBCTRL_IRQ);
        hal::arch::interrupt_enable();
    }
    Port(())
}

/// Does something with the port while its interrupt is held back.
fn with<R>(act: impl FnOnce(&mut UsbSerial<'static, UsbBus>) -> R) -> Option<R> {
    critical_section::with(|section| SERIAL.borrow_ref_mut(section).as_mut().map(act))
}

impl Port {
    /// Whether there are bytes to read.
    pub fn has_received(&self) -> bool {
        with(|serial| serial.has_received()).unwrap_or_default()
    }
}

impl quintet_firmware::Port for Port {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        with(|serial| {
            let was_full = serial.is_full();
            let count = serial.read(buffer);
            if was_full && !serial.is_full() {
                // SAFETY: in the critical section, whose end the handler waits for.
                unsafe { hal::arch::interrupt_unmask(pac::Interrupt::USBCTRL_IRQ) };
            }
            count
        })
        .unwrap_or_default()
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        with(|serial| serial.write(bytes)).unwrap_or_default()
    }
}

/// The controller's interrupt.
// For its calling convention see `TIMER0_IRQ_0`.
#[unsafe(no_mangle)]
#[allow(non_snake_case)]
fn USBCTRL_IRQ() {
    with(|serial| {
        serial.service();
        if serial.is_full() {
            // A packet that waits for room keeps the interrupt raised: until bytes are read.
            hal::arch::interrupt_mask(pac::Interrupt::USBCTRL_IRQ);
        }
    });
}
