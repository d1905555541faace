//! The serial boot loader of LiteX, against a model of the BIOS on a line that loses, damages and
//! delays bytes. Time is the model's.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::Duration;

use quintet_driver::flash::litex::{self, ANSWER, BootError, JUMP, LOAD, REQUEST, crc16};
use quintet_driver::transport::Transport;
use quintet_protocol::fault::Random;

const BASE: u32 = 0x4000_0000;
const PATIENCE: Duration = Duration::from_secs(20);
/// A byte of 10 bits at 115 200 baud.
const BYTE: Duration = Duration::from_micros(87);
/// What the BIOS allows for the rest of a frame, and for the answer to its request.
const FRAME_WITHIN: Duration = Duration::from_millis(250);
const ANSWER_WITHIN: Duration = Duration::from_millis(250);

/// What a line does to bytes, each so often.
#[derive(Clone, Copy, Default)]
struct Faults {
    lost: f64,
    damaged: f64,
    /// This much later, at times.
    late: Duration,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// At its prompt, with what was typed.
    Prompt(Vec<u8>),
    /// Has asked, and waits for the answer until then.
    Asked(Duration),
    /// Reads frames.
    Loading,
    /// Has jumped there.
    Jumped(u32),
}

/// The BIOS, and the line to it.
struct Bios {
    now: Duration,
    random: Random,
    faults: Faults,
    state: State,
    /// When it is reset, once.
    reset_at: Option<Duration>,
    heard: Vec<u8>,
    /// When the frame began that is being read.
    begun: Duration,
    /// On their way to the host, with the time at which they arrive.
    sent: VecDeque<(Duration, u8)>,
    memory: BTreeMap<u32, u8>,
    /// Letters other than K.
    complaints: usize,
}

impl Bios {
    fn new(seed: u64, faults: Faults) -> Self {
        Self {
            now: Duration::ZERO,
            random: Random::new(seed),
            faults,
            state: State::Prompt(Vec::new()),
            reset_at: Some(Duration::from_millis(300)),
            heard: Vec::new(),
            begun: Duration::ZERO,
            sent: VecDeque::new(),
            memory: BTreeMap::new(),
            complaints: 0,
        }
    }

    /// A byte over the line, unless it is lost.
    fn carry(&mut self, byte: u8) -> Option<u8> {
        if self.random.chance(self.faults.lost) {
            return None;
        }
        let damage =
            if self.random.chance(self.faults.damaged) { 1 << self.random.below(8) } else { 0 };
        Some(byte ^ damage)
    }

    fn say(&mut self, text: &[u8]) {
        for &byte in text {
            let Some(byte) = self.carry(byte) else { continue };
            let late = if self.random.chance(0.05) { self.faults.late } else { Duration::ZERO };
            let last = self.sent.back().map_or(self.now, |(at, _)| *at);
            self.sent.push_back((self.now.max(last) + BYTE + late, byte));
        }
    }

    fn ask(&mut self) {
        self.say(b"Booting from serial...\n");
        self.say(REQUEST);
        (self.state, self.heard) = (State::Asked(self.now + ANSWER_WITHIN), Vec::new());
    }

    /// What becomes due as time passes.
    fn pass(&mut self, now: Duration) {
        self.now = now;
        if self.reset_at.is_some_and(|at| at <= now) {
            self.reset_at = None;
            self.ask();
        }
        match self.state {
            State::Asked(until) if now > until => {
                self.state = State::Prompt(Vec::new());
                self.say(b"Timeout\nNo boot medium found\n\nlitex> ");
            }
            State::Loading if !self.heard.is_empty() && now > self.begun + FRAME_WITHIN => {
                self.heard.clear();
                self.complain(b'E');
            }
            _ => {}
        }
    }

    fn complain(&mut self, letter: u8) {
        self.complaints += 1;
        self.say(&[letter]);
    }

    fn hear(&mut self, byte: u8) {
        match &mut self.state {
            State::Prompt(line) if byte == b'\n' => {
                let wanted = line.ends_with(b"serialboot");
                line.clear();
                if wanted {
                    self.ask();
                }
            }
            State::Prompt(line) => line.push(byte),
            State::Asked(_) => {
                self.heard.push(byte);
                if self.heard.ends_with(ANSWER) {
                    (self.state, self.heard) = (State::Loading, Vec::new());
                }
            }
            State::Loading => {
                if self.heard.is_empty() {
                    self.begun = self.now;
                }
                self.heard.push(byte);
                if self.heard.len() == usize::from(self.heard[0]) + 4 {
                    let frame = std::mem::take(&mut self.heard);
                    self.obey(&frame);
                }
            }
            State::Jumped(_) => {}
        }
    }

    fn obey(&mut self, frame: &[u8]) {
        if crc16(&frame[3..]).to_be_bytes() != frame[1..3] {
            return self.complain(b'C');
        }
        let Some((address, bytes)) = frame[4..].split_first_chunk() else {
            return self.complain(b'U');
        };
        let address = u32::from_be_bytes(*address);
        match frame[3] {
            LOAD => self.memory.extend((address..).zip(bytes.iter().copied())),
            JUMP => self.state = State::Jumped(address),
            _ => return self.complain(b'U'),
        }
        self.say(b"K");
        if matches!(self.state, State::Jumped(_)) {
            self.say(b"Executing booted program at 0x40000000\n\n");
        }
    }
}

impl Transport for Bios {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let deadline = self.now + timeout;
        loop {
            if let Some((at, byte)) = self.sent.front().copied()
                && at <= deadline
            {
                self.sent.pop_front();
                let now = self.now.max(at);
                self.pass(now);
                buffer[0] = byte;
                return Ok(1);
            }
            if self.now >= deadline {
                return Ok(0);
            }
            let next = deadline.min(self.now + Duration::from_millis(10));
            self.pass(next);
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        for &byte in bytes {
            self.pass(self.now + BYTE);
            if let Some(byte) = self.carry(byte) {
                self.hear(byte);
            }
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.now
    }
}

fn image(length: usize) -> Vec<u8> {
    let mut random = Random::new(9);
    (0..length).map(|_| random.next_u64() as u8).collect()
}

fn held(bios: &Bios, at: u32, length: usize) -> Vec<u8> {
    (at..).take(length).map(|address| bios.memory.get(&address).copied().unwrap_or(0)).collect()
}

fn load(bios: &mut Bios, bytes: &[u8]) -> Result<(), BootError> {
    litex::load(bios, &[(BASE, bytes)], BASE, PATIENCE, &mut |_, _| ())
}

#[test]
fn pieces_arrive_at_their_addresses_and_are_jumped_to() {
    let (mut bios, text, data) = (Bios::new(1, Faults::default()), image(1001), image(7));
    let mut told = Vec::new();
    let pieces = [(BASE, text.as_slice()), (BASE + 0x1000, &data)];
    let progress = &mut |done, total| told.push((done, total));
    litex::load(&mut bios, &pieces, BASE + 4, PATIENCE, progress).unwrap();
    assert_eq!(bios.state, State::Jumped(BASE + 4));
    assert_eq!((held(&bios, BASE, 1001), held(&bios, BASE + 0x1000, 7)), (text, data));
    assert_eq!((told[0], *told.last().unwrap()), ((0, 1008), (1008, 1008)));
    assert!(told.is_sorted() && bios.complaints == 0);
}

#[test]
fn a_bios_at_its_prompt_is_asked_to_boot() {
    let mut bios = Bios::new(2, Faults::default());
    bios.reset_at = None;
    load(&mut bios, &image(300)).unwrap();
    assert_eq!(bios.state, State::Jumped(BASE));
}

#[test]
fn a_bad_line_ends_in_the_same_memory() {
    let bytes = image(4000);
    let mut complaints = 0;
    for seed in 0..40 {
        let late = Duration::from_millis(if seed % 2 == 0 { 0 } else { 120 });
        let faults = Faults { lost: 2e-4, damaged: 3e-4, late };
        let mut bios = Bios::new(seed, faults);
        load(&mut bios, &bytes).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(bios.state, State::Jumped(BASE), "seed {seed}");
        assert!(held(&bios, BASE, bytes.len()) == bytes, "seed {seed}");
        complaints += bios.complaints;
    }
    assert!(complaints > 20, "the line was too good to prove anything: {complaints}");
}

#[test]
fn a_line_without_a_bios_is_given_up_in_time() {
    let mut bios = Bios::new(3, Faults { lost: 1.0, ..Faults::default() });
    let error = load(&mut bios, &image(10)).unwrap_err();
    assert!(matches!(error, BootError::NoBios(PATIENCE)), "{error}");
    assert!(bios.now < PATIENCE + Duration::from_secs(1), "{:?}", bios.now);
    assert!(error.advice().contains("reset"));
}

#[test]
fn a_line_that_is_always_wrong_is_given_up_with_the_last_answer() {
    // The request is short, and gets through; no frame of 250 bytes does.
    for seed in 0..20 {
        let mut bios = Bios::new(seed, Faults { damaged: 0.03, ..Faults::default() });
        let error = load(&mut bios, &image(2000)).unwrap_err();
        assert!(bios.now < Duration::from_secs(60), "{:?}", bios.now);
        if let BootError::NotTaken { address, .. } = error {
            assert!((BASE..BASE + 2000).contains(&address));
            return;
        }
    }
    panic!("the request never got through");
}

#[test]
fn who_sends_all_the_time_is_no_bios() {
    struct Babble(Duration, usize);
    impl Transport for Babble {
        fn read(&mut self, buffer: &mut [u8], _: Duration) -> io::Result<usize> {
            self.0 += BYTE;
            buffer[0] = REQUEST[self.1 % REQUEST.len()];
            self.1 += 1;
            Ok(1)
        }
        fn write(&mut self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }
        fn now(&self) -> Duration {
            self.0
        }
    }
    let bytes = image(10);
    let mut babble = Babble(Duration::ZERO, 0);
    let error = litex::load(&mut babble, &[(BASE, &bytes)], BASE, PATIENCE, &mut |_, _| ());
    assert!(matches!(error, Err(BootError::Babble)), "{error:?}");
}

#[test]
fn bytes_beyond_the_last_address_are_refused_before_anything_is_sent() {
    let mut bios = Bios::new(4, Faults::default());
    let pieces = [(u32::MAX - 3, [0; 5].as_slice())];
    let error = litex::load(&mut bios, &pieces, BASE, PATIENCE, &mut |_, _| ()).unwrap_err();
    assert!(matches!(error, BootError::Beyond { length: 5, .. }), "{error}");
    assert_eq!(bios.now, Duration::ZERO);
}
