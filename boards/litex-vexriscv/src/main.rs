//! Quintet on a LiteX SoC: a VexRiscv core (RV32IMAC) and what its `csr.json` says of the rest.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

mod clock;
mod fault;
mod interrupts;
mod soc;
mod startup;

use quintet_board_support::{LOGS, Stack, build_id, last_words, take_memory};
use quintet_firmware::software::Software;
use quintet_firmware::{Activity, BuildId, Device, Identity};
use quintet_litex::{Line, MachineBus, Uart, WINDOW, Watchdog};

use soc::SOC;

/// The board's name, from `board.toml`.
const BOARD: &str = env!("QUINTET_BOARD");
/// The instruction set, for the device's description.
const TARGET: &str = "riscv32imac";

/// What handler and main loop share of the link.
static LINE: Line = Line::new();

defmt::timestamp!("{=u64:ms}", clock::since_boot());

/// The SoC's registers.
fn bus() -> MachineBus {
    // SAFETY: this image is for the SoC whose `csr.json` it was built of.
    unsafe { MachineBus::new() }
}

/// Called by the start-up code, once.
fn main() -> ! {
    let mut stack = Stack::paint();
    let clock = clock::BoardClock::start();
    let link = Uart::start(bus(), &SOC, &LINE);
    interrupts::enable(SOC.uart_interrupt);
    let watchdog = Watchdog::start(&bus(), &SOC);
    last_words::tell();
    // SAFETY: called once, here, and once more only after a new start has begun all anew.
    let (memory, arena) = unsafe { take_memory() };
    let build = BuildId::new(build_id());
    let identity = Identity { board: BOARD, target: TARGET, window: WINDOW, nonce: 0, build };
    let backend = Software::default();
    let mut device = Device::new(identity, memory, arena, link, clock, backend);
    device.add_logs(&LOGS);
    loop {
        watchdog.feed(&bus());
        // Without anything to do it looks again at once: many VexRiscv do not sleep.
        if device.poll() != Activity::Busy {
            fault::is_steady();
            stack.watch(clock::since_boot());
        }
    }
}
