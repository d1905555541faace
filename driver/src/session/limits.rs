//! How long things may take.

use std::time::Duration;

/// How long things may take, in the transport's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// For the handshake. A board may have to boot first.
    pub connect: Duration,
    /// For each answer, while the link itself is alive.
    pub answer: Duration,
    /// For a run, from its start to its last event; `None` for as long as the device lives.
    pub run: Option<Duration>,
    /// For the way back to a device that was lost, in a session that has a dialer; zero for never.
    pub recover: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            run: None,
            recover: Duration::from_secs(15),
        }
    }
}
