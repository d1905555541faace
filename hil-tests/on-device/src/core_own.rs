//! What each core does in its own way: interrupts, faults, where the stack is.

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

/// What stands where the stack has never been.
const PAINT: u32 = 0xcccc_cccc;
/// Bytes below the painter's frame that are left alone: it may have saved registers there.
const MARGIN_BYTES: usize = 256;
/// Bytes that an interrupt pushes, if there is room.
const BURST: u32 = 7;

/// The ring that interrupts push to; null for none.
static RING: AtomicPtr<Ring<64>> = AtomicPtr::new(ptr::null_mut());
/// Bytes pushed so far. Written by the interrupt only.
static PUSHED: AtomicU32 = AtomicU32::new(0);
/// Bytes to push.
static WANTED: AtomicU32 = AtomicU32::new(0);

unsafe extern "C" {
    /// Behind the highest word of the stack.
    static _stack_start: u32;
    /// Its lowest word.
    static _stack_end: u32;
}

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

/// Paints what is free of the stack. Call it first of all.
#[inline(never)]
pub fn paint_stack() {
    let here = 0_u8;
    let free = (&raw const here).addr().saturating_sub(MARGIN_BYTES);
    let mut word = (&raw const _stack_end).cast_mut();
    while word.addr() < free {
        // SAFETY: a word of the stack, aligned, below every frame that is in use.
        unsafe { word.write_volatile(PAINT) };
        word = word.wrapping_add(1);
    }
}

/// Bytes of the stack that were ever used.
pub fn stack_used() -> usize {
    let (mut word, start) = (&raw const _stack_end, (&raw const _stack_start).addr());
    // SAFETY: an aligned word of the stack; volatile, as frames come and go there.
    while word.addr() < start && unsafe { word.read_volatile() } == PAINT {
        word = word.wrapping_add(1);
    }
    start - word.addr()
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
