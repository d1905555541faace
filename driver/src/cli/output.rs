//! Standard output and standard error: text, JSON and progress bars.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::failure::{FAILED, Failure};

/// Prints to standard output. A reader that has gone (`quintet ... | head`) is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(FAILED, "cannot write to standard output", error)
                .help("check the disk or the program that the output goes to"))
        }
        _ => Ok(()),
    }
}

/// Prints a JSON document to standard output.
pub fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document);
    let text = text.map_err(|error| Failure::new(FAILED, "cannot write JSON", error))?;
    print(&(text + "\n"))
}

/// Says something on standard error; nobody may be listening.
pub fn say(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A progress bar of bytes on standard error, if that is a terminal.
pub fn bytes_bar(what: &'static str) -> ProgressBar {
    bar(what, "{msg} [{wide_bar}] {bytes} of {total_bytes}, {eta} left")
}

/// A progress bar of frames on standard error, if that is a terminal.
pub fn frames_bar(count: usize) -> ProgressBar {
    let bar = bar("rendering", "{msg} [{wide_bar}] frame {pos} of {len}, {eta} left");
    bar.set_length(count as u64);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A progress bar of inferences on standard error, if that is a terminal.
pub fn samples_bar(count: usize) -> ProgressBar {
    let bar = bar("running", "{msg} [{wide_bar}] sample {pos} of {len}, {eta} left");
    bar.set_length(count as u64);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A progress bar of the runs of a sweep on standard error, if that is a terminal.
pub fn sweep_bar(count: usize) -> ProgressBar {
    let bar = bar("sweeping", "{msg} [{wide_bar}] run {pos} of {len}, {eta} left");
    bar.set_length(count as u64);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A progress bar of a self-test's steps on standard error, if that is a terminal.
pub fn checks_bar() -> ProgressBar {
    bar("self-test", "{msg:28} [{wide_bar}] {pos} of {len}")
}

fn bar(what: &'static str, template: &str) -> ProgressBar {
    // Hidden by itself where standard error is no terminal.
    let bar = ProgressBar::new(0).with_message(what);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

/// A number with its digits in groups of three: `8 406`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// A number of bytes for people: `612.4 KiB`.
pub fn in_bytes(bytes: u64) -> String {
    let scaled = |shift: u32| bytes as f64 / f64::from(1u32 << shift);
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{:.1} KiB", scaled(10)),
        0x10_0000..0x4000_0000 => format!("{:.1} MiB", scaled(20)),
        _ => format!("{:.1} GiB", scaled(30)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_scaled() {
        let all = [0, 12, 999, 1_000, 8_406, 123_456, 16_000_000].map(grouped);
        assert_eq!(all.join("|"), "0|12|999|1 000|8 406|123 456|16 000 000");
        let all = [0, 1023, 1024, 627_098, 16 << 20, 3 << 30].map(in_bytes);
        assert_eq!(all.join("|"), "0 B|1023 B|1.0 KiB|612.4 KiB|16.0 MiB|3.0 GiB");
    }
}
