//! QEMU's control channel: its machine protocol (QMP), one JSON document a line.

use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

/// How long QEMU may take for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of a document; QEMU's are a few hundred long.
const LINE_MAX: u64 = 64 << 10;

/// Arguments that make QEMU serve its control channel on its standard output, which it has no other
/// use for. A socket with a name would have to be cleared away by somebody.
pub const ARGUMENTS: [&str; 4] =
    ["-chardev", "socket,id=control,fd=1", "-mon", "chardev=control,mode=control"];

/// The driver's end.
#[derive(Debug)]
pub struct Control {
    stream: BufReader<UnixStream>,
    /// Whether the greeting is over.
    ready: bool,
}

impl Control {
    /// A control channel, and the standard output for a QEMU with [`ARGUMENTS`].
    pub fn new() -> io::Result<(Self, Stdio)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_read_timeout(Some(TIMEOUT))?;
        ours.set_write_timeout(Some(TIMEOUT))?;
        let control = Self { stream: BufReader::new(ours), ready: false };
        Ok((control, Stdio::from(OwnedFd::from(theirs))))
    }

    /// Resets the machine as its reset button does: memory keeps what it holds.
    pub fn reset(&mut self) -> io::Result<()> {
        if !self.ready {
            self.execute("qmp_capabilities")?;
            self.ready = true;
        }
        self.execute("system_reset")
    }

    /// Has a command carried out; greetings and events on the way are passed over.
    fn execute(&mut self, command: &str) -> io::Result<()> {
        let line = format!("{}\n", json!({ "execute": command }));
        self.stream.get_mut().write_all(line.as_bytes())?;
        loop {
            let mut line = String::new();
            if io::Read::take(&mut self.stream, LINE_MAX).read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let answer: Value = serde_json::from_str(&line)?;
            if answer.get("return").is_some() {
                return Ok(());
            }
            if let Some(error) = answer.get("error") {
                return Err(io::Error::other(error.to_string()));
            }
        }
    }
}
