//! Listening to a device's log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quintet_protocol::link::capability;
use quintet_protocol::message::Request;

use super::{Session, SessionError, done};

/// What is done with each log packet: it is given the bytes, and how many were lost right before.
type Hear = dyn FnMut(&[u8], u16) + Send;

/// Takes log packets, from whichever pipe to the device there is.
#[derive(Clone)]
pub(super) struct Listener(Arc<Mutex<Hear>>);

impl Listener {
    /// A packet has come, and `lost` before it have not.
    pub fn hear(&self, bytes: &[u8], lost: u16) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)(bytes, lost);
    }
}

impl Session {
    /// Whether the device has a log.
    pub fn sends_log(&self) -> bool {
        self.peer().is_some_and(|peer| peer.capabilities & capability::LOG != 0)
    }

    /// Has the device send its log, from the oldest message that it has kept on, and gives each
    /// packet to `hear`, with how many were lost right before it. Packets come while this session
    /// waits for anything else, or in [`Session::wait`].
    ///
    /// A device that has no log ([`Session::sends_log`]) sends nothing.
    ///
    /// # Errors
    ///
    /// As [`Session::call`].
    pub fn listen(
        &mut self,
        hear: impl FnMut(&[u8], u16) + Send + 'static,
    ) -> Result<(), SessionError> {
        let listener = Listener(Arc::new(Mutex::new(hear)));
        self.channel()?.listener = Some(listener.clone());
        self.listener = Some(listener);
        self.call(Request::Log, done)
    }

    /// Hears the log a little longer, if anybody listens: the last messages come behind all else.
    pub(crate) fn linger(&mut self, time: Duration) {
        let until = self.now().saturating_add(time);
        while self.listener.is_some() && self.now() < until {
            let Ok(channel) = self.channel() else { return };
            if channel.next_packet(until).is_err() {
                return;
            }
        }
    }

    /// Keeps the link going for a time, in which log packets come.
    ///
    /// # Errors
    ///
    /// Whatever ends a session for good.
    pub fn wait(&mut self, time: Duration) -> Result<(), SessionError> {
        let until = self.now().saturating_add(time);
        while self.now() < until {
            // What comes are late answers, or events of a run that was given up.
            if let Err(error) = self.channel()?.next_packet(until) {
                self.recover(error)?;
            }
        }
        Ok(())
    }
}
