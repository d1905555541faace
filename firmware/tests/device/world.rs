//! A device, a driver's link and the wire between them, in one thread and in simulated time.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use quintet_firmware::backend::Backend;
use quintet_firmware::software::Software;
use quintet_firmware::{Activity, BuildId, Clock, Device, Identity, Memory, Port, Ticks};
use quintet_protocol::accelerator::Presence;
use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::link::{
    Buffers, Channel, Config, Link, Received, Role, frame_bytes, queue_bytes, receive_bytes,
};
use quintet_protocol::message::{
    Call, Event, LinkReport, Outcome, Phase, Refusal, Reply, Request, Status, ToDriver, decode,
};
use quintet_protocol::program::{Buffer, BufferId, BufferKind, Program};

/// Longest packet of the driver.
const PAYLOAD: usize = quintet_firmware::PAYLOAD;
/// Turns after which a device counts as hung: an exchange takes a few.
const PATIENCE: u32 = 20_000;

/// Both directions of the wire, seen from the device.
#[derive(Clone, Default)]
pub struct Wire {
    incoming: Rc<RefCell<VecDeque<u8>>>,
    outgoing: Rc<RefCell<VecDeque<u8>>>,
}

impl Port for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let mut bytes = self.incoming.borrow_mut();
        let count = buffer.len().min(bytes.len());
        buffer.iter_mut().zip(bytes.drain(..count)).for_each(|(to, byte)| *to = byte);
        count
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        self.outgoing.borrow_mut().extend(bytes);
        bytes.len()
    }
}

/// Simulated milliseconds; a tick a look.
#[derive(Clone, Default)]
pub struct Time {
    millis: Rc<Cell<u64>>,
    ticks: u64,
}

impl Clock for Time {
    fn millis(&mut self) -> u64 {
        self.millis.get()
    }

    fn ticks(&mut self) -> u64 {
        self.ticks += 1;
        self.ticks
    }

    fn unit(&self) -> Ticks {
        Ticks::Instructions
    }
}

/// A reply, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Done,
    Refused(Refusal),
    Described { arena_bytes: u32, accelerator: Presence },
    Digests(Vec<u8>),
    Bytes(Vec<u8>),
    Status(Status),
    Link(LinkReport),
}

/// What came of a run so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Rectangles of pixels as they came: buffer, x, y, width, bytes.
    pub pixels: Vec<(u16, u16, u16, u16, Vec<u8>)>,
    /// Costs as they came: command, phase, items.
    pub costs: Vec<(u16, Phase, u64)>,
    /// Receipts as they came.
    pub receipts: Vec<(u16, Receipt)>,
    pub outcome: Option<Outcome>,
}

pub struct World<'a, B = Software> {
    device: Device<'a, Wire, Time, B>,
    driver: Link<Vec<u8>>,
    wire: Wire,
    time: Time,
    nonce: u32,
    next_id: u16,
    answers: VecDeque<(u16, Answer)>,
    /// Numbers of the calls that ask for a run.
    run_calls: Vec<u16>,
    /// What the run that was started last has told.
    pub told: Told,
    /// Pages that were asked for and not supplied: need, page, length.
    pub needs: VecDeque<(u16, u32, u32)>,
}

fn driver(nonce: u32, payload: usize) -> Link<Vec<u8>> {
    let buffers = Buffers {
        receive: vec![0; receive_bytes(payload)],
        frame: vec![0; frame_bytes(PAYLOAD)],
        control: vec![0; 4 * queue_bytes(PAYLOAD)],
        bulk: vec![0; 4 * queue_bytes(PAYLOAD)],
        store: vec![0; 8 * queue_bytes(PAYLOAD)],
        log: Vec::new(),
    };
    Link::new(Role::Driver, Config::driver(16 << 10, nonce), buffers)
}

impl<'a> World<'a> {
    /// A device that has just booted, whose core executes everything.
    pub fn new(memory: &'a mut Memory, arena: &'a mut [u32]) -> Self {
        Self::with_backend(memory, arena, Software::default())
    }
}

impl<'a, B: Backend> World<'a, B> {
    /// A device that has just booted.
    pub fn with_backend(memory: &'a mut Memory, arena: &'a mut [u32], backend: B) -> Self {
        let (wire, time) = (Wire::default(), Time::default());
        let build = BuildId::UNKNOWN;
        let identity = Identity {
            board: "test",
            target: "the host that runs the tests",
            window: 16 << 10,
            nonce: 0,
            build,
        };
        let device = Device::new(identity, memory, arena, wire.clone(), time.clone(), backend);
        Self {
            device,
            driver: driver(1, PAYLOAD),
            wire,
            time,
            nonce: 1,
            next_id: 0,
            answers: VecDeque::new(),
            run_calls: Vec::new(),
            told: Told::default(),
            needs: VecDeque::new(),
        }
    }

    /// Opens a session, whatever was before.
    pub fn connect(&mut self) {
        self.connect_with(PAYLOAD);
    }

    /// Opens a session of a driver that takes packets of `payload` bytes.
    pub fn connect_with(&mut self, payload: usize) {
        self.nonce += 1;
        self.driver = driver(self.nonce, payload);
        self.answers.clear();
        self.run_calls.clear();
        self.needs.clear();
        for _ in 0..PATIENCE {
            if self.driver.is_open() {
                return;
            }
            self.turn();
        }
        panic!("the device does not answer a HELLO");
    }

    /// The device polls once, and everything on the wire arrives. A millisecond passes.
    pub fn turn(&mut self) -> Activity {
        let now = self.time.millis.get() + 1;
        self.time.millis.set(now);
        loop {
            let bytes = self.driver.transmit(now);
            if bytes.is_empty() {
                break;
            }
            self.wire.incoming.borrow_mut().extend(bytes);
            let count = bytes.len();
            self.driver.transmitted(count);
        }
        let activity = self.device.poll();
        let bytes: Vec<u8> = self.wire.outgoing.borrow_mut().drain(..).collect();
        let mut at = 0;
        loop {
            let (taken, received) = self.driver.receive(&bytes[at..], true, now);
            at += taken;
            match received {
                None => return activity,
                Some(Received::Packet { bytes, .. }) => match decode(bytes).unwrap() {
                    ToDriver::Reply { id, reply } => {
                        if reply == Reply::Done && self.run_calls.contains(&id) {
                            self.told = Told::default();
                        }
                        self.answers.push_back((id, own(reply)));
                    }
                    ToDriver::Event(Event::Need { need, page, length, .. }) => {
                        self.needs.push_back((need, page, length));
                    }
                    ToDriver::Event(event) => self.told.take(event),
                },
                Some(Received::Opened | Received::Refused(_) | Received::Log { .. }) => {}
                Some(Received::Lost(error)) => panic!("the session was lost: {error}"),
            }
        }
    }

    /// Several turns.
    pub fn turns(&mut self, count: u32) {
        for _ in 0..count {
            self.turn();
        }
    }

    /// Puts bytes on the wire as they are, and lets the device chew on them.
    pub fn inject(&mut self, bytes: &[u8]) {
        self.wire.incoming.borrow_mut().extend(bytes);
        while !self.wire.incoming.borrow().is_empty() {
            self.time.millis.set(self.time.millis.get() + 1);
            self.device.poll();
        }
        self.wire.outgoing.borrow_mut().clear();
    }

    /// Sends a packet in the session as it is.
    pub fn send_packet(&mut self, bytes: &[u8]) {
        let put = |to: &mut [u8]| {
            to.copy_from_slice(bytes);
            Some(bytes.len())
        };
        self.driver.send(Channel::Control, bytes.len(), put).unwrap();
    }

    /// Sends a request; its answer is to be awaited.
    pub fn send(&mut self, request: Request<'_>) -> u16 {
        self.next_id = self.next_id.wrapping_add(1);
        if matches!(request, Request::Run { .. }) {
            self.run_calls.push(self.next_id);
        }
        let call = Call { id: self.next_id, request };
        self.driver
            .send_message(Channel::Control, PAYLOAD.min(self.driver.max_payload()), &call)
            .unwrap();
        self.next_id
    }

    /// The answer of that number; earlier ones are passed over.
    pub fn answer(&mut self, id: u16) -> Answer {
        for _ in 0..PATIENCE {
            while let Some((number, answer)) = self.answers.pop_front() {
                if number == id {
                    return answer;
                }
            }
            self.turn();
        }
        panic!("no answer to call {id}");
    }

    /// Sends a request and waits for its answer.
    pub fn call(&mut self, request: Request<'_>) -> Answer {
        let id = self.send(request);
        self.answer(id)
    }

    /// Writes words to the arena.
    pub fn write(&mut self, offset: u32, words: &[u32]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        for (piece, at) in bytes.chunks(1024).zip((offset..).step_by(1024)) {
            assert_eq!(self.call(Request::Write { offset: at, bytes: piece }), Answer::Done);
        }
    }

    /// The first words of the arena.
    pub fn read_all(&mut self, words: usize) -> Vec<u32> {
        let mut all = Vec::new();
        for offset in (0..words as u32 * 4).step_by(1024) {
            let length = (words as u32 * 4 - offset).min(1024);
            let Answer::Bytes(bytes) = self.call(Request::Read { offset, length }) else {
                panic!("cannot read")
            };
            all.extend(bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)));
        }
        all
    }

    /// Starts a run.
    pub fn start(&mut self) {
        // Each call's number is a ticket that was not used before.
        let ticket = self.next_id.into();
        assert_eq!(self.call(Request::Run { ticket }), Answer::Done);
    }

    /// Waits for the run's end and returns what it told; fails after `turns`.
    pub fn finish(&mut self, turns: u32) -> Told {
        for _ in 0..turns {
            if self.told.outcome.is_some() {
                return std::mem::take(&mut self.told);
            }
            self.turn();
        }
        panic!("the run has not ended after {turns} polls");
    }

    /// A whole run.
    pub fn run(&mut self) -> Told {
        self.start();
        self.finish(1_000_000)
    }
}

fn own(reply: Reply<'_>) -> Answer {
    match reply {
        Reply::Done => Answer::Done,
        Reply::Refused(refusal) => Answer::Refused(refusal),
        Reply::Description(it) => {
            Answer::Described { arena_bytes: it.arena_bytes, accelerator: it.accelerator }
        }
        Reply::Digests(bytes) => Answer::Digests(bytes.to_vec()),
        Reply::Bytes(bytes) => Answer::Bytes(bytes.to_vec()),
        Reply::Status(status) => Answer::Status(status),
        Reply::Link(report) => Answer::Link(report),
        other => panic!("{other:?}"),
    }
}

impl Told {
    fn take(&mut self, event: Event<'_>) {
        assert_eq!(self.outcome, None, "an event after the last one: {event:?}");
        match event {
            Event::Pixels { buffer, x, y, width, bytes } => {
                self.pixels.push((buffer, x, y, width, bytes.to_vec()));
            }
            Event::Cost { command, phase, items, .. } => self.costs.push((command, phase, items)),
            Event::Accelerated { command, receipt } => self.receipts.push((command, receipt)),
            Event::Finished(outcome) => self.outcome = Some(outcome),
            other => panic!("{other:?}"),
        }
    }

    /// The picture; fails unless each pixel came exactly once.
    pub fn picture(&self, [width, height]: [u16; 2]) -> Vec<[u8; 3]> {
        let mut picture = vec![None; usize::from(width) * usize::from(height)];
        for (_, x, y, columns, bytes) in &self.pixels {
            assert!(x + columns <= width, "columns {x}..+{columns} of {width}");
            let rows = bytes.as_chunks::<3>().0.chunks_exact(usize::from(*columns));
            assert!(rows.remainder().is_empty() && bytes.len() % 3 == 0 && !bytes.is_empty());
            for (row, pixels) in (*y..).zip(rows) {
                assert!(row < height, "row {row} of {height}");
                let start = usize::from(row) * usize::from(width) + usize::from(*x);
                for (slot, pixel) in picture[start..].iter_mut().zip(pixels) {
                    assert_eq!(slot.replace(*pixel), None, "a pixel of row {row} came twice");
                }
            }
        }
        picture.into_iter().map(|pixel| pixel.expect("a pixel never came")).collect()
    }
}

/// A word that changed though no buffer allows it.
pub fn stray_write(buffers: &[Buffer], before: &[u32], after: &[u32]) -> Option<usize> {
    let writable = |word: usize| {
        buffers.iter().any(|buffer| {
            let first = buffer.offset as usize / 4;
            !matches!(buffer.kind, BufferKind::Constant | BufferKind::Input | BufferKind::Frame)
                && (first..first + buffer.length as usize / 4).contains(&word)
        })
    };
    (0..before.len()).find(|&word| after[word] != before[word] && !writable(word))
}

/// The buffers of a program that lies at the start of an arena.
pub fn buffers(program: &[u32]) -> Vec<Buffer> {
    let bytes: Vec<u8> = program.iter().flat_map(|word| word.to_le_bytes()).collect();
    let Ok(program) = Program::new(&bytes) else { return Vec::new() };
    let numbers = 0..program.buffer_count() as u16;
    numbers.filter_map(|number| program.buffer(BufferId(number)).ok()).collect()
}
