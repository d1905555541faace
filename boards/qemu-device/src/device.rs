//! What the registers do: the state between the emulated core and the socket threads.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
use std::sync::{Mutex, PoisonError};

use quintet_qemu_support::Ring;
use quintet_qemu_support::registers::{
    CONTROL, CONTROL_RX_INTERRUPT, COUNT_HIGH, COUNT_LOW, DIAGNOSTIC, FEATURE_COUNTER,
    FEATURE_LINK, FEATURES, IDENTIFICATION, MAGIC, RX_BYTE, RX_COUNT, RX_WORD, TX_BYTE, TX_FLUSH,
    TX_SPACE, TX_WORD,
};

use crate::signal::Signal;

/// Bytes that each direction holds between core and socket.
pub const RING_BYTES: usize = 1 << 18;

/// Free space from which the socket's reader is woken: often enough to keep the ring filled, seldom
/// enough that waking costs nothing.
const WAKE_READER_SPACE: usize = RING_BYTES / 4;

/// A diagnostic line is printed in pieces of at most this.
const LINE_BYTES: usize = 1024;

/// Instructions executed; added to by the translated code itself.
pub static COUNT: AtomicU64 = AtomicU64::new(0);

/// The one device of this process.
pub static DEVICE: Device = Device::new();

/// The device's state. Register accesses come from the one virtual core under QEMU's lock, ring
/// ends and signals are shared with the socket threads.
pub struct Device {
    /// From the host to the core.
    pub received: Ring<RING_BYTES>,
    /// From the core to the host.
    pub sent: Ring<RING_BYTES>,
    /// Whether there is a socket at all.
    pub has_link: AtomicBool,
    /// Whether a client is connected; without one, sent bytes are dropped.
    pub connected: AtomicBool,
    /// Wakes the socket's reader: there is space in `received`.
    pub space_to_receive: Signal,
    /// Wakes the socket's writer: there are bytes in `sent`, or the client has gone.
    pub something_to_send: Signal,
    rx_interrupt: AtomicBool,
    count_high: AtomicU32,
    line: Mutex<Vec<u8>>,
}

impl Device {
    const fn new() -> Self {
        Self {
            received: Ring::new(),
            sent: Ring::new(),
            has_link: AtomicBool::new(false),
            connected: AtomicBool::new(false),
            space_to_receive: Signal::new(),
            something_to_send: Signal::new(),
            rx_interrupt: AtomicBool::new(false),
            count_high: AtomicU32::new(0),
            line: Mutex::new(Vec::new()),
        }
    }

    /// Whether the core asked for an interrupt on received bytes.
    pub fn wants_interrupt(&self) -> bool {
        self.rx_interrupt.load(Ordering::Relaxed)
    }

    /// The interrupt line's level.
    pub fn interrupt_level(&self) -> bool {
        fence(Ordering::SeqCst);
        self.wants_interrupt() && !self.received.is_empty()
    }

    /// A read by the core.
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            IDENTIFICATION => MAGIC,
            FEATURES if self.has_link.load(Ordering::Relaxed) => FEATURE_COUNTER | FEATURE_LINK,
            FEATURES => FEATURE_COUNTER,
            RX_COUNT => self.rx_count(),
            RX_WORD => self.take::<4>().map_or(0, u32::from_le_bytes),
            RX_BYTE => self.take::<1>().map_or(0, |[byte]| byte.into()),
            TX_SPACE => self.sent.space() as u32,
            CONTROL if self.wants_interrupt() => CONTROL_RX_INTERRUPT,
            COUNT_LOW => {
                let count = COUNT.load(Ordering::Relaxed);
                self.count_high.store((count >> 32) as u32, Ordering::Relaxed);
                count as u32
            }
            COUNT_HIGH => self.count_high.load(Ordering::Relaxed),
            _ => 0,
        }
    }

    /// A write by the core.
    pub fn write(&self, offset: u32, value: u32) {
        match offset {
            TX_WORD => self.send(value.to_le_bytes()),
            TX_BYTE => self.send([value as u8]),
            TX_FLUSH => self.something_to_send.notify(),
            CONTROL => {
                self.rx_interrupt.store(value & CONTROL_RX_INTERRUPT != 0, Ordering::Relaxed);
            }
            DIAGNOSTIC => self.diagnose(value as u8),
            _ => {}
        }
    }

    fn rx_count(&self) -> u32 {
        let count = self.received.len();
        if RING_BYTES - count >= WAKE_READER_SPACE {
            self.space_to_receive.notify();
        }
        count as u32
    }

    fn take<const COUNT: usize>(&self) -> Option<[u8; COUNT]> {
        let mut bytes = [0; COUNT];
        (self.received.len() >= COUNT && self.received.pop(&mut bytes) == COUNT).then_some(bytes)
    }

    fn send<const COUNT: usize>(&self, bytes: [u8; COUNT]) {
        if self.connected.load(Ordering::Relaxed) && self.sent.space() >= COUNT {
            self.sent.push(&bytes);
        }
    }

    fn diagnose(&self, byte: u8) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if byte != b'\n' {
            line.push(byte);
        }
        if byte == b'\n' || line.len() >= LINE_BYTES {
            crate::say(format_args!("{}", String::from_utf8_lossy(&line)));
            line.clear();
        }
    }
}
