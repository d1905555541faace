//! Sleeps until there is something to do. Interrupts that can disturb an instruction count are only
//! enabled here.

use quintet_qemu_support::Link;
use quintet_qemu_support::accelerator::RegisterFile;

use crate::accelerator;
use crate::sleep::{LONGEST_CLOCKS, sleep};
use crate::uart::Uart;

/// Longest sleep while an accelerator works that does not interrupt: 0.1 ms.
const POLL_CLOCKS: u32 = 2_500;

/// Sleeps until bytes arrive, the accelerator that is awaited has news, or 10 ms have passed.
pub fn wait(link: &mut Link<Uart>, awaited: Option<&RegisterFile>) {
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
