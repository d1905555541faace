//! Quintet on QEMU's `mps2-an386`: an Arm Cortex-M4F with DSP instructions.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

mod accelerator;
mod bulk;
mod clock;
mod fault;
mod idle;
mod sleep;
mod uart;
mod vectors;

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
const TARGET: &str = "thumbv7em";

#[cfg(feature = "log")]
defmt::timestamp!("{=u64:ms}", clock::since_boot());

#[cortex_m_rt::entry]
fn main() -> ! {
    #[cfg(feature = "log")]
    let mut stack = Stack::paint();
    let device = bulk::detect();
    let mut clock = clock::BoardClock::start(device);
    let (link, window) = match device.and_then(|device| device.port()) {
        Some(port) => (Link::Bulk(port), BULK_WINDOW),
        None => (Link::Uart(uart::Uart::start()), uart::WINDOW),
    };
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
