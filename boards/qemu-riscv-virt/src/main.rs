//! Quintet on QEMU's RISC-V `virt` machine: an RV32IMAC core, the stand-in for FPGA soft cores.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

mod accelerator;
mod bulk;
mod clock;
mod critical;
mod fault;
mod idle;
mod startup;
mod uart;

use core::fmt::Write;

#[cfg(feature = "log")]
use quintet_board_support::Stack;
use quintet_board_support::{build_id, take_memory};
use quintet_firmware::mmio::Mmio;
use quintet_firmware::{Activity, BuildId, Clock, Device, Identity};
use quintet_qemu_support::{BULK_WINDOW, Console, Link};

/// The board's name, from `board.toml`.
const BOARD: &str = env!("QUINTET_BOARD");
/// The instruction set, for the device's description.
const TARGET: &str = "riscv32imac";

#[cfg(feature = "log")]
defmt::timestamp!("{=u64:ms}", clock::since_boot());

/// Called by the start-up code, once.
fn main() -> ! {
    #[cfg(feature = "log")]
    let mut stack = Stack::paint();
    let device = bulk::detect();
    let mut clock = clock::BoardClock::start(device);
    let (link, window) = match device.and_then(|device| device.port()) {
        Some(port) => (Link::Bulk(port), BULK_WINDOW),
        None => (Link::Uart(uart::Uart::start()), uart::WINDOW),
    };
    idle::start();
    let (memory, arena) = take_memory().expect("main runs once");
    let _ = writeln!(
        Console(device),
        "{BOARD}: ready, {} bytes of arena, {} instructions so far",
        size_of_val(arena),
        clock.ticks(),
    );
    let build = BuildId::new(build_id());
    let identity = Identity { board: BOARD, target: TARGET, window, nonce: 0, build };
    let accelerator = accelerator::detect();
    let backend = Mmio::new(accelerator, accelerator::shared());
    let mut device = Device::new(identity, memory, arena, link, clock, backend);
    #[cfg(feature = "log")]
    device.add_logs(&quintet_board_support::LOGS);
    loop {
        match device.poll() {
            Activity::Busy => {}
            Activity::Idle(_) => {
                #[cfg(feature = "log")]
                stack.watch(clock::since_boot());
                idle::wait(device.port(), None);
            }
            Activity::Waiting(_) => idle::wait(device.port(), accelerator.as_ref()),
        }
    }
}
