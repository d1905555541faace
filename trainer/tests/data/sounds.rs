//! Folders of sounds.

use std::f32::consts::TAU;
use std::path::{Path, PathBuf};

use quintet_trainer::data::{Dataset, Split};

use crate::wav::mono;
use crate::{empty_folder, read, write};

const TABLE: &str = "kind = \"sounds\"\npath = \"sounds\"\nseconds = 0.5\n";

/// A tone of a tenth of a second.
fn tone(hertz: f32, rate: u32) -> Vec<u8> {
    let value = |at: u32| 0.5 * (TAU * hertz * at as f32 / rate as f32).sin();
    mono(rate, &(0..rate / 10).map(value).collect::<Vec<_>>())
}

/// Low and high tones at three rates.
fn tones(name: &str) -> PathBuf {
    let folder = empty_folder(name);
    for (class, hertz) in [("low", 400.0), ("high", 3000.0)] {
        for rate in [8_000, 16_000, 44_100] {
            write(&folder.join(format!("sounds/{class}/{rate}.wav")), &tone(hertz, rate));
        }
    }
    folder
}

fn split(folder: &Path, options: &str) -> Split {
    read(folder, &format!("{TABLE}{options}")).expect("it is right")
}

/// The loudest band of a sample's first frame.
fn loudest(set: &Dataset, sample: usize) -> usize {
    let frame = &set.sample(sample)[..set.shape.width];
    (0..frame.len()).max_by_key(|band| frame[*band]).expect("there are bands")
}

#[test]
fn tones_are_told_apart_at_every_rate() {
    let Split { train, test, range } = split(&tones("tones"), "");
    assert_eq!((train.shape.height, train.shape.width, train.shape.channels), (24, 40, 1));
    assert_eq!(train.classes, ["high", "low"]);
    assert_eq!((train.len(), test.len()), (5, 1));
    for set in [&train, &test] {
        for sample in 0..set.len() {
            let expected = if set.labels[sample] == 0 { 26 } else { 6 };
            assert!(loudest(set, sample).abs_diff(expected) <= 1, "{}", loudest(set, sample));
            let last = &set.sample(sample)[set.shape.elements() - set.shape.width..];
            assert!(last.iter().all(|byte| *byte == 0), "behind the sound it is silent");
        }
    }
    let [low, high] = range.expect("it is measured");
    assert!(train.bytes.contains(&255) && (high - low - 80.0).abs() < 1e-3);
    assert!(
        (-10.0..-3.0).contains(&high),
        "half of full scale is -6 dB, spread over bands: {high}"
    );
}

#[test]
fn the_range_is_measured_on_the_training_part_alone() {
    let folder = empty_folder("range");
    let quiet: Vec<f32> = (0..1600).map(|at| 0.01 * (at as f32 * 0.4).sin()).collect();
    write(&folder.join("sounds/train/a/1.wav"), &mono(16_000, &quiet));
    write(&folder.join("sounds/test/a/1.wav"), &tone(1000.0, 16_000));
    let Split { train, test, range } = split(&folder, "");
    assert!(range.expect("it is measured")[1] < -35.0);
    let full = |set: &Dataset| set.bytes.iter().filter(|byte| **byte == 255).count();
    assert!(full(&test) > 2 * full(&train) && full(&train) > 0, "louder ones are cut off");
}

#[test]
fn a_sound_has_all_pieces_that_lie_in_it() {
    let folder = tones("pieces");
    let whole = split(&folder, "").train;
    let pieces = split(&folder, "pieces = { frames = 5, step = 3 }").train;
    assert_eq!(pieces.shape.pixels(), [5, 40]);
    assert_eq!(pieces.len(), whole.len() * 7, "24 frames have 7 pieces of 5, 3 from each other");
    assert_eq!(pieces.sample(8), &whole.sample(1)[3 * 40..8 * 40]);
    assert_eq!(pieces.labels[..8], [0, 0, 0, 0, 0, 0, 0, whole.labels[1]]);
}

#[test]
fn copies_are_varied_and_the_original_stays() {
    let folder = tones("copies");
    let plain = split(&folder, "");
    let table = "vary = { copies = 3, shift_ms = 50, above_noise = [5, 20] }";
    let varied = split(&folder, table);
    assert_eq!(varied, split(&folder, table), "copies repeat");
    assert_eq!((varied.train.len(), varied.test.len()), (20, 1));
    assert_eq!(varied.train.labels[..5], [0, 0, 0, 0, varied.train.labels[4]]);
    let noisy = |sample| varied.train.sample(sample).iter().filter(|byte| **byte > 0).count();
    let quiet = varied.train.sample(0).iter().filter(|byte| **byte > 0).count();
    for copy in 1..4 {
        assert!(noisy(copy) > 2 * quiet, "noise is everywhere: {} and {quiet}", noisy(copy));
        assert_ne!(varied.train.sample(copy), varied.train.sample(copy % 3 + 1));
    }
    assert_eq!(plain.test.labels, varied.test.labels);
}

#[test]
fn the_background_comes_from_a_folder() {
    let folder = tones("background");
    write(&folder.join("hum/1.wav"), &tone(1000.0, 22_050));
    let varied = split(&folder, "vary = { copies = 1, noise = \"hum\", above_noise = [-40, -40] }");
    // Loud as it is, the background is what is heard; 1000 Hz lie in band 13.
    for sample in 0..5 {
        let band = loudest(&varied.train, 2 * sample + 1);
        assert!(band.abs_diff(13) <= 1, "{band}");
    }
    let error = read(&folder, &format!("{TABLE}vary = {{ copies = 1, noise = \"none\" }}"));
    assert!(error.expect_err("there is no such folder").to_string().contains("none"));
}

#[test]
fn what_cannot_be_is_refused_by_the_option() {
    let folder = tones("options");
    for (option, table) in [
        ("seconds", TABLE.replace("0.5", "0.01")),
        ("seconds", TABLE.replace("0.5", "-1")),
        ("seconds", TABLE.replace("0.5", "1e9")),
        ("pieces", format!("{TABLE}pieces = {{ frames = 25 }}")),
        ("pieces", format!("{TABLE}pieces = {{ frames = 5, step = 0 }}")),
        ("vary.copies", format!("{TABLE}vary = {{ copies = 1000 }}")),
        ("vary.shift_ms", format!("{TABLE}vary = {{ shift_ms = nan }}")),
        ("vary.above_noise", format!("{TABLE}vary = {{ above_noise = [5, 1] }}")),
    ] {
        let error = read(&folder, &table).expect_err(option).to_string();
        assert!(error.contains(&format!("`{option}`")), "{error}");
    }
}

#[test]
fn a_damaged_sound_is_named() {
    let folder = tones("damaged_sound");
    let path = folder.join("sounds/low/8000.wav");
    let file = std::fs::read(&path).expect("it is there");
    write(&path, &file[..file.len() - 1]);
    let error = read(&folder, TABLE).expect_err("it is cut short").to_string();
    assert!(error.contains("8000.wav: it is cut short"), "{error}");
}
