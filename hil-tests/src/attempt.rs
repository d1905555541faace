//! One attempt at a test: in a thread of its own, with a deadline, and its end told.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use quintet_driver::session::SessionError;
use quintet_driver::transport::DeviceUri;

use crate::device::Device;
use crate::suite::Test;
use crate::target::Target;

/// How long what a test leaves behind may take to end, once its device was taken from it.
const GRACE: Duration = Duration::from_secs(5);

/// Starts the target, runs the test, and says why it failed.
///
/// # Errors
/// The cause, in words.
pub fn run(target: &Target, place: Option<&DeviceUri>, test: &'static Test) -> Result<(), String> {
    let device = Device::start(target, place.cloned()).map_err(|error| error.to_string())?;
    let theirs = device.clone();
    let name = format!("{}::{}", target.name, test.name);
    let ended = within(target.trial, &name, move || (test.body)(&theirs).map_err(|it| tell(&*it)));
    let cause = match ended {
        Ended::Returned(Ok(())) => return Ok(()),
        Ended::Returned(Err(cause)) => cause,
        Ended::TooLate(rest) => {
            // Whatever waits for the device gets an error now.
            device.end();
            let _ = rest.recv_timeout(GRACE);
            format!("it had not ended after {:?}", target.trial)
        }
    };
    Err(with_circumstances(cause, &device))
}

/// How a piece of work ended.
pub enum Ended {
    /// By itself.
    Returned(Result<(), String>),
    /// Not in time; whether it does at all is heard here.
    TooLate(mpsc::Receiver<Result<(), String>>),
}

/// Runs some work for so long at most; a panic is a failure.
pub fn within(
    limit: Duration,
    name: &str,
    work: impl FnOnce() -> Result<(), String> + Send + 'static,
) -> Ended {
    let (end, ended) = mpsc::channel();
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
        let caught = catch_unwind(AssertUnwindSafe(work));
        // Nobody hears it who has gone on.
        let _ = end.send(caught.unwrap_or_else(|panic| Err(words(&*panic))));
    });
    if let Err(error) = thread {
        return Ended::Returned(Err(format!("no thread for it: {error}")));
    }
    match ended.recv_timeout(limit) {
        Ok(result) => Ended::Returned(result),
        Err(RecvTimeoutError::Timeout) => Ended::TooLate(ended),
        Err(RecvTimeoutError::Disconnected) => Ended::Returned(Err("its thread vanished".into())),
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

/// An error with what can be done about it.
fn tell(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    match cause.downcast_ref::<SessionError>() {
        Some(error) => format!("{error}; {}", error.advice()),
        None => cause.to_string(),
    }
}

/// Adds what the test was doing and what the emulator wrote.
fn with_circumstances(cause: String, device: &Device) -> String {
    let mut all = cause;
    let (step, words) = (device.last_step(), device.last_words());
    if !step.is_empty() {
        all = format!("{step}: {all}");
    }
    if !words.is_empty() {
        all = format!("{all}\nlast words: {words}");
    }
    all
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Ended, within};

    #[test]
    fn work_that_hangs_is_left_in_time() {
        let begun = Instant::now();
        let ended = within(Duration::from_millis(50), "hangs", || {
            std::thread::sleep(Duration::from_secs(600));
            Ok(())
        });
        assert!(matches!(ended, Ended::TooLate(_)));
        assert!(begun.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn a_panic_is_a_failure_with_its_words() {
        let ended = within(Duration::from_secs(60), "panics", || panic!("{} is wrong", "this"));
        let Ended::Returned(Err(cause)) = ended else { panic!("no failure") };
        assert_eq!(cause, "this is wrong");
    }
}
