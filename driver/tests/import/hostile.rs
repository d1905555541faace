//! Whatever the bytes, an importer answers: it never panics, hangs or fills the memory.

use super::read;
use super::writers::{PICTURES, glb, gltf, gzip, zip};
use proptest::prelude::*;
use quintet_driver::import::gaussians_from_bytes;
use std::io::Read;

/// What the first bytes of a format look like.
const MARKS: [&[u8]; 12] = [
    b"",
    b"ply\nformat binary_little_endian 1.0\nelement vertex 3\nproperty float x\n",
    b"ply\nformat binary_little_endian 1.0\nelement chunk 1\n",
    b"NGSP\x04\0\0\0\x02\0\0\0\0\x0c\0\x05\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"\x1f\x8b\x08\0\0\0\0\0\0\0",
    b"PK\x03\x04",
    b"glTF\x02\0\0\0\0\0\0\0",
    b"{\"asset\": {}, ",
    b"{\"means\": ",
    b"\0\x01\0\0\x01\0\0\0\x01\0\0\0\x10\0\0\0\x10\0\0\0\x01\0",
    b"RIFF",
    b"\x28\xb5\x2f\xfd",
];

/// A change to a file.
#[derive(Clone, Debug)]
pub enum Change {
    Set(prop::sample::Index, u8),
    /// In the first bytes, where the headers are.
    SetEarly(usize, u8),
    SetLate(usize, u8),
    Cut(prop::sample::Index),
    /// Copies some bytes elsewhere.
    Splice(prop::sample::Index, prop::sample::Index, u8),
    Remove(prop::sample::Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    let byte = || prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(0x7f), Just(0x80)];
    prop_oneof![
        2 => (index(), byte()).prop_map(|(at, byte)| Change::Set(at, byte)),
        4 => (0..1500usize, byte()).prop_map(|(at, byte)| Change::SetEarly(at, byte)),
        2 => (0..700usize, byte()).prop_map(|(at, byte)| Change::SetLate(at, byte)),
        1 => index().prop_map(Change::Cut),
        1 => (index(), index(), any::<u8>()).prop_map(|(a, b, n)| Change::Splice(a, b, n)),
        1 => (index(), any::<u8>()).prop_map(|(at, n)| Change::Remove(at, n)),
    ]
}

pub fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(), 1..4)
}

pub fn apply(data: &mut Vec<u8>, changes: &[Change]) {
    for change in changes {
        let length = data.len();
        if length == 0 {
            return;
        }
        match change {
            Change::Set(at, byte) => data[at.index(length)] = *byte,
            Change::SetEarly(at, byte) => data[at % length] = *byte,
            Change::SetLate(at, byte) => data[length - 1 - at % length] = *byte,
            Change::Cut(at) => data.truncate(at.index(length)),
            Change::Splice(from, to, count) => {
                let from = from.index(length);
                let count = usize::from(*count).min(length - from);
                let piece = data[from..from + count].to_vec();
                let to = to.index(length);
                data.splice(to..to, piece);
            }
            Change::Remove(at, count) => {
                let at = at.index(length);
                data.drain(at..(at + usize::from(*count)).min(length));
            }
        }
    }
}

/// Imports, and checks that what comes out is whole.
fn survive(name: &str, data: &[u8]) {
    match gaussians_from_bytes(name, data) {
        Err(error) => assert!(!error.to_string().is_empty() && !error.help().is_empty()),
        Ok(imported) => {
            let cloud = &imported.cloud;
            let count = cloud.len();
            assert!(count > 0 && imported.dropped <= count);
            assert_eq!(cloud.harmonics.len(), count * cloud.harmonics_per_gaussian());
            assert!([cloud.scales.len(), cloud.colors.len()] == [count; 2]);
            assert!([cloud.rotations.len(), cloud.opacities.len()] == [count; 2]);
            assert!(cloud.positions.iter().flatten().all(|value| value.is_finite()));
            assert!(cloud.scales.iter().flatten().all(|&value| value.is_finite() && value >= 0.0));
            for q in &cloud.rotations {
                let square: f32 = q.iter().map(|v| v * v).sum();
                assert!((square - 1.0).abs() < 1e-5);
            }
        }
    }
}

/// A version 3 SPZ of the first `count` Gaussians of a longer one, not compressed.
pub fn small_spz(count: usize) -> Vec<u8> {
    let mut plain = Vec::new();
    let file = read("playbot_lod4.v3.spz");
    flate2::read::GzDecoder::new(file.as_slice()).read_to_end(&mut plain).unwrap();
    let all = u32::from_le_bytes(plain[8..12].try_into().unwrap()) as usize;
    let mut small = plain[..16].to_vec();
    small[8..12].copy_from_slice(&(count as u32).to_le_bytes());
    let mut at = 16;
    for size in [9, 1, 3, 3, 4, 24] {
        small.extend(&plain[at..at + size * count]);
        at += size * all;
    }
    small
}

/// The first `count` Gaussians of the `.ply`.
fn small_ply(count: usize) -> Vec<u8> {
    let file = read("playbot_lod6.ply");
    let end = file.windows(11).position(|window| window == b"end_header\n").unwrap() + 11;
    let header = String::from_utf8(file[..end].to_vec()).unwrap();
    let header = header.replace("vertex 1873", &format!("vertex {count}"));
    [header.as_bytes(), &file[end..end + count * 38 * 4]].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_survived(
        tail in prop::collection::vec(any::<u8>(), 0..512), mark in 0..MARKS.len(), pad in 0..2usize
    ) {
        let mut data = MARKS[mark].to_vec();
        data.extend(&tail);
        data.resize(data.len() + pad * 6000, 0);
        for name in ["x.ply", "x.splat", "x.ksplat", "x.spz", "x.sog", "x.glb", "x.gltf", "x"] {
            survive(name, &data);
        }
    }

    #[test]
    fn changed_plys_are_survived(changes in changes()) {
        let mut data = small_ply(20);
        apply(&mut data, &changes);
        survive("x.ply", &data);
    }

    #[test]
    fn changed_gzip_spz_is_survived(changes in changes(), inside in any::<bool>()) {
        let mut data = small_spz(50);
        if inside {
            apply(&mut data, &changes);
            data = gzip(&data);
        } else {
            data = gzip(&data);
            apply(&mut data, &changes);
        }
        survive("x.spz", &data);
    }

    #[test]
    fn changed_glbs_are_survived(changes in changes()) {
        let (json, binary) = gltf(serde_json::json!({"mesh": 0, "scale": [2, 2, 2]}));
        let mut data = glb(&json, &binary);
        apply(&mut data, &changes);
        survive("x.glb", &data);
    }

    #[test]
    fn changed_sog_members_are_survived(changes in changes(), which in 0..PICTURES.len()) {
        let mut members = PICTURES.map(|name| (name, read(&format!("lod6/{name}"))));
        apply(&mut members[which].1, &changes);
        survive("x.sog", &zip(&members));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn changed_files_are_survived(changes in changes()) {
        for name in [
            "playbot_lod4.compressed.ply", "playbot_lod4.v4.spz", "playbot_lod4.sog",
            "playbot_lod4.level2.ksplat", "playbot_lod4.splat",
        ] {
            let mut data = read(name);
            apply(&mut data, &changes);
            survive(name, &data);
        }
    }
}
