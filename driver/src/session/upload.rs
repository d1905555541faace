//! Uploads: what the device already holds is not sent, and what was sent is checked.
//!
//! An upload keeps no state on the device. It asks for digests of what lies in the arena, writes
//! the blocks that differ, and asks again, until nothing differs. So it goes on where it was after
//! a lost session, whoever sent the first part; and the last answer is the end-to-end check.

use std::collections::VecDeque;
use std::ops::{AddAssign, Range};
use std::time::Duration;

use quintet_protocol::digest::{DIGEST_BYTES, digest};
use quintet_protocol::message::{Call, DIGESTED_MAX, REPLY_OVERHEAD, Reply, Request};

use super::{CALL_BYTES, Session, SessionError};

/// Bytes that one digest stands for: 0.8 % of a scene comes back as digests.
const BLOCK: usize = 1 << 10;

/// Blobs up to this many bytes are sent without asking first: that costs less than the round trip.
const UNASKED_MAX: usize = 256;

/// Times that a part of a blob is written before the device's memory is held to be broken.
const ROUNDS_MAX: u8 = 3;

/// What a blob's upload moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// Bytes that the device took, also those that it took again.
    pub sent: u64,
    /// Bytes that the device held already.
    pub found: u64,
}

impl AddAssign for Uploaded {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.found += other.found;
    }
}

/// A thing to ask of the device; ranges are bytes of the blob.
#[derive(Clone, Debug)]
enum Job {
    /// Compare digests; the range has been written `round` times.
    Check {
        range: Range<usize>,
        round: u8,
    },
    Write(Range<usize>),
}

/// An upload under way.
struct Upload<'a> {
    offset: u32,
    bytes: &'a [u8],
    jobs: VecDeque<Job>,
    under_way: VecDeque<(u16, Job)>,
    /// Bytes that the device holds, as far as is known.
    done: usize,
    /// The most that `done` ever was.
    most_done: usize,
    /// Whether the device ever took a byte of each block.
    touched: Vec<bool>,
    sent: u64,
}

impl Session {
    /// Puts `bytes` at byte `offset` of the arena. Only what differs from what lies there is sent;
    /// all of it is right when this returns. A lost session is taken up again, and the upload goes
    /// on where it was. `progress` hears of how many bytes the device is known to hold.
    ///
    /// # Errors
    ///
    /// [`SessionError::Damaged`] if the memory does not hold what is written;
    /// [`SessionError::Timeout`] if nothing moves for [`super::Limits::answer`]; the loss of the
    /// session if the device was not reached again, or only to be lost again without any progress,
    /// within [`super::Limits::recover`]; else as [`Session::call`].
    pub fn upload(
        &mut self,
        offset: u32,
        bytes: &[u8],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Uploaded, SessionError> {
        let mut upload = Upload::new(offset, bytes);
        let (mut give_up, mut best) = (None, 0);
        loop {
            let error = match self.advance(&mut upload, progress) {
                Ok(()) => return Ok(upload.account()),
                Err(error) if error.is_loss() => error,
                Err(error) => return Err(error),
            };
            if upload.most_done > best {
                (give_up, best) = (None, upload.most_done);
            }
            let fresh = self.now().saturating_add(self.limits.recover);
            self.recover_until(*give_up.get_or_insert(fresh), error)?;
        }
    }

    /// Does an upload from its start, as far as this session lives.
    fn advance(
        &mut self,
        upload: &mut Upload<'_>,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), SessionError> {
        let payload = self.max_payload();
        let writable = payload.saturating_sub(CALL_BYTES);
        let digests = payload.saturating_sub(REPLY_OVERHEAD) / DIGEST_BYTES;
        if writable == 0 || digests == 0 {
            return Err(SessionError::TooLong { request: "write" });
        }
        upload.restart(BLOCK * digests.min(DIGESTED_MAX as usize / BLOCK));
        let mut deadline = self.answer_deadline();
        loop {
            self.send_jobs(upload, writable)?;
            let Some((id, job)) = upload.under_way.front() else { return Ok(()) };
            let answer = self.next_reply(job.name(), deadline, |got, reply| {
                // Else a late reply to a call that was given up.
                (got == *id).then(|| upload.judge(job, reply))
            })?;
            if let Some(wrong) = answer {
                upload.take(wrong?)?;
                progress(upload.most_done);
                deadline = self.answer_deadline();
            }
        }
    }

    /// Keeps as many jobs under way as the link takes.
    fn send_jobs(&mut self, upload: &mut Upload<'_>, writable: usize) -> Result<(), SessionError> {
        while let Some(job) = upload.jobs.pop_front() {
            let (job, rest) = job.split(writable);
            if let Some(rest) = rest {
                upload.jobs.push_front(rest);
            }
            let id = self.next_id;
            let call = Call { id, request: upload.request(&job) };
            if !self.channel()?.try_send(&call, job.name())? {
                upload.jobs.push_front(job);
                break;
            }
            self.take_id();
            upload.under_way.push_back((id, job));
        }
        Ok(())
    }

    fn answer_deadline(&self) -> Duration {
        self.now().saturating_add(self.limits.answer)
    }
}

impl Job {
    fn name(&self) -> &'static str {
        match self {
            Self::Check { .. } => "digest",
            Self::Write(_) => "write",
        }
    }

    /// Cuts what does not fit a packet off a write.
    fn split(self, writable: usize) -> (Self, Option<Self>) {
        match self {
            Self::Write(Range { start, end }) if end - start > writable => {
                let cut = start + writable;
                (Self::Write(start..cut), Some(Self::Write(cut..end)))
            }
            job => (job, None),
        }
    }
}

impl<'a> Upload<'a> {
    fn new(offset: u32, bytes: &'a [u8]) -> Self {
        Self {
            offset,
            bytes,
            jobs: VecDeque::new(),
            under_way: VecDeque::new(),
            done: 0,
            most_done: 0,
            touched: vec![false; bytes.len().div_ceil(BLOCK)],
            sent: 0,
        }
    }

    /// Begins in a new session, in which nothing is known of the device's memory. At most `piece`
    /// bytes, a multiple of [`BLOCK`], are checked at once.
    fn restart(&mut self, piece: usize) {
        self.under_way.clear();
        self.jobs.clear();
        self.done = 0;
        let whole = 0..self.bytes.len();
        if (1..=UNASKED_MAX).contains(&whole.end) {
            self.jobs.extend([Job::Write(whole.clone()), Job::Check { range: whole, round: 1 }]);
            return;
        }
        self.jobs.extend(
            whole
                .clone()
                .step_by(piece)
                .map(|start| Job::Check { range: start..whole.end.min(start + piece), round: 0 }),
        );
    }

    fn request(&self, job: &Job) -> Request<'a> {
        // Saturates past the end of any arena, where the device refuses.
        let at = |start: usize| self.offset.saturating_add(start.try_into().unwrap_or(u32::MAX));
        match job {
            Job::Check { range, .. } => Request::Digest {
                offset: at(range.start),
                length: range.len() as u32,
                block: BLOCK as u32,
            },
            Job::Write(range) => Request::Write {
                offset: at(range.start),
                bytes: self.bytes.get(range.clone()).unwrap_or_default(),
            },
        }
    }

    /// What of a job's range the device does not hold, by its reply.
    fn judge(&self, job: &Job, reply: Reply<'_>) -> Result<Vec<Range<usize>>, SessionError> {
        let request = job.name();
        match (job, reply) {
            (_, Reply::Refused(refusal)) => Err(SessionError::Refused { request, refusal }),
            (Job::Write(_), Reply::Done) => Ok(Vec::new()),
            (Job::Check { range, .. }, Reply::Digests(digests)) => {
                let bytes = self.bytes.get(range.clone()).unwrap_or_default();
                wrong_ranges(bytes, digests, range.start)
                    .ok_or(SessionError::Unexpected { request })
            }
            _ => Err(SessionError::Unexpected { request }),
        }
    }

    /// The oldest job was answered: `wrong` is what the device does not hold of its range.
    fn take(&mut self, wrong: Vec<Range<usize>>) -> Result<(), SessionError> {
        match self.under_way.pop_front() {
            Some((_, Job::Write(range))) => {
                self.done += range.len();
                self.sent += range.len() as u64;
                let blocks = range.start / BLOCK..range.end.div_ceil(BLOCK);
                self.touched.get_mut(blocks).unwrap_or_default().fill(true);
            }
            Some((_, Job::Check { range, round })) => {
                let length = wrong.iter().map(Range::len).sum::<usize>();
                match round {
                    0 => self.done += range.len() - length,
                    _ => self.done -= length,
                }
                if length > 0 && round == ROUNDS_MAX {
                    let offset = self.offset.saturating_add(range.start as u32);
                    return Err(SessionError::Damaged { offset, length: range.len() as u32 });
                }
                if length > 0 {
                    self.jobs.extend(wrong.into_iter().map(Job::Write));
                    self.jobs.push_back(Job::Check { range, round: round + 1 });
                }
            }
            None => {}
        }
        self.most_done = self.most_done.max(self.done);
        Ok(())
    }

    fn account(&self) -> Uploaded {
        let blocks = self.bytes.chunks(BLOCK).zip(&self.touched);
        let found = blocks.filter(|(_, touched)| !**touched).map(|(block, _)| block.len() as u64);
        Uploaded { sent: self.sent, found: found.sum() }
    }
}

/// The ranges of `bytes` whose digests are others, moved by `start`; neighbours are joined. `None`
/// unless there is one digest a block.
fn wrong_ranges(bytes: &[u8], digests: &[u8], start: usize) -> Option<Vec<Range<usize>>> {
    let blocks = bytes.chunks(BLOCK);
    let (digests, []) = digests.as_chunks::<DIGEST_BYTES>() else { return None };
    if digests.len() != blocks.len() {
        return None;
    }
    let mut wrong: Vec<Range<usize>> = Vec::new();
    for ((block, found), at) in blocks.zip(digests).zip((start..).step_by(BLOCK)) {
        if digest(block).to_le_bytes() == *found {
            continue;
        }
        match wrong.last_mut() {
            Some(last) if last.end == at => last.end = at + block.len(),
            _ => wrong.push(at..at + block.len()),
        }
    }
    Some(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(bytes: &[u8]) -> Vec<u8> {
        bytes.chunks(BLOCK).flat_map(|block| digest(block).to_le_bytes()).collect()
    }

    #[test]
    fn only_blocks_that_differ_are_wrong_and_neighbours_are_joined() {
        let bytes: Vec<u8> = (0..5 * BLOCK + 100).map(|i| (i * 7 / 3) as u8).collect();
        let mut held = bytes.clone();
        assert_eq!(wrong_ranges(&bytes, &digests(&held), 9), Some(vec![]));
        for at in [0, 2 * BLOCK, 4 * BLOCK - 1, 5 * BLOCK + 99] {
            held[at] ^= 1;
        }
        let wrong = [0..BLOCK, 2 * BLOCK..4 * BLOCK, 5 * BLOCK..bytes.len()];
        let moved = wrong.map(|range| range.start + 9..range.end + 9);
        assert_eq!(wrong_ranges(&bytes, &digests(&held), 9), Some(moved.to_vec()));
    }

    #[test]
    fn memory_that_never_holds_what_is_written_is_damaged() {
        for length in [UNASKED_MAX, 5 * BLOCK] {
            let bytes = vec![7; length];
            let mut upload = Upload::new(40, &bytes);
            upload.restart(2 * BLOCK);
            let mut written = 0;
            let error = loop {
                let job = upload.jobs.pop_front().expect("it ended well");
                // Each write is taken, and every block is wrong all the same.
                let wrong = match &job {
                    Job::Write(_) => vec![],
                    Job::Check { range, .. } => vec![range.clone()],
                };
                written += usize::from(matches!(job, Job::Write(_)));
                upload.under_way.push_back((0, job));
                if let Err(error) = upload.take(wrong) {
                    break error;
                }
            };
            assert!(matches!(error, SessionError::Damaged { offset: 40, .. }), "{error}");
            assert!(written >= usize::from(ROUNDS_MAX), "{written}");
        }
    }

    #[test]
    fn an_answer_of_the_wrong_length_makes_no_sense() {
        let bytes = [7; 2 * BLOCK];
        let right = digests(&bytes);
        for wrong in [&right[..8], &right[..15], &[right.as_slice(), &[0; 8]].concat(), &[]] {
            assert_eq!(wrong_ranges(&bytes, wrong, 0), None);
        }
    }
}
