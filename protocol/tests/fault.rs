//! The fault injector: each fault does what it says, as often as it says, and the same every time.

use std::time::Duration;

use proptest::prelude::*;
use quintet_protocol::fault::{FaultInjector, Faults, FaultsError};

/// What comes through of `bursts`, and how often the far end reboots.
fn through(faults: Faults, bursts: &[&[u8]]) -> (Vec<(Duration, u8)>, usize) {
    let mut injector = FaultInjector::new(faults, 3);
    let (mut bytes, mut resets) = (Vec::new(), 0);
    for burst in bursts {
        resets += usize::from(injector.pass(burst, Duration::ZERO, |at, piece| {
            bytes.extend(piece.iter().map(|byte| (at, *byte)));
        }));
    }
    (bytes, resets)
}

fn bytes(faults: &str, burst: &[u8]) -> Vec<u8> {
    let (bytes, resets) = through(faults.parse().unwrap(), &[burst]);
    assert_eq!(resets, 0);
    bytes.into_iter().map(|(_, byte)| byte).collect()
}

#[test]
fn without_faults_everything_passes_at_once() {
    let (all, resets) = through(Faults::NONE, &[b"one", b"", b"two"]);
    assert_eq!(resets, 0);
    assert!(all.iter().all(|(at, _)| *at == Duration::ZERO));
    assert_eq!(all.iter().map(|(_, byte)| *byte).collect::<Vec<_>>(), b"onetwo");
}

#[test]
fn certain_faults_befall_every_byte() {
    assert_eq!(bytes("drop=1", b"abc"), b"");
    assert_eq!(bytes("truncate=1", b"abc"), b"");
    assert_eq!(bytes("duplicate=1", b"abc"), b"aabbcc");
    let corrupt = bytes("corrupt=1", b"abc");
    assert_eq!(corrupt.len(), 3);
    assert!(corrupt.iter().zip(b"abc").all(|(new, old)| (new ^ old).count_ones() == 1));
    let (none, resets) = through("reset=1".parse().unwrap(), &[b"abc", b"d"]);
    assert_eq!((none, resets), (vec![], 2));
}

#[test]
fn reordering_changes_nothing_but_the_order() {
    let burst: Vec<u8> = (0..=255).collect();
    let mut swapped = bytes("reorder=1", &burst);
    assert_ne!(swapped, burst);
    swapped.sort_unstable();
    assert_eq!(swapped, burst);
}

#[test]
fn a_repeated_burst_is_what_came_before_and_then_again_its_end() {
    assert_eq!(bytes("repeat=1", b"abc"), b"abcabc");
    let burst: Vec<u8> = (0..200).collect();
    let twice = bytes("repeat=0.01,seed=5", &burst);
    assert!(twice.len() > burst.len());
    assert_eq!(twice[..burst.len()], burst);
    assert!(burst.ends_with(&twice[burst.len()..]));
}

#[test]
fn a_stall_delays_what_follows_and_loses_nothing() {
    let faults: Faults = "stall=0.01:200ms,seed=1".parse().unwrap();
    let (all, _) = through(faults, &[&[7; 1000], &[8; 1000]]);
    assert_eq!(all.len(), 2000);
    assert!(all.is_sorted_by_key(|(at, _)| *at));
    let last = all[1999].0.as_millis();
    assert!(last.is_multiple_of(200) && (1000..=8000).contains(&last), "{last}");
}

#[test]
fn faults_are_as_frequent_as_asked() {
    let burst = vec![0; 1_000_000];
    let dropped = burst.len() - bytes("drop=1e-3,seed=9", &burst).len();
    assert!((850..=1150).contains(&dropped), "{dropped}");
    let doubled = bytes("duplicate=2e-3,seed=9", &burst).len() - burst.len();
    assert!((1800..=2200).contains(&doubled), "{doubled}");
}

#[test]
fn a_seed_fixes_the_course_of_events_and_directions_differ() {
    let faults = Faults { repeat: 0.01, ..Faults::noise(0.1, 42) };
    let burst: Vec<u8> = (0..=255).collect();
    assert_eq!(through(faults, &[&burst]), through(faults, &[&burst]));
    let other = Faults { seed: 43, ..faults };
    assert_ne!(through(faults, &[&burst]), through(other, &[&burst]));
    let mut back = Vec::new();
    let mut injector = FaultInjector::new(faults, 4);
    assert!(!injector.pass(&burst, Duration::ZERO, |at, piece| {
        back.extend(piece.iter().map(|byte| (at, *byte)));
    }));
    assert_ne!(through(faults, &[&burst]).0, back);
}

#[test]
fn settings_are_read_and_errors_name_the_entry() {
    let faults: Faults = "drop=1e-4, stall=1e-6:2s,seed=7".parse().unwrap();
    let expected = Faults {
        drop: 1e-4,
        stall: 1e-6,
        stall_time: Duration::from_secs(2),
        seed: 7,
        ..Faults::NONE
    };
    assert_eq!(faults, expected);
    let error = |text: &str| text.parse::<Faults>().unwrap_err();
    assert_eq!(error(""), FaultsError::Unknown(1));
    assert_eq!(error("drop"), FaultsError::Unknown(1));
    assert_eq!(error("drop=0,melt=1"), FaultsError::Unknown(2));
    assert_eq!(error("drop=0,seed=1, drop=1e-4"), FaultsError::Twice(3));
    assert_eq!(error("drop=2"), FaultsError::NotAProbability(1));
    assert_eq!(error("drop=NaN"), FaultsError::NotAProbability(1));
    assert_eq!(error("drop=1:3s"), FaultsError::NotAProbability(1));
    assert_eq!(error("drop=0,stall=1e-3:5"), FaultsError::NotATime(2));
    assert_eq!(error("seed=-1"), FaultsError::NotANumber(1));
    assert_eq!(error("drop=0.6,reset=0.6"), FaultsError::TooMany);
}

proptest! {
    #[test]
    fn settings_read_back_as_written(
        rates in prop::array::uniform8(1e-9..0.12f64), time in 0u64..10_000_000, seed: u64,
    ) {
        let [drop, corrupt, duplicate, repeat, reorder, truncate, stall, reset] = rates;
        let mut faults = Faults {
            drop, corrupt, duplicate, repeat, reorder, truncate, stall, reset, seed,
            ..Faults::NONE
        };
        faults.stall_time = Duration::from_micros(time);
        prop_assert_eq!(faults.to_string().parse(), Ok(faults));
    }
}
