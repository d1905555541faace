//! USART6 as the link, without a byte lost while a kernel runs: received by DMA into a ring, or by
//! interrupt into the same ring where there is no DMA; sent by DMA, or byte by byte.

use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering, fence};

use quintet_firmware::Port;

use crate::bus::Bus;
use crate::clocks::{Clocks, Source};
use crate::inbox::Inbox;

/// Bytes that may wait for the main loop: 22 ms at 921 600 baud, and three of the packets that a
/// board with little RAM takes.
const INBOX_BYTES: usize = 2048;
/// Bytes that may wait for the line: 5 ms.
const OUTBOX_BYTES: usize = 512;
/// Wire bytes that a driver may have under way: the ring, less room for acknowledgements.
pub const WINDOW: u32 = INBOX_BYTES as u32 - 256;

/// NVIC interrupt set-enable register of lines 64 to 95 (ARMv7-M, B3.4.4).
const NVIC_ISER2: u32 = 0xe000_e108;
/// NVIC lines (RM0090, section 12.2, table 62).
pub const INTERRUPT: u16 = 71;
/// DMA2 stream 6, which ends a piece that is sent.
pub const INTERRUPT_SENT: u16 = 69;

/// Baud on the PLL's clock, and on the internal oscillator's 16 MHz, of which 921 600 is no part.
const BAUD: u32 = 921_600;
const BAUD_SLOW: u32 = 115_200;

/// RCC AHB1 and APB2 peripheral clock enable registers (sections 7.3.10 and 7.3.14).
const RCC_AHB1ENR: u32 = 0x4002_3830;
const AHB1ENR_DMA2: u32 = 1 << 22;
const RCC_APB2ENR: u32 = 0x4002_3844;
const APB2ENR_USART6: u32 = 1 << 5;

/// USART6 (section 2.3, table 1); registers in section 30.6.
const USART: u32 = 0x4001_1400;
/// Status. Only read: flags are cleared by reading it and then the data register, and QEMU's model
/// takes what is written here for what happened.
const SR: u32 = USART;
const SR_OVERRUN: u32 = 1 << 3;
const SR_RECEIVED: u32 = 1 << 5;
/// All has gone over the line.
const SR_SENT: u32 = 1 << 6;
const SR_SEND_EMPTY: u32 = 1 << 7;
const DR: u32 = USART + 0x04;
/// The clock by sixteen times the baud, in sixteenths, which is the clock by the baud.
const BRR: u32 = USART + 0x08;
/// 8 data bits, no parity, 1 stop bit are zeros.
const CR1: u32 = USART + 0x0c;
const CR1_ENABLED: u32 = 1 << 13 | 1 << 3 | 1 << 2;
const CR1_IDLE_INTERRUPT: u32 = 1 << 4;
const CR1_RECEIVED_INTERRUPT: u32 = 1 << 5;
const CR3: u32 = USART + 0x14;
/// Error interrupts, and DMA both ways.
const CR3_DMA: u32 = 1 << 0 | 1 << 6 | 1 << 7;

/// DMA2 (section 2.3, table 1); registers in section 10.5. USART6 is channel 5 of streams 1 and 6
/// (section 10.3.3, table 43).
const DMA: u32 = 0x4002_6400;
/// Clears the flags of streams 4 to 7; stream 6 has bits 16 to 21, of which 17 is reserved.
const HIFCR: u32 = DMA + 0x0c;
const HIFCR_STREAM_6: u32 = 0x3d << 16;
const RECEIVES: u32 = DMA + 0x10 + 0x18;
const SENDS: u32 = DMA + 0x10 + 0x18 * 6;
/// Of a stream: configuration, items left, peripheral, memory.
const STREAM_CR: u32 = 0x00;
const STREAM_NDTR: u32 = 0x04;
const STREAM_PAR: u32 = 0x08;
const STREAM_M0AR: u32 = 0x0c;
const STREAM_ENABLE: u32 = 1 << 0;
/// Channel 5, memory address counts up.
const STREAM_OURS: u32 = 5 << 25 | 1 << 10;
/// Round and round, before other streams.
const STREAM_RECEIVES: u32 = STREAM_OURS | 1 << 8 | 0b10 << 16;
/// From memory, with an interrupt when all is sent.
const STREAM_SENDS: u32 = STREAM_OURS | 1 << 6 | 1 << 4;

/// What the interrupt handlers, the DMA streams and the main loop share; a board keeps one in a
/// `static`.
pub struct Line {
    inbox: Inbox<INBOX_BYTES>,
    outbox: [AtomicU8; OUTBOX_BYTES],
    overruns: AtomicU32,
    has_dma: AtomicBool,
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

impl Line {
    /// A line that nothing came over.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            inbox: Inbox::new(),
            outbox: [const { AtomicU8::new(0) }; OUTBOX_BYTES],
            overruns: AtomicU32::new(0),
            has_dma: AtomicBool::new(false),
        }
    }

    /// The handler of [`INTERRUPT`].
    pub fn on_interrupt(&self, bus: &mut impl Bus) {
        let status = bus.read(SR);
        if status & SR_OVERRUN != 0 {
            self.overruns.fetch_add(1, Ordering::Relaxed);
        }
        if !self.has_dma.load(Ordering::Relaxed) {
            return self.receive(bus, status);
        }
        // An idle line or an error, which ends a sleep and nothing else. Reading the data register
        // clears them (section 30.6.1). The next byte takes 11 us from the idle flag on, so that it
        // is not there yet, unless interrupts were held back; then the checksum fails.
        let _ = bus.read(DR);
    }

    /// The handler of [`INTERRUPT_SENT`], which ends a sleep and nothing else.
    pub fn on_sent(&self, bus: &mut impl Bus) {
        bus.write(HIFCR, HIFCR_STREAM_6);
    }

    /// Without DMA: takes what is there, and listens no more when there is no room for it.
    fn receive(&self, bus: &mut impl Bus, mut status: u32) {
        while status & SR_RECEIVED != 0 {
            if self.inbox.len() >= INBOX_BYTES as u32 {
                bus.write(CR1, CR1_ENABLED);
                return;
            }
            self.inbox.push(bus.read(DR) as u8);
            status = bus.read(SR);
        }
    }
}

/// USART6 once it runs.
pub struct Serial<'a, B> {
    bus: B,
    line: &'a Line,
    has_dma: bool,
}

impl<'a, B: Bus> Serial<'a, B> {
    /// Starts the port: 921 600 baud, or 115 200 if the PLL does not run; 8N1. Its pins are the
    /// board's business. [`INTERRUPT`] and [`INTERRUPT_SENT`] come from now on; their handlers share
    /// only atomics with the main loop.
    pub fn start(mut bus: B, line: &'a Line, clocks: Clocks) -> Self {
        let has_dma = clocks.source != Source::Emulated;
        line.has_dma.store(has_dma, Ordering::Relaxed);
        bus.set(RCC_APB2ENR, APB2ENR_USART6);
        bus.set(RCC_AHB1ENR, AHB1ENR_DMA2);
        // A peripheral answers two clocks after it was enabled (section 7.2.13).
        let _ = bus.read(RCC_AHB1ENR);
        let baud = if clocks.source == Source::Unlocked { BAUD_SLOW } else { BAUD };
        bus.write(BRR, (clocks.apb2 + baud / 2) / baud);
        if has_dma {
            bus.write(RECEIVES + STREAM_PAR, DR);
            bus.write(RECEIVES + STREAM_M0AR, line.inbox.address());
            bus.write(RECEIVES + STREAM_NDTR, INBOX_BYTES as u32);
            bus.write(RECEIVES + STREAM_CR, STREAM_RECEIVES | STREAM_ENABLE);
            bus.write(CR3, CR3_DMA);
        }
        let mut serial = Self { bus, line, has_dma };
        serial.listen();
        serial.bus.write(NVIC_ISER2, 1 << (INTERRUPT - 64) | 1 << (INTERRUPT_SENT - 64));
        serial
    }

    /// Whether there are bytes to read.
    pub fn has_received(&mut self) -> bool {
        self.look();
        self.line.inbox.len() > 0
    }

    fn listen(&mut self) {
        let interrupt = if self.has_dma { CR1_IDLE_INTERRUPT } else { CR1_RECEIVED_INTERRUPT };
        self.bus.write(CR1, CR1_ENABLED | interrupt);
    }

    /// Finds out how far DMA has come.
    fn look(&mut self) {
        if self.has_dma {
            let left = self.bus.read(RECEIVES + STREAM_NDTR);
            self.line.inbox.advance_to((INBOX_BYTES as u32).wrapping_sub(left));
            // What was written before is read after.
            fence(Ordering::SeqCst);
        }
    }

    /// Has DMA send from the outbox; takes nothing while it does.
    fn send_by_dma(&mut self, bytes: &[u8]) -> usize {
        if bytes.is_empty() || self.bus.read(SENDS + STREAM_CR) & STREAM_ENABLE != 0 {
            return 0;
        }
        let count = bytes.len().min(OUTBOX_BYTES);
        for (slot, &byte) in self.line.outbox.iter().zip(bytes) {
            slot.store(byte, Ordering::Relaxed);
        }
        // What is sent is in memory before DMA reads it.
        fence(Ordering::SeqCst);
        self.bus.write(HIFCR, HIFCR_STREAM_6);
        self.bus.write(SENDS + STREAM_PAR, DR);
        let outbox = self.line.outbox.as_ptr().expose_provenance() as u32;
        self.bus.write(SENDS + STREAM_M0AR, outbox);
        self.bus.write(SENDS + STREAM_NDTR, count as u32);
        self.bus.write(SENDS + STREAM_CR, STREAM_SENDS | STREAM_ENABLE);
        count
    }
}

impl<B: Bus> Port for Serial<'_, B> {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        self.look();
        let count = self.line.inbox.take(buffer);
        if count > 0 && !self.has_dma {
            // There is room again.
            self.listen();
        }
        count
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        if self.has_dma {
            return self.send_by_dma(bytes);
        }
        let bus = &mut self.bus;
        let mut send = |&byte: &u8| {
            let ready = bus.read(SR) & SR_SEND_EMPTY != 0;
            if ready {
                bus.write(DR, byte.into());
            }
            ready
        };
        bytes.iter().take_while(|byte| send(byte)).count()
    }

    fn overruns(&self) -> u32 {
        self.line.overruns.load(Ordering::Relaxed)
    }
}

/// Ends a frame that a failure cut off, by the zero byte that ends frames, whatever state the port
/// is in.
pub fn end_frame(bus: &mut impl Bus) {
    bus.write(SENDS + STREAM_CR, 0);
    bus.write(CR1, CR1_ENABLED);
    if bus.wait(SR, SR_SEND_EMPTY, SR_SEND_EMPTY) {
        bus.write(DR, 0);
        // A reset right now would cut that byte off: wait until it has left the register.
        let _ = bus.wait(SR, SR_SENT, SR_SENT);
    }
}

#[cfg(test)]
mod tests;
