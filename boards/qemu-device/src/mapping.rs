//! Puts the device into the machine: registers, interrupt line, and the way from the socket threads
//! to the interrupt line.

use std::ffi::c_uint;
use std::sync::OnceLock;

use quintet_qemu_support::registers::{CONTROL, RX_BYTE, RX_WORD, SPAN_BYTES};

use crate::accelerator;
use crate::arguments::Machine;
use crate::device::DEVICE;
use crate::link::end;
use crate::qemu::{BottomHalf, Handle, Interrupt, MemoryRegionOps};
use crate::{PLUGIN, Plugin};

struct Wiring {
    interrupt: Interrupt,
    update: BottomHalf,
}

static WIRING: OnceLock<Wiring> = OnceLock::new();

static OPERATIONS: MemoryRegionOps = MemoryRegionOps::words(read, write);

/// Called once the machine is made; ends QEMU if the device has no place there.
pub fn map_into_machine() {
    let Some(plugin) = PLUGIN.get() else { return };
    if let Some(machine) = plugin.arguments.machine {
        map(plugin, machine);
    }
    // The driver waits for this line.
    crate::say(format_args!("quintet device: ready"));
}

fn map(plugin: &Plugin, machine: &Machine) {
    let qemu = &plugin.qemu;
    let interrupt = match qemu.interrupt(machine.interrupt_controller, machine.interrupt) {
        Ok(interrupt) => interrupt,
        Err(reason) => {
            crate::say(format_args!("quintet device: machine={}: {reason}", machine.name));
            end(1);
        }
    };
    let update = qemu.bottom_half(c"quintet-device", update_in_main_loop);
    WIRING.get_or_init(|| Wiring { interrupt, update });
    qemu.map(c"quintet-device", &OPERATIONS, machine.base, SPAN_BYTES);
    if let Some(instance) = &plugin.accelerator
        && let Err(reason) = accelerator::map(qemu, machine, instance.clone())
    {
        crate::say(format_args!("quintet device: accelerator: {reason}"));
        end(1);
    }
}

/// From a socket thread, after bytes were received: raises the interrupt if the core wants it.
pub fn update_interrupt_soon() {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
    if let (true, Some(plugin), Some(wiring)) =
        (DEVICE.wants_interrupt(), PLUGIN.get(), WIRING.get())
    {
        plugin.qemu.schedule(&wiring.update);
    }
}

/// Under QEMU's lock: sets the interrupt line to what it should be.
fn update_interrupt() {
    if let (Some(plugin), Some(wiring)) = (PLUGIN.get(), WIRING.get()) {
        plugin.qemu.set_interrupt(&wiring.interrupt, DEVICE.interrupt_level());
    }
}

extern "C" fn update_in_main_loop(_unused: Handle) {
    update_interrupt();
}

extern "C" fn read(_unused: Handle, offset: u64, _bytes: c_uint) -> u64 {
    let offset = offset as u32;
    let value = DEVICE.read(offset);
    if matches!(offset, RX_WORD | RX_BYTE) && DEVICE.wants_interrupt() {
        update_interrupt();
    }
    value.into()
}

extern "C" fn write(_unused: Handle, offset: u64, value: u64, _bytes: c_uint) {
    DEVICE.write(offset as u32, value as u32);
    if offset as u32 == CONTROL {
        update_interrupt();
    }
}
