//! Time: milliseconds from `mtime`, cost from the emulator's instruction count.

use quintet_firmware::{Clock, Ticks};
use quintet_qemu_support::{BulkDevice, Counter, Registers};

/// `mtimecmp` of hart 0 and `mtime` of the ACLINT (QEMU, `hw/riscv/virt.c`), each 64 bits.
const BASE: usize = 0x0200_4000;
const COMPARE_LOW: u32 = 0x0000;
const COMPARE_HIGH: u32 = 0x0004;
const TIME_LOW: u32 = 0x7ff8;
const TIME_HIGH: u32 = 0x7ffc;
/// `mtime` counts at 10 MHz.
const COUNTS_PER_MICROSECOND: u64 = 10;

fn registers() -> Registers {
    // SAFETY: the timer's registers, read and written as words.
    unsafe { Registers::new(BASE) }
}

/// `mtime`, in counts.
fn time() -> u64 {
    loop {
        let high = registers().read(TIME_HIGH);
        let low = registers().read(TIME_LOW);
        if registers().read(TIME_HIGH) == high {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

/// Milliseconds since reset, for log messages and the stack.
pub fn since_boot() -> u64 {
    time() / (1000 * COUNTS_PER_MICROSECOND)
}

/// Makes the timer interrupt pending in `microseconds`; `None` turns it off.
pub fn set_alarm(microseconds: Option<u64>) {
    let at = microseconds.map_or(u64::MAX, |wait| time() + wait * COUNTS_PER_MICROSECOND);
    // No moment in the past on the way (privileged specification 1.12, section 3.2.1).
    registers().write(COMPARE_LOW, u32::MAX);
    registers().write(COMPARE_HIGH, (at >> 32) as u32);
    registers().write(COMPARE_LOW, at as u32);
}

/// The board's clock. Takes no interrupt, so that instruction counts repeat exactly.
pub struct BoardClock {
    counter: Option<Counter>,
}

impl BoardClock {
    /// `mtime` runs from reset.
    pub fn start(device: Option<BulkDevice>) -> Self {
        Self { counter: device.and_then(BulkDevice::counter) }
    }
}

impl Clock for BoardClock {
    fn millis(&mut self) -> u64 {
        since_boot()
    }

    fn ticks(&mut self) -> u64 {
        self.counter.map_or(0, Counter::read)
    }

    fn unit(&self) -> Ticks {
        // Without our device QEMU's minstret counts the host's time, so there is nothing to count.
        self.counter.map_or(Ticks::None, |_| Ticks::Instructions)
    }
}
