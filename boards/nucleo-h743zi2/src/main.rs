//! Quintet on ST's NUCLEO-H743ZI2: an STM32H743ZI, a Cortex-M7 at 480 MHz.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

mod clocks;
mod fast_code;
mod link;
mod memory;
mod transmitter;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use embassy_stm32::gpio::{AnyPin, Level, Output, Speed};
use embassy_stm32::rng::{self, Rng};
use embassy_stm32::{Peri, bind_interrupts, pac, peripherals};
use embedded_hal::digital::PinState;
use quintet_board_support::{LOGS, Stack, build_id, last_words, take_memory};
use quintet_embassy_support::{BoardClock, Lights, since_boot};
use quintet_firmware::software::Software;
use quintet_firmware::{Activity, BuildId, Device, Identity};

/// The board's name, from `board.toml`.
const BOARD: &str = env!("QUINTET_BOARD");
/// The instruction set, for the device's description.
const TARGET: &str = "thumbv7em";

bind_interrupts!(struct Handlers {
    RNG => rng::InterruptHandler<peripherals::RNG>;
});

defmt::timestamp!("{=u64:ms}", since_boot());

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut stack = Stack::paint();
    fast_code::load();
    // First of all, so that a clock that does not start ends in a reset and not in a hang.
    let mut watchdog = clocks::start_watchdog();
    let speed = clocks::speed();
    let p = embassy_stm32::init(clocks::config(speed));
    let mut core = cortex_m::Peripherals::take().expect("main runs once");
    memory::start(&mut core.MPU, &mut core.SCB, &mut core.CPUID);
    let clock = BoardClock::start(&mut core.DCB, &mut core.DWT);
    start_milliseconds(&mut core.SYST, speed.core_hz());
    log_reset(speed);

    // LD1 to LD3, lit by a high level (UM2407, "LEDs").
    let [alive, busy, failed] = [p.PB0.into(), p.PE1.into(), p.PB14.into()]
        .map(|pin: Peri<'_, AnyPin>| Output::new(pin, Level::Low, Speed::Low));
    let mut lights = Lights::new(alive, busy, failed, PinState::High, last_words::tell());

    let pins = link::Pins { receive: p.PD9, transmit: p.PD8 };
    let port = link::start(p.USART3, pins, p.DMA1_CH0, p.DMA1_CH1);
    let nonce = Rng::new(p.RNG, Handlers).next_u32();
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

/// Has the core's timer interrupt a thousand times a second; it runs while the core sleeps.
fn start_milliseconds(timer: &mut SYST, core_hz: u32) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(core_hz / 1_000 - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

#[cortex_m_rt::exception]
fn SysTick() {
    quintet_embassy_support::on_millisecond();
}

/// Logs how fast the core is and what reset it (RM0433, `RCC_RSR`), and forgets that.
fn log_reset(speed: clocks::Speed) {
    let flags = pac::RCC.rsr().read().0;
    pac::RCC.rsr().modify(|w| w.set_rmvf(true));
    defmt::info!("core at {=u32} Hz, reset flags {=u32:#x}", speed.core_hz(), flags);
}
