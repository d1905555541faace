//! What the user sees when something fails: what, why, what to do next, and the exit code.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use quintet_driver::camera::CameraError;
use quintet_driver::camera_file::CameraFileError;
use quintet_driver::compile::CompileError;
use quintet_driver::compile::field::FieldError;
use quintet_driver::compile::network::PlanError;
use quintet_driver::compile::saved::SavedError;
use quintet_driver::device::OpenError;
use quintet_driver::emulator::EmulatorError;
use quintet_driver::import::ImportError;
use quintet_driver::infer::InferError;
use quintet_driver::input::InputError;
use quintet_driver::log::LogError;
use quintet_driver::render::RenderError;
use quintet_driver::session::SessionError;
use quintet_driver::transport::DeviceUri;

/// Exit code: it did not work.
pub const FAILED: u8 = 1;
/// Exit code: the command line makes no sense. The parser of the command line uses it as well.
pub const USAGE: u8 = 2;
/// Exit code: there is no such device, or it has gone.
pub const NO_DEVICE: u8 = 3;
/// Exit code: the device did not answer, or did not finish, in time.
pub const TIMEOUT: u8 = 4;

/// Why a subcommand failed.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    what: String,
    cause: String,
    help: String,
}

impl Failure {
    /// A failure of its own kind: what did not work, and why.
    pub fn new(code: u8, what: impl Into<String>, cause: impl ToString) -> Self {
        Self { code, what: what.into(), cause: cause.to_string(), help: String::new() }
    }

    /// Adds what to do next.
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }

    /// The same with another account of what did not work; what there was becomes part of the
    /// cause.
    pub fn because(self, what: impl Into<String>) -> Self {
        Self { cause: format!("{}\n{}", self.what, self.cause), what: what.into(), ..self }
    }

    /// The same as a warning, where the rest can be done all the same.
    pub fn as_warning(&self) -> impl fmt::Display {
        fmt::from_fn(|to| self.write(to, "warning"))
    }

    fn write(&self, to: &mut fmt::Formatter<'_>, kind: &str) -> fmt::Result {
        write!(to, "{kind}: {}", self.what)?;
        for line in self.cause.lines().filter(|line| !line.trim().is_empty()) {
            write!(to, "\n  {line}")?;
        }
        if !self.help.is_empty() {
            write!(to, "\n  help: {}", self.help)?;
        }
        Ok(())
    }

    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    /// A scene that cannot be imported.
    pub fn scene(error: &ImportError) -> Self {
        Self::new(FAILED, format!("cannot import {}", error.file), &error.fault).help(error.help())
    }

    /// A compiled scene or network that cannot be used.
    pub fn saved(path: &Path, error: &SavedError) -> Self {
        let help = match error {
            SavedError::Io(_) => "check the path and its permissions",
            _ => "compile it again with `quintet compile`",
        };
        Self::new(FAILED, format!("cannot use {}", path.display()), error).help(help)
    }

    /// A camera file that cannot be used.
    pub fn camera_file(path: &Path, error: &CameraFileError) -> Self {
        let help = match error {
            CameraFileError::Io(_) => "check the path and its permissions",
            CameraFileError::UnknownView { .. } | CameraFileError::Ambiguous { .. } => {
                "choose one of these with --view NAME"
            }
            _ => {
                "a camera file maps names of views to width, height, fx, fy, cx, cy, near and \
                 world_to_camera (4x4, row-major, x right, y down, z forward)"
            }
        };
        Self::new(FAILED, format!("no camera from {}", path.display()), error).help(help)
    }

    /// A camera that cannot be used.
    pub fn camera(error: &CameraError) -> Self {
        let help = match error {
            CameraError::Invalid(_) => "correct it in the camera file",
            CameraError::FocalTooLong { .. } => {
                "choose a smaller --size, or a camera with a wider field of view"
            }
            _ => "move the camera closer to the scene",
        };
        Self::new(FAILED, "the scene cannot be drawn with this camera", error).help(help)
    }

    /// A device that cannot be reached.
    pub fn open(uri: &DeviceUri, error: &OpenError) -> Self {
        match error {
            OpenError::Emulator(error) => Self::emulator(uri, error),
            OpenError::Session(session) => {
                Self::new(session_code(session), format!("no device at {uri}"), session)
                    .help(error.advice())
            }
            OpenError::Firmware { error: session, .. } => {
                Self::new(session_code(session), format!("no device at {uri}"), error)
                    .help(error.advice())
            }
            OpenError::OwnAccelerator(_) => {
                Self::new(USAGE, "this device cannot be given an accelerator", error)
                    .help(error.advice())
            }
            OpenError::Transport(transport) => {
                Self::new(NO_DEVICE, "cannot reach the device", transport).help(error.advice())
            }
            _ => Self::new(NO_DEVICE, format!("cannot open {uri}"), error).help(error.advice()),
        }
    }

    fn emulator(uri: &DeviceUri, error: &EmulatorError) -> Self {
        let what = format!("cannot start {uri}");
        match error {
            EmulatorError::UnknownBoard { .. } => Self::new(NO_DEVICE, what, error)
                .help("choose one of these; `quintet devices` lists all devices"),
            EmulatorError::QemuMissing { command } => {
                Self::new(NO_DEVICE, what, format!("{command} is not installed")).help(
                    "run `cargo xtask setup`, or on Debian and Ubuntu: apt-get install \
                     --no-install-recommends qemu-system-arm qemu-system-misc; without QEMU there \
                     is --device virtual:",
                )
            }
            EmulatorError::FirmwareMissing { path } => {
                Self::new(NO_DEVICE, what, format!("there is no firmware at {}", path.display()))
                    .help("run `cargo xtask firmware`, or set QUINTET_FIRMWARE_DIR to its folder")
            }
            EmulatorError::TimedOut { .. } => Self::new(TIMEOUT, what, error)
                .help("try again; an emulator on a very busy machine may start too slowly"),
            _ => Self::new(NO_DEVICE, what, error)
                .help("check that this QEMU runs by itself, and that the firmware is its board's"),
        }
    }

    /// A scene that cannot be rendered.
    pub fn render(error: &RenderError) -> Self {
        match error {
            RenderError::Camera(error) => Self::camera(error),
            RenderError::Compile(error) => Self::compile(error),
            RenderError::Session(error) => Self::session(error),
            RenderError::Stopped(stopped) => {
                Self::new(FAILED, "the frame was not rendered", stopped).help(stopped.advice())
            }
            _ => Self::new(FAILED, "the frame was not rendered", error).help(
                "try again; if it happens again, flash the firmware that came with this \
                       driver",
            ),
        }
    }

    /// A file that cannot be an input.
    pub fn input(path: &Path, error: &InputError) -> Self {
        Self::new(FAILED, format!("cannot use {}", path.display()), error).help(error.advice())
    }

    /// A network that cannot be run.
    pub fn infer(error: &InferError) -> Self {
        match error {
            InferError::Session(error @ SessionError::Timeout { request: "run", .. }) => {
                Self::session(error).help("allow more time with --timeout")
            }
            InferError::Session(error) => Self::session(error),
            InferError::Compile(error) => Self::network(error),
            InferError::Memory { available, .. } => {
                Self::new(USAGE, "the compiled network does not fit", error)
                    .help(format!("compile the network again, with --arena {available}"))
            }
            InferError::Stopped(stopped) => {
                Self::new(FAILED, "the network was not run", stopped).help(stopped.advice())
            }
            _ => Self::new(FAILED, "the network was not run", error).help(
                "try again; if it happens again, flash the firmware that came with this driver",
            ),
        }
    }

    /// A network that cannot be compiled.
    pub fn network(error: &PlanError) -> Self {
        Self::new(FAILED, "the network cannot be compiled for this device", error).help(
            "use a smaller network, or a device with more memory; `quintet inspect MODEL` says \
                 what a network needs",
        )
    }

    /// A device's log that cannot be read.
    pub fn log(error: &LogError) -> Self {
        Self::new(FAILED, "the device's log cannot be read", error).help(error.advice())
    }

    /// A scene that cannot be compiled.
    pub fn compile(error: &CompileError) -> Self {
        let help = match error {
            _ if error.needed().is_some() => {
                "use a coarser level of detail of the scene, a larger --arena if it was set, or a \
                 device with more memory; `quintet inspect` says what a scene needs"
            }
            CompileError::Empty | CompileError::NoTriangles => {
                "check that the scene is the one you meant"
            }
            CompileError::PictureSize { .. } => "choose another --size",
            CompileError::Texture(_) => "make the texture smaller, or draw with another --texture",
            CompileError::Field(FieldError::Samples { .. }) => "choose with --samples",
            CompileError::Field(FieldError::Camera(_)) => "move the camera closer to the field",
            _ => "export the scene in another form; `quintet inspect` says what is in it",
        };
        Self::new(FAILED, "the scene cannot be compiled for this device", error).help(help)
    }

    /// A device that failed during a session.
    pub fn session(error: &SessionError) -> Self {
        let help = match error {
            SessionError::Timeout { request: "run", .. } => {
                "allow more time with --timeout, or draw a smaller picture with --size"
            }
            _ => error.advice(),
        };
        Self::new(session_code(error), "the device did not do what was asked", error).help(help)
    }
}

fn session_code(error: &SessionError) -> u8 {
    match error {
        SessionError::Timeout { .. } | SessionError::Silent => TIMEOUT,
        SessionError::NoAnswer(_)
        | SessionError::Lost
        | SessionError::Forgotten
        | SessionError::Pipe(_) => NO_DEVICE,
        _ => FAILED,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(to, "error")
    }
}
