//! Sleeps until there is something to do. Interrupts that can disturb an instruction count are only
//! enabled here.

use cortex_m::peripheral::syst::SystClkSource;
use quintet_qemu_support::Link;
use quintet_qemu_support::accelerator::RegisterFile;

use crate::accelerator;
use crate::uart::Uart;

/// Longest sleep, so that the link's deadlines are seen: 10 ms of the 25 MHz clock.
const LONGEST_CLOCKS: u32 = 250_000;
/// Longest sleep while an accelerator works that does not interrupt: 0.1 ms.
const POLL_CLOCKS: u32 = 2_500;

/// Sleeps until bytes arrive, the accelerator that is awaited has news, or 10 ms have passed.
pub fn wait(link: &mut Link<Uart>, awaited: Option<&RegisterFile>) {
    // With interrupts held back, one that arrives between the look at the link and the sleep ends
    // the sleep at once (ARMv7-M, B1.5.19); its handler runs afterwards.
    cortex_m::interrupt::free(|_| {
        if let Link::Bulk(port) = link {
            port.set_interrupt(true);
        }
        let received = match link {
            Link::Bulk(port) => port.has_received(),
            Link::Uart(port) => port.has_received(),
        };
        let news = awaited.is_some_and(|it| {
            accelerator::arm();
            it.has_news()
        });
        if !received && !news {
            let polls = awaited.is_some_and(|it| !it.interrupts());
            sleep(if polls { POLL_CLOCKS } else { LONGEST_CLOCKS });
        }
        accelerator::disarm();
        if let Link::Bulk(port) = link {
            port.set_interrupt(false);
        }
    });
}

fn sleep(longest_clocks: u32) {
    // SAFETY: nothing else uses SysTick.
    let mut timer = unsafe { cortex_m::Peripherals::steal() }.SYST;
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(longest_clocks - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
    cortex_m::asm::wfi();
    timer.disable_counter();
    timer.disable_interrupt();
}
