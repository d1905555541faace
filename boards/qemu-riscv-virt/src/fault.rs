//! What happens when the firmware fails: the reason on the emulator's standard error, the frame on
//! the link ended, and a reset, so that the board answers again.

use core::arch::asm;
use core::fmt::{Display, Write};
use core::panic::PanicInfo;

use quintet_firmware::Port;
use quintet_qemu_support::{Console, Registers};

use crate::{BOARD, bulk, uart};

/// The machine's finisher (QEMU, `hw/misc/sifive_test.c`), and what resets it.
const FINISHER: usize = 0x0010_0000;
const FINISHER_RESET: u32 = 0x7777;

/// Every trap is a failure, since interrupts are never taken. Entered from the trap vector.
pub extern "C" fn trap() -> ! {
    let (cause, address, value): (usize, usize, usize);
    // SAFETY: reads three registers that describe the trap.
    unsafe {
        asm!(
            "csrr {}, mcause", "csrr {}, mepc", "csrr {}, mtval",
            out(reg) cause, out(reg) address, out(reg) value,
            options(nomem, nostack),
        );
    }
    fail(&format_args!("trap {cause} at {address:#010x}, value {value:#010x}"))
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    fail(info)
}

fn fail(reason: &dyn Display) -> ! {
    let device = bulk::detect();
    let _ = writeln!(Console(device), "{BOARD}: {reason}");
    // A zero byte ends a frame; the half frame before it fails its checksum.
    match device.and_then(|device| device.port()) {
        Some(mut port) => drop(port.write(&[0])),
        None => uart::end_frame(),
    }
    loop {
        // SAFETY: the finisher's one register, a word.
        unsafe { Registers::new(FINISHER) }.write(0, FINISHER_RESET);
    }
}
