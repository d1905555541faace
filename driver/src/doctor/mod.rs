//! What there is here to work with: each thing checked by itself, with the cause and the one
//! command that mends it.
//!
//! All that is looked at is in an [`Environment`], so that a test can stand anything in its place.

mod disk;
mod emulators;
mod ports;
mod probes;
mod program;
mod toolchain;

use std::ffi::OsString;
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use quintet_boards::Description;

use crate::emulator::firmware_folders;
use crate::flash::{self, Port};

/// Where it is looked.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The folder that holds `dev`, `etc`, `proc` and `sys`: `/`.
    pub root: PathBuf,
    /// The folders of programs, as `PATH` has them.
    pub path: OsString,
    /// The checkout of Quintet that this is in, if it is in one.
    pub repository: Option<PathBuf>,
    /// The folders where firmware may be.
    pub firmware: Vec<PathBuf>,
    /// The serial ports.
    pub ports: Vec<Port>,
    /// Opens a device file for reading and writing, and closes it.
    pub open: fn(&Path) -> io::Result<()>,
}

impl Environment {
    /// This computer, as this process sees it.
    #[must_use]
    pub fn here() -> Self {
        Self {
            root: "/".into(),
            path: std::env::var_os("PATH").unwrap_or_default(),
            repository: std::env::current_dir().ok().and_then(|folder| repository(&folder)),
            firmware: firmware_folders(),
            ports: flash::ports(),
            open: |file| OpenOptions::new().read(true).write(true).open(file).map(drop),
        }
    }
}

/// The checkout that a folder is in.
fn repository(folder: &Path) -> Option<PathBuf> {
    let is_one = |folder: &&Path| folder.join("boards/catalogue/Cargo.toml").is_file();
    folder.ancestors().find(is_one).map(Path::to_owned)
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// As it should be.
    Fine,
    /// Not as it should be; what was asked for works without it.
    Warning,
    /// What was asked for does not work without it.
    Broken,
}

/// What was found of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub thing: String,
    /// How it is.
    pub status: Status,
    /// What was seen, or why it is not as it should be.
    pub says: String,
    /// The command that mends it; empty if all is well or no command does.
    pub mend: String,
}

impl Finding {
    fn fine(thing: impl Into<String>, says: impl fmt::Display) -> Self {
        Self {
            thing: thing.into(),
            status: Status::Fine,
            says: says.to_string(),
            mend: String::new(),
        }
    }

    fn bad(
        needed: bool,
        thing: impl Into<String>,
        says: impl fmt::Display,
        mend: impl Into<String>,
    ) -> Self {
        let status = if needed { Status::Broken } else { Status::Warning };
        Self { thing: thing.into(), status, says: says.to_string(), mend: mend.into() }
    }
}

/// Checks everything that a board needs, or, without one, what work on all boards needs: there
/// only what the emulated boards need can be broken.
#[must_use]
pub fn examine(environment: &Environment, board: Option<&'static Description>) -> Vec<Finding> {
    let boards: Vec<_> = match board {
        Some(board) => vec![board],
        None => quintet_boards::all().iter().collect(),
    };
    let mut findings = toolchain::check(environment, &boards, board.is_some());
    findings.extend(emulators::check(environment, &boards, board.is_some()));
    findings.extend(probes::check(environment, &boards, board.is_some()));
    findings.extend(ports::check(environment, &boards, board.is_some()));
    findings.extend(disk::check(environment));
    findings
}
