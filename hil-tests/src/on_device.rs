//! Tests that run on the core itself: `embedded-test`'s in an ELF file, one boot each, in QEMU with
//! semihosting or on a board through `probe-rs run`. The same file for both.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use object::{Object, ObjectSection, ObjectSymbol};
use quintet_boards::{Description, Flash};
use quintet_driver::emulator::firmware_folders;
use serde::Deserialize;

use crate::is_installed;
use crate::target::{Kind, Target};

/// The section in which the tests are symbols whose names are JSON.
const SECTION: &str = ".embedded_test";
/// How long a test may take that does not say so itself (`embedded-test`'s default).
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long booting and flashing may take besides.
const START: Duration = Duration::from_secs(60);
/// What `semihosting::process::abort` ends QEMU with: what every handler of the file does at last.
const ABORTED: i32 = 134;
/// What its handlers of faults and of panics say first.
const HANDLERS: [&str; 2] = ["fault: ", "panicked at "];
/// Pause between two looks at a process.
const POLL: Duration = Duration::from_millis(5);

/// A test in an ELF file, and where it is run.
#[derive(Clone, Debug)]
pub struct OnDevice {
    /// Its path in the file.
    pub name: String,
    /// Why it is not run here, if it is not.
    pub skipped: Option<String>,
    address: u32,
    should_panic: bool,
    timeout: Duration,
    image: PathBuf,
    how: How,
}

/// How an ELF file is run.
#[derive(Clone, Debug)]
enum How {
    /// In QEMU's machine of this board.
    Emulated(&'static Description),
    /// On the chip of this name.
    Probe(String),
}

/// What a test's symbol says of it.
#[derive(Deserialize)]
struct Symbol {
    name: String,
    ignored: bool,
    should_panic: bool,
    timeout: Option<u32>,
}

/// The tests of a target's ELF file. A file that is not built is a test that fails.
pub fn tests(target: &Target) -> Vec<OnDevice> {
    let (Some(file), Some(board)) = (&target.on_device, target.board) else { return Vec::new() };
    let how = match (&target.kind, &board.flash) {
        (Kind::Emulated { .. }, _) => How::Emulated(board),
        (Kind::Hardware { .. }, Some(Flash::Probe { chip, .. })) => How::Probe(chip.clone()),
        _ => return Vec::new(),
    };
    let folders = firmware_folders();
    let image = folders.iter().map(|folder| folder.join(file)).find(|path| path.is_file());
    let image = image.unwrap_or_else(|| file.into());
    let missing = |reason: &str| OnDevice {
        name: format!("{file} {reason}"),
        skipped: None,
        address: 0,
        should_panic: false,
        timeout: TIMEOUT,
        image: image.clone(),
        how: how.clone(),
    };
    let found = std::fs::read(&image).ok().map(|bytes| symbols(&bytes));
    match found {
        Some(Some(symbols)) if !symbols.is_empty() => {
            let test = |(symbol, address)| OnDevice::new(symbol, address, &image, &how);
            symbols.into_iter().map(test).collect()
        }
        Some(_) => vec![missing("has no tests in it")],
        None => vec![missing("is built by cargo xtask hil")],
    }
}

/// The tests in an ELF file, each with the address of its function; `None` if it is no such file.
fn symbols(bytes: &[u8]) -> Option<Vec<(Symbol, u32)>> {
    let file = object::File::parse(bytes).ok()?;
    let section = file.section_by_name(SECTION)?;
    let data = section.data().ok()?;
    let mut all = Vec::new();
    for symbol in file.symbols().filter(|it| it.section_index() == Some(section.index())) {
        let name = symbol.name().ok().filter(|name| name.starts_with('{'));
        let Some(described) = name.and_then(|name| serde_json::from_str(name).ok()) else {
            continue;
        };
        let start = usize::try_from(symbol.address() - section.address()).ok()?;
        let word = data.get(start..start + 4)?.try_into().ok()?;
        all.push((described, u32::from_le_bytes(word)));
    }
    all.sort_by(|(one, _): &(Symbol, u32), (other, _)| one.name.cmp(&other.name));
    Some(all)
}

impl OnDevice {
    fn new(symbol: Symbol, address: u32, image: &Path, how: &How) -> Self {
        let probe = matches!(how, How::Probe(_)) && !is_installed("probe-rs");
        let skipped = match (symbol.ignored, probe) {
            (true, _) => Some("ignored by the file itself".to_owned()),
            (false, true) => Some("probe-rs is not installed: cargo install probe-rs-tools".into()),
            (false, false) => None,
        };
        Self {
            name: symbol.name,
            skipped,
            address,
            should_panic: symbol.should_panic,
            timeout: symbol.timeout.map_or(TIMEOUT, |it| Duration::from_secs(it.into())),
            image: image.to_owned(),
            how: how.clone(),
        }
    }

    /// Boots it.
    ///
    /// # Errors
    /// Why it failed: what it said, that it did not end, or that the core gave up.
    pub fn run(&self) -> Result<(), String> {
        if !self.image.is_file() {
            return Err(format!(
                "{} is missing: build it with `cargo xtask hil`",
                self.image.display()
            ));
        }
        let mut command = self.command();
        let process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = process.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let said = [hear(process.stdout.take()), hear(process.stderr.take())];
        let status = wait(&mut process, START + self.timeout);
        let said = said.map(|thread| thread.join().unwrap_or_default()).concat();
        self.judge(status.as_ref(), said.trim())
    }

    fn command(&self) -> Command {
        match &self.how {
            How::Emulated(board) => {
                let qemu = board.qemu.as_ref();
                let mut command = Command::new(qemu.map_or("qemu", |qemu| &qemu.command));
                command.args(qemu.map_or(&[][..], |qemu| &qemu.arguments));
                command.args(["-display", "none", "-monitor", "none", "-serial", "none"]);
                let address = self.address;
                let hosting = format!("enable=on,target=native,arg=run_addr,arg={address}");
                command.args(["-semihosting-config", &hosting]).arg("-kernel").arg(&self.image);
                command
            }
            How::Probe(chip) => {
                let mut command = Command::new("probe-rs");
                command.args(["run", "--chip", chip]).arg(&self.image);
                command.args(["--exact", &self.name]);
                command
            }
        }
    }

    /// What a boot came to. On a probe `probe-rs run` has judged already.
    fn judge(&self, status: Option<&ExitStatus>, said: &str) -> Result<(), String> {
        let told = if said.is_empty() { "it said nothing" } else { said };
        let Some(status) = status else {
            return Err(format!("it had not ended after {:?}: {told}", START + self.timeout));
        };
        let expects_failure = self.should_panic && matches!(self.how, How::Emulated(_));
        // A core that cannot even fault ends QEMU by its own abort, which is nobody's expectation.
        let Some(code) = status.code().filter(|_| !said.contains("Lockup")) else {
            return Err(format!("the core gave up ({status}): {told}"));
        };
        let is_handled = code == ABORTED && HANDLERS.iter().any(|words| said.contains(words));
        match (code, expects_failure) {
            (0, false) => Ok(()),
            (0, true) => Err(format!("it was to fail and did not: {told}")),
            (_, true) if is_handled => Ok(()),
            (_, true) => Err(format!("no handler told of its failure (exit code {code}): {told}")),
            (_, false) => Err(told.to_owned()),
        }
    }
}

/// Gathers what a process says, lest it waits for somebody to read it.
fn hear(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came until an error is as good as it gets.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for a process; ends it after `limit`, which is `None`.
fn wait(process: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        match process.try_wait() {
            Ok(None) => thread::sleep(POLL),
            Ok(status) => return status,
            Err(_) => break,
        }
    }
    let _ = process.kill();
    let _ = process.wait();
    None
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::{ABORTED, How, OnDevice, TIMEOUT};

    fn test(should_panic: bool) -> OnDevice {
        let board = quintet_boards::find("qemu-riscv-virt").unwrap();
        OnDevice {
            name: "a".into(),
            skipped: None,
            address: 0,
            should_panic,
            timeout: TIMEOUT,
            image: "a.elf".into(),
            how: How::Emulated(board),
        }
    }

    #[test]
    fn a_boot_is_judged_by_what_it_was_to_do() {
        let [well, badly] = [0, ABORTED << 8].map(ExitStatus::from_raw);
        assert_eq!(test(false).judge(Some(&well), ""), Ok(()));
        assert_eq!(test(false).judge(Some(&badly), "3 is not 4"), Err("3 is not 4".into()));
        assert_eq!(test(true).judge(Some(&badly), "fault: read at 0x1234"), Ok(()));
        assert_eq!(test(true).judge(Some(&badly), "a.rs: panicked at a.rs:1:2:"), Ok(()));
        assert!(test(true).judge(Some(&well), "").unwrap_err().contains("was to fail"));
        assert!(test(false).judge(None, "").unwrap_err().contains("had not ended"));
    }

    #[test]
    fn a_failure_of_which_no_handler_tells_is_not_the_one_that_was_expected() {
        let [silent, other] = [ABORTED << 8, 1 << 8].map(ExitStatus::from_raw);
        assert!(test(true).judge(Some(&silent), "").unwrap_err().contains("no handler"));
        let told = test(true).judge(Some(&other), "fault: not by abort").unwrap_err();
        assert!(told.contains("exit code 1"), "{told}");
    }

    #[test]
    fn a_core_that_gave_up_fails_whatever_was_expected() {
        let aborted = ExitStatus::from_raw(6); // SIGABRT
        let told = test(true).judge(Some(&aborted), "Lockup: can't escalate").unwrap_err();
        assert!(told.contains("gave up") && told.contains("Lockup"), "{told}");
    }
}
