//! The port against a host in memory, packet by packet.

mod host;

use host::{Host, port};
use quintet_usb_serial::PACKET_BYTES;

fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|index| (index * 7 + index / 251) as u8).collect()
}

#[test]
fn enumerates_with_the_texts_that_tell_boards_apart() {
    let (mut serial, host) = port("pico2", "0123456789abcdef");
    let mut host = Host::new(&mut serial, host);
    host.enumerate();
    assert_eq!(host.text(2), "pico2");
    assert_eq!(host.text(3), "0123456789abcdef");
}

#[test]
fn takes_nothing_to_send_before_there_is_a_host() {
    let (mut serial, host) = port("b", "1");
    assert_eq!(serial.write(b"hello"), 0);
    let mut host = Host::new(&mut serial, host);
    host.enumerate();
    assert_eq!(host.serial.write(b"hello"), 5);
    assert_eq!(host.fetch(), Some(b"hello".to_vec()));
}

#[test]
fn bytes_come_whole_and_in_order() {
    let (mut serial, host) = port("b", "1");
    let mut host = Host::new(&mut serial, host);
    host.enumerate();
    let sent = pattern(1000);
    for packet in sent.chunks(PACKET_BYTES) {
        assert!(host.send(packet));
    }
    let mut buffer = [0; 1500];
    let count = host.serial.read(&mut buffer);
    assert_eq!(buffer[..count], sent);
}

#[test]
fn a_packet_without_room_waits_at_the_controller_until_bytes_are_read() {
    let (mut serial, host) = port("b", "1");
    let mut host = Host::new(&mut serial, host);
    host.enumerate();
    let sent = pattern(9000);
    let (mut received, mut rest) = (Vec::<u8>::new(), &sent[..]);
    let mut refused = 0;
    while received.len() < sent.len() {
        while let Some(packet) = rest.chunks(PACKET_BYTES).next() {
            if !host.send(packet) {
                refused += 1;
                assert!(host.serial.is_full());
                break;
            }
            rest = &rest[packet.len()..];
        }
        let mut buffer = [0; 100];
        let count = host.serial.read(&mut buffer);
        received.extend(&buffer[..count]);
    }
    assert_eq!(received, sent);
    assert!(refused > 0, "the ring was never full");
}

#[test]
fn a_transfer_of_full_packets_ends_with_an_empty_one() {
    let (mut serial, host) = port("b", "1");
    let mut host = Host::new(&mut serial, host);
    host.enumerate();
    let sent = pattern(2 * PACKET_BYTES);
    assert_eq!(host.serial.write(&sent), sent.len());
    assert_eq!(host.fetch(), Some(sent[..PACKET_BYTES].to_vec()));
    assert_eq!(host.fetch(), Some(sent[PACKET_BYTES..].to_vec()));
    assert_eq!(host.fetch(), Some(vec![]));
    assert_eq!(host.fetch(), None);
}

#[test]
fn a_transfer_that_ends_with_a_short_packet_is_not_followed_by_an_empty_one() {
    let (mut serial, host) = port("b", "1");
    let mut host = Host::new(&mut serial, host);
    host.enumerate();
    assert_eq!(host.serial.write(&pattern(65)), 65);
    assert_eq!(host.fetch().map(|packet| packet.len()), Some(64));
    assert_eq!(host.fetch().map(|packet| packet.len()), Some(1));
    assert_eq!(host.fetch(), None);
}

#[test]
fn a_host_that_fetches_nothing_blocks_nothing_and_loses_nothing() {
    let (mut serial, host) = port("b", "1");
    let mut host = Host::new(&mut serial, host);
    host.enumerate();
    let sent = pattern(20_000);
    let mut taken = 0;
    while let Some(rest) = sent.get(taken..) {
        match host.serial.write(rest) {
            0 => break,
            count => taken += count,
        }
    }
    assert!((4096..sent.len()).contains(&taken));
    let mut fetched = Vec::new();
    while let Some(packet) = host.fetch() {
        fetched.extend(packet);
    }
    assert_eq!(fetched, sent[..taken]);
}

#[test]
fn a_bus_reset_forgets_what_waited_and_the_port_works_again() {
    let (mut serial, host) = port("b", "1");
    let mut host = Host::new(&mut serial, host);
    host.enumerate();
    assert!(host.send(b"old"));
    assert_eq!(host.serial.write(&pattern(100)), 100);
    host.reset();
    assert!(!host.serial.has_received());
    host.enumerate();
    assert_eq!(host.fetch(), None);
    assert!(host.send(b"new"));
    let mut buffer = [0; 8];
    assert_eq!(host.serial.read(&mut buffer), 3);
    assert_eq!(host.serial.write(b"new"), 3);
    assert_eq!(host.fetch(), Some(b"new".to_vec()));
}

#[test]
fn a_host_that_sleeps_finds_what_waited() {
    let (mut serial, host) = port("b", "1");
    let mut host = Host::new(&mut serial, host);
    host.enumerate();
    assert_eq!(host.serial.write(&pattern(70)), 70);
    host.suspend();
    assert_eq!(host.serial.write(b"more"), 0);
    host.resume();
    assert_eq!(host.fetch().map(|packet| packet.len()), Some(64));
    assert_eq!(host.fetch().map(|packet| packet.len()), Some(6));
}

#[test]
fn packets_before_the_port_is_configured_are_taken_and_dropped() {
    let (mut serial, host) = port("b", "1");
    let mut host = Host::new(&mut serial, host);
    host.reset();
    assert!(host.send(b"early"));
    assert!(host.send(b"still early"));
    assert!(!host.serial.has_received());
    host.enumerate();
    assert!(host.send(b"in time"));
    assert!(host.serial.has_received());
}
