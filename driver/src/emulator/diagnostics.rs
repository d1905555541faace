//! What QEMU, its device and the firmware's last words write to standard error.

use std::io::{BufRead, BufReader, Read};
use std::process::ChildStderr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Bytes of QEMU's standard error that are kept.
const KEPT_DIAGNOSTICS_BYTES: usize = 1 << 16;

/// Standard error of QEMU, gathered by a thread so that QEMU never waits for a reader.
#[derive(Debug)]
pub struct Diagnostics {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Diagnostics {
    /// Gathers what comes.
    pub fn collect(stderr: Option<ChildStderr>) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&text);
        let reader = stderr.map(|stderr| {
            thread::spawn(move || {
                let mut lines = BufReader::new(stderr);
                let mut line = Vec::new();
                // A line without end is taken in pieces, so that memory stays bounded.
                while let Ok(1..) =
                    lines.by_ref().take(KEPT_DIAGNOSTICS_BYTES as u64).read_until(b'\n', &mut line)
                {
                    let mut text = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    if text.len() + line.len() > KEPT_DIAGNOSTICS_BYTES {
                        text.clear();
                    }
                    text.push_str(&String::from_utf8_lossy(&line));
                    line.clear();
                }
            })
        });
        Self { text, reader }
    }

    /// All so far.
    pub fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Once QEMU has ended: all that it wrote.
    pub fn finish(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.text().trim().to_owned()
    }
}
