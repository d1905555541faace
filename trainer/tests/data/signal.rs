//! Transform, resampling and log-mel levels.

use std::f64::consts::TAU;

use quintet_trainer::data::sounds::fft::Fft;
use quintet_trainer::data::sounds::log_mel::{FrontEnd, LogMel};
use quintet_trainer::data::sounds::resample::resample;
use quintet_trainer::random::Random;

fn sine(hertz: f64, rate: u32, count: usize) -> Vec<f32> {
    let value = |at: usize| (TAU * hertz * at as f64 / f64::from(rate)).sin() as f32;
    (0..count).map(value).collect()
}

#[test]
fn power_is_that_of_the_sum_that_defines_the_transform() {
    let mut random = Random::new(&[3]);
    for length in [2, 4, 64] {
        let numbers: Vec<f64> = (0..length).map(|_| f64::from(random.normal())).collect();
        let power = Fft::new(length).power(numbers.iter().copied());
        assert_eq!(power.len(), length / 2 + 1);
        for (frequency, power) in power.iter().enumerate() {
            let angle = |at: usize| TAU * (at * frequency) as f64 / length as f64;
            let sum = |part: fn(f64) -> f64| -> f64 {
                numbers.iter().enumerate().map(|(at, it)| it * part(angle(at))).sum()
            };
            let expected = sum(f64::cos).powi(2) + sum(f64::sin).powi(2);
            assert!((power - expected).abs() < 1e-9, "{length}, {frequency}: {power}, {expected}");
        }
    }
}

#[test]
fn a_sine_at_another_rate_is_the_same_sine() {
    for (from, to) in [(8_000, 16_000), (44_100, 16_000), (16_000, 11_025), (48_000, 7_919)] {
        let count = from as usize / 5;
        let new = resample(&sine(1000.0, from, count), from, to, usize::MAX);
        assert_eq!(new.len(), (count * to as usize).div_ceil(from as usize));
        let expected = sine(1000.0, to, new.len());
        let inside = new.len() / 5..new.len() * 4 / 5;
        let errors = inside.map(|at| (new[at] - expected[at]).abs());
        let largest = errors.fold(0.0, f32::max);
        assert!(largest < 2e-3, "{from} Hz to {to} Hz: {largest}");
    }
}

#[test]
fn what_is_too_high_for_a_new_rate_goes_away() {
    let new = resample(&sine(6000.0, 16_000, 4000), 16_000, 8_000, usize::MAX);
    let loudest = new[200..1800].iter().fold(0.0f32, |most, it| most.max(it.abs()));
    assert!(loudest < 1e-3, "{loudest}");
}

#[test]
fn no_more_samples_are_made_than_asked_for() {
    let sound = sine(100.0, 8_000, 800);
    let all = resample(&sound, 8_000, 16_000, usize::MAX);
    assert_eq!(resample(&sound, 8_000, 16_000, 70), all[..70]);
    assert_eq!(resample(&sound, 8_000, 8_000, 70), sound[..70]);
    assert!(resample(&[], 8_000, 16_000, 70).is_empty());
}

#[test]
fn levels_are_those_that_numpy_finds() {
    // 20 log10|rfft(x * hanning) / (sum of the window / 2)| under triangles, of the third frame.
    let expected = [
        (0, -88.929),
        (4, -65.869),
        (6, -7.815),
        (7, -6.786),
        (9, -66.144),
        (14, -97.639),
        (25, -29.22),
        (26, -18.656),
        (27, -37.535),
        (39, -100.0),
    ];
    let low = sine(440.0, 16_000, 1600);
    let high = |at: usize| 0.1 * (TAU * 3000.0 * at as f64 / 16e3 + 1.0).sin();
    let sound: Vec<f32> =
        low.iter().enumerate().map(|(at, it)| (0.5 * f64::from(*it) + high(at)) as f32).collect();
    let front_end = FrontEnd::new(&LogMel::default()).expect("the defaults are right");
    let levels = front_end.levels(&sound);
    assert_eq!((front_end.frames(1600), levels.len()), (4, 4 * 40));
    for (band, expected) in expected {
        let level = levels[2 * 40 + band];
        assert!((level - expected).abs() < 0.05, "band {band}: {level}, not {expected}");
    }
}

#[test]
fn front_ends_that_cannot_be_are_refused_by_the_option() {
    let good = LogMel::default();
    for (option, options) in [
        ("window_ms", LogMel { window_ms: 0.0, ..good }),
        ("window_ms", LogMel { window_ms: f32::NAN, ..good }),
        ("window_ms", LogMel { rate: 0, ..good }),
        ("hop_ms", LogMel { hop_ms: 1e9, ..good }),
        ("bins", LogMel { bins: 0, ..good }),
        ("bins", LogMel { bins: 200, ..good }),
        ("high_hz", LogMel { high_hz: 9000.0, ..good }),
        ("high_hz", LogMel { low_hz: 4000.0, high_hz: 3000.0, ..good }),
        ("decibels", LogMel { decibels: -1.0, ..good }),
    ] {
        let error = FrontEnd::new(&options).expect_err(option).to_string();
        assert!(error.contains(&format!("`features.{option}`")), "{error}");
    }
}
