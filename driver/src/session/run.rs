//! Runs: start one, hand its events on, end it.

use std::ops::ControlFlow;
use std::time::Duration;

use quintet_protocol::message::{Call, Event, Outcome, Request, ToDriver, decode};

use super::{Session, SessionError, done};

impl Session {
    /// Runs the installed program once and hands each event to `on_event`, but for the last one,
    /// whose outcome is returned. `Break` aborts the run.
    ///
    /// A run takes effect once, so a lost session is not taken up again here: [`Session::recover`]
    /// says what became of the run, and another can be started.
    ///
    /// # Errors
    ///
    /// [`SessionError::Timeout`] if the run outlasts [`super::Limits::run`]: it was aborted then, if
    /// the device still listens. [`SessionError::Forgotten`] if the program is not there any more.
    /// Else as [`Session::call`].
    pub fn run(
        &mut self,
        mut on_event: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Outcome, SessionError> {
        const NAME: &str = "run";
        self.refuse_if_forgotten()?;
        let ticket = self.take_number();
        self.ticket = Some(ticket);
        self.ask(Request::Run { ticket }, &done)?;
        let started = self.now();
        let mut aborted = false;
        loop {
            let late = self.limits.run.is_some_and(|limit| self.now() > started + limit);
            if late && !aborted {
                aborted = self.start_abort()?;
            }
            if let Some(limit) = self.limits.run.filter(|_| late)
                && self.now() > started + limit + self.limits.answer
            {
                return Err(SessionError::Timeout { request: NAME, after: limit });
            }
            let deadline = self.now() + Duration::from_millis(200);
            let Some(packet) = self.channel()?.next_packet(deadline)? else { continue };
            match decode(&packet) {
                Ok(ToDriver::Event(Event::Finished(outcome))) => {
                    let after = self.limits.run.filter(|_| late && outcome == Outcome::Aborted);
                    return match after {
                        Some(after) => Err(SessionError::Timeout { request: NAME, after }),
                        None => Ok(outcome),
                    };
                }
                Ok(ToDriver::Event(event)) => {
                    if !aborted && on_event(event).is_break() {
                        aborted = self.start_abort()?;
                    }
                }
                Ok(ToDriver::Reply { .. }) => {}
                Err(_) => return Err(SessionError::Unexpected { request: NAME }),
            }
        }
    }

    /// Sends an abort without waiting for its reply, which the run's loop passes over; returns
    /// whether there was room for it.
    fn start_abort(&mut self) -> Result<bool, SessionError> {
        let id = self.take_id();
        self.channel()?.try_send(&Call { id, request: Request::Abort }, "abort")
    }
}
