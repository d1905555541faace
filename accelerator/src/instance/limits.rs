//! What is too large for an accelerator, so that the core has to execute it.

use quintet_protocol::program::{Command, Program};

use super::Instance;

impl Instance {
    /// Whether the accelerator has to leave a command to the core that it executes otherwise, as what
    /// must lie in one half of a buffer at a time is more than that.
    pub fn declines(&self, program: &Program, command: &Command) -> bool {
        let _ = (program, command);
        false
    }
}
