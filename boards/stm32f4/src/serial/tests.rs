//! The port against a register file that reacts as the reference manual says.

use std::vec::Vec;

use super::*;
use crate::bus::record::Record;

const FULL: Clocks = Clocks { core: 168_000_000, apb2: 84_000_000, source: Source::Crystal };
const SLOW: Clocks = Clocks { core: 16_000_000, apb2: 16_000_000, source: Source::Unlocked };
const EMULATED: Clocks = Clocks { source: Source::Emulated, ..FULL };

fn start(line: &Line, clocks: Clocks) -> Serial<'_, Record> {
    Serial::start(Record::new(|_, _, _| ()), line, clocks)
}

/// DMA writes these bytes behind what it wrote before.
fn dma_receives(serial: &mut Serial<'_, Record>, bytes: &[u8]) {
    let left = serial.bus.registers[&(RECEIVES + STREAM_NDTR)];
    let place = INBOX_BYTES as u32 - left;
    serial.line.inbox.write(place, bytes);
    let next = (place + bytes.len() as u32) % INBOX_BYTES as u32;
    serial.bus.registers.insert(RECEIVES + STREAM_NDTR, INBOX_BYTES as u32 - next);
}

fn read(serial: &mut impl Port, most: usize) -> Vec<u8> {
    let mut buffer = std::vec![0; most];
    let count = serial.read(&mut buffer);
    buffer.truncate(count);
    buffer
}

#[test]
fn the_ring_is_armed_before_the_port_listens() {
    let line = Line::new();
    let serial = start(&line, FULL);
    let order = serial.bus.places(&[
        (RCC_APB2ENR, APB2ENR_USART6),
        // 84 MHz / 921 600.
        (BRR, 91),
        (RECEIVES + STREAM_PAR, 0x4001_1404),
        (RECEIVES + STREAM_NDTR, 2048),
        // Channel 5, high priority, address counts up, circular, to memory, enabled.
        (RECEIVES + STREAM_CR, 0x0a02_0501),
        (CR3, 0xc1),
        // Enabled both ways, idle interrupt.
        (CR1, 0x201c),
        // Lines 71 and 69, once all is set up.
        (NVIC_ISER2, 0xa0),
    ]);
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn the_slow_clock_has_the_slow_baud_within_half_a_percent() {
    let line = Line::new();
    let serial = start(&line, SLOW);
    assert_eq!(serial.bus.registers[&BRR], 139);
    let baud = 16_000_000 / 139;
    assert!(BAUD_SLOW.abs_diff(baud) * 200 < BAUD_SLOW);
}

#[test]
fn bytes_come_out_of_the_ring_in_order_over_many_laps() {
    let line = Line::new();
    let mut serial = start(&line, FULL);
    let mut expected = (0_u32..).map(|number| (number * 7) as u8);
    let mut sent = (0_u32..).map(|number| (number * 7) as u8);
    for round in 0..200 {
        let bytes: Vec<u8> = sent.by_ref().take(1 + round * 37 % 2000).collect();
        dma_receives(&mut serial, &bytes);
        assert!(serial.has_received());
        let mut got = Vec::new();
        while serial.has_received() {
            got.extend(read(&mut serial, 512));
        }
        assert_eq!(got, expected.by_ref().take(bytes.len()).collect::<Vec<_>>());
    }
}

#[test]
fn an_idle_line_interrupts_once() {
    let line = Line::new();
    let mut serial = start(&line, FULL);
    serial.bus.registers.insert(SR, 1 << 4);
    let (reads, writes) = (serial.bus.reads, serial.bus.written.len());
    line.on_interrupt(&mut serial.bus);
    // Status and then data, which clears the flag (RM0090, section 30.6.1).
    assert_eq!((serial.bus.reads - reads, serial.bus.written.len()), (2, writes));
    assert_eq!(line.overruns.load(Ordering::Relaxed), 0);
}

#[test]
fn an_overrun_is_counted_and_cleared() {
    let line = Line::new();
    let mut serial = start(&line, FULL);
    serial.bus.registers.insert(SR, SR_OVERRUN);
    let reads = serial.bus.reads;
    line.on_interrupt(&mut serial.bus);
    // Status and then data, which clears the flag (RM0090, section 30.6.1).
    assert_eq!(serial.bus.reads - reads, 2);
    assert_eq!(serial.overruns(), 1);
}

#[test]
fn a_piece_is_sent_by_dma_and_the_next_one_waits_for_it() {
    let line = Line::new();
    let mut serial = start(&line, FULL);
    let bytes: Vec<u8> = (0..600_u32).map(|number| number as u8).collect();
    assert_eq!(serial.write(&bytes), OUTBOX_BYTES);
    let order = serial.bus.places(&[
        (HIFCR, HIFCR_STREAM_6),
        (SENDS + STREAM_PAR, 0x4001_1404),
        (SENDS + STREAM_NDTR, 512),
        // Channel 5, address counts up, from memory, interrupt at the end, enabled.
        (SENDS + STREAM_CR, 0x0a00_0451),
    ]);
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(serial.write(&bytes[512..]), 0);
    let sent = line.outbox.iter().map(|byte| byte.load(Ordering::Relaxed));
    assert!(sent.eq(bytes[..512].iter().copied()));
    // Done: the stream switches itself off (section 10.3.14).
    serial.bus.registers.insert(SENDS + STREAM_CR, STREAM_SENDS);
    assert_eq!(serial.write(&bytes[512..]), 88);
    assert_eq!(serial.write(&[]), 0);
}

#[test]
fn without_dma_a_full_ring_leaves_the_byte_where_it_is() {
    let line = Line::new();
    let mut serial = start(&line, EMULATED);
    assert!(!serial.bus.registers.contains_key(&CR3));
    serial.bus.registers.insert(DR, 0x5a);
    for _ in 0..INBOX_BYTES - 1 {
        line.inbox.push(1);
    }
    // The register file shows a byte for ever: one fits, the next stays.
    serial.bus.registers.insert(SR, SR_RECEIVED);
    line.on_interrupt(&mut serial.bus);
    assert_eq!(serial.bus.registers[&CR1], CR1_ENABLED);
    let got = read(&mut serial, INBOX_BYTES + 1);
    assert_eq!((got.len(), got[INBOX_BYTES - 1]), (INBOX_BYTES, 0x5a));
    // And is asked for again.
    assert_eq!(serial.bus.registers[&CR1], CR1_ENABLED | CR1_RECEIVED_INTERRUPT);
}

#[test]
fn without_dma_bytes_are_sent_while_there_is_room() {
    let line = Line::new();
    let mut serial = start(&line, EMULATED);
    assert_eq!(serial.write(&[1, 2]), 0);
    serial.bus.registers.insert(SR, SR_SEND_EMPTY);
    assert_eq!(serial.write(&[3, 4]), 2);
    let sent: Vec<_> = serial.bus.written.iter().filter(|(at, _)| *at == DR).collect();
    assert_eq!(sent, [&(DR, 3), &(DR, 4)]);
}

#[test]
fn a_frame_is_ended_without_waiting_for_ever() {
    let mut bus = Record::new(|_, _, _| ());
    end_frame(&mut bus);
    assert!(bus.reads < 250_000);
    assert!(!bus.written.iter().any(|(at, _)| *at == DR));
    bus.registers.insert(SR, SR_SEND_EMPTY | SR_SENT);
    end_frame(&mut bus);
    assert_eq!(bus.written.last(), Some(&(DR, 0)));
}
