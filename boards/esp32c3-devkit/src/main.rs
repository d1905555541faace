//! Quintet on an ESP32-C3 development kit: one RISC-V core at 160 MHz.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

mod clock;
mod descriptor;
mod fault;
mod idle;
mod usb;

use esp_hal::clock::CpuClock;
use esp_hal::rng::Rng;
use esp_hal::rtc_cntl::{Rtc, RwdtStage};
use esp_hal::time::Duration;
use quintet_board_support::{LOGS, build_id, last_words, take_memory};
use quintet_firmware::software::Software;
use quintet_firmware::{Activity, BuildId, Device, Identity};

/// The board's name, from `board.toml`.
const BOARD: &str = env!("QUINTET_BOARD");
/// The instruction set, for the device's description.
const TARGET: &str = "riscv32imc";

/// Resets the chip when the main loop has not come round for so long.
const WATCHDOG: Duration = Duration::from_secs(8);

defmt::timestamp!("{=u64:ms}", clock::since_boot());

#[esp_hal::main]
fn main() -> ! {
    let chip = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    last_words::tell();
    let mut watchdog = Rtc::new(chip.RTC_TIMER).rwdt;
    watchdog.set_timeout(RwdtStage::Stage0, WATCHDOG);
    watchdog.enable();
    idle::start(chip.SYSTIMER);
    let port = usb::start(chip.USB_DEVICE);
    let clock = clock::BoardClock::start();

    let build = BuildId::new(build_id());
    // Without a radio the generator's noise is thin; it only has to differ from the last boot's.
    let nonce = Rng::new().random();
    let identity = Identity { board: BOARD, target: TARGET, window: usb::WINDOW, nonce, build };
    // SAFETY: called once, here.
    let (memory, arena) = unsafe { take_memory() };
    let backend = Software::default();
    let mut device = Device::new(identity, memory, arena, port, clock, backend);
    device.add_logs(&LOGS);
    loop {
        watchdog.feed();
        if device.poll() != Activity::Busy {
            idle::wait(device.port());
        }
    }
}
