//! Ctrl-C: training stops after the step that it is in.

use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::failure::{FAILED, Failure};

/// Exit code: stopped by Ctrl-C or its like, as shells have it (128 and the signal's number).
pub const STOPPED: u8 = 130;

/// Whether somebody wants the command to stop.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on. Asked a second time, the process ends at once, which costs the steps
    /// since the last checkpoint and nothing else.
    pub fn listen() -> Result<Self, Failure> {
        let flag = Arc::new(AtomicBool::new(false));
        let raised = Arc::clone(&flag);
        let listening = ctrlc::set_handler(move || {
            if raised.swap(true, Ordering::Relaxed) {
                exit(STOPPED.into());
            }
        });
        listening.map_err(|error| {
            let help = "report this, with the name and version of the system";
            Failure::new(FAILED, "cannot listen for Ctrl-C", error, help)
        })?;
        Ok(Self(flag))
    }

    /// Whether it was asked for.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
