//! Time: milliseconds from the board's counter, cost from the emulator's instruction count.

use quintet_firmware::{Clock, Ticks};
use quintet_qemu_support::{BulkDevice, Counter, Registers};

/// The FPGA's input/output block (Arm DAI0386, table 3-9).
const BASE: usize = 0x4002_8000;
/// Counts up whenever the prescaler runs out.
const COUNTER: u32 = 0x18;
/// The prescaler's reload value.
const PRESCALE: u32 = 0x1c;
/// The prescaler counts the 25 MHz system clock.
const CLOCKS_PER_MILLISECOND: u32 = 25_000;

fn registers() -> Registers {
    // SAFETY: the block's registers, all of them words.
    unsafe { Registers::new(BASE) }
}

/// Milliseconds since the clock was started, for log messages and the stack; wraps after 49 days.
pub fn since_boot() -> u64 {
    registers().read(COUNTER).into()
}

/// The board's clock. Takes no interrupt, so that instruction counts repeat exactly.
pub struct BoardClock {
    counter: Option<Counter>,
    /// The 32-bit counter, extended: it wraps after 49 days.
    millis: u64,
}

impl BoardClock {
    /// Starts the millisecond counter.
    pub fn start(device: Option<BulkDevice>) -> Self {
        registers().write(PRESCALE, CLOCKS_PER_MILLISECOND - 1);
        registers().write(COUNTER, 0);
        Self { counter: device.and_then(BulkDevice::counter), millis: 0 }
    }
}

impl Clock for BoardClock {
    fn millis(&mut self) -> u64 {
        let passed = registers().read(COUNTER).wrapping_sub(self.millis as u32);
        self.millis += u64::from(passed);
        self.millis
    }

    fn ticks(&mut self) -> u64 {
        self.counter.map_or(0, Counter::read)
    }

    fn unit(&self) -> Ticks {
        // DWT's cycle counter reads zero on QEMU, so without our device there is nothing to count.
        self.counter.map_or(Ticks::None, |_| Ticks::Instructions)
    }
}
