//! The link frame by frame: what goes, when, and in which order.

mod pipe;

use pipe::link;
use quintet_protocol::fault::Random;
use quintet_protocol::frame::{Decoded, Decoder, Encoder, max_wire_len};
use quintet_protocol::link::{
    BuildId, Channel, Config, LOG_PAYLOAD, Link, LinkError, Received, Role, SendError, capability,
    credit_bytes, queue_bytes, store_bytes,
};

const PAYLOAD: usize = 1000;
/// A round trip in milliseconds.
const TRIP: u64 = 10;

/// What an end was given.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Got {
    Packet(Channel, Vec<u8>),
    Log(Vec<u8>, u16),
    Opened,
    Refused(LinkError),
    Lost(LinkError),
}

/// Two links, and somebody between them who hands frames over, or does not.
struct Pair {
    driver: Link<Vec<u8>>,
    device: Link<Vec<u8>>,
    now: u64,
}

impl Pair {
    /// A device that grants `window` bytes and stores `store` packets.
    fn new(window: usize, store: usize) -> Self {
        let window = window as u32;
        let mut pair = Self::of(Config::driver(64 << 10, 1), Config::device(window, 2), store);
        assert_eq!(pair.swap(true), [Got::Opened]);
        assert_eq!(pair.swap(false), [Got::Opened]);
        pair
    }

    fn of(driver: Config, device: Config, store: usize) -> Self {
        let queue = 40 * queue_bytes(PAYLOAD);
        let store = store * store_bytes(PAYLOAD);
        let driver = link(Role::Driver, driver, PAYLOAD, queue, 64 << 10);
        let device = link(Role::Device, device, PAYLOAD, 4 * queue_bytes(PAYLOAD), store);
        Self { driver, device, now: 1000 }
    }

    /// The frames that an end sends now.
    fn frames(&mut self, of_driver: bool) -> Vec<Vec<u8>> {
        let link = if of_driver { &mut self.driver } else { &mut self.device };
        let mut frames = Vec::new();
        loop {
            let frame = link.transmit(self.now).to_vec();
            if frame.is_empty() {
                return frames;
            }
            link.transmitted(frame.len());
            frames.push(frame);
        }
    }

    /// Hands bytes to an end.
    fn hand(&mut self, to_device: bool, bytes: &[u8], room: bool) -> Vec<Got> {
        let link = if to_device { &mut self.device } else { &mut self.driver };
        let (mut at, mut got) = (0, Vec::new());
        loop {
            let (taken, received) = link.receive(&bytes[at..], room, self.now);
            at += taken;
            got.push(match received {
                None => return got,
                Some(Received::Packet { channel, bytes }) => Got::Packet(channel, bytes.to_vec()),
                Some(Received::Log { bytes, dropped }) => Got::Log(bytes.to_vec(), dropped),
                Some(Received::Opened) => Got::Opened,
                Some(Received::Refused(error)) => Got::Refused(error),
                Some(Received::Lost(error)) => Got::Lost(error),
            });
        }
    }

    /// Hands over all that one end sends now.
    fn swap(&mut self, from_driver: bool) -> Vec<Got> {
        let bytes = self.frames(from_driver).concat();
        self.hand(from_driver, &bytes, true)
    }

    /// Half a round trip and what the device says then, and half a round trip.
    fn answer(&mut self) -> Vec<Got> {
        self.now += TRIP / 2;
        let got = self.swap(false);
        self.now += TRIP / 2;
        got
    }

    fn send(&mut self, channel: Channel, packet: &[u8]) -> Result<(), SendError> {
        self.driver.send(channel, packet.len(), |to| {
            to.copy_from_slice(packet);
            Some(to.len())
        })
    }

    /// Queues so many packets of bulk, numbered from `first`.
    fn send_bulk(&mut self, first: u8, count: u8) {
        for number in first..first + count {
            self.send(Channel::Bulk, &[number; PAYLOAD]).unwrap();
        }
    }

    /// Moves time on to what the driver waits for; milliseconds.
    fn wait_for_driver(&mut self) -> u64 {
        let due = self.driver.poll_at().expect("nothing to wait for").max(self.now);
        let waited = due - self.now;
        self.now = due;
        waited
    }
}

/// Numbers of the bulk packets that an end was given.
fn numbers(got: &[Got]) -> Vec<u8> {
    let number = |got: &Got| match got {
        Got::Packet(Channel::Bulk, bytes) => {
            assert_eq!(bytes[..], [bytes[0]; PAYLOAD]);
            bytes[0]
        }
        other => panic!("{other:?}"),
    };
    got.iter().map(number).collect()
}

#[test]
fn only_what_was_lost_goes_again() {
    let mut pair = Pair::new(64 << 10, 20);
    pair.send_bulk(0, 12);
    let mut frames = pair.frames(true);
    assert_eq!(frames.len(), 12);
    let lost = [frames.remove(7), frames.remove(6), frames.remove(2)];
    let got = pair.hand(true, &frames.concat(), true);
    assert_eq!(numbers(&got), [0, 1]);
    pair.answer();
    let again = pair.frames(true);
    assert_eq!(again.len(), lost.len());
    let got = pair.hand(true, &again.concat(), true);
    assert_eq!(numbers(&got), (2..12).collect::<Vec<_>>());
    pair.answer();
    assert!(pair.driver.is_idle());
    assert_eq!(pair.driver.resent(), 3);
    assert_eq!(pair.frames(true), [[0u8; 0]; 0]);
}

#[test]
fn what_was_lost_twice_goes_a_third_time() {
    let mut pair = Pair::new(64 << 10, 20);
    pair.send_bulk(0, 4);
    let frames = pair.frames(true);
    pair.hand(true, &frames[1..].concat(), true);
    pair.answer();
    assert_eq!(pair.frames(true).len(), 1);
    // Lost again; something sent later shows it.
    pair.send_bulk(4, 1);
    let got = pair.swap(true);
    assert_eq!(got, []);
    pair.answer();
    assert_eq!(numbers(&pair.swap(true)), [0, 1, 2, 3, 4]);
}

#[test]
fn a_damaged_frame_goes_again_at_once() {
    for at in [0, 1, 500, 1010] {
        let mut pair = Pair::new(64 << 10, 20);
        pair.send_bulk(0, 3);
        let mut frames = pair.frames(true);
        frames[2][at] ^= 0x10;
        assert_eq!(numbers(&pair.hand(true, &frames.concat(), true)), [0, 1]);
        let answers = pair.frames(false).concat();
        pair.hand(false, &answers, true);
        // No time has passed.
        assert_eq!(numbers(&pair.swap(true)), [2], "byte {at}");
    }
}

#[test]
fn a_lost_tail_costs_a_probe_and_one_frame() {
    let mut pair = Pair::new(64 << 10, 20);
    for round in 0..10 {
        pair.send_bulk(round, 1);
        pair.swap(true);
        pair.answer();
    }
    pair.send_bulk(10, 3);
    let frames = pair.frames(true);
    pair.hand(true, &frames[0], true);
    let sent_at = pair.now;
    pair.answer();
    pair.wait_for_driver();
    assert!(pair.now - sent_at <= 6 * TRIP, "{}", pair.now - sent_at);
    let probe = pair.frames(true);
    assert!(probe.len() == 1 && probe[0].len() < 24, "{probe:?}");
    pair.hand(true, &probe[0], true);
    pair.answer();
    let again = pair.frames(true);
    assert_eq!(again.len(), 2);
    assert_eq!(numbers(&pair.hand(true, &again.concat(), true)), [11, 12]);
}

#[test]
fn a_lost_request_goes_again_without_a_probe() {
    let mut pair = Pair::new(64 << 10, 1);
    for _ in 0..10 {
        pair.send(Channel::Control, b"ping").unwrap();
        pair.swap(true);
        pair.answer();
    }
    pair.send(Channel::Control, b"lost").unwrap();
    pair.frames(true);
    assert!(pair.wait_for_driver() <= 4 * TRIP);
    assert_eq!(pair.swap(true), [Got::Packet(Channel::Control, b"lost".to_vec())]);
}

#[test]
fn a_lost_acknowledgement_makes_nothing_go_twice() {
    let mut pair = Pair::new(64 << 10, 1);
    pair.send_bulk(0, 5);
    pair.swap(true);
    pair.now += 20;
    assert!(!pair.frames(false).is_empty());
    pair.wait_for_driver();
    let probe = pair.frames(true);
    assert!(probe.len() == 1 && probe[0].len() < 24);
    assert_eq!(pair.hand(true, &probe[0], true), []);
    pair.answer();
    assert!(pair.driver.is_idle());
}

#[test]
fn a_device_that_is_away_costs_probes_only() {
    let mut pair = Pair::new(64 << 10, 1);
    for round in 0..20 {
        pair.send_bulk(round, 1);
        pair.swap(true);
        pair.answer();
    }
    pair.send_bulk(20, 3);
    let mut wire = pair.frames(true).concat();
    let (data, back) = (wire.len(), pair.now + 200);
    while pair.now < back {
        pair.wait_for_driver();
        wire.extend(pair.frames(true).concat());
    }
    assert!(wire.len() - data < 100, "{} bytes of probes", wire.len() - data);
    assert_eq!(numbers(&pair.hand(true, &wire, true)), [20, 21, 22]);
    pair.answer();
    assert!(pair.driver.is_idle());
    assert_eq!(pair.driver.resent(), 0);
}

#[test]
fn control_goes_before_bulk_that_has_not_been_sent() {
    let mut pair = Pair::new(2 * credit_bytes(PAYLOAD), 1);
    pair.send_bulk(0, 30);
    // Bulk takes no room from control, however much there is of it.
    while pair.send(Channel::Bulk, &[99; PAYLOAD]).is_ok() {}
    assert!(!pair.driver.has_room_for(Channel::Bulk, 1));
    assert!(pair.driver.has_room_for(Channel::Control, 2));
    assert_eq!(numbers(&pair.swap(true)), [0, 1]);
    pair.send(Channel::Control, b"first").unwrap();
    pair.send(Channel::Control, b"second").unwrap();
    pair.answer();
    let got = pair.swap(true);
    let control = |text: &[u8]| Got::Packet(Channel::Control, text.to_vec());
    assert_eq!(got[..2], [control(b"first"), control(b"second")]);
    assert_eq!(numbers(&got[2..]), [2]);
}

#[test]
fn what_a_small_store_cannot_keep_goes_again() {
    let mut pair = Pair::new(64 << 10, 1);
    pair.send_bulk(0, 5);
    let frames = pair.frames(true);
    assert_eq!(pair.hand(true, &frames[1..].concat(), true), []);
    pair.answer();
    let again = pair.frames(true);
    // Packet 1 is in the store.
    assert_eq!(again.len(), 4);
    assert_eq!(numbers(&pair.hand(true, &again.concat(), true)), [0, 1, 2, 3, 4]);
    pair.answer();
    assert!(pair.driver.is_idle());
}

#[test]
fn a_device_without_a_store_still_gets_everything() {
    let mut pair = Pair::new(64 << 10, 0);
    pair.send_bulk(0, 5);
    let frames = pair.frames(true);
    assert_eq!(numbers(&pair.hand(true, &[&frames[0][..], &frames[2]].concat(), true)), [0]);
    pair.answer();
    assert_eq!(numbers(&pair.swap(true)), [1, 2]);
    pair.now += 100;
    let mut got = pair.swap(true);
    pair.answer();
    got.extend(pair.swap(true));
    assert_eq!(numbers(&got), [3, 4]);
}

#[test]
fn an_application_that_takes_nothing_stops_the_sender_and_starts_it_again() {
    let mut pair = Pair::new(64 << 10, 2);
    pair.send_bulk(0, 6);
    let frames = pair.frames(true).concat();
    assert_eq!(pair.hand(true, &frames, false), []);
    pair.answer();
    // Two are in the store, the others dropped. Nothing but probes goes.
    let until = pair.now + 2_000;
    while pair.now < until {
        pair.wait_for_driver();
        let probes = pair.frames(true).concat();
        assert!(probes.len() < 40);
        assert_eq!(pair.hand(true, &probes, false), []);
        pair.answer();
    }
    assert_eq!(numbers(&pair.hand(true, &[], true)), [0, 1]);
    pair.answer();
    assert_eq!(numbers(&pair.swap(true)), [2, 3, 4, 5]);
}

#[test]
fn the_word_to_go_on_may_be_lost() {
    let mut pair = Pair::new(64 << 10, 0);
    pair.send_bulk(0, 1);
    let frame = pair.frames(true).concat();
    assert_eq!(pair.hand(true, &frame, false), []);
    pair.answer();
    assert_eq!(pair.hand(true, &[], true), []);
    assert!(!pair.frames(false).is_empty());
    assert!(pair.wait_for_driver() < 500);
    pair.swap(true);
    pair.answer();
    assert_eq!(numbers(&pair.swap(true)), [0]);
}

#[test]
fn logs_go_last_one_at_a_time_and_never_twice() {
    let mut pair = Pair::new(64 << 10, 1);
    let log = |pair: &mut Pair, text: &[u8]| {
        pair.device.send_log(text.len(), |to| {
            to.copy_from_slice(text);
            Some(to.len())
        })
    };
    assert_eq!(pair.device.log_capacity(), LOG_PAYLOAD);
    assert!(log(&mut pair, b"one") && log(&mut pair, b"two") && log(&mut pair, b"three"));
    let queued = pair.device.send(Channel::Bulk, 5, |to| {
        to.copy_from_slice(b"frame");
        Some(5)
    });
    assert_eq!(queued, Ok(()));
    let got = pair.swap(false);
    let frame = Got::Packet(Channel::Bulk, b"frame".to_vec());
    assert_eq!(got, [frame, Got::Log(b"one".to_vec(), 0)]);
    // Each waits until the one before is known to have come, or not.
    assert_eq!(pair.frames(false), [[0u8; 0]; 0]);
    pair.now += TRIP;
    pair.swap(true);
    let lost = pair.frames(false);
    assert_eq!(lost.len(), 1);
    let mut got = Vec::new();
    for _ in 0..100 {
        pair.now += TRIP;
        got.extend(pair.swap(false));
        pair.now += TRIP;
        pair.swap(true);
    }
    assert_eq!(got, [Got::Log(b"three".to_vec(), 1)]);
}

#[test]
fn logs_for_which_there_was_no_room_are_counted() {
    let mut pair = Pair::new(64 << 10, 1);
    let mut log = |len: usize| pair.device.send_log(len, |to| Some(to.len()));
    assert!(log(LOG_PAYLOAD) && log(LOG_PAYLOAD));
    assert!(!log(LOG_PAYLOAD) && !log(1) && !log(LOG_PAYLOAD + 1));
    for _ in 0..4 {
        pair.answer();
        pair.swap(true);
    }
    assert!(pair.device.send_log(1, |to| Some(to.len())));
    assert_eq!(pair.swap(false), [Got::Log(vec![0], 3)]);
    // Without a session there is nobody to log to.
    pair.device.close();
    assert!(!pair.device.send_log(1, |to| Some(to.len())));
}

#[test]
fn the_ends_learn_of_each_other() {
    let build = BuildId::new(&[0xAB; 20]);
    let capabilities = 0b10010 | capability::LOG;
    let device = Config { capabilities, build, ..Config::device(6_000, 2) };
    let mut pair = Pair::of(Config::driver(64 << 10, 1), device, 1);
    assert_eq!(pair.driver.peer(), None);
    assert_eq!((pair.swap(true), pair.swap(false)), (vec![Got::Opened], vec![Got::Opened]));
    let peer = pair.driver.peer().unwrap();
    assert_eq!((peer.build, peer.capabilities, peer.window), (build, capabilities, 6_000));
    assert_eq!(peer.schema, quintet_protocol::schema::FINGERPRINT);
    assert_eq!(pair.device.peer().unwrap().build, BuildId::UNKNOWN);
}

#[test]
fn ends_with_other_messages_are_refused_at_both() {
    let driver = Config { schema: 7, ..Config::driver(64 << 10, 1) };
    let device = Config { schema: 8, ..Config::device(64 << 10, 2) };
    let mut pair = Pair::of(driver, device, 1);
    let error = LinkError::Schema { driver: 7, device: 8 };
    assert_eq!(pair.swap(true), [Got::Refused(error)]);
    assert_eq!(pair.swap(false), [Got::Lost(error)]);
    assert!(!pair.driver.is_open() && !pair.device.is_open());
    assert_eq!(pair.driver.peer().unwrap().schema, 8);
    assert_eq!(pair.device.peer().unwrap().schema, 7);
    // A driver that fits is welcome.
    let fits = Config { schema: 8, ..Config::driver(64 << 10, 3) };
    pair.driver = link(Role::Driver, fits, PAYLOAD, 4 * queue_bytes(PAYLOAD), 0);
    assert_eq!((pair.swap(true), pair.swap(false)), (vec![Got::Opened], vec![Got::Opened]));
}

#[test]
fn a_driver_that_does_not_fit_disturbs_no_session() {
    let mut pair = Pair::new(64 << 10, 1);
    let other = Config { schema: 7, ..Config::driver(64 << 10, 9) };
    let mut other = link(Role::Driver, other, PAYLOAD, 4 * queue_bytes(PAYLOAD), 0);
    let hello = other.transmit(pair.now).to_vec();
    assert!(matches!(pair.hand(true, &hello, true)[..], [Got::Refused(_)]));
    pair.send_bulk(0, 1);
    assert_eq!(numbers(&pair.swap(true)), [0]);
}

/// The bodies of good frames in `wire`.
fn bodies(wire: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = Decoder::new(vec![0; 2 * PAYLOAD]);
    let (mut rest, mut bodies) = (wire, Vec::new());
    while !rest.is_empty() {
        let (taken, decoded) = decoder.push(rest);
        if let Decoded::Frame(body) = decoded {
            bodies.push(body.to_vec());
        }
        rest = &rest[taken..];
    }
    bodies
}

fn frame(body: &[u8]) -> Vec<u8> {
    let mut wire = vec![0; max_wire_len(body.len())];
    let mut encoder = Encoder::new(&mut wire);
    encoder.push(body);
    let len = encoder.finish().unwrap();
    wire.truncate(len);
    wire
}

#[test]
fn a_peer_that_lies_harms_nobody() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let mut pair = Pair::new(8 << 10, 2);
        // Every frame of the session has its tag; the rest is made up.
        pair.send(Channel::Control, b"tag").unwrap();
        let wire = pair.frames(true).concat();
        let [honest] = &bodies(&wire)[..] else { panic!("one frame") };
        let mut packets = 0;
        for _ in 0..3000 {
            let mut lie = honest[..honest.len().min(9 + random.below(12) as usize)].to_vec();
            lie[0] = (1 + random.below(4) as u8) << 4 | random.below(16) as u8;
            for at in [1, 2, 5, 7] {
                // Mostly near what is true: far off it is soon found out.
                lie[at] = random.next_u64() as u8 & if random.chance(0.5) { 0x1F } else { 0xFF };
            }
            let to_device = random.chance(0.5);
            let room = random.chance(0.7);
            let got = pair.hand(to_device, &frame(&lie), room);
            assert!(got.iter().all(|got| matches!(got, Got::Packet(..) | Got::Log(..))));
            packets += got.len();
            pair.now += random.below(40);
            let len = random.below(200) as usize;
            let _ = pair.send(Channel::Bulk, &[0; PAYLOAD][..len]);
            let _ = pair.device.send(Channel::Control, len, |to| Some(to.len()));
            pair.frames(random.chance(0.5));
        }
        assert!(packets > 0);
        assert!(pair.driver.is_open() && pair.device.is_open());
        // A new session is as good as the first.
        let config = Config::driver(64 << 10, 1000);
        pair.driver = link(Role::Driver, config, PAYLOAD, 9 * queue_bytes(PAYLOAD), 0);
        pair.swap(false);
        assert_eq!((pair.swap(true), pair.swap(false)), (vec![Got::Opened], vec![Got::Opened]));
        pair.send_bulk(0, 5);
        assert_eq!(numbers(&pair.swap(true)), [0, 1, 2, 3, 4]);
    }
}
