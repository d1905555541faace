//! Quintet on the Raspberry Pi Pico 2: one core of the RP2350, Arm or RISC-V by the target that it
//! is compiled for.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

mod clock;
mod cycles;
mod fault;
mod identity;
mod idle;
mod usb;

use embedded_hal::digital::{OutputPin, PinState};
use hal::fugit::MicrosDurationU32;
use hal::gpio::{self, FunctionSioOutput, PullNone};
use hal::pac;
use quintet_board_support::{LOGS, Stack, build_id, last_words, take_memory};
use quintet_firmware::software::Software;
use quintet_firmware::{Activity, BuildId, Device, Identity};
use rp235x_hal as hal;

/// The board's name, from `board.toml`.
const BOARD: &str = env!("QUINTET_BOARD");
/// The instruction set, for the device's description.
const TARGET: &str = if cfg!(target_arch = "arm") { "thumbv8m.main" } else { "riscv32imac" };

/// The crystal on the board.
const CRYSTAL_HERTZ: u32 = 12_000_000;
/// The longest that the watchdog can count: its counter has 24 bits of microseconds, which the
/// hardware abstraction layer halves for an erratum of the chip before (RP2350, section 12.9).
const WATCHDOG: MicrosDurationU32 = MicrosDurationU32::micros(8_300_000);

/// What the boot ROM takes the flash for: a secure image for the core it is compiled for (RP2350
/// datasheet, section 5.9.3).
#[unsafe(link_section = ".start_block")]
#[used]
static IMAGE: hal::block::ImageDef = hal::block::ImageDef::secure_exe();

defmt::timestamp!("{=u64:ms}", clock::since_boot());

/// The green lamp, on pin 25.
type Lamp = gpio::Pin<gpio::bank0::Gpio25, FunctionSioOutput, PullNone>;

/// Sets up the chip, and serves the device for ever.
#[hal::entry]
fn main() -> ! {
    let mut stack = Stack::paint();
    // SAFETY: the only ones; nothing ran before.
    let mut chip = unsafe { pac::Peripherals::steal() };
    let mut watchdog = hal::Watchdog::new(chip.WATCHDOG);
    let clocks = hal::clocks::init_clocks_and_plls(
        CRYSTAL_HERTZ,
        chip.XOSC,
        chip.CLOCKS,
        chip.PLL_SYS,
        chip.PLL_USB,
        &mut chip.RESETS,
        &mut watchdog,
    );
    let Ok(clocks) = clocks else { fault::fail(&"the clocks cannot be set up") };
    watchdog.pause_on_debug(true);
    watchdog.start(WATCHDOG);
    last_words::tell();
    let timer = hal::Timer::new_timer0(chip.TIMER0, &mut chip.RESETS, &clocks);
    let mut alarm = idle::Alarm::start(timer);
    let port = usb::start(chip.USB, chip.USB_DPRAM, clocks.usb_clock, &mut chip.RESETS);
    let sio = hal::Sio::new(chip.SIO);
    let pins = gpio::Pins::new(chip.IO_BANK0, chip.PADS_BANK0, sio.gpio_bank0, &mut chip.RESETS);
    let mut lamp: Lamp = pins.gpio25.reconfigure();

    let clock = clock::BoardClock::start();
    let build = BuildId::new(build_id());
    let window = quintet_usb_serial::WINDOW;
    let identity =
        Identity { board: BOARD, target: TARGET, window, nonce: identity::nonce(), build };
    let Some((memory, arena)) = take_memory() else { fault::fail(&"the memory is taken") };
    let backend = Software::default();
    let mut device = Device::new(identity, memory, arena, port, clock, backend).with_logs(&LOGS);
    loop {
        watchdog.feed();
        let activity = device.poll();
        show(&mut lamp, activity);
        if activity != Activity::Busy {
            stack.watch(clock::since_boot());
            alarm.wait(device.port());
        }
    }
}

/// Lit while there is work; a short blink every second while there is none.
fn show(lamp: &mut Lamp, activity: Activity) {
    const BLINK_MILLISECONDS: u64 = 50;
    let blink = clock::since_boot() % 1000 < BLINK_MILLISECONDS;
    // A pin of the chip itself cannot fail.
    let _ = lamp.set_state(PinState::from(activity == Activity::Busy || blink));
}
