//! The way back to a device that was lost: on the same pipe, or on a new one.

use std::io;
use std::time::Duration;

use quintet_protocol::message::{Outcome, Reply, Request, Status};

use super::channel::Channel;
use super::{Session, SessionError, done};
use crate::transport::{Transport, real_time};

/// Pauses between two attempts: from the first they double up to the second.
pub(super) const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// Opens the pipe to a device as often as it is needed.
pub trait Dialer: Send {
    /// Opens the pipe.
    ///
    /// # Errors
    ///
    /// It cannot be opened now; it may be later.
    fn dial(&mut self) -> io::Result<Box<dyn Transport>>;

    /// Lets time pass between two attempts.
    fn pause(&mut self, time: Duration) {
        std::thread::sleep(time);
    }

    /// The time while there is no pipe; the same as that of its pipes.
    fn now(&self) -> Duration {
        real_time()
    }
}

/// How a device was found when it was reached again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Whether it still holds what this session has sent it since [`Session::clear`], and the
    /// program installed since. If not, [`Session::load`] sends only what is missing.
    pub kept: bool,
    /// How the last run of this session ended; a run does not outlive its session. `None` if it was
    /// never started, or the device was reset.
    pub run: Option<Outcome>,
}

impl Session {
    /// Reaches the device again after a call failed with `error`, for [`super::Limits::recover`] at
    /// most. Uploads and requests do this by themselves. A run that was under way was aborted.
    ///
    /// # Errors
    ///
    /// `error` itself if it is not the loss of the session, or there is no dialer; what the last
    /// attempt came to.
    pub fn recover(&mut self, error: SessionError) -> Result<Recovered, SessionError> {
        if !error.is_loss() {
            return Err(error);
        }
        let give_up = self.now().saturating_add(self.limits.recover);
        let status = self.recover_until(give_up, error)?;
        let run = status.last_run.filter(|run| Some(run.ticket) == self.ticket);
        Ok(Recovered { kept: !self.forgotten, run: run.and_then(|run| run.outcome) })
    }

    /// Whether the device has lost what this session sent it, so that it has to be sent again.
    pub fn has_forgotten(&self) -> bool {
        self.forgotten
    }

    /// Reaches the device again; past `give_up` no attempt is made, and `cause` is the error if
    /// none was made at all.
    pub(super) fn recover_until(
        &mut self,
        give_up: Duration,
        mut cause: SessionError,
    ) -> Result<Status, SessionError> {
        let [mut pause, longest] = PAUSES;
        loop {
            let left = give_up.saturating_sub(self.now());
            if self.dialer.is_none() || left.is_zero() {
                return Err(cause);
            }
            match self.reconnect(left.min(self.limits.connect)) {
                Err(error) if error.is_loss() => cause = error,
                other => return other,
            }
            if let Some(dialer) = &mut self.dialer {
                dialer.pause(pause.min(left));
            }
            pause = longest.min(pause * 2);
        }
    }

    /// One attempt: on the pipe that there is, or else on a new one.
    fn reconnect(&mut self, limit: Duration) -> Result<Status, SessionError> {
        match (self.channel.take(), &mut self.dialer) {
            (Some(mut channel), _) => {
                // Opening a port again can reset a board, so that is left for the next attempt.
                channel.reopen(limit)?;
                self.channel = Some(channel);
            }
            (None, Some(dialer)) => self.channel = Some(Channel::open(dialer.dial()?, limit)?),
            (None, None) => return Err(SessionError::Lost),
        }
        if let Some(listener) = self.listener.clone() {
            self.channel()?.listener = Some(listener);
            self.ask(Request::Log, &done)?;
        }
        let status = self.ask(Request::Status, &|reply| match reply {
            Reply::Status(status) => Some(status),
            _ => None,
        })?;
        // Without a claim of its own a session cannot know whose memory it is.
        self.forgotten |= self.claim.is_none() || status.claim != self.claim;
        Ok(status)
    }
}
