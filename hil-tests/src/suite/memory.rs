//! What is uploaded is there.

use super::{LITTLE, Test, Verdict, check};
use crate::device::Device;
use crate::target::Needs;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    Test { name: "what_is_uploaded_comes_back", needs: SMALL, body: comes_back },
    Test { name: "what_is_there_is_not_sent_again", needs: SMALL, body: is_not_sent_again },
    Test { name: "the_whole_arena_holds_what_it_is_given", needs: LITTLE, body: whole_arena },
];

const SMALL: Needs = Needs { arena: 16 << 10, upload: 16 << 10, ..LITTLE };

/// Bytes of no pattern.
pub fn bytes(count: usize) -> Vec<u8> {
    (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn comes_back(device: &Device) -> Verdict {
    let data = bytes(6_000);
    for offset in [64, 3, 8_191] {
        let mut session = device.session()?;
        session.clear()?;
        session.upload(offset, &data, &mut |_| ())?;
        let found = session.download(offset, data.len() as u32)?;
        check!(found == data, "what lies at {offset} is not what was sent there");
    }
    Ok(())
}

fn is_not_sent_again(device: &Device) -> Verdict {
    let data = bytes(6_000);
    let mut session = device.session()?;
    session.clear()?;
    session.upload(64, &data, &mut |_| ())?;
    drop(session);
    let mut session = device.session()?;
    session.clear()?;
    let uploaded = session.upload(64, &data, &mut |_| ())?;
    check!(uploaded.found == data.len() as u64, "{uploaded:?} of {} bytes", data.len());
    check!(session.download(64, data.len() as u32)? == data, "it is not what was sent there");
    Ok(())
}

/// Marks every 4 KiB of the arena, so that two addresses that are one memory are found; a large
/// arena in as many steps as a small one.
fn whole_arena(device: &Device) -> Verdict {
    const MARK: usize = 16;
    let mut connection = device.open()?;
    let arena = connection.description().arena_bytes as usize;
    let session = connection.session();
    session.clear()?;
    let step = (arena / 32).max(4 << 10) & !3;
    let places: Vec<_> = (0..arena - MARK).step_by(step).chain([arena - MARK]).collect();
    let data = bytes(MARK * places.len());
    for (place, mark) in places.iter().zip(data.chunks(MARK)) {
        session.upload(*place as u32, mark, &mut |_| ())?;
    }
    for (place, mark) in places.iter().zip(data.chunks(MARK)).rev() {
        let found = session.download(*place as u32, MARK as u32)?;
        check!(found == mark, "byte {place} of the arena holds {found:?}, not {mark:?}");
    }
    Ok(())
}
