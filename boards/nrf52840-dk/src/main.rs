//! Quintet on Nordic's nRF52840-DK: an nRF52840, a Cortex-M4F at 64 MHz.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

mod link;
mod timer;
mod watchdog;

use embassy_nrf::config::{Config, HfclkSource};
use embassy_nrf::gpio::{Level, Output, OutputDrive};
use embassy_nrf::pac;
use embassy_nrf::rng::Rng;
use embedded_hal::digital::PinState;
use quintet_board_support::{LOGS, Stack, build_id, last_words, take_memory};
use quintet_embassy_support::{BoardClock, Lights, since_boot};
use quintet_firmware::software::Software;
use quintet_firmware::{Activity, BuildId, Device, Identity};

/// The board's name, from `board.toml`.
const BOARD: &str = env!("QUINTET_BOARD");
/// The instruction set, for the device's description.
const TARGET: &str = "thumbv7em";

defmt::timestamp!("{=u64:ms}", since_boot());

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut stack = Stack::paint();
    // First of all, so that a crystal that does not start ends in a reset and not in a hang.
    let mut watchdog = watchdog::start();
    let mut config = Config::default();
    // 1 Mbaud wants a crystal's accuracy (nRF52840 PS, "UARTE").
    config.hfclk_source = HfclkSource::ExternalXtal;
    let p = embassy_nrf::init(config);
    // The instruction cache (nRF52840 PS, "NVMC").
    pac::NVMC.icachecnf().write(|w| w.set_cacheen(true));
    let mut core = cortex_m::Peripherals::take().expect("main runs once");
    let clock = BoardClock::start(&mut core.DCB, &mut core.DWT);
    timer::start(p.TIMER0);
    log_reset();

    // The board's lights 1 to 3, lit by a low level (nRF52840-DK user guide, "Buttons and LEDs").
    let [alive, busy, failed] = [p.P0_13.into(), p.P0_14.into(), p.P0_15.into()].map(
        |pin: embassy_nrf::Peri<'_, embassy_nrf::gpio::AnyPin>| {
            Output::new(pin, Level::High, OutputDrive::Standard)
        },
    );
    let mut lights = Lights::new(alive, busy, failed, PinState::Low, last_words::tell());

    let pins = link::Pins { rxd: p.P0_08, txd: p.P0_06, cts: p.P0_07, rts: p.P0_05 };
    let port = link::start(p.UARTE0, p.TIMER1, (p.PPI_CH0, p.PPI_CH1, p.PPI_GROUP0), pins);
    let nonce = Rng::new_blocking(p.RNG).blocking_next_u32();
    let build = BuildId::new(build_id());
    let identity = Identity { board: BOARD, target: TARGET, window: link::WINDOW, nonce, build };
    // SAFETY: called once, here.
    let (memory, arena) = unsafe { take_memory() };
    defmt::info!("{=str}: ready, {=usize} bytes of arena", BOARD, size_of_val(arena));
    let mut device = Device::new(identity, memory, arena, port, clock, Software::default());
    device.add_logs(&LOGS);
    loop {
        watchdog.pet();
        let activity = device.poll();
        lights.show(since_boot(), activity == Activity::Busy);
        if activity != Activity::Busy {
            stack.watch(since_boot());
            device.port().wait();
        }
    }
}

/// Logs what reset the chip (nRF52840 PS, `POWER.RESETREAS`), and forgets that.
fn log_reset() {
    let reasons = pac::POWER.resetreas().read();
    pac::POWER.resetreas().write_value(reasons);
    defmt::info!("reset reasons {=u32:#x}", reasons.0);
}
