//! Cortex-M: SysTick and HardFault.

use core::arch::asm;

use cortex_m::Peripherals;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{ExceptionFrame, exception};

/// Core clocks between two interrupts.
const TICK: u32 = 2_000;
/// Where the FSMC's first bank is on silicon, whose clock is off (RM0090, section 36.4); in QEMU
/// there is nothing.
const NOWHERE: usize = 0x6000_0000;

/// Has SysTick interrupt from now on.
pub fn start_interrupts() {
    let Some(mut core) = Peripherals::take() else { return };
    core.SYST.set_clock_source(SystClkSource::Core);
    core.SYST.set_reload(TICK);
    core.SYST.clear_current();
    core.SYST.enable_interrupt();
    core.SYST.enable_counter();
}

#[exception]
fn SysTick() {
    super::on_interrupt();
}

/// Executes an instruction that there is not.
pub fn undefined_instruction() {
    // SAFETY: permanently undefined (Armv7-M ARM, section A7.7.194): it faults and does nothing
    // else.
    unsafe { asm!("udf #0") };
}

/// Reads where there is no memory.
pub fn read_nowhere() {
    // SAFETY: an aligned address outside of all memory: it faults and does nothing else.
    let word = unsafe { (NOWHERE as *const u32).read_volatile() };
    semihosting::eprintln!("there is {word:#x} at {NOWHERE:#x}");
}

// SAFETY: never returns to the code that failed.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    semihosting::eprintln!("fault: at {:#010x}", frame.pc());
    semihosting::process::abort()
}
