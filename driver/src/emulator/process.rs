//! The QEMU process of a board: its arguments, its folder, its end.

use std::io;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use quintet_accelerator::Instance;

use super::boards::Board;
use super::control::{self, Control};
use super::diagnostics::Diagnostics;
use super::ram::SharedRam;
use super::watcher::Watcher;
use super::{EmulatorError, EmulatorLink};

/// How long QEMU may take from its start to an answering socket. It takes 0.1 s on an idle machine.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// Pause between two looks at a QEMU that is starting.
const START_POLL: Duration = Duration::from_millis(2);
/// What the device inside QEMU prints once it has its place in the machine.
const DEVICE_READY: &str = "quintet device: ready";
/// The socket of the board's link, in QEMU's folder.
const LINK: &str = "link";

/// The QEMU process, its folder and its standard error.
#[derive(Debug)]
pub struct Qemu {
    pub process: Child,
    /// Where the board's link is.
    pub socket: PathBuf,
    pub control: Control,
    pub diagnostics: Diagnostics,
    has_device: bool,
    /// The accelerator of a QEMU without our device.
    _watcher: Option<Watcher>,
    /// Removed when all others are gone.
    _folder: Folder,
}

/// What is inside QEMU.
pub struct Inside<'a> {
    /// Our device: its library, and whether it is the link.
    pub device: Option<(&'a Path, EmulatorLink)>,
    /// An accelerator, in the device, or beside QEMU if there is none.
    pub accelerator: Option<&'a Instance>,
}

impl Qemu {
    /// Starts QEMU with a board's firmware.
    pub fn launch(board: &Board, image: &Path, inside: &Inside) -> Result<Self, EmulatorError> {
        let failed = |action| move |source| EmulatorError::Io { action, source };
        let (control, output) = Control::new().map_err(failed("make a control channel"))?;
        let folder = Folder::make().map_err(failed("make a temporary folder"))?;
        let socket = folder.0.join(LINK);
        let mut command = Command::new(&board.qemu.command);
        command.args(&board.qemu.arguments).args(["-display", "none", "-monitor", "none"]);
        command.args(control::ARGUMENTS);
        command.arg("-kernel").arg(image);
        let watcher = match inside.device {
            Some(device) => {
                let arguments = device_arguments(board, device, inside.accelerator, &folder);
                command.args(arguments.map_err(failed("write the accelerator's description"))?);
                // Ctrl-C is the driver's to handle; QEMU ends when the driver does.
                command.process_group(0);
                None
            }
            None => {
                command.args(serial(board, &uart(&socket)));
                let instance = inside.accelerator;
                let watcher = instance.map(|it| watch(board, it, &folder, &mut command));
                watcher.transpose().map_err(failed("share the machine's RAM"))?
            }
        };
        command.stdin(Stdio::piped()).stdout(output).stderr(Stdio::piped());
        let started = command.spawn();
        let mut process =
            started.map_err(|source| EmulatorError::cannot_start(&board.qemu.command, source))?;
        let diagnostics = Diagnostics::collect(process.stderr.take());
        let has_device = inside.device.is_some();
        let (_watcher, _folder) = (watcher, folder);
        Ok(Self { process, socket, control, diagnostics, has_device, _watcher, _folder })
    }

    /// Waits until the board's socket answers.
    pub fn connected(mut self) -> Result<(Self, UnixStream), EmulatorError> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let device_ready = !self.has_device || self.diagnostics.text().contains(DEVICE_READY);
            if let (true, Ok(stream)) = (device_ready, UnixStream::connect(&self.socket)) {
                return Ok((self, stream));
            }
            let ended = self.process.try_wait();
            if ended.map_err(|source| EmulatorError::Io { action: "watch QEMU", source })?.is_some()
            {
                let diagnostics = self.diagnostics.finish();
                return Err(EmulatorError::Ended { diagnostics });
            }
            if Instant::now() > deadline {
                let diagnostics = self.diagnostics.text();
                return Err(EmulatorError::TimedOut { waited: START_TIMEOUT, diagnostics });
            }
            thread::sleep(START_POLL);
        }
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        // Fails only if it has ended; then there is still the process to reap.
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.diagnostics.finish();
    }
}

/// Arguments that put our device into a machine, with a UART beside it.
fn device_arguments(
    board: &Board,
    (library, link): (&Path, EmulatorLink),
    accelerator: Option<&Instance>,
    folder: &Folder,
) -> io::Result<Vec<String>> {
    let socket = folder.0.join(LINK);
    let (library, path) = (library.display(), socket.display());
    let mut plugin = format!("{library},lifeline={path}");
    if board.has_device() {
        plugin += &format!(",machine={}", board.name());
    }
    if link == EmulatorLink::Bulk {
        plugin += &format!(",socket={path}");
    }
    if let Some(instance) = accelerator {
        let description = folder.0.join("accelerator.toml");
        std::fs::write(&description, instance.to_toml())?;
        plugin += &format!(",accelerator={}", description.display());
    }
    let port = if link == EmulatorLink::Bulk { "null".to_owned() } else { uart(&socket) };
    let mut arguments = serial(board, &port);
    arguments.extend(["-plugin".to_owned(), plugin]);
    Ok(arguments)
}

/// Arguments that put the board's serial port at `port`, and those before it nowhere.
fn serial(board: &Board, port: &str) -> Vec<String> {
    let ports = std::iter::repeat_n("null", board.qemu.serial).chain([port]);
    ports.flat_map(|port| ["-serial".to_owned(), port.to_owned()]).collect()
}

/// The argument of a UART at a socket.
fn uart(socket: &Path) -> String {
    format!("unix:{},server=on,wait=off", socket.display())
}

/// Starts an accelerator beside QEMU, and has the machine's RAM be a file that it watches.
fn watch(
    board: &Board,
    instance: &Instance,
    folder: &Folder,
    command: &mut Command,
) -> io::Result<Watcher> {
    let shared = board.qemu.ram.zip(board.description.accelerator_registers());
    let (ram, registers) = shared.ok_or_else(|| {
        io::Error::new(io::ErrorKind::Unsupported, "this board has no place for an accelerator")
    })?;
    let path = folder.0.join("ram");
    let shared = SharedRam::create(&path, ram)?;
    let backend = format!(
        "memory-backend-file,id=ram,size={},mem-path={},share=on",
        ram.bytes,
        path.display()
    );
    command.args(["-object", &backend, "-machine", "memory-backend=ram"]);
    Watcher::start(instance.clone(), shared, registers)
}

/// A folder that is removed with all in it.
#[derive(Debug)]
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    /// A new folder that only this user can open.
    fn make() -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        use std::sync::atomic::{AtomicU32, Ordering};
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!("quintet-{}-{number}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => return Ok(Self(folder)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}
