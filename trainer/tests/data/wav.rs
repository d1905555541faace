//! WAV files.

use quintet_trainer::data::sounds::wav::parse;

use crate::damaged;

/// A file of samples that are already bytes.
pub fn wav(code: u16, channels: u16, rate: u32, bits: u16, samples: &[u8]) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
    let block = channels * bits / 8;
    file.extend(16u32.to_le_bytes());
    file.extend([code.to_le_bytes(), channels.to_le_bytes()].concat());
    file.extend([rate.to_le_bytes(), (rate * u32::from(block)).to_le_bytes()].concat());
    file.extend([block.to_le_bytes(), bits.to_le_bytes()].concat());
    file.extend(b"LIST\x03\0\0\0abc\0data");
    file.extend((samples.len() as u32).to_le_bytes());
    file.extend(samples);
    file
}

/// A file of one channel with 16 bits.
pub fn mono(rate: u32, samples: &[f32]) -> Vec<u8> {
    let bytes = samples.iter().map(|it| ((it * 32767.0) as i16).to_le_bytes());
    wav(1, 1, rate, 16, &bytes.collect::<Vec<_>>().concat())
}

#[test]
fn every_kind_of_samples_is_read() {
    let floats = [0.5f32.to_le_bytes(), (-1.0f32).to_le_bytes()].concat();
    let doubles = [0.5f64.to_le_bytes(), (-1.0f64).to_le_bytes()].concat();
    for (code, bits, bytes) in [
        (1, 8, &[192, 0][..]),
        (1, 16, &[0, 64, 0, 128]),
        (1, 24, &[0, 0, 64, 0, 0, 128]),
        (1, 32, &[0, 0, 0, 64, 0, 0, 0, 128]),
        (3, 32, &floats),
        (3, 64, &doubles),
    ] {
        let sound = parse(&wav(code, 1, 22_050, bits, bytes)).expect("it is right");
        assert_eq!((sound.rate, &*sound.samples), (22_050, &[0.5, -1.0][..]), "{code}, {bits}");
        let both = parse(&wav(code, 2, 22_050, bits, bytes)).expect("it is right");
        assert_eq!(both.samples, [-0.25], "{code}, {bits}");
    }
}

#[test]
fn the_extensible_format_is_what_it_says_further_behind() {
    let mut file = wav(0xFFFE, 1, 8_000, 16, &[0, 64]);
    file[16..20].copy_from_slice(&40u32.to_le_bytes());
    file.splice(36..36, [22, 0, 16, 0, 4, 0, 0, 0, 1, 0].into_iter().chain([0; 14]));
    assert_eq!(parse(&file).expect("it is right").samples, [0.5]);
}

#[test]
fn a_stream_of_unknown_length_ends_with_its_file() {
    let mut file = wav(1, 1, 8_000, 16, &[0, 64, 0, 32]);
    let length = file.len();
    file[length - 8..length - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(parse(&file).expect("it is right").samples, [0.5, 0.25]);
}

#[test]
fn cut_files_are_refused() {
    let file = wav(1, 1, 8_000, 16, &[0, 64, 0, 32]);
    for length in 0..file.len() {
        parse(&file[..length]).expect_err("it is cut short");
    }
}

#[test]
fn damaged_files_never_panic() {
    for file in damaged(&wav(3, 2, 8_000, 32, &[63; 64])) {
        if let Ok(sound) = parse(&file) {
            assert!(sound.samples.iter().all(|it| it.is_finite()));
        }
    }
}

#[test]
fn what_is_not_read_is_named() {
    let law = parse(&wav(7, 1, 8_000, 8, &[1, 2])).expect_err("it is mu-law");
    assert!(law.contains("8 bits and format 7") && law.contains("save it as PCM"), "{law}");
    let silent = parse(&wav(1, 1, 8_000, 16, &[])).expect_err("it is empty");
    assert!(silent.contains("no samples"), "{silent}");
    let nan = parse(&wav(3, 1, 8_000, 32, &f32::NAN.to_le_bytes())).expect_err("it is NaN");
    assert!(nan.contains("finite"), "{nan}");
    let slow = parse(&wav(1, 1, 1, 16, &[0, 0])).expect_err("it is too slow");
    assert!(slow.contains("at 1 Hz"), "{slow}");
}
