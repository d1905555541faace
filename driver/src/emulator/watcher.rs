//! An accelerator beside an emulated machine, for a QEMU that takes no device of ours.
//!
//! A thread watches a page of the machine's RAM in which the registers are plain words: it looks at
//! what the core has written, has the model work, and puts there what the core is to read. It needs
//! nothing of QEMU but that RAM can be a file. It cannot interrupt, so the core has to look from
//! time to time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use quintet_accelerator::{Clocks, Instance, Model, Progress};
use quintet_protocol::accelerator::OPERATORS;
use quintet_protocol::accelerator::registers::{
    CAPABILITIES, EVENTS, IDENTIFICATION, NUDGE, REGISTERS, RESET, RESET_DONE, RESUMED, TAIL,
    Writer,
};

use super::ram::SharedRam;

/// What tells an accelerator that something else is ready: to be looked at before that.
const DOORBELLS: [u32; 4] = [RESET, TAIL, RESUMED, NUDGE];
/// What tells a core so: to be put there last.
const LAST: [u32; 2] = [EVENTS, RESET_DONE];

/// For so long after the last work the thread looks again at once.
const EAGER: Duration = Duration::from_millis(1);
/// For so long it looks often.
const AWAKE: Duration = Duration::from_millis(100);
const OFTEN: Duration = Duration::from_micros(100);
const SELDOM: Duration = Duration::from_millis(1);

/// The thread. It ends when this is dropped.
#[derive(Debug)]
pub struct Watcher {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Puts an accelerator into a machine's RAM that has not started yet; its registers are at this
    /// address.
    pub fn start(instance: Instance, ram: SharedRam, registers: u32) -> io::Result<Self> {
        let mut page = Page { ram, registers };
        let clocks = Clocks::new(instance.clock_khz(), 0);
        let model = Model::new(instance);
        page.introduce(&model)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("quintet-accelerator".to_owned())
            .spawn(move || watch(model, clocks, &mut page, &stopped))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // It fails only if the model has panicked, which was said then.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn watch(mut model: Model, mut clocks: Clocks, page: &mut Page, stop: &AtomicBool) {
    let start = Instant::now();
    let mut worked = start;
    while !stop.load(Ordering::Relaxed) {
        let now = start.elapsed().as_nanos() as u64;
        model.pass(clocks.pass(now), page.ram.window());
        page.deliver(&mut model);
        let progress = model.step(page.ram.window());
        page.publish(&model);
        if progress == Progress::Working {
            worked = Instant::now();
        } else {
            rest(worked.elapsed());
        }
    }
}

/// Leaves the processor to others, for the longer the longer there has been nothing to do.
fn rest(idle: Duration) {
    if idle < EAGER {
        thread::yield_now();
    } else {
        thread::sleep(if idle < AWAKE { OFTEN } else { SELDOM });
    }
}

/// The registers as words of a machine's RAM.
struct Page {
    ram: SharedRam,
    registers: u32,
}

impl Page {
    /// A register that one side writes and the other reads.
    fn word(&mut self, offset: u32) -> Option<&AtomicU32> {
        let address = self.registers.checked_add(offset)?;
        self.ram.window().word(address)
    }

    fn put(&mut self, offset: u32, model: &Model) -> io::Result<()> {
        let word = self.word(offset).ok_or(io::ErrorKind::InvalidInput)?;
        word.store(model.read(offset), Ordering::Release);
        Ok(())
    }

    /// Puts there what never changes, and last of all what says that there is an accelerator.
    fn introduce(&mut self, model: &Model) -> io::Result<()> {
        for place in 0..OPERATORS as u32 {
            self.put(CAPABILITIES + 4 * place, model)?;
        }
        self.publish(model);
        self.put(IDENTIFICATION, model)
    }

    /// Puts there what the accelerator has to say, in such an order that a core which reads one
    /// register finds those that it then looks at as new.
    fn publish(&mut self, model: &Model) {
        let ours = REGISTERS.iter().rev().filter(|(.., writer)| *writer == Writer::Accelerator);
        let first = ours.map(|&(_, offset, _)| offset).filter(|offset| !LAST.contains(offset));
        for offset in first.filter(|&offset| offset != IDENTIFICATION).chain(LAST) {
            // `introduce` has found that there are these words.
            let _ = self.put(offset, model);
        }
    }

    /// Hands over what the core has written. What tells that something is ready is read first and
    /// handed over last, so that it is ready then.
    fn deliver(&mut self, model: &mut Model) {
        let mut load = |offset| self.word(offset).map_or(0, |word| word.load(Ordering::Acquire));
        let doorbells = DOORBELLS.map(|offset| (offset, load(offset)));
        for &(_, offset, writer) in REGISTERS {
            if writer == Writer::Core && !DOORBELLS.contains(&offset) {
                model.write(offset, load(offset));
            }
        }
        for (offset, value) in doorbells {
            model.write(offset, value);
        }
    }
}
