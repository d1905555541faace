//! What each core does in its own way, interrupts and faults; and how to get deep into its stack.

#[cfg(target_arch = "arm")]
mod cortex_m;
#[cfg(target_arch = "riscv32")]
mod risc_v;

use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

pub use core_own::{read_nowhere, undefined_instruction};
#[cfg(target_arch = "arm")]
use cortex_m as core_own;
use quintet_firmware::Ring;
#[cfg(target_arch = "riscv32")]
use risc_v as core_own;

/// Bytes that an interrupt pushes, if there is room.
const BURST: u32 = 7;

/// The ring that interrupts push to; null for none.
static RING: AtomicPtr<Ring<64>> = AtomicPtr::new(ptr::null_mut());
/// Bytes pushed so far. Written by the interrupt only.
static PUSHED: AtomicU32 = AtomicU32::new(0);
/// Bytes to push.
static WANTED: AtomicU32 = AtomicU32::new(0);

/// Has interrupts push the bytes 0, 1, 2 and so on, so many of them.
pub fn push_from_interrupts(ring: &'static Ring<64>, bytes: u32) {
    WANTED.store(bytes, Ordering::Relaxed);
    RING.store(ptr::from_ref(ring).cast_mut(), Ordering::Release);
    core_own::start_interrupts();
}

/// What an interrupt does.
fn on_interrupt() {
    // SAFETY: null, or a ring that lives for ever.
    let Some(ring) = (unsafe { RING.load(Ordering::Acquire).as_ref() }) else { return };
    let pushed = PUSHED.load(Ordering::Relaxed);
    let mut next = pushed;
    while next < WANTED.load(Ordering::Relaxed).min(pushed + BURST) && ring.push(&[next as u8]) == 1
    {
        next += 1;
    }
    PUSHED.store(next, Ordering::Relaxed);
}

/// Uses so many bytes of the stack at once, at least.
#[inline(never)]
pub fn use_stack(bytes: usize) {
    let mut block = [1u8; 256];
    core::hint::black_box(&mut block);
    if bytes > block.len() {
        use_stack(bytes - block.len());
    }
    core::hint::black_box(&mut block);
}
