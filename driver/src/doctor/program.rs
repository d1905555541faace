//! Programs asked for a word about themselves, and not waited for without end.

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Environment;

/// Longest that a program may take. One that was never run on a busy machine takes seconds.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(10);

/// What a program wrote, and whether it was content.
pub(super) struct Answer {
    pub succeeded: bool,
    /// Standard output, trimmed.
    pub output: String,
    /// Standard error, trimmed.
    pub complaint: String,
}

/// Where a program is, in a folder of `PATH`.
pub(super) fn find(environment: &Environment, name: &str) -> Option<PathBuf> {
    std::env::split_paths(&environment.path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// Runs a program to its end. `None` if it is not there.
pub(super) fn ask(
    environment: &Environment,
    name: &str,
    arguments: &[&str],
) -> Option<io::Result<Answer>> {
    let mut command = Command::new(find(environment, name)?);
    command.args(arguments).env("PATH", &environment.path);
    // To look must not install a toolchain.
    command.env("RUSTUP_AUTO_INSTALL", "0");
    if let Some(repository) = &environment.repository {
        command.current_dir(repository);
    }
    Some(run(command))
}

fn run(mut command: Command) -> io::Result<Answer> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let output = collect(child.stdout.take());
    let complaint = collect(child.stderr.take());
    let deadline = Instant::now() + ANSWER_MAX;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if Instant::now() >= deadline => {
                child.kill()?;
                child.wait()?;
                let reason = format!("no answer within {} seconds", ANSWER_MAX.as_secs());
                return Err(io::Error::new(io::ErrorKind::TimedOut, reason));
            }
            None => thread::sleep(LOOK),
        }
    };
    let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
    Ok(Answer { succeeded: status.success(), output: text(output), complaint: text(complaint) })
}

/// Reads a pipe to its end beside the program, which would wait if it were full.
fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is what there is.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).trim().to_owned()
    })
}
