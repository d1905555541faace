//! Execution: a bundle goes to a device once, then is run as often as one likes; a device that is lost
//! meanwhile is taken up again.

use std::ops::ControlFlow;

use quintet_protocol::message::{Event, Outcome, Phase};
use quintet_protocol::program::{Operator, Program};

use crate::compile::Parts;
use crate::device::Connection;
use crate::session::run::PageSource;
use crate::session::{Blob, Session, SessionError, Uploaded};

/// Times that something is begun again because the device was lost.
const ATTEMPTS_MAX: u32 = 8;

/// What a part of a command cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Index of the command in the program.
    pub command: u16,
    /// Its micro-operator.
    pub operator: Operator,
    /// The part of it.
    pub phase: Phase,
    /// In the device's unit.
    pub ticks: u64,
    /// Work items; see [`Phase`].
    pub items: u64,
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
    /// How it ended.
    pub outcome: Outcome,
    /// Cost of every part of every command, in the order in which they were first executed.
    pub costs: Vec<Cost>,
    /// What the device pulled meanwhile.
    pub pulled: Pulled,
}

/// A bundle on a device.
pub struct Loaded<'c> {
    connection: &'c mut Connection,
    operators: Vec<Option<Operator>>,
    uploaded: Uploaded,
}

impl<'c> Loaded<'c> {
    /// Sends a bundle; what the device holds already is not sent. `progress` hears of bytes sent, of
    /// how many.
    ///
    /// # Errors
    /// As [`Session::load`].
    pub fn new(
        connection: &'c mut Connection,
        parts: Parts<'_>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, SessionError> {
        let uploaded = load(connection.session(), parts, progress)?;
        Ok(Self { connection, operators: operators(parts.program), uploaded })
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

    /// Makes attempts until the device is not lost meanwhile. One that was lost and is found again is
    /// sent what it has lost of `parts`.
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
        let (mut costs, mut pulled) = (Vec::new(), Pulled::default());
        let pages: &PageSource<'_> = &|buffer, page| {
            let (_, pages) = parts.pages.filter(|(streamed, _)| *streamed == buffer)?;
            pages.get(page as usize).map(Vec::as_slice)
        };
        let operators = &self.operators;
        let outcome = self.connection.session().run_streamed(pages, |event| {
            match event {
                Event::Cost { command, phase, ticks, items } => {
                    if let Some(&Some(operator)) = operators.get(usize::from(command)) {
                        add(&mut costs, Cost { command, operator, phase, ticks, items });
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
        Ok(Executed { outcome, costs, pulled })
    }
}

/// The operator of each command of a program.
fn operators(program: &[u8]) -> Vec<Option<Operator>> {
    let Ok(program) = Program::new(program) else { return Vec::new() };
    let operator = |index| program.command(index).ok().map(|command| command.operator());
    (0..program.command_count() as u16).map(operator).collect()
}

/// Adds what a command cost once more to what it has cost before.
fn add(costs: &mut Vec<Cost>, cost: Cost) {
    let same = |it: &&mut Cost| (it.command, it.phase) == (cost.command, cost.phase);
    match costs.iter_mut().find(same) {
        Some(it) => (it.ticks, it.items) = (it.ticks + cost.ticks, it.items + cost.items),
        None => costs.push(cost),
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
