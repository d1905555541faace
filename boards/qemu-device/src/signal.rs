//! Wakes a thread when a condition may have changed, at no cost while nobody waits.

use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Condvar, Mutex, PoisonError};

/// A wake-up that is not lost: a waiter announces itself before it looks at the condition, and a
/// notifier changes the condition before it looks for a waiter.
pub struct Signal {
    waiting: AtomicBool,
    mutex: Mutex<()>,
    condition: Condvar,
}

impl Signal {
    /// With nobody waiting.
    pub const fn new() -> Self {
        Self { waiting: AtomicBool::new(false), mutex: Mutex::new(()), condition: Condvar::new() }
    }

    /// Blocks until `ready` is true. One thread at a time.
    pub fn wait_until(&self, ready: impl Fn() -> bool) {
        let mut guard = self.mutex.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            self.waiting.store(true, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if ready() {
                self.waiting.store(false, Ordering::Relaxed);
                return;
            }
            guard = self.condition.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// To be called after a change that a waiter may wait for.
    pub fn notify(&self) {
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) {
            drop(self.mutex.lock());
            self.condition.notify_one();
        }
    }
}
