//! A tiny device: a link, an arena, and no kernels. It shows what a real device's loop looks like.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use quintet_driver::transport::memory::MemoryPort;
use quintet_firmware::Port;
use quintet_protocol::crc::crc32;
use quintet_protocol::link::{
    Buffers, Config, Link, Received, Role, frame_bytes, queue_bytes, receive_bytes,
};
use quintet_protocol::message::{
    Call, Description, Event, Outcome, Refusal, Reply, Request, Status, Ticks, ToDriver, decode,
};

const PAYLOAD: usize = 1024;
/// Longest reply, so that a call is only taken when its reply fits.
const REPLY: usize = PAYLOAD;
/// Pixels of one event.
const ROW: usize = 256;

/// Knobs that a test turns while the device runs.
#[derive(Default)]
pub struct Knobs {
    /// Flip a bit of the next write.
    pub damage: AtomicU32,
    /// Forget everything, as a reset does.
    pub reboot: AtomicBool,
    /// Read calls, and do not answer.
    pub mute: AtomicBool,
    /// Runs that were stopped because their session ended.
    pub dropped_runs: AtomicU32,
}

pub struct Server {
    pub knobs: Arc<Knobs>,
    thread: JoinHandle<()>,
}

impl Server {
    pub fn start(port: MemoryPort, arena: usize) -> Self {
        let knobs = Arc::<Knobs>::default();
        let theirs = knobs.clone();
        let thread = std::thread::spawn(move || serve(port, arena, &theirs));
        Self { knobs, thread }
    }

    /// Waits until the device has noticed that its driver is gone.
    pub fn join(self) {
        self.thread.join().expect("the device panicked");
    }
}

fn link() -> Link<Vec<u8>> {
    let buffers = Buffers {
        receive: vec![0; receive_bytes(PAYLOAD)],
        frame: vec![0; frame_bytes(PAYLOAD)],
        queue: vec![0; 8 * queue_bytes(PAYLOAD)],
    };
    Link::new(Role::Device, Config::device(8 << 10, 1), buffers)
}

struct State {
    arena: Vec<u8>,
    /// Rows still to send in the run that is under way.
    rows_left: Option<u32>,
    runs: u32,
}

fn serve(mut port: MemoryPort, arena: usize, knobs: &Knobs) {
    let started = Instant::now();
    let mut link = link();
    let mut state = State { arena: vec![0; arena], rows_left: None, runs: 0 };
    let mut chunk = [0; 256];
    let mut wait = Duration::ZERO;
    while port.wait(wait) {
        if knobs.reboot.swap(false, Ordering::Relaxed) {
            link = self::link();
            state = State { arena: vec![0; arena], rows_left: None, runs: 0 };
        }
        let now = started.elapsed().as_millis() as u64;
        let count = port.read(&mut chunk);
        let mut rest = &chunk[..count];
        loop {
            let room = link.send_capacity() >= REPLY;
            let (taken, received) = link.receive(rest, room, now);
            rest = &rest[taken..];
            match received {
                None => break,
                Some(Received::Packet { bytes, .. }) => {
                    if knobs.mute.load(Ordering::Relaxed) {
                        continue;
                    }
                    let call = decode::<Call<'_>>(bytes);
                    let id = call.map_or(0, |call| call.id);
                    // The reply borrows the arena, not the packet: the link is free again.
                    let reply = match call {
                        Ok(call) => answer(&mut state, call.request, knobs),
                        Err(_) => Reply::Refused(Refusal::Malformed),
                    };
                    link.send_message(REPLY, &ToDriver::Reply { id, reply }).unwrap();
                }
                Some(Received::Opened | Received::Lost(_)) => {
                    if state.rows_left.take().is_some() {
                        knobs.dropped_runs.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
        step(&mut state, &mut link);
        loop {
            let taken = port.write(link.transmit(now));
            if taken == 0 {
                break;
            }
            link.transmitted(taken);
        }
        let at = link.poll_at().unwrap_or(now + 50).min(now + 50);
        let busy = state.rows_left.is_some() && link.send_capacity() > REPLY;
        wait = if busy { Duration::ZERO } else { Duration::from_millis(at.saturating_sub(now)) };
    }
}

/// One step of a run: one event, if it fits and leaves room for a reply.
fn step(state: &mut State, link: &mut Link<Vec<u8>>) {
    let Some(left) = state.rows_left else { return };
    if link.send_capacity() < PAYLOAD {
        return;
    }
    let row = [left as u8; 3 * ROW];
    let event = if left > 0 {
        Event::Pixels { buffer: 0, x: 0, y: left as u16, width: ROW as u16, bytes: &row }
    } else {
        state.runs += 1;
        Event::Finished(Outcome::Completed)
    };
    link.send_message(PAYLOAD, &ToDriver::Event(event)).unwrap();
    state.rows_left = left.checked_sub(1);
}

fn answer<'a>(state: &'a mut State, request: Request<'_>, knobs: &Knobs) -> Reply<'a> {
    let arena = state.arena.len() as u32;
    let range =
        |offset: u32, length: u32| {
            let end = offset.checked_add(length).filter(|end| *end <= arena);
            end.map(|end| offset as usize..end as usize)
                .ok_or(Reply::Refused(Refusal::OutOfArena { offset, length, arena }))
        };
    match request {
        Request::Describe => Reply::Description(Description {
            board: "test",
            firmware: "0",
            target: "host",
            arena_bytes: arena,
            operators: 0,
            ticks: Ticks::None,
        }),
        Request::Write { offset, bytes } => match range(offset, bytes.len() as u32) {
            Ok(range) => {
                state.arena[range.clone()].copy_from_slice(bytes);
                let damage = &knobs.damage;
                let less = |left: u32| left.checked_sub(1);
                if damage.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
                    state.arena[range.start] ^= 4;
                }
                Reply::Done
            }
            Err(refused) => refused,
        },
        Request::Checksum { offset, length } => match range(offset, length) {
            Ok(range) => Reply::Checksum(crc32(&state.arena[range])),
            Err(refused) => refused,
        },
        Request::Read { offset, length } => match range(offset, length) {
            Ok(_) if length as usize > PAYLOAD - 8 => Reply::Refused(Refusal::TooLong { length }),
            Ok(range) => Reply::Bytes(&state.arena[range]),
            Err(refused) => refused,
        },
        Request::Run if state.rows_left.is_some() => Reply::Refused(Refusal::Busy),
        Request::Run => {
            // The first arena byte says how long a run is.
            state.rows_left = Some(u32::from(state.arena[0]) * 8);
            Reply::Done
        }
        Request::Abort => {
            if state.rows_left.is_some() {
                state.rows_left = Some(0);
            }
            Reply::Done
        }
        Request::Status => {
            let running = state.rows_left.map(|_| 0);
            Reply::Status(Status { installed: false, running, runs: state.runs, pages_wanted: 0 })
        }
        _ => Reply::Done,
    }
}
