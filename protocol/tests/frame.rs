//! Frames: what goes in comes out, and nothing else ever does.

use proptest::prelude::*;
use quintet_protocol::frame::{Decoded, Decoder, Encoder, FrameStats, max_wire_len};

fn encode(body: &[u8]) -> Vec<u8> {
    let mut wire = vec![0xAA; max_wire_len(body.len())];
    let mut encoder = Encoder::new(&mut wire);
    encoder.push(body);
    let len = encoder.finish().expect("max_wire_len is enough");
    wire.truncate(len);
    wire
}

/// Decodes `wire` in pieces of the lengths given, cyclically.
fn decode(decoder: &mut Decoder<Vec<u8>>, wire: &[u8], pieces: &[usize]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let mut rest = wire;
    for piece in pieces.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (mut now, later) = rest.split_at((*piece).min(rest.len()));
        while !now.is_empty() {
            let (taken, decoded) = decoder.push(now);
            assert!(taken > 0 && taken <= now.len());
            if let Decoded::Frame(body) = decoded {
                frames.push(body.to_vec());
            }
            now = &now[taken..];
        }
        rest = later;
    }
    frames
}

/// Bodies with many zeros, long runs without, and everything between.
fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..700),
        prop::collection::vec(0u8..2, 0..100),
        prop::collection::vec(1u8..=255, 240..520),
    ]
}

#[test]
fn the_wire_picture_is_as_documented() {
    // CRC-32 of 11 00 22 is 0x37C551B1, computed by zlib.
    let wire = [0x02, 0x11, 0x06, 0x22, 0xB1, 0x51, 0xC5, 0x37, 0x00];
    assert_eq!(encode(&[0x11, 0x00, 0x22]), wire);
}

#[test]
fn a_buffer_too_short_is_noticed() {
    for room in 0..max_wire_len(300) - 1 {
        let mut wire = vec![0; room];
        let mut encoder = Encoder::new(&mut wire);
        encoder.push(&[7; 300]);
        assert_eq!(encoder.finish(), None, "{room}");
    }
}

#[test]
fn an_oversize_frame_is_dropped_and_the_next_one_arrives() {
    let mut decoder = Decoder::new(vec![0; 68]);
    let mut wire = encode(&[1; 65]);
    wire.extend(encode(&[2; 64]));
    assert_eq!(decode(&mut decoder, &wire, &[7]), [vec![2; 64]]);
    assert_eq!(decoder.stats(), FrameStats { good: 1, oversize: 1, ..FrameStats::default() });
}

#[test]
fn zeros_between_frames_mean_nothing() {
    let mut decoder = Decoder::new(vec![0; 68]);
    let wire = [vec![0; 5], encode(b"one"), vec![0; 3], encode(b"two")].concat();
    assert_eq!(decode(&mut decoder, &wire, &[64]), [b"one".to_vec(), b"two".to_vec()]);
    assert_eq!(decoder.stats(), FrameStats { good: 2, ..FrameStats::default() });
}

proptest! {
    #[test]
    fn bodies_survive_any_cutting(
        bodies in prop::collection::vec(body(), 1..5),
        pieces in prop::collection::vec(1usize..300, 1..8),
    ) {
        let wire: Vec<u8> = bodies.iter().flat_map(|body| encode(body)).collect();
        for frame in bodies.iter().map(|body| encode(body)) {
            prop_assert_eq!(frame.iter().position(|&byte| byte == 0), Some(frame.len() - 1));
        }
        let mut decoder = Decoder::new(vec![0; 704]);
        prop_assert_eq!(decode(&mut decoder, &wire, &pieces), bodies);
    }

    #[test]
    fn hostile_bytes_never_panic_and_the_next_frame_arrives(
        noise in prop::collection::vec(prop_oneof![Just(0u8), Just(255), any::<u8>()], 0..600),
        pieces in prop::collection::vec(1usize..40, 1..8),
    ) {
        let mut decoder = Decoder::new(vec![0; 64]);
        let wire = [noise, vec![0], encode(b"still here")].concat();
        let frames = decode(&mut decoder, &wire, &pieces);
        prop_assert_eq!(frames.last().map(Vec::as_slice), Some(&b"still here"[..]));
    }

    #[test]
    fn one_changed_byte_never_passes(
        body in prop::collection::vec(any::<u8>(), 1..300),
        place in any::<prop::sample::Index>(),
        change in 1u8..=255,
    ) {
        let mut wire = encode(&body);
        let place = place.index(wire.len());
        wire[place] ^= change;
        wire.push(0);
        let mut decoder = Decoder::new(vec![0; 400]);
        prop_assert!(decode(&mut decoder, &wire, &[64]).is_empty());
    }
}
