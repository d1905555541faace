//! The frame decoder: any bytes, in any pieces; and after any noise a zero brings it into step.

use quintet_protocol::frame::{Decoded, Decoder, Encoder, max_wire_len};

/// Bytes of the decoder's buffer: small, so that frames too long for it are common.
const BUFFER: usize = 96;

/// The first byte says in what pieces the rest is pushed, the second where a frame is cut out of
/// it.
pub fn run(data: &[u8]) {
    let [pieces, cut, rest @ ..] = data else { return };
    let piece = usize::from(*pieces).max(1);
    let mut decoder = Decoder::new([0; BUFFER]);
    for bytes in rest.chunks(piece) {
        frames(&mut decoder, bytes);
    }
    let stats = decoder.stats();
    let ended = stats.good + stats.bad_crc + stats.bad_cobs + stats.oversize;
    let zeros = rest.iter().filter(|byte| **byte == 0).count();
    assert!(ended as usize <= zeros, "{ended} frames ended at {zeros} zeros");

    let body = rest.get(usize::from(*cut)..).unwrap_or_default();
    let body = &body[..body.len().min(decoder.max_body())];
    let mut wire = vec![0; 1 + max_wire_len(body.len())];
    let mut encoder = Encoder::new(&mut wire[1..]);
    encoder.push(body);
    let len = encoder.finish().expect("a buffer of the length that was asked for");
    assert!(!wire[1..len].contains(&0), "a zero inside a frame");
    let found = frames(&mut decoder, &wire[..1 + len]);
    assert_eq!(found.last().map(Vec::as_slice), Some(body), "out of step after noise");
}

/// Pushes bytes until all are taken; the good frames that ended.
fn frames(decoder: &mut Decoder<[u8; BUFFER]>, mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    loop {
        let (taken, decoded) = decoder.push(bytes);
        match decoded {
            Decoded::Nothing => {
                assert_eq!(taken, bytes.len(), "bytes were left");
                return found;
            }
            Decoded::Frame(body) => {
                assert!(body.len() < BUFFER);
                found.push(body.to_vec());
            }
            Decoded::Bad => {}
        }
        assert!(taken > 0, "a frame ended without a byte");
        bytes = &bytes[taken..];
    }
}
