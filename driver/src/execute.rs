//! Execution: a bundle goes to a device once, then is run as often as one likes; a device that is
//! lost meanwhile is taken up again.

mod stopped;

use std::ops::ControlFlow;

use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::message::{Event, Outcome, Phase};
use quintet_protocol::program::{Operator, Program};

use crate::compile::Parts;
use crate::device::Connection;
use crate::session::run::PageSource;
use crate::session::{Blob, Session, SessionError, Uploaded};
pub use stopped::Stopped;

/// Times that something is begun again because the device was lost.
const ATTEMPTS_MAX: u32 = 8;

/// What a part of a command cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Index of the command in the program.
    pub command: u16,
    /// Its micro-operator.
    pub operator: Operator,
    /// Its name, as [`quintet_protocol::program::COMMANDS`] has it.
    pub name: &'static str,
    /// The part of it.
    pub phase: Phase,
    /// In the device's unit.
    pub ticks: u64,
    /// Work items; see [`Phase`].
    pub items: u64,
}

/// What a command cost the accelerator that executed it, all its executions in a run together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accelerated {
    /// Index of the command in the program.
    pub command: u16,
    /// Its micro-operator.
    pub operator: Operator,
    /// Its name, as [`quintet_protocol::program::COMMANDS`] has it.
    pub name: &'static str,
    /// The accelerator's account.
    pub receipt: Receipt,
}

/// Pages of a streamed buffer that a device pulled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// How many.
    pub pages: u64,
    /// Their bytes, without what carries them.
    pub bytes: u64,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Whether it came to its end.
    pub ended: Result<(), Stopped>,
    /// Cost of every part of every command, in the order in which they were first executed.
    pub costs: Vec<Cost>,
    /// What the accelerator executed, in the order in which it was first finished.
    pub accelerated: Vec<Accelerated>,
    /// What the device pulled meanwhile.
    pub pulled: Pulled,
}

/// A bundle on a device.
pub struct Loaded<'c> {
    connection: &'c mut Connection,
    /// Micro-operator and name of each command.
    codes: Vec<Option<(Operator, &'static str)>>,
    uploaded: Uploaded,
}

impl<'c> Loaded<'c> {
    /// Sends a bundle; what the device holds already is not sent. `progress` hears of bytes sent,
    /// of how many.
    ///
    /// # Errors
    /// As [`Session::load`].
    pub fn new(
        connection: &'c mut Connection,
        parts: Parts<'_>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, SessionError> {
        let uploaded = load(connection.session(), parts, progress)?;
        Ok(Self { connection, codes: codes(parts.program), uploaded })
    }

    /// What sending the bundle moved so far.
    pub fn uploaded(&self) -> Uploaded {
        self.uploaded
    }

    /// The connection to the device.
    pub fn connection(&self) -> &Connection {
        self.connection
    }

    /// The session with the device.
    pub fn session(&mut self) -> &mut Session {
        self.connection.session()
    }

    /// Makes attempts until the device is not lost meanwhile. One that was lost and is found again
    /// is sent what it has lost of `parts`.
    ///
    /// # Errors
    /// That of the last attempt, or of the way back to the device.
    pub fn persist<T>(
        &mut self,
        parts: Parts<'_>,
        mut attempt: impl FnMut(&mut Self) -> Result<T, SessionError>,
    ) -> Result<T, SessionError> {
        for _ in 1..ATTEMPTS_MAX {
            match attempt(self) {
                Err(error) if error.is_loss() => {
                    self.session().recover(error)?;
                }
                Err(SessionError::Forgotten) => {}
                other => return other,
            }
            if self.session().has_forgotten() {
                let again = load(self.session(), parts, &mut |_, _| ())?;
                self.uploaded += again;
            }
        }
        attempt(self)
    }

    /// Runs the program once; pages come from `parts`. `on_event` hears of everything but costs.
    ///
    /// # Errors
    /// As [`Session::run_streamed`].
    pub fn run(
        &mut self,
        parts: Parts<'_>,
        mut on_event: impl FnMut(&Event<'_>),
    ) -> Result<Executed, SessionError> {
        let (mut costs, mut accelerated) = (Vec::new(), Vec::new());
        let mut pulled = Pulled::default();
        let pages: &PageSource<'_> = &|buffer, page| {
            let (_, pages) = parts.pages.filter(|(streamed, _)| *streamed == buffer)?;
            pages.get(page as usize).map(Vec::as_slice)
        };
        let codes = &self.codes;
        let code = |command: u16| codes.get(usize::from(command)).copied().flatten();
        let outcome = self.connection.session().run_streamed(pages, |event| {
            match event {
                Event::Cost { command, phase, ticks, items } => {
                    if let Some((operator, name)) = code(command) {
                        add(&mut costs, Cost { command, operator, name, phase, ticks, items });
                    }
                }
                Event::Accelerated { command, receipt } => {
                    if let Some((operator, name)) = code(command) {
                        let its = Accelerated { command, operator, name, receipt };
                        add_receipt(&mut accelerated, its);
                    }
                }
                Event::Need { length, .. } => {
                    pulled.pages += 1;
                    pulled.bytes += u64::from(length);
                }
                other => on_event(&other),
            }
            ControlFlow::Continue(())
        })?;
        let ended = match outcome {
            Outcome::Completed => Ok(()),
            Outcome::Failed { command, failure } => {
                Err(Stopped::Accelerator { command, code: code(command), failure })
            }
            _ => Err(Stopped::Aborted),
        };
        Ok(Executed { ended, costs, accelerated, pulled })
    }
}

/// Micro-operator and name of each command of a program.
fn codes(program: &[u8]) -> Vec<Option<(Operator, &'static str)>> {
    let Ok(program) = Program::new(program) else { return Vec::new() };
    let code = |index| {
        let command = program.command(index).ok()?;
        Some((command.operator(), command.name()))
    };
    (0..program.command_count() as u16).map(code).collect()
}

/// Adds what a command cost once more to what it has cost before.
fn add(costs: &mut Vec<Cost>, cost: Cost) {
    let same = |it: &&mut Cost| (it.command, it.phase) == (cost.command, cost.phase);
    match costs.iter_mut().find(same) {
        Some(it) => (it.ticks, it.items) = (it.ticks + cost.ticks, it.items + cost.items),
        None => costs.push(cost),
    }
}

/// Adds what a command cost the accelerator once more to what it has cost it before.
fn add_receipt(accelerated: &mut Vec<Accelerated>, its: Accelerated) {
    match accelerated.iter_mut().find(|it| it.command == its.command) {
        Some(it) => it.receipt += its.receipt,
        None => accelerated.push(its),
    }
}

/// Sends a bundle; what the device holds already is not sent.
fn load(
    session: &mut Session,
    parts: Parts<'_>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Uploaded, SessionError> {
    let constants = parts.constants.iter();
    let mut blobs: Vec<_> =
        constants.map(|it| Blob { offset: it.offset, bytes: &it.bytes }).collect();
    blobs.push(Blob { offset: 0, bytes: parts.program });
    let total = parts.upload_bytes();
    session.load(&blobs, &mut |done| progress(done, total))
}
