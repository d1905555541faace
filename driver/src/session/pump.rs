//! As much as the link takes: one idempotent request again and again, to measure with.

use std::time::Duration;

use quintet_protocol::message::{Call, REPLY_OVERHEAD, Reply, Request};

use super::{CALL_BYTES, Session, SessionError, name};

/// Reads that are under way at once: as many packets as the driver's window holds.
const READS: usize = 24;

/// What was moved, and in which time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pumped {
    /// Bytes that were written or read, without framing.
    pub bytes: u64,
    /// From the first request to the last answer.
    pub time: Duration,
}

impl Session {
    /// Writes packets of made-up bytes to the start of the arena, for a time.
    ///
    /// # Errors
    ///
    /// As [`Session::call`], and whatever ends a session: nothing is taken up again.
    pub fn pump_writes(&mut self, time: Duration) -> Result<Pumped, SessionError> {
        // Neither all zero nor without zeros, which frames differ by.
        let room = self.max_payload().saturating_sub(CALL_BYTES) as u32;
        let bytes: Vec<u8> =
            (0..room).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let request = Request::Write { offset: 0, bytes: &bytes };
        self.pump(request, bytes.len(), usize::MAX, time)
    }

    /// Reads packets from the start of the arena, for a time.
    ///
    /// # Errors
    ///
    /// As [`Session::pump_writes`].
    pub fn pump_reads(&mut self, time: Duration) -> Result<Pumped, SessionError> {
        let length = self.max_payload().saturating_sub(REPLY_OVERHEAD);
        self.pump(Request::Read { offset: 0, length: length as u32 }, length, READS, time)
    }

    /// Keeps up to `most` of a request under way for a time, then awaits the answers. Each moves
    /// `bytes`.
    fn pump(
        &mut self,
        request: Request<'_>,
        bytes: usize,
        most: usize,
        time: Duration,
    ) -> Result<Pumped, SessionError> {
        let started = self.now();
        let name = name(&request);
        let (mut under_way, mut answered) = (0, 0);
        loop {
            let going_on = self.now().saturating_sub(started) < time;
            while going_on && under_way < most {
                let id = self.next_id;
                if !self.channel()?.try_send(&Call { id, request }, name)? {
                    break;
                }
                self.take_id();
                under_way += 1;
            }
            if under_way == 0 {
                let time = self.now().saturating_sub(started);
                return Ok(Pumped { bytes: answered * bytes as u64, time });
            }
            let deadline = self.now().saturating_add(self.limits.answer);
            let refused = self.next_reply(name, deadline, |_, reply| match reply {
                Reply::Refused(refusal) => Some(refusal),
                _ => None,
            })?;
            if let Some(refusal) = refused {
                return Err(SessionError::Refused { request: name, refusal });
            }
            (under_way, answered) = (under_way - 1, answered + 1);
        }
    }
}
