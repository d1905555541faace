//! Emulated boards: starts QEMU with a board's firmware and hands over the link to it.
//!
//! QEMU runs the same ELF file as always; our own device inside it (a plugin) carries the bulk link
//! and counts instructions. Where that device cannot be loaded, the board's UART is used and
//! [`Emulator::warning`] says why.
//!
//! QEMU ends with its [`Emulator`], and with this process however it ends: the device inside QEMU
//! watches a pipe whose other end this process holds. (Without the device only the first holds.)

mod boards;
mod control;
mod error;

use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use boards::Board;
pub use boards::{firmware_folders, firmware_path, known_boards, plugin_path};
use control::Control;
pub use error::EmulatorError;

/// How long QEMU may take from its start to an answering socket. It takes 0.1 s on an idle machine.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// Pause between two looks at a QEMU that is starting.
const START_POLL: Duration = Duration::from_millis(2);
/// What the device inside QEMU prints once it has its place in the machine.
const DEVICE_READY: &str = "quintet device: ready";
/// Bytes of QEMU's standard error that are kept.
const KEPT_DIAGNOSTICS_BYTES: usize = 1 << 16;

/// Which way bytes go between driver and emulated board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmulatorLink {
    /// The device inside QEMU: megabytes a second.
    Bulk,
    /// The board's own UART: some 10 KiB a second towards the board.
    Uart,
}

/// A running emulated board.
#[derive(Debug)]
pub struct Emulator {
    qemu: Qemu,
    link: EmulatorLink,
    warning: Option<String>,
    first: Option<UnixStream>,
}

impl Emulator {
    /// Starts a board (see [`known_boards`]) with the firmware that `cargo xtask firmware` built: from
    /// the folder `QUINTET_FIRMWARE_DIR`, or else from this program's own build.
    ///
    /// # Errors
    ///
    /// When the board is unknown, QEMU or the firmware is missing, or QEMU does not start.
    pub fn start(board: &str, link: EmulatorLink) -> Result<Self, EmulatorError> {
        let board = boards::find(board)?;
        Self::start_board(board, link, &boards::firmware_folder(board)?)
    }

    /// Like [`Emulator::start`], with the firmware in `folder`.
    ///
    /// # Errors
    ///
    /// As for [`Emulator::start`].
    pub fn start_from(
        folder: &Path,
        board: &str,
        link: EmulatorLink,
    ) -> Result<Self, EmulatorError> {
        Self::start_board(boards::find(board)?, link, folder)
    }

    fn start_board(
        board: &Board,
        link: EmulatorLink,
        folder: &Path,
    ) -> Result<Self, EmulatorError> {
        let image = board.image(folder);
        if !image.is_file() {
            return Err(EmulatorError::FirmwareMissing { path: image });
        }
        let with_device = Qemu::launch(board, &image, Some((&plugin_path(folder), link)));
        match with_device.and_then(Qemu::connected) {
            Ok((qemu, stream)) => Ok(Self { qemu, link, warning: None, first: Some(stream) }),
            Err(EmulatorError::Ended { diagnostics }) => {
                let (qemu, stream) = Qemu::launch(board, &image, None)?.connected()?;
                let warning = Some(format!(
                    "the device inside QEMU did not load, so the link is the slow UART and nothing \
                     is counted: {diagnostics}"
                ));
                Ok(Self { qemu, link: EmulatorLink::Uart, warning, first: Some(stream) })
            }
            Err(error) => Err(error),
        }
    }

    /// Connects to the board. One connection at a time is served: drop the last one first.
    ///
    /// # Errors
    ///
    /// When QEMU has gone.
    pub fn connect(&mut self) -> Result<UnixStream, EmulatorError> {
        match self.first.take() {
            Some(stream) => Ok(stream),
            None => UnixStream::connect(&self.qemu.socket)
                .map_err(|source| EmulatorError::Io { action: "connect to the board", source }),
        }
    }

    /// The Unix domain socket that the board's link is at, for another process. One connection at a
    /// time is served.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.qemu.socket
    }

    /// The link in use; not the one asked for if there is a [`Emulator::warning`].
    #[must_use]
    pub fn link(&self) -> EmulatorLink {
        self.link
    }

    /// Why the link is another than was asked for.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Resets the board as its reset button does: the firmware starts again, the arena's memory
    /// keeps what it holds, and the link stays connected.
    ///
    /// # Errors
    ///
    /// When QEMU has gone.
    pub fn reset(&mut self) -> Result<(), EmulatorError> {
        let reset = self.qemu.control.reset();
        reset.map_err(|source| EmulatorError::Io { action: "reset the board", source })
    }

    /// Whether QEMU has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.qemu.process.try_wait(), Ok(None))
    }

    /// QEMU's process number.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.qemu.process.id()
    }

    /// What QEMU, its device and the firmware's last words wrote so far.
    #[must_use]
    pub fn diagnostics(&self) -> String {
        self.qemu.diagnostics.text()
    }
}

/// The QEMU process, its folder and its standard error.
#[derive(Debug)]
struct Qemu {
    process: Child,
    folder: PathBuf,
    socket: PathBuf,
    has_device: bool,
    control: Control,
    diagnostics: Diagnostics,
}

impl Qemu {
    fn launch(
        board: &Board,
        image: &Path,
        device: Option<(&Path, EmulatorLink)>,
    ) -> Result<Self, EmulatorError> {
        let (control, output) = Control::new()
            .map_err(|source| EmulatorError::Io { action: "make a control channel", source })?;
        let folder = make_folder()?;
        let socket = folder.join("link");
        let mut command = Command::new(board.command);
        command.args(board.arguments).args(["-display", "none", "-monitor", "none"]);
        command.args(control::ARGUMENTS);
        command.arg("-kernel").arg(image);
        let uart = format!("unix:{},server=on,wait=off", socket.display());
        match device {
            Some((plugin, link)) => {
                let plugin = format!(
                    "{},machine={},lifeline={}",
                    plugin.display(),
                    board.name,
                    socket.display()
                );
                let (plugin, serial) = match link {
                    EmulatorLink::Bulk => {
                        (format!("{plugin},socket={}", socket.display()), "null".into())
                    }
                    EmulatorLink::Uart => (plugin, uart),
                };
                command.args(["-plugin", &plugin, "-serial", &serial]);
                // Ctrl-C is the driver's to handle; QEMU ends when the driver does.
                command.process_group(0);
            }
            None => drop(command.args(["-serial", &uart])),
        }
        command.stdin(Stdio::piped()).stdout(output).stderr(Stdio::piped());
        let started = command.spawn();
        let mut process = started.map_err(|source| {
            let _ = std::fs::remove_dir_all(&folder);
            EmulatorError::cannot_start(board.command, source)
        })?;
        let diagnostics = Diagnostics::collect(process.stderr.take());
        Ok(Self { process, folder, socket, has_device: device.is_some(), control, diagnostics })
    }

    /// Waits until the board's socket answers.
    fn connected(mut self) -> Result<(Self, UnixStream), EmulatorError> {
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
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Standard error of QEMU, gathered by a thread so that QEMU never waits for a reader.
#[derive(Debug)]
struct Diagnostics {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Diagnostics {
    fn collect(stderr: Option<ChildStderr>) -> Self {
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

    fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Once QEMU has ended: all that it wrote.
    fn finish(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.text().trim().to_owned()
    }
}

/// A new folder that only this user can open.
fn make_folder() -> Result<PathBuf, EmulatorError> {
    use std::os::unix::fs::DirBuilderExt;
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("quintet-{}-{number}", std::process::id()));
        match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(source) => {
                return Err(EmulatorError::Io { action: "make a temporary folder", source });
            }
        }
    }
}
