//! The messages, encoded by [`crate::codec`], one to a link packet.
//!
//! The driver sends [`Call`]s; the device answers each with one [`ToDriver::Reply`] that repeats
//! the call's `id`, in the order in which they arrive, and sends [`Event`]s of its own while a run
//! is under way.
//!
//! Events go as bulk and replies as control, so that a reply may overtake events; only the reply to
//! [`Request::Run`] goes as bulk, after the events of the run before and before those of its own.
//! Of the calls [`Request::Write`] and [`Request::Digest`] go as bulk and so keep their order; any
//! other call that must come after them waits for their replies.
//!
//! **Once.** Within a session the link delivers each message exactly once. When a session is lost,
//! a driver cannot know which of its last calls were carried out, so every request can be repeated
//! in the next one: all but [`Request::Run`] are idempotent, and a run has a ticket, which a device
//! runs only once.
//!
//! **What a device keeps.** The arena, the installed program and the record of the last run outlive
//! a session; a run does not: with the session ends whoever would have taken its pixels, so the
//! device aborts it. A reset loses all but, where the board's memory keeps it, the arena's bytes. A
//! claim tells a driver that comes back whether anything else happened meanwhile.

use crate::accelerator::descriptor::Receipt;
use crate::accelerator::{Failure, Presence};
use crate::codec;
pub use crate::codec::{Undecodable, decode};
use crate::link::LinkStats;
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// Most bytes whose digests one request may ask for. The device is away from its link meanwhile:
/// for 2 million instructions of a Cortex-M4, 4.5 million of an RV32IMAC.
pub const DIGESTED_MAX: u32 = 256 << 10;

/// Most bytes that a [`ToDriver`] adds to the bytes it carries. A device answers with so many fewer
/// bytes than a packet holds at most, whatever the answer.
pub const REPLY_OVERHEAD: usize = 24;

/// A numbered request to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Call<'a> {
    /// Chosen by the driver; repeated in the reply.
    pub id: u16,
    /// What is asked.
    #[serde(borrow)]
    pub request: Request<'a>,
}

/// What a driver may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[non_exhaustive]
pub enum Request<'a> {
    /// Describe yourself. Idempotent. Answered by [`Reply::Description`].
    Describe,
    /// Forget the program; the whole arena may be written again, under this claim. Idempotent.
    /// Answered by [`Reply::Done`].
    Clear {
        /// Chosen by the driver, never the same again. [`Status::claim`] repeats it until the next
        /// `Clear` or a reset, so as long as it does, nobody else has changed the arena.
        claim: u32,
    },
    /// Put `bytes` at byte `offset` of the arena. Before [`Request::Install`] anywhere; after it
    /// only inside input buffers, and not during a run. Idempotent. Answered by [`Reply::Done`].
    Write {
        /// Byte offset in the arena.
        offset: u32,
        /// What to put there.
        #[serde(borrow, serialize_with = "codec::bytes")]
        bytes: &'a [u8],
    },
    /// Compute the [`crate::digest`] of each `block` bytes of an arena range of at most
    /// [`DIGESTED_MAX`] bytes; the last block may be shorter. Idempotent. Answered by
    /// [`Reply::Digests`], which must fit one packet.
    Digest {
        /// Byte offset in the arena.
        offset: u32,
        /// Length in bytes.
        length: u32,
        /// Bytes of a block, not zero.
        block: u32,
    },
    /// Copy an arena range back, at most one packet. Idempotent. Answered by [`Reply::Bytes`].
    Read {
        /// Byte offset in the arena.
        offset: u32,
        /// Length in bytes.
        length: u32,
    },
    /// Validate the program that lies at an arena range and make it the one to run. Idempotent.
    /// Answered by [`Reply::Done`] or [`Reply::Refused`].
    Install {
        /// Byte offset in the arena, a multiple of 4.
        offset: u32,
        /// Length in bytes.
        length: u32,
    },
    /// Run the installed program once. Answered at once by [`Reply::Done`]; then events follow, the
    /// last one [`Event::Finished`]. Not idempotent, but a ticket is run once: repeated, it is
    /// [`Refusal::AlreadyRun`].
    Run {
        /// Chosen by the driver, never the same again. The device remembers the last one.
        ticket: u32,
    },
    /// Stop the run that is under way, if any. Idempotent. Answered by [`Reply::Done`]; the run
    /// still ends with [`Event::Finished`].
    Abort,
    /// Send the log messages that wait and all that follow, until the session ends, on the link's
    /// log channel. Idempotent. Answered by [`Reply::Done`], also by a device that has no logs:
    /// whether it has is told by [`crate::link::capability::LOG`].
    Log,
    /// Say how the link fares. Idempotent. Answered by [`Reply::Link`].
    Link,
    /// Say what is going on. Idempotent. Answered by [`Reply::Status`].
    Status,
    /// A piece of the page that an [`Event::Need`] asked for. Pieces come in order and without
    /// gaps; the last one ends the page. Answered by [`Reply::Done`], or refused if that page is
    /// not asked for any more: the run has ended.
    Supply {
        /// The number in the [`Event::Need`].
        need: u16,
        /// Byte offset in the page.
        offset: u32,
        /// The piece.
        #[serde(borrow, serialize_with = "codec::bytes")]
        bytes: &'a [u8],
    },
}

/// What a device sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum ToDriver<'a> {
    /// Answer to the call of the same id.
    Reply {
        /// The call's id.
        id: u16,
        /// The answer.
        #[serde(borrow)]
        reply: Reply<'a>,
    },
    /// Something that happened during a run.
    #[serde(borrow)]
    Event(Event<'a>),
}

/// Answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[non_exhaustive]
pub enum Reply<'a> {
    /// Done as asked.
    Done,
    /// Not done, and why. Nothing changed.
    Refused(Refusal),
    /// What the device is.
    #[serde(borrow)]
    Description(Description<'a>),
    /// A digest for each block of the range asked for, 8 bytes little-endian each.
    Digests(#[serde(serialize_with = "codec::bytes")] &'a [u8]),
    /// The bytes asked for.
    Bytes(#[serde(serialize_with = "codec::bytes")] &'a [u8]),
    /// What is going on.
    Status(Status),
    /// How the link fares at the device's end, since the device started.
    Link(LinkReport),
}

/// What the device is and what it can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Description<'a> {
    /// Board name, as in the folder under `boards/`.
    pub board: &'a str,
    /// Version of the firmware.
    pub firmware: &'a str,
    /// Instruction set or host the kernels were built for, e.g. `thumbv7em`.
    pub target: &'a str,
    /// Bytes of arena.
    pub arena_bytes: u32,
    /// Bit `1 << operator` is set for every operator that this firmware executes,
    /// numbered as in [`crate::program::Operator`].
    pub operators: u32,
    /// What run costs are counted in.
    pub ticks: Ticks,
    /// Its accelerator.
    pub accelerator: Presence,
}

/// What run costs are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[non_exhaustive]
pub enum Ticks {
    /// Nothing; costs read zero.
    None,
    /// Executed instructions.
    Instructions,
    /// Core clock cycles.
    Cycles,
    /// Nanoseconds of wall-clock time.
    Nanoseconds,
}

/// What is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Status {
    /// That of the last [`Request::Clear`] since the device started.
    pub claim: Option<u32>,
    /// Whether a program is installed.
    pub installed: bool,
    /// Index of the command being executed, if a run is under way.
    pub running: Option<u16>,
    /// Runs that have ended since the device started.
    pub runs: u32,
    /// The run that was started last.
    pub last_run: Option<RunRecord>,
    /// Pages that the run has asked for and that have not come yet.
    pub pages_wanted: u16,
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct RunRecord {
    /// The driver's number for it.
    pub ticket: u32,
    /// How it ended; `None` while it is under way.
    pub outcome: Option<Outcome>,
}

/// How the link fares, seen from the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct LinkReport {
    /// What this end of the link has met.
    pub stats: LinkStats,
    /// The device's cost counter, in the unit of [`Description::ticks`]: two reports tell what the
    /// traffic between them has cost.
    pub ticks: u64,
}

/// Why a request was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// Not a message of this protocol version.
    #[error("the device could not decode the request")]
    Malformed,
    /// The range does not lie in the arena.
    #[error("bytes {offset}..+{length} lie outside the arena of {arena} bytes")]
    OutOfArena {
        /// Byte offset asked for.
        offset: u32,
        /// Length asked for.
        length: u32,
        /// Bytes of arena.
        arena: u32,
    },
    /// With a program installed only input buffers may be written.
    #[error("byte {offset} is not in an input buffer of the installed program")]
    NotAnInput {
        /// Byte offset asked for.
        offset: u32,
    },
    /// A run is under way.
    #[error("a run is under way: abort it or wait for its end")]
    Busy,
    /// There is no program to run.
    #[error("no program is installed")]
    NoProgram,
    /// The run of this ticket was started before.
    #[error("this run was started before")]
    AlreadyRun {
        /// How it ended; `None` while it is under way.
        outcome: Option<Outcome>,
    },
    /// The reply would not fit into one packet, or the device be away from the link for too long.
    #[error("{length} bytes are too many for one request")]
    TooLong {
        /// Length asked for.
        length: u32,
    },
    /// No run waits for that page.
    #[error("page need {need} is not open")]
    NotNeeded {
        /// The number given.
        need: u16,
    },
    /// A piece of a page does not follow the one before it, or goes beyond the page's end.
    #[error("page need {need} goes on at byte {expected} of {length}")]
    WrongPiece {
        /// The number given.
        need: u16,
        /// Byte that should have come next.
        expected: u32,
        /// Bytes of the page.
        length: u32,
    },
    /// The program was not accepted.
    #[error("program refused: {0}")]
    Program(crate::program::ProgramError),
}

/// What happens during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Rows of a finished tile of a frame: RGB, one byte a channel, `bytes.len() / (3 * width)`
    /// rows.
    Pixels {
        /// The output buffer's number in the program.
        buffer: u16,
        /// Leftmost column.
        x: u16,
        /// Topmost row.
        y: u16,
        /// Columns.
        width: u16,
        /// `rows * width * 3` bytes.
        #[serde(borrow, serialize_with = "codec::bytes")]
        bytes: &'a [u8],
    },
    /// What one phase of one command cost.
    Cost {
        /// Index of the command in the program.
        command: u16,
        /// Which part of the command.
        phase: Phase,
        /// Cost in the unit of [`Description::ticks`].
        ticks: u64,
        /// Work items done; what an item is depends on the phase.
        items: u64,
    },
    /// What a command cost the accelerator, which executed it; the core's part of that has a
    /// [`Event::Cost`] of [`Phase::Offload`].
    Accelerated {
        /// Index of the command in the program.
        command: u16,
        /// The accelerator's account.
        receipt: Receipt,
    },
    /// A page of a streamed buffer is needed: the driver answers with [`Request::Supply`]. Several
    /// may be asked for at a time; the run goes on as soon as the one that it needs next is there.
    Need {
        /// Tells this need from others.
        need: u16,
        /// The streamed buffer's number in the program.
        buffer: u16,
        /// The page's number.
        page: u32,
        /// Bytes that the page must have.
        length: u32,
    },
    /// The run ended; no event of it follows.
    Finished(Outcome),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Outcome {
    /// Every command was executed.
    Completed,
    /// The driver asked for it, or its session ended.
    Aborted,
    /// The accelerator failed at a command; outputs hold anything.
    Failed {
        /// Index of the command in the program.
        command: u16,
        /// Why.
        failure: Failure,
    },
}

/// The part of a command that a cost belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Schema)]
#[non_exhaustive]
pub enum Phase {
    /// `Geometry`: project primitives to the screen. Items: primitives.
    Project,
    /// `Sort`: order keys. Items: keys.
    Sort,
    /// `Geometry`: find the tiles that each primitive touches. Items: pairs of primitive and tile.
    Bin,
    /// `Geometry`: reduce primitives to pixels. Items: pixels visited.
    Rasterise,
    /// `Geometry`: turn a finished tile into bytes and hand it to the link. Items: pixels.
    Resolve,
    /// `Geometry`: find out which chunks, or triangles, matter. Items: those looked at.
    Cull,
    /// `Gemm`: multiply and sum. Items: products, those with padding included.
    Multiply,
    /// `Vector`: whatever it does. Items: elements written, for a reduction elements read.
    Elements,
    /// `Geometry`: blend what is drawn into the pixels of a tile. Items: rows.
    Blend,
    /// `Geometry`: cast rays. Items: rays.
    Cast,
    /// `CombinedGrid`: walk along rays. Items: samples taken.
    March,
    /// `CombinedGrid`, `DecomposedGrid`: look features up and interpolate. Items: points times
    /// levels, or times factors.
    Lookup,
    /// `Vector`: compose samples. Items: samples.
    Compose,
    /// `Geometry`: find out what is seen of triangles at each pixel. Items: fragments.
    Fragment,
    /// Of any micro-operator: hand the command to the accelerator and see to it there. Items: times
    /// that the core looked.
    Offload,
}
