//! RISC-V in QEMU's `virt` machine: the timer of its CLINT, and exceptions.

use core::arch::asm;

use riscv::interrupt::Interrupt;
use riscv::register::{mcause, mepc, mie};

/// The timer's compare register and its count of hart 0, 64 bits each (hw/riscv/virt.c,
/// hw/intc/riscv_aclint.c).
const MTIMECMP: usize = 0x0200_4000;
const MTIME: usize = 0x0200_bff8;
/// Counts of 100 ns between two interrupts.
const TICK: u32 = 200;
/// In the page at 0, of which `virt` has nothing there.
const NOWHERE: usize = 0x0800;

/// Has the timer interrupt from now on.
pub fn start_interrupts() {
    set_alarm();
    // SAFETY: the handler is there, and touches only atomics.
    unsafe {
        mie::set_mtimer();
        riscv::interrupt::enable();
    }
}

/// The next interrupt. The count's upper word stays zero for seven minutes.
fn set_alarm() {
    // SAFETY: the timer's registers, as words.
    unsafe {
        let now = (MTIME as *const u32).read_volatile();
        ((MTIMECMP + 4) as *mut u32).write_volatile(0);
        (MTIMECMP as *mut u32).write_volatile(now.wrapping_add(TICK));
    }
}

#[riscv_rt::core_interrupt(Interrupt::MachineTimer)]
fn on_timer() {
    super::on_interrupt();
    set_alarm();
}

/// Executes an instruction that there is not.
pub fn undefined_instruction() {
    // SAFETY: all zeros are illegal (unprivileged specification, section 1.5): it traps and does
    // nothing else.
    unsafe { asm!("unimp") };
}

/// Reads where there is no memory.
pub fn read_nowhere() {
    // SAFETY: an aligned address outside of all memory: it traps and does nothing else.
    let word = unsafe { (NOWHERE as *const u32).read_volatile() };
    semihosting::eprintln!("there is {word:#x} at {NOWHERE:#x}");
}

#[unsafe(export_name = "ExceptionHandler")]
extern "C" fn exception(_: &riscv_rt::TrapFrame) -> ! {
    let (cause, place) = (mcause::read().bits(), mepc::read());
    semihosting::eprintln!("fault: exception {cause} at {place:#010x}");
    semihosting::process::abort()
}
