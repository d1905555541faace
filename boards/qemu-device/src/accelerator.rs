//! The accelerator in the machine: registers, interrupt line, a way to memory and a sense of time
//! for the model of the `quintet_accelerator` crate.
//!
//! The model works within the register write that gives it work, while the core stands still, so
//! its work costs no instruction. If it is to take its time, what is computed is held back until
//! that many of its clocks have passed on the machine's clock.

use std::ffi::c_uint;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use quintet_accelerator::{Clocks, Instance, Model, Progress, Window};
use quintet_protocol::accelerator::registers::SPAN_BYTES;

use crate::PLUGIN;
use crate::arguments::Machine;
use crate::qemu::{Handle, Interrupt, MemoryRegionOps, Qemu, Timer};

/// The model and what it is connected to.
struct Wiring {
    state: Mutex<State>,
    interrupt: Interrupt,
    timer: Timer,
}

struct State {
    model: Model,
    memory: Window,
    /// Beside the machine's time.
    clocks: Clocks,
}

static WIRING: OnceLock<Wiring> = OnceLock::new();

static OPERATIONS: MemoryRegionOps = MemoryRegionOps::words(read_register, write_register);

/// Reads the description of an accelerator.
pub fn read(path: &Path) -> Result<Instance, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
    text.and_then(|text| Instance::from_toml(&text).map_err(|error| error.to_string()))
        .map_err(|error| format!("accelerator={}: {error}", path.display()))
}

/// Puts an accelerator into the machine, once that is made.
pub fn map(qemu: &Qemu, machine: &Machine, instance: Instance) -> Result<(), String> {
    let place = &machine.accelerator;
    let [base, bytes] = place.memory;
    let state = State {
        memory: qemu.memory(base, bytes)?,
        clocks: Clocks::new(instance.clock_khz(), qemu.now()),
        model: Model::new(instance),
    };
    let interrupt = qemu.interrupt(machine.interrupt_controller, place.interrupt)?;
    let timer = qemu.timer(on_timer);
    WIRING.get_or_init(|| Wiring { state: Mutex::new(state), interrupt, timer });
    qemu.map(c"quintet-accelerator", &OPERATIONS, place.base, SPAN_BYTES);
    Ok(())
}

impl State {
    /// Works for as long as there is something to do. If time has to pass for more, gives the
    /// moment.
    fn work(&mut self) -> Option<u64> {
        loop {
            match self.model.step(&mut self.memory) {
                Progress::Working => {}
                Progress::Idle => return None,
                Progress::Timed(clocks) => return Some(self.clocks.moment(clocks)),
            }
        }
    }
}

/// Under QEMU's lock: brings the accelerator up to now, changes it, and has it work.
fn update(change: impl FnOnce(&mut Model)) {
    let (Some(plugin), Some(wiring)) = (PLUGIN.get(), WIRING.get()) else { return };
    let mut guard = wiring.state.lock().unwrap_or_else(PoisonError::into_inner);
    let state = &mut *guard;
    state.model.pass(state.clocks.pass(plugin.qemu.now()), &mut state.memory);
    change(&mut state.model);
    if let Some(moment) = state.work() {
        plugin.qemu.set_timer(&wiring.timer, moment);
    }
    plugin.qemu.set_interrupt(&wiring.interrupt, state.model.interrupts());
}

extern "C" fn on_timer(_unused: Handle) {
    update(|_| ());
}

extern "C" fn read_register(_unused: Handle, offset: u64, _bytes: c_uint) -> u64 {
    let Some(wiring) = WIRING.get() else { return 0 };
    let state = wiring.state.lock().unwrap_or_else(PoisonError::into_inner);
    state.model.read(offset as u32).into()
}

extern "C" fn write_register(_unused: Handle, offset: u64, value: u64, _bytes: c_uint) {
    update(|model| model.write(offset as u32, value as u32));
}
