//! Sleeps until there is something to do. Interrupts are never taken on this board: `wfi` ends when
//! one is pending, whether or not it is enabled globally (privileged specification 1.12, 3.3.3).

use core::arch::asm;

use quintet_qemu_support::accelerator::{self, RegisterFile};
use quintet_qemu_support::registers::INTERRUPT_RISCV_VIRT;
use quintet_qemu_support::{Link, Registers};

use crate::clock;
use crate::uart::Uart;

/// The interrupt controller (PLIC specification 1.0, memory map; QEMU, `hw/riscv/virt.c`).
const PLIC: usize = 0x0c00_0000;
/// Enable bits of context 0, hart 0 in machine mode.
const ENABLE: u32 = 0x2000;
const CLAIM: u32 = 0x20_0004;
/// UART 0's source.
const INTERRUPT_UART: u32 = 10;

/// Machine timer and external interrupt, in `mie`.
const TIMER_AND_EXTERNAL: usize = 1 << 7 | 1 << 11;

/// Longest sleep, so that the link's deadlines are seen.
const LONGEST_MICROSECONDS: u64 = 10_000;
/// Longest sleep while an accelerator works that does not interrupt.
const POLL_MICROSECONDS: u64 = 100;

fn plic() -> Registers {
    // SAFETY: the interrupt controller's registers, all of them words.
    unsafe { Registers::new(PLIC) }
}

/// Lets the UART, the emulator's device, the accelerator and the timer end a sleep.
pub fn start() {
    for source in [INTERRUPT_UART, INTERRUPT_RISCV_VIRT, accelerator::INTERRUPT_RISCV_VIRT] {
        // Each source's priority is a word of its own; above 0 counts.
        plic().write(4 * source, 1);
        let word = ENABLE + 4 * (source / 32);
        plic().write(word, plic().read(word) | 1 << (source % 32));
    }
    clock::set_alarm(None);
    // SAFETY: only `mie` changes, and `mstatus.MIE` stays 0, so no interrupt is ever taken.
    unsafe { asm!("csrs mie, {}", in(reg) TIMER_AND_EXTERNAL, options(nomem, nostack)) };
}

/// Sleeps until bytes arrive, the accelerator that is awaited has news, or 10 ms have passed.
pub fn wait(link: &mut Link<Uart>, awaited: Option<&RegisterFile>) {
    let polls = awaited.is_some_and(|it| !it.interrupts());
    clock::set_alarm(Some(if polls { POLL_MICROSECONDS } else { LONGEST_MICROSECONDS }));
    let received = match link {
        Link::Bulk(port) => {
            port.set_interrupt(true);
            port.has_received()
        }
        Link::Uart(port) => port.has_received(),
    };
    if !received && !awaited.is_some_and(RegisterFile::has_news) {
        // SAFETY: has no effect but to wait.
        unsafe { asm!("wfi", options(nomem, nostack)) };
    }
    if let Link::Bulk(port) = link {
        port.set_interrupt(false);
    }
    clock::set_alarm(None);
    acknowledge();
}

/// Claims and completes what is pending; a source that still has bytes is pending again later, and
/// the accelerator's news are looked for before the next sleep.
fn acknowledge() {
    let source = plic().read(CLAIM);
    if source != 0 {
        plic().write(CLAIM, source);
    }
}
