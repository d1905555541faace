//! Clocks and the watchdog.
//!
//! The oscillator is the probe's 8 MHz output (UM2407, "OSC clock supply"). The core runs at 480 MHz, or
//! at 400 MHz on a chip of the first revisions, which stand no more.
#![allow(unsafe_code)]

use embassy_stm32::peripherals::IWDG1;
use embassy_stm32::rcc::{
    AHBPrescaler, APBPrescaler, Hse, HseMode, Pll, PllDiv, PllMul, PllPreDiv, PllSource, Sysclk,
    VoltageScale,
};
use embassy_stm32::time::Hertz;
use embassy_stm32::wdg::IndependentWatchdog;
use embassy_stm32::{Config, pac};

/// From the probe.
const OSCILLATOR: Hertz = Hertz(8_000_000);
/// Revision V (RM0433, `DBGMCU_IDC`), the first that runs at 480 MHz.
const REVISION_V: u16 = 0x2003;
/// How long the main loop may take. The longest step of a run takes some milliseconds.
const WATCHDOG_MICROSECONDS: u32 = 4_000_000;

/// How fast a chip may run (DS12110, "General operating conditions").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// 480 MHz at the highest core voltage.
    Full,
    /// 400 MHz.
    Early,
}

impl Speed {
    /// Of the core; the buses run at half of it, their peripherals at a quarter.
    pub fn core_hz(self) -> u32 {
        match self {
            Self::Full => 480_000_000,
            Self::Early => 400_000_000,
        }
    }
}

/// What this chip can do.
pub fn speed() -> Speed {
    if pac::DBGMCU.idc().read().rev_id() >= REVISION_V { Speed::Full } else { Speed::Early }
}

/// The clock tree. The PLL's oscillator makes twice the core's frequency of 2 MHz (RM0433, "PLL description").
pub fn config(speed: Speed) -> Config {
    let (multiplier, voltage) = match speed {
        Speed::Full => (PllMul::MUL480, VoltageScale::Scale0),
        Speed::Early => (PllMul::MUL400, VoltageScale::Scale1),
    };
    let mut config = Config::default();
    let clocks = &mut config.rcc;
    clocks.hse = Some(Hse { freq: OSCILLATOR, mode: HseMode::Bypass });
    clocks.pll1 = Some(Pll {
        source: PllSource::HSE,
        prediv: PllPreDiv::DIV4,
        mul: multiplier,
        fracn: None,
        divp: Some(PllDiv::DIV2),
        divq: None,
        divr: None,
    });
    clocks.sys = Sysclk::PLL1_P;
    clocks.ahb_pre = AHBPrescaler::DIV2;
    clocks.apb1_pre = APBPrescaler::DIV2;
    clocks.apb2_pre = APBPrescaler::DIV2;
    clocks.apb3_pre = APBPrescaler::DIV2;
    clocks.apb4_pre = APBPrescaler::DIV2;
    clocks.voltage_scale = voltage;
    config
}

/// Starts the watchdog, which nothing but a reset stops. It rests while a debugger has halted the
/// core (RM0433, `DBGMCU_APB4FZ1`).
pub fn start_watchdog() -> IndependentWatchdog<'static, IWDG1> {
    pac::DBGMCU.apb4fzr1().modify(|w| w.set_iwdg1(true));
    // SAFETY: the peripherals are not handed out yet, and nothing else takes this one.
    let mut watchdog = IndependentWatchdog::new(unsafe { IWDG1::steal() }, WATCHDOG_MICROSECONDS);
    watchdog.unleash();
    watchdog
}
