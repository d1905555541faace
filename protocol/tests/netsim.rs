//! Goodput of an upload over a simulated cable, as a table that the repository keeps: `netsim.txt`.
//!
//! A device with 8 KiB of receive buffers, port and store together, takes packets of the longest
//! kind from a driver that always has more. `QUINTET_UPDATE_SNAPSHOTS=1` writes the table anew.

mod pipe;

use std::fmt::Write;
use std::path::Path;

use pipe::{Cable, World, link};
use quintet_protocol::fault::Random;
use quintet_protocol::link::{
    Channel, Config, Received, Role, credit_bytes, queue_bytes, store_bytes,
};

/// As in the firmware.
const PAYLOAD: usize = 2016;
/// Receive buffers of the device, in bytes.
const BUFFERS: usize = 8 << 10;
/// Bytes of them that keep packets behind a gap; the rest is the port's.
const STORE: usize = store_bytes(PAYLOAD);
/// What of the port's buffer is granted: the rest is for frames that need no credit.
const WINDOW: usize = 3 * credit_bytes(PAYLOAD);
const PACKETS: u32 = 400;

const BAUDS: [u64; 3] = [115_200, 921_600, 3_000_000];
const ROUND_TRIPS: [u64; 3] = [1, 10, 50];
/// Probabilities that a byte is lost, has a bit flipped, or comes twice; a third each.
const NOISES: [f64; 4] = [0.0, 1e-6, 1e-5, 1e-4];

/// What became of an upload.
struct Upload {
    /// Payload bytes a second, of what 8N1 could carry, in per cent.
    goodput: f64,
    /// Wire bytes sent, of what the packets take sent once, in per cent.
    sent: f64,
}

fn upload(baud: u64, round_trip_ms: u64, noise: f64) -> Upload {
    let cable = Cable { ring: BUFFERS - STORE, ..Cable::uart(baud, round_trip_ms, noise) };
    let config = Config::driver(48 << 10, 1);
    let driver = link(Role::Driver, config, PAYLOAD, 64 << 10, 0);
    let config = Config::device(WINDOW as u32, 2);
    let device = link(Role::Device, config, PAYLOAD, 2 * queue_bytes(PAYLOAD), STORE);
    let (driver, device) = (pipe::End::new(driver, 0, 0, 0), pipe::End::new(device, 1, 0, 0));
    let mut world = World::new(driver, device, cable, 1);
    // Both ends look at their ports often enough to keep the sending FIFO filled.
    world.tick = 8 * cable.byte_ns;
    while !(world.driver.link.is_open() && world.device.link.is_open()) {
        world.turn();
    }
    let (start, before) = (world.now, world.down.carried);
    let mut packets = (0..PACKETS).map(bulk).peekable();
    let (mut received, mut sent) = (0, 0);
    while received < PACKETS {
        while let Some(packet) = packets.peek() {
            let put = |to: &mut [u8]| {
                to.copy_from_slice(packet);
                Some(to.len())
            };
            if world.driver.link.send(Channel::Bulk, PAYLOAD, put).is_err() {
                break;
            }
            packets.next();
            sent += 1;
        }
        world.now += world.tick;
        world.driver.turn(world.now, &mut world.up, &mut world.down);
        received += take(&mut world, received);
        assert!(received <= sent);
    }
    assert_eq!(world.down.overruns, 0, "the credit is more than the buffer holds");
    let seconds = (world.now - start) as f64 * 1e-9;
    let payload = f64::from(PACKETS) * PAYLOAD as f64;
    let carried = (world.down.carried - before) as f64;
    Upload {
        goodput: 100.0 * payload / seconds / (baud as f64 / 10.0),
        sent: 100.0 * carried / (f64::from(PACKETS) * credit_bytes(PAYLOAD) as f64),
    }
}

/// The `number`th packet: bytes as of a compressed file.
fn bulk(number: u32) -> Vec<u8> {
    let mut random = Random::new(number.into());
    (0..PAYLOAD).map(|_| (random.next_u64() >> 29) as u8).collect()
}

/// A turn of a device that takes what comes and checks it; the count of packets.
fn take(world: &mut World, received: u32) -> u32 {
    let millis = world.now / 1_000_000;
    let bytes = world.down.read(world.now, usize::MAX);
    let link = &mut world.device.link;
    let (mut at, mut packets) = (0, 0);
    while let (taken, Some(event)) = link.receive(&bytes[at..], true, millis) {
        at += taken;
        let Received::Packet { bytes, .. } = event else { panic!("{event:?}") };
        assert_eq!(bytes, bulk(received + packets));
        packets += 1;
    }
    pipe::pump(link, &mut world.up, world.now);
    packets
}

#[test]
fn goodput_is_as_in_the_table_and_as_promised() {
    let mut table = String::from(
        "Goodput of an upload, in per cent of what 8N1 carries (bytes sent, in per cent of those\n\
         needed). 8 KiB of receive buffers, packets of 2016 bytes; noise a byte: a third lost, a\n\
         third with a bit flipped, a third doubled.\n\n   baud  round trip",
    );
    for noise in NOISES {
        write!(table, "{:>15}", format!("noise {noise:e}")).unwrap();
    }
    table.push('\n');
    let mut broken = Vec::new();
    for (baud, round_trip) in BAUDS.into_iter().flat_map(|b| ROUND_TRIPS.map(|r| (b, r))) {
        write!(table, "{baud:7}  {round_trip:7} ms").unwrap();
        for noise in NOISES {
            let Upload { goodput, sent } = upload(baud, round_trip, noise);
            write!(table, "{:>15}", format!("{goodput:.1} ({sent:.0})")).unwrap();
            let least = [(0.0, 93.0), (1e-5, 85.0)].into_iter().find(|(at, _)| *at == noise);
            if let Some((_, least)) =
                least.filter(|(_, least)| round_trip == 10 && goodput < *least)
            {
                broken.push(format!("{baud} baud, noise {noise:e}: {goodput:.1} % < {least} %"));
            }
        }
        table.push('\n');
    }
    println!("{table}");
    assert!(broken.is_empty(), "{broken:?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/netsim.txt");
    if std::env::var_os("QUINTET_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(table == kept, "not as in tests/netsim.txt; QUINTET_UPDATE_SNAPSHOTS=1 writes it anew");
}
