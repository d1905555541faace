//! Targets: what can be tested, as `targets.toml` and a desk's own file describe it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use quintet_boards::Description;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;
use serde::Deserialize;

pub use crate::attached::{Ports, UsbPort};

use crate::fake::Misbehaviour;

/// The targets of the repository.
const OWN: &str = include_str!("../targets.toml");

/// How long tests may upload for: longer ones would be waited for and not looked at.
const UPLOAD: Duration = Duration::from_secs(40);

/// Something to run the suite on.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name, the first part of its trials' names.
    pub name: String,
    /// Its board; a virtual device and a fake have none.
    pub board: Option<&'static Description>,
    /// What it is.
    pub kind: Kind,
    /// Bytes of arena that it has at least.
    pub arena: usize,
    /// Bytes a second that reach it at least.
    pub rate: usize,
    /// What else it can.
    pub can: Vec<Ability>,
    /// How long it may take for an answer.
    pub patience: Duration,
    /// How long a trial may take.
    pub trial: Duration,
    /// The ELF file, among the built firmware, of tests that run on its core.
    pub on_device: Option<String>,
}

/// What a target is, and how to get at it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[serde(deny_unknown_fields)]
pub enum Kind {
    /// The firmware library in this process.
    Virtual,
    /// A board in QEMU, started for each trial.
    Emulated {
        /// Which way its bytes go.
        #[serde(default)]
        link: EmulatedLink,
    },
    /// A board on the desk.
    Hardware {
        /// The device URI of its port. Without one the port is found by the USB id that the board's
        /// `board.toml` names.
        uri: Option<String>,
        /// A command that resets it; `{chip}` stands for the chip's name in probe-rs.
        reset: Option<Vec<String>>,
        /// A command that takes its power away and gives it back.
        power_cycle: Option<Vec<String>>,
    },
    /// A device that does something wrong, to test the suite with.
    Fake {
        /// What it does.
        does: Misbehaviour,
    },
}

/// The links of a board in QEMU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmulatedLink {
    /// The pipe of the device inside QEMU.
    #[default]
    Bulk,
    /// The board's own serial port, beside that device, which counts.
    Uart,
    /// The board's own serial port in a QEMU as it comes.
    Bare,
}

/// What not every target can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ability {
    /// Sends its log.
    Log,
    /// Counts executed instructions, the same ones each time.
    CountInstructions,
    /// Can be reset, keeping power.
    Reset,
    /// Can be without power for a moment.
    PowerCycle,
}

impl fmt::Display for Ability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Log => "sends no log",
            Self::CountInstructions => "does not count instructions",
            Self::Reset => "cannot be reset from here",
            Self::PowerCycle => "cannot be power-cycled from here",
        })
    }
}

/// What a test needs of a target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs {
    /// Bytes of arena.
    pub arena: usize,
    /// Bytes that it uploads, about.
    pub upload: usize,
    /// What else.
    pub can: &'static [Ability],
    /// Whether it needs the files of `QUINTET_REFERENCE_DIR`.
    pub references: bool,
}

/// A file of targets that is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Not TOML, or a key is missing, unknown or of another type.
    #[error("{file}: {error}")]
    Syntax {
        /// The file.
        file: String,
        /// What is wrong.
        error: Box<toml::de::Error>,
    },
    /// A board that is none, or that cannot be what the target is.
    #[error("target {target}: {reason}")]
    Board {
        /// The target.
        target: String,
        /// What is wrong.
        reason: String,
    },
    /// No target has this name.
    #[error("no target {name:?}; there are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// All names.
        known: String,
    },
}

/// A target as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    board: Option<String>,
    device: Kind,
    arena: usize,
    rate: usize,
    #[serde(default)]
    can: Vec<Ability>,
    patience: f32,
    trial: f32,
    on_device: Option<String>,
}

/// The targets of the repository, and those of other files (their names and texts), which replace
/// targets of the same name.
///
/// # Errors
/// [`TargetError`].
pub fn all(files: &[(String, String)]) -> Result<Vec<Target>, TargetError> {
    let own = ("targets.toml".to_owned(), OWN.to_owned());
    let mut entries = BTreeMap::new();
    for (file, text) in [own].iter().chain(files) {
        let more: BTreeMap<String, Entry> = toml::from_str(text)
            .map_err(|error| TargetError::Syntax { file: file.clone(), error: Box::new(error) })?;
        entries.extend(more);
    }
    entries.into_iter().map(|(name, entry)| Target::new(name, entry)).collect()
}

impl Target {
    fn new(name: String, entry: Entry) -> Result<Self, TargetError> {
        let wrong =
            |reason: &str| TargetError::Board { target: name.clone(), reason: reason.into() };
        let board = match &entry.board {
            Some(board) => Some(quintet_boards::find(board).ok_or_else(|| {
                wrong(&format!("no board {board:?}; there are: {}", quintet_boards::names()))
            })?),
            None => None,
        };
        match (&entry.device, board) {
            (Kind::Emulated { .. }, Some(board)) if board.qemu.is_none() => {
                return Err(wrong("QEMU is not this board; use kind = \"hardware\""));
            }
            (Kind::Emulated { .. } | Kind::Hardware { .. }, None) => {
                return Err(wrong("board is missing"));
            }
            _ => {}
        }
        Ok(Self {
            board,
            kind: entry.device,
            arena: entry.arena,
            rate: entry.rate,
            can: entry.can,
            patience: Duration::from_secs_f32(entry.patience.clamp(0.01, 3600.0)),
            trial: Duration::from_secs_f32(entry.trial.clamp(0.1, 36_000.0)),
            on_device: entry.on_device,
            name,
        })
    }

    /// Whether it belongs to the suite without being asked for.
    pub fn is_usual(&self) -> bool {
        !matches!(self.kind, Kind::Fake { .. })
    }

    /// Whether there is only one of it, which trials have to share.
    pub fn is_hardware(&self) -> bool {
        matches!(self.kind, Kind::Hardware { .. })
    }

    /// Why a test is not for this target, if it is not.
    pub fn refuses(&self, needs: &Needs) -> Option<String> {
        let lacking = needs.can.iter().find(|ability| !self.can.contains(ability));
        let seconds = needs.upload / self.rate.max(1);
        if let Some(ability) = lacking {
            Some(format!("it {ability}"))
        } else if let Some(reason) = needs.can.iter().find_map(|ability| self.misses(*ability)) {
            Some(reason)
        } else if needs.arena > self.arena {
            Some(format!(
                "needs an arena of {} KiB, it has {} KiB",
                needs.arena >> 10,
                self.arena >> 10
            ))
        } else if seconds > UPLOAD.as_secs() as usize {
            Some(format!("would upload for {seconds} s"))
        } else if needs.references && crate::reference_variable().is_none() {
            Some("QUINTET_REFERENCE_DIR is not set".into())
        } else {
            None
        }
    }

    /// What a target on the desk lacks to do this, if it does.
    fn misses(&self, ability: Ability) -> Option<String> {
        let Kind::Hardware { reset, power_cycle, .. } = &self.kind else { return None };
        let command = match ability {
            Ability::Reset => reset,
            Ability::PowerCycle => power_cycle,
            Ability::Log | Ability::CountInstructions => return None,
        };
        let Some(program) = command.as_ref().and_then(|words| words.first()) else {
            return Some(format!("it {ability}: no command for it is given"));
        };
        let is_there = crate::is_installed(program);
        (!is_there).then(|| format!("it {ability}: {program} is not installed"))
    }

    /// The limits of a session with it.
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        (limits.connect, limits.answer) = (self.patience, self.patience);
        (limits.run, limits.recover) = (Some(self.trial), self.patience);
        limits
    }

    /// Puts another URI in place of where the target was.
    pub fn set_uri(&mut self, text: &str) -> Result<(), TargetError> {
        let wrong = |reason: String| TargetError::Board { target: self.name.clone(), reason };
        let _: DeviceUri = text.parse().map_err(|error| wrong(format!("{error}")))?;
        match &mut self.kind {
            Kind::Hardware { uri, .. } => *uri = Some(text.to_owned()),
            _ => return Err(wrong("only a target on the desk has a port to be named".into())),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Ability, Kind, Needs, TargetError, all};

    #[test]
    fn the_repositorys_targets_are_right() {
        let targets = all(&[]).unwrap();
        assert!(targets.iter().any(|target| target.kind == Kind::Virtual));
        let emulated = |kind: &Kind| matches!(kind, Kind::Emulated { .. });
        assert!(targets.iter().filter(|target| emulated(&target.kind)).count() >= 4);
        assert!(targets.iter().all(super::Target::is_usual));
        for target in targets {
            assert!(target.patience <= target.trial, "{}", target.name);
        }
    }

    #[test]
    fn every_board_is_a_target() {
        let targets = all(&[]).unwrap();
        for board in quintet_boards::all() {
            let mut boards = targets.iter().filter_map(|target| target.board);
            assert!(boards.any(|it| it.name == board.name), "{} is not tested", board.name);
        }
    }

    #[test]
    fn a_desks_file_replaces_a_target() {
        let text = "[virtual]\ndevice = { kind = \"virtual\" }\narena = 1\nrate = 2\n\
                    patience = 0.5\ntrial = 4\n";
        let targets = all(&[("desk.toml".into(), text.into())]).unwrap();
        let found = targets.iter().find(|target| target.name == "virtual").unwrap();
        assert_eq!((found.arena, found.patience.as_millis()), (1, 500));
        assert_eq!(targets.len(), all(&[]).unwrap().len());
    }

    #[test]
    fn a_wrong_file_is_refused_with_file_and_key() {
        let wrong = |text: &str| all(&[("desk.toml".into(), text.into())]).unwrap_err().to_string();
        let text = "[a]\ndevice = { kind = \"virtual\" }\narenas = 1\n";
        let told = wrong(text);
        assert!(told.contains("desk.toml") && told.contains("arenas"), "{told}");
        let rest = "arena = 1\nrate = 1\npatience = 1\ntrial = 1\n";
        let told =
            wrong(&format!("[a]\nboard = \"pdp-11\"\ndevice = {{ kind = \"emulated\" }}\n{rest}"));
        assert!(told.contains("pdp-11") && told.contains("qemu-riscv-virt"), "{told}");
        let none = all(&[("f".into(), format!("[a]\ndevice = {{ kind = \"hardware\" }}\n{rest}"))]);
        assert!(matches!(none, Err(TargetError::Board { .. })));
    }

    #[test]
    fn what_a_target_lacks_is_said() {
        let mut targets = all(&[]).unwrap();
        let target = targets.iter_mut().find(|target| target.name == "virtual").unwrap();
        (target.arena, target.rate) = (70 << 10, 11_000);
        assert_eq!(target.refuses(&Needs::default()), None);
        let told = |needs| target.refuses(&needs).unwrap();
        let large = Needs { arena: 1 << 20, ..Needs::default() };
        assert_eq!(told(large), "needs an arena of 1024 KiB, it has 70 KiB");
        assert_eq!(told(Needs { upload: 1_100_000, ..Needs::default() }), "would upload for 100 s");
        let log = Needs { can: &[Ability::Log], ..Needs::default() };
        assert_eq!(told(log), "it sends no log");
    }

    #[test]
    fn a_desk_without_the_program_to_reset_with_skips_resets() {
        let text = "[desk]\nboard = \"qemu-mps2-an386\"\narena = 1\nrate = 1\npatience = 1\n\
                    trial = 1\ncan = [\"reset\", \"power-cycle\"]\n[desk.device]\n\
                    kind = \"hardware\"\nreset = [\"no-such-program\", \"{chip}\"]\n";
        let targets = all(&[("desk.toml".into(), text.into())]).unwrap();
        let target = targets.iter().find(|target| target.name == "desk").unwrap();
        let told = |can| target.refuses(&Needs { can, ..Needs::default() }).unwrap();
        let reset = told(&[Ability::Reset]);
        assert_eq!(reset, "it cannot be reset from here: no-such-program is not installed");
        assert!(told(&[Ability::PowerCycle]).ends_with("no command for it is given"));
    }
}
