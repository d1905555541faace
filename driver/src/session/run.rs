//! Runs: start one, hand its events on, supply the pages that it needs, end it.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::Duration;

use quintet_protocol::message::{Call, Event, Outcome, Request, ToDriver, decode};

use super::{CALL_BYTES, Session, SessionError, done};

/// Where the pages of streamed buffers come from: from a buffer's number and a page's to its bytes.
pub type PageSource<'a> = dyn Fn(u16, u32) -> Option<&'a [u8]> + 'a;

/// Pages that are asked for, and how much of the first has been sent.
#[derive(Default)]
struct Supplies<'a> {
    pages: VecDeque<(u16, &'a [u8])>,
    sent: usize,
}

impl Session {
    /// Runs the installed program once and hands each event to `on_event`, but for the last one,
    /// whose outcome is returned. `Break` aborts the run.
    ///
    /// # Errors
    ///
    /// As [`Session::run_streamed`], without pages.
    pub fn run(
        &mut self,
        on_event: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Outcome, SessionError> {
        self.run_streamed(&|_, _| None, on_event)
    }

    /// As [`Session::run`], for a program with streamed buffers: pages that the run needs come from
    /// `pages`.
    ///
    /// A run takes effect once, so a lost session is not taken up again here: [`Session::recover`]
    /// says what became of the run, and another can be started.
    ///
    /// # Errors
    ///
    /// [`SessionError::Timeout`] if the run outlasts [`super::Limits::run`]: it was aborted then,
    /// if the device still listens. [`SessionError::Unexpected`] if the run needs a page that there
    /// is not. [`SessionError::Forgotten`] if the program is not there any more. Else as
    /// [`Session::call`].
    pub fn run_streamed<'a>(
        &mut self,
        pages: &PageSource<'a>,
        mut on_event: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Outcome, SessionError> {
        const NAME: &str = "run";
        self.refuse_if_forgotten()?;
        let ticket = self.take_number();
        self.ticket = Some(ticket);
        self.ask(Request::Run { ticket }, &done)?;
        let started = self.now();
        let mut aborted = false;
        let mut supplies = Supplies::default();
        loop {
            if !aborted {
                self.supply(&mut supplies)?;
            }
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
                    if let Event::Need { need, buffer, page, length } = event {
                        let found = pages(buffer, page).filter(|it| it.len() == length as usize);
                        // More than their numbers can tell apart are no honest device's.
                        let room = supplies.pages.len() < usize::from(u16::MAX);
                        let Some(bytes) = found.filter(|_| room) else {
                            self.start_abort()?;
                            return Err(SessionError::Unexpected { request: NAME });
                        };
                        supplies.pages.push_back((need, bytes));
                    }
                    if !aborted && on_event(event).is_break() {
                        aborted = self.start_abort()?;
                    }
                }
                Ok(ToDriver::Reply { .. }) => {}
                Err(_) => return Err(SessionError::Unexpected { request: NAME }),
            }
        }
    }

    /// Sends as much of the pages as the link has room for.
    fn supply(&mut self, supplies: &mut Supplies<'_>) -> Result<(), SessionError> {
        let most = self.max_payload().saturating_sub(CALL_BYTES);
        while let Some(&(need, page)) = supplies.pages.front() {
            if most == 0 {
                return Err(SessionError::TooLong { request: "supply" });
            }
            let rest = page.get(supplies.sent..).unwrap_or_default();
            let piece = &rest[..rest.len().min(most)];
            let request = Request::Supply { need, offset: supplies.sent as u32, bytes: piece };
            let id = self.take_id();
            if !self.channel()?.try_send(&Call { id, request }, "supply")? {
                return Ok(());
            }
            supplies.sent += piece.len();
            if piece.len() == rest.len() {
                supplies.pages.pop_front();
                supplies.sent = 0;
            }
        }
        Ok(())
    }

    /// Sends an abort without waiting for its reply, which the run's loop passes over; returns
    /// whether there was room for it.
    fn start_abort(&mut self) -> Result<bool, SessionError> {
        let id = self.take_id();
        self.channel()?.try_send(&Call { id, request: Request::Abort }, "abort")
    }
}
