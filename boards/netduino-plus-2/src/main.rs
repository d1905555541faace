//! Quintet on the Netduino Plus 2: an STM32F405, of silicon or in QEMU, by the same image.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

mod clock;
mod fault;

use quintet_board_support::{LOGS, Stack, build_id, last_words, take_memory};
use quintet_firmware::software::Software;
use quintet_firmware::{Activity, BuildId, Device, Identity};
use quintet_stm32f4::Chip;
use quintet_stm32f4::clocks::{Clocks, Source};
use quintet_stm32f4::pins::Pin;
use quintet_stm32f4::serial::{Line, Serial, WINDOW};
use quintet_stm32f4::{reset, watchdog};

/// The board's name, from `board.toml`.
const BOARD: &str = env!("QUINTET_BOARD");
/// The instruction set, for the device's description.
const TARGET: &str = "thumbv7em";
/// The crystal, Hz (Netduino Plus 2 schematic, Y1).
const CRYSTAL_HZ: u32 = 25_000_000;
/// The blue light: on while there is something to do.
const LIGHT: Pin = Pin { port: 0, number: 10 };
/// Header pins D1 and D0: USART6 is their function 8 (DS8626, table 9).
const LINK_PINS: [Pin; 2] = [Pin { port: 2, number: 6 }, Pin { port: 2, number: 7 }];
const LINK_FUNCTION: u32 = 8;

/// What handlers and main loop share of the link.
static LINE: Line = Line::new();

defmt::timestamp!("{=u64:ms}", clock::since_boot());

/// The chip's registers.
fn chip() -> Chip {
    // SAFETY: this image is for that chip; the DMA streams have `LINE`, of atomics and for ever.
    unsafe { Chip::new() }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut stack = Stack::paint();
    let mut chip = chip();
    let clocks = Clocks::start(&mut chip, CRYSTAL_HZ);
    let clock = clock::BoardClock::start(clocks);
    if clocks.source != Source::Emulated {
        watchdog::start(&mut chip);
    }
    LIGHT.output(&mut chip);
    for pin in LINK_PINS {
        pin.alternate(&mut chip, LINK_FUNCTION);
    }
    let link = Serial::start(chip, &LINE, clocks);
    let cause = reset::take_cause(&mut chip);
    defmt::info!("reset by {=str}, clocks by {=str}", cause, clocks.source.name());
    last_words::tell();
    // SAFETY: called once, here.
    let (memory, arena) = unsafe { take_memory() };
    let build = BuildId::new(build_id());
    let identity = Identity { board: BOARD, target: TARGET, window: WINDOW, nonce: 0, build };
    let backend = Software::default();
    let mut device = Device::new(identity, memory, arena, link, clock, backend);
    device.add_logs(&LOGS);
    loop {
        watchdog::feed(&mut chip);
        let activity = device.poll();
        LIGHT.drive(&mut chip, activity == Activity::Busy);
        if activity != Activity::Busy {
            stack.watch(clock::since_boot());
            sleep(device.port());
        }
    }
}

/// Sleeps until bytes arrive, or a millisecond has passed.
fn sleep(link: &mut Serial<'_, Chip>) {
    // With interrupts held back, one that arrives between the look at the link and the sleep ends
    // the sleep at once (ARMv7-M, B1.5.19); its handler runs afterwards.
    cortex_m::interrupt::free(|_| {
        if !link.has_received() {
            cortex_m::asm::wfi();
        }
    });
}
