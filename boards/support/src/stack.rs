//! How deep the stack has been: painted at start, looked at now and then while the board is idle.
#![allow(unsafe_code)]

/// What stands in words that the stack has never reached. No address, and unlikely as data.
const PAINT: u32 = 0xcccc_cccc;
/// Bytes below the painter's frame that are left alone: it may have saved registers there.
const MARGIN_BYTES: usize = 128;
/// Between two looks, as each reads all that was never used.
const INTERVAL_MS: u64 = 250;

unsafe extern "C" {
    /// Lowest word of the stack (see `boards/build.rs`).
    static mut _stack_end: u32;
    /// Behind its highest word.
    static mut _stack_start: u32;
}

/// The stack between the linker's `_stack_end` and `_stack_start`.
#[derive(Debug)]
pub struct Stack {
    /// Bytes that were used at the last look.
    deepest: usize,
    /// When that was.
    looked: u64,
}

impl Stack {
    /// Paints what is free of the stack. Call it first of all, on that stack.
    #[inline(never)]
    #[must_use]
    pub fn paint() -> Self {
        let here = 0_u8;
        let top = (&raw const here).addr().min((&raw const _stack_start).addr());
        let free = top.saturating_sub(MARGIN_BYTES);
        let mut word = &raw mut _stack_end;
        while word.addr() < free {
            // SAFETY: a word of the stack, aligned, below every frame that is in use.
            unsafe { word.write_volatile(PAINT) };
            word = word.wrapping_add(1);
        }
        Self { deepest: 0, looked: 0 }
    }

    /// Logs how deep the stack has been if that is deeper than ever. Call it with the clock's
    /// milliseconds whenever the board is idle.
    pub fn watch(&mut self, now: u64) {
        if now.saturating_sub(self.looked) < INTERVAL_MS {
            return;
        }
        self.looked = now;
        let used = Self::used();
        if used > self.deepest {
            self.deepest = used;
            #[cfg(feature = "log")]
            defmt::debug!("stack: {=usize} of {=usize} bytes used at most", used, bytes());
        }
    }

    /// Bytes from the lowest word that is no longer painted to the top.
    #[must_use]
    pub fn used() -> usize {
        let (mut word, top) = (&raw const _stack_end, (&raw const _stack_start).addr());
        // SAFETY: an aligned word of the stack; volatile, as frames come and go there.
        while word.addr() < top && unsafe { word.read_volatile() } == PAINT {
            word = word.wrapping_add(1);
        }
        top - word.addr()
    }
}

/// Bytes of the stack.
#[cfg(feature = "log")]
fn bytes() -> usize {
    (&raw const _stack_start).addr().saturating_sub((&raw const _stack_end).addr())
}
