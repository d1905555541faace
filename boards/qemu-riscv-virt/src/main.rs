//! Quintet on QEMU's RISC-V `virt` machine: an RV32IMAC core, the stand-in for FPGA soft cores.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

mod bulk;
mod clock;
mod fault;
mod idle;
mod startup;
mod uart;

use core::fmt::Write;

use quintet_firmware::Port;
use quintet_qemu_support::{Console, Link};

/// The board's name, from `board.toml`.
const BOARD: &str = env!("QUINTET_BOARD");

/// Called by the start-up code, once.
fn main() -> ! {
    let device = bulk::detect();
    let mut clock = clock::BoardClock::start(device);
    let mut link = match device.and_then(|device| device.port()) {
        Some(port) => Link::Bulk(port),
        None => Link::Uart(uart::Uart::start()),
    };
    idle::start();
    let arena = arena();
    let _ = writeln!(
        Console(device),
        "{BOARD}: ready, {} bytes of arena, {} instructions so far",
        size_of_val(arena),
        quintet_firmware::Clock::ticks(&mut clock),
    );
    let mut buffer = [0; 4096];
    loop {
        let mut busy = false;
        let count = link.read(&mut buffer);
        let mut rest = &mut buffer[..count];
        rest.iter_mut().for_each(|byte| *byte = byte.wrapping_add(1));
        while !rest.is_empty() {
            busy = true;
            let sent = link.write(rest);
            rest = &mut rest[sent..];
        }
        if !busy {
            idle::wait(&mut link);
        }
    }
}

/// RAM that is wholly the arena's. Called once.
fn arena() -> &'static mut [u32] {
    unsafe extern "C" {
        static mut _arena_start: u32;
        static mut _arena_end: u32;
    }
    let start = &raw mut _arena_start;
    let bytes = (&raw mut _arena_end).addr() - start.addr();
    // SAFETY: the linker script keeps this RAM, word-aligned, free of anything else; any bit pattern
    // is a word; `main` calls this once, so the slice is the only reference to it.
    unsafe { core::slice::from_raw_parts_mut(start, bytes / size_of::<u32>()) }
}
