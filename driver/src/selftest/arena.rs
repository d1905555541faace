//! Whether bytes come back as they were sent, and each word of the arena is a word of its own.

use quintet_protocol::message::{Reply, Request};

use super::report::{Fault, Verdict};
use crate::session::{Session, SessionError};

/// A check of the arena of so many bytes.
type Check = fn(&mut Session, u32) -> Result<Verdict, SessionError>;

/// What is checked before any command, with its name.
pub(super) const CHECKS: [(&str, Check); 3] =
    [("Link.echo", echo), ("Arena.data", data_lines), ("Arena.addresses", address_lines)];

/// Bytes that are written, or read, at a time; every device's packets carry more.
const PIECE: usize = 128;
/// Places spread over the arena, beside those that its address lines name.
const SPREAD: u32 = 16;
/// Knuth's multiplier: words that are near each other get values that are not.
const SCATTER: u32 = 0x9E37_79B1;

/// Sends bytes of all values, and long runs of those that framing treats apart, and takes them
/// back.
fn echo(session: &mut Session, arena_bytes: u32) -> Result<Verdict, SessionError> {
    let mut bytes: Vec<u8> = (0..=255).collect();
    for run in [0x00, 0xFF, 0x55] {
        bytes.extend([run; 256]);
    }
    bytes.truncate(arena_bytes as usize);
    session.clear()?;
    write(session, 0, &bytes)?;
    compare(session, 0, &bytes)
}

/// Has a one, then a zero, walk through a word at either end of the arena: no data line is stuck,
/// or tied to another.
fn data_lines(session: &mut Session, arena_bytes: u32) -> Result<Verdict, SessionError> {
    let ones = (0..32).map(|bit| 1u32 << bit);
    let words = ones.clone().chain(ones.map(|one| !one));
    let bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    session.clear()?;
    let last = (arena_bytes & !3).saturating_sub(bytes.len() as u32);
    for offset in [0, last] {
        write(session, offset, &bytes)?;
        match compare(session, offset, &bytes)? {
            Verdict::Passed => {}
            other => return Ok(other),
        }
    }
    Ok(Verdict::Passed)
}

/// Writes words at places that differ in one address line each, and at some more all over the
/// arena; reads them when all are written, and once more with every bit inverted: no address line
/// is stuck, or tied to another, so no two words are one.
fn address_lines(session: &mut Session, arena_bytes: u32) -> Result<Verdict, SessionError> {
    let places = places(arena_bytes);
    session.clear()?;
    for inverted in [0, u32::MAX] {
        let word = |place: u32| (place.wrapping_mul(SCATTER) ^ inverted).to_le_bytes();
        for &place in &places {
            write(session, place, &word(place))?;
        }
        for &place in &places {
            match compare(session, place, &word(place))? {
                Verdict::Passed => {}
                other => return Ok(other),
            }
        }
    }
    Ok(Verdict::Passed)
}

/// Offsets of words: zero, every power of two, the last, and some in between.
fn places(arena_bytes: u32) -> Vec<u32> {
    let words = arena_bytes / 4;
    let lines = (0..u32::BITS).map(|bit| 1 << bit);
    let spread = (1..SPREAD).map(|part| words / SPREAD * part);
    let mut places: Vec<u32> = [0, words.saturating_sub(1)].into_iter().chain(lines).collect();
    places.extend(spread);
    places.retain(|&word| word < words);
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|word| word * 4).collect()
}

fn write(session: &mut Session, offset: u32, bytes: &[u8]) -> Result<(), SessionError> {
    for (piece, at) in bytes.chunks(PIECE).zip((offset..).step_by(PIECE)) {
        let request = Request::Write { offset: at, bytes: piece };
        session.call(request, |reply| (reply == Reply::Done).then_some(()))?;
    }
    Ok(())
}

/// Reads what was written.
fn compare(session: &mut Session, offset: u32, bytes: &[u8]) -> Result<Verdict, SessionError> {
    let found = session.download(offset, bytes.len() as u32)?;
    let differs = bytes.iter().zip(&found).zip(offset..).find(|((a, b), _)| a != b);
    Ok(match differs {
        Some(((&expected, &found), offset)) => {
            Verdict::Failed(Fault::Arena { offset, expected, found })
        }
        None => Verdict::Passed,
    })
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn places_name_every_address_line_and_both_ends() {
        let places = places(100 << 10);
        assert_eq!((places[0], places.last()), (0, Some(&((100 << 10) - 4))));
        for line in 2..17 {
            assert!(places.contains(&(1 << line)), "{line}");
        }
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] <= 16 << 10), "{places:?}");
        assert!(super::places(0).is_empty());
    }
}
