//! Diagnostic text on the emulator's standard error, for boot lines and last words.

use core::fmt;

use crate::bulk::BulkDevice;

/// Formats text to the emulator's standard error; drops it when the device is absent.
#[derive(Clone, Copy, Debug)]
pub struct Console(pub Option<BulkDevice>);

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if let Some(device) = self.0 {
            device.diagnose(text);
        }
        Ok(())
    }
}
