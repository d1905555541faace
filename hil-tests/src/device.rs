//! A target that runs: reached as often as it takes, reset, without power, without a cable.

use std::io;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quintet_boards::Flash;
use quintet_driver::device::Connection;
use quintet_driver::emulator::{Emulator, EmulatorError, EmulatorLink};
use quintet_driver::session::{Dialer, Session, SessionError};
use quintet_driver::transport::{DeviceUri, Transport, TransportError, from_unix};
use quintet_driver::virtual_device::VirtualDevice;

use crate::fake::Fake;
use crate::target::{EmulatedLink, Kind, Target};

/// Lines of an emulator's last words that a failure tells.
const LAST_WORDS: usize = 6;

/// A target that runs, for a test and whoever ends it. Copies are the same device.
#[derive(Clone)]
pub struct Device {
    target: Arc<Target>,
    running: Arc<Mutex<Running>>,
    cable: Arc<Cable>,
    /// The emulator's process; zero without one.
    process: Arc<AtomicU32>,
    /// What the test is doing.
    step: Arc<Mutex<String>>,
}

/// What has to be kept alive for the device.
enum Running {
    Virtual(VirtualDevice),
    Emulated(Emulator),
    Attached(DeviceUri),
    Fake(Fake),
    /// Between two that have power.
    Off,
}

/// Why a target does not do as told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The board in QEMU does not start, or does not reset.
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    /// QEMU runs without the device inside, so that the target is not what was asked for.
    #[error("{0}")]
    Fallback(String),
    /// The port does not open.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A fake has no socket.
    #[error("no socket for a fake device: {0}")]
    Fake(#[source] io::Error),
    /// A target on the desk without its port.
    #[error("{0}")]
    Absent(String),
    /// This cannot be done to the target.
    #[error("it {0}")]
    Cannot(crate::target::Ability),
    /// The command that does it failed.
    #[error("`{command}` failed: {reason}")]
    Command {
        /// As it would be typed.
        command: String,
        /// Why.
        reason: String,
    },
}

/// The cable: what is written over it, and whether it is plugged in.
#[derive(Debug)]
struct Cable {
    /// How often it was pulled.
    pulls: AtomicU32,
    /// Whether it is out now.
    is_out: AtomicBool,
    /// Bytes to the device after which it is pulled.
    left: AtomicUsize,
}

impl Device {
    /// Starts a target, or takes the one at `place`.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn start(target: &Target, place: Option<DeviceUri>) -> Result<Self, DeviceError> {
        let running = match (&target.kind, place) {
            (Kind::Hardware { .. }, None) => {
                return Err(DeviceError::Absent("it is not attached".into()));
            }
            (Kind::Hardware { .. }, Some(uri)) => Running::Attached(uri),
            _ => start(target)?,
        };
        let process = running.process();
        Ok(Self {
            target: Arc::new(target.clone()),
            running: Arc::new(Mutex::new(running)),
            cable: Arc::new(Cable::new()),
            process: Arc::new(AtomicU32::new(process)),
            step: Arc::default(),
        })
    }

    /// The target.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Says what the test does next, for whoever has to tell why it failed.
    pub fn step(&self, step: impl Into<String>) {
        *lock(&self.step) = step.into();
    }

    /// What the test said last.
    pub fn last_step(&self) -> String {
        lock(&self.step).clone()
    }

    /// A pipe to it. Drop the one before first: most targets have one.
    ///
    /// # Errors
    /// The cable is out, or the device is gone.
    pub fn connect(&self) -> io::Result<Box<dyn Transport>> {
        let broken = || io::Error::new(io::ErrorKind::NotConnected, "the cable is out");
        if self.cable.is_out.load(Ordering::Relaxed) {
            return Err(broken());
        }
        let inner: Box<dyn Transport> = match &mut *lock(&self.running) {
            Running::Virtual(device) => Box::new(device.connect()),
            Running::Emulated(emulator) => {
                from_unix(emulator.connect().map_err(io::Error::other)?)?
            }
            Running::Attached(uri) => uri.connect().map_err(io::Error::other)?,
            Running::Fake(fake) => DeviceUri::Unix { path: fake.path().to_owned() }
                .connect()
                .map_err(io::Error::other)?,
            Running::Off => return Err(io::ErrorKind::NotConnected.into()),
        };
        let pulls = self.cable.pulls.load(Ordering::Relaxed);
        Ok(Box::new(Plugged { inner: Some(inner), cable: Arc::clone(&self.cable), pulls }))
    }

    /// A session that finds back when it is lost.
    ///
    /// # Errors
    /// As [`Session::dial`].
    pub fn session(&self) -> Result<Session, SessionError> {
        Session::dial(Box::new(self.clone()), self.target.limits())
    }

    /// A session that ends when it is lost.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn fragile_session(&self) -> Result<Session, SessionError> {
        Session::open(self.connect()?, self.target.limits())
    }

    /// A connection, which finds back when it is lost.
    ///
    /// # Errors
    /// As [`Connection::dial`].
    pub fn open(&self) -> Result<Connection, SessionError> {
        Connection::dial(Box::new(self.clone()), self.target.limits())
    }

    /// Resets it; what is plugged in stays so.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn reset(&self) -> Result<(), DeviceError> {
        use crate::target::Ability::Reset;
        if let Running::Emulated(emulator) = &mut *lock(&self.running) {
            return Ok(emulator.reset()?);
        }
        match &self.target.kind {
            Kind::Hardware { reset: Some(command), .. } => self.order(command),
            _ => Err(DeviceError::Cannot(Reset)),
        }
    }

    /// Takes its power away and gives it back; all that it held is gone.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn power_cycle(&self) -> Result<(), DeviceError> {
        use crate::target::Ability::PowerCycle;
        match &self.target.kind {
            Kind::Hardware { power_cycle: Some(command), .. } => self.order(command),
            Kind::Hardware { power_cycle: None, .. } => Err(DeviceError::Cannot(PowerCycle)),
            _ => {
                let mut running = lock(&self.running);
                // The old one is gone before the new one is there, and so is what led to it: a
                // virtual device lives on as long as its last pipe.
                self.cable.pulls.fetch_add(1, Ordering::Relaxed);
                self.process.store(0, Ordering::Relaxed);
                *running = Running::Off;
                *running = start(&self.target)?;
                self.process.store(running.process(), Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// Pulls the cable: what is open over it breaks, and nothing can be opened until
    /// [`Device::plug_in`].
    pub fn pull_cable(&self) {
        self.cable.pull();
    }

    /// Pulls the cable once so many more bytes have gone to the device.
    pub fn pull_cable_after(&self, bytes: usize) {
        self.cable.left.store(bytes, Ordering::Relaxed);
    }

    /// Plugs the cable in again.
    pub fn plug_in(&self) {
        self.cable.is_out.store(false, Ordering::Relaxed);
    }

    /// Ends an emulator whatever it or a test is doing, so that both come to an end.
    pub fn end(&self) {
        self.cable.pull();
        let process = self.process.load(Ordering::Relaxed);
        if process != 0 {
            let _ = Command::new("kill").args(["-9", &process.to_string()]).status();
        }
    }

    /// The last that QEMU and the firmware wrote.
    pub fn last_words(&self) -> String {
        // Whoever hangs may have the lock.
        let Ok(running) = self.running.try_lock() else { return String::new() };
        let Running::Emulated(emulator) = &*running else { return String::new() };
        let text = emulator.diagnostics();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n")
    }

    /// Runs a command of the target's, with what stands for its chip.
    fn order(&self, words: &[String]) -> Result<(), DeviceError> {
        let flash = self.target.board.and_then(|board| board.flash.as_ref());
        let chip = match flash {
            Some(Flash::Probe { chip, .. }) => chip,
            _ => "",
        };
        let words: Vec<_> = words.iter().map(|word| word.replace("{chip}", chip)).collect();
        let failed = |reason| DeviceError::Command { command: words.join(" "), reason };
        let [program, arguments @ ..] = words.as_slice() else {
            return Err(failed("it is empty".into()));
        };
        let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
        let output = output.map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

impl Dialer for Device {
    fn dial(&mut self) -> io::Result<Box<dyn Transport>> {
        self.connect()
    }
}

/// Starts a target that is not on the desk.
fn start(target: &Target) -> Result<Running, DeviceError> {
    Ok(match &target.kind {
        Kind::Virtual => Running::Virtual(VirtualDevice::start(target.arena as u32, None)),
        Kind::Emulated { link } => {
            let qemu = target.board.and_then(|board| board.qemu.as_ref());
            let name = qemu.map_or("", |qemu| qemu.name.as_str());
            let link = match link {
                EmulatedLink::Bulk => EmulatorLink::Bulk,
                EmulatedLink::Uart => EmulatorLink::Uart,
                EmulatedLink::Bare => EmulatorLink::Bare,
            };
            let emulator = Emulator::start(name, link)?;
            if let Some(warning) = emulator.warning() {
                return Err(DeviceError::Fallback(warning.to_owned()));
            }
            Running::Emulated(emulator)
        }
        Kind::Fake { does } => Running::Fake(Fake::start(*does).map_err(DeviceError::Fake)?),
        Kind::Hardware { .. } => return Err(DeviceError::Absent("it is not attached".into())),
    })
}

impl Running {
    fn process(&self) -> u32 {
        match self {
            Self::Emulated(emulator) => emulator.process_id(),
            _ => 0,
        }
    }
}

impl Cable {
    fn new() -> Self {
        let left = AtomicUsize::new(usize::MAX);
        Self { pulls: AtomicU32::new(0), is_out: AtomicBool::new(false), left }
    }

    fn pull(&self) {
        self.left.store(usize::MAX, Ordering::Relaxed);
        self.is_out.store(true, Ordering::Relaxed);
        self.pulls.fetch_add(1, Ordering::Relaxed);
    }
}

/// A pipe over the cable.
struct Plugged {
    /// Gone with the first pull, so that the far end notices.
    inner: Option<Box<dyn Transport>>,
    cable: Arc<Cable>,
    /// How often the cable had been pulled before.
    pulls: u32,
}

impl Plugged {
    fn inner(&mut self) -> io::Result<&mut Box<dyn Transport>> {
        if self.cable.pulls.load(Ordering::Relaxed) != self.pulls {
            self.inner = None;
        }
        self.inner
            .as_mut()
            .ok_or_else(|| io::Error::new(io::ErrorKind::BrokenPipe, "the cable was pulled"))
    }
}

impl Transport for Plugged {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.inner()?.read(buffer, timeout)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let left = self.cable.left.load(Ordering::Relaxed);
        let inner = self.inner()?;
        if bytes.len() < left {
            inner.write(bytes)?;
            if left != usize::MAX {
                self.cable.left.store(left - bytes.len(), Ordering::Relaxed);
            }
            return Ok(());
        }
        inner.write(&bytes[..left])?;
        self.cable.pull();
        // Says that it is broken.
        self.inner().map(|_| ())
    }
}

/// A panic elsewhere leaves a device that is as good as ever.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
