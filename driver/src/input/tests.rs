//! Files of every kind for inputs of every kind.

use super::*;

fn port(shape: &[usize], element: Element, scale: f32, zero_point: i32) -> Port {
    Port {
        name: "in".into(),
        shape: shape.to_vec(),
        element,
        scale,
        zero_point,
        log_softmax: false,
        offset: 0,
    }
}

fn npy(shape: &[usize], elements: Elements) -> Vec<u8> {
    Array { shape: shape.to_vec(), elements }.to_npy()
}

fn samples(file: &[u8], port: &Port) -> Result<Vec<Vec<i8>>, InputError> {
    samples_from_bytes(file, port, &Options::default()).map(|it| it.samples)
}

#[test]
fn samples_lie_along_the_first_axis_shaped_or_flat() {
    let port = port(&[1, 2, 1, 3], Element::Int8, 0.5, 1);
    let elements = Elements::Int8((0..12).collect());
    let wanted = [(0..6).collect::<Vec<i8>>(), (6..12).collect()];
    for shape in [&[2, 2, 1, 3][..], &[2, 1, 2, 1, 3], &[2, 6], &[2, 2, 3]] {
        assert_eq!(samples(&npy(shape, elements.clone()), &port).unwrap(), wanted, "{shape:?}");
    }
    let one = Elements::Int8((0..6).collect());
    for shape in [&[1, 2, 1, 3][..], &[2, 1, 3], &[6], &[1, 6]] {
        assert_eq!(samples(&npy(shape, one.clone()), &port).unwrap(), wanted[..1], "{shape:?}");
    }
    for shape in [&[12][..], &[3, 4], &[2, 3, 1, 2], &[4, 3]] {
        let error = samples(&npy(shape, elements.clone()), &port).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("[2, 1, 3]") && text.contains(&format!("{shape:?}")), "{text}");
    }
}

#[test]
fn a_single_number_per_sample_is_a_sample_each() {
    let port = port(&[1, 1], Element::Int8, 0.5, 1);
    let elements = Elements::Int8(vec![1, 2, 3]);
    for shape in [&[3, 1][..], &[3]] {
        assert_eq!(
            samples(&npy(shape, elements.clone()), &port).unwrap(),
            [vec![1], vec![2], vec![3]]
        );
    }
}

#[test]
fn elements_are_taken_quantised_or_refused_by_their_type() {
    let int8 = port(&[1, 3], Element::Int8, 0.5, 1);
    let float = port(&[1, 3], Element::Float32, 0.5, 1);
    let real = npy(&[3], Elements::Float(vec![-1000.0, 0.0, 2.0]));
    let bytes = npy(&[3], Elements::Int8(vec![1, 2, 3]));
    let pixels = npy(&[3], Elements::Uint8(vec![0, 128, 255]));
    let integers = npy(&[3], Elements::Integer(vec![1, 2, 3]));
    for port in [&int8, &float] {
        assert_eq!(samples(&real, port).unwrap(), [[-128, 1, 5]]);
        assert_eq!(samples(&pixels, port).unwrap(), [[-128, 0, 127]]);
        let text = samples(&integers, port).unwrap_err().to_string();
        assert!(text.contains("these are integers"), "{text}");
    }
    assert_eq!(samples(&bytes, &int8).unwrap(), [[1, 2, 3]]);
    let text = samples(&bytes, &float).unwrap_err().to_string();
    assert!(text.contains("takes floats") && text.contains("these are int8"), "{text}");
}

#[test]
fn values_that_are_no_numbers_are_refused() {
    let port = port(&[1, 2], Element::Float32, 0.5, 1);
    let file = npy(&[2, 2], Elements::Float(vec![0.0, 1.0, f32::NAN, 2.0]));
    assert!(matches!(samples(&file, &port), Err(InputError::NotFinite { sample: 1 })));
    let file = npy(&[0, 2], Elements::Float(vec![]));
    assert!(matches!(samples(&file, &port), Err(InputError::Empty)));
}

#[test]
fn a_range_of_pixels_goes_through_the_scale_of_the_input() {
    // 0..1 in steps of 1/128: pixel 255 is 1.0, beyond the last step.
    let port = port(&[1, 3], Element::Int8, 1.0 / 128.0, 0);
    let file = npy(&[3], Elements::Uint8(vec![0, 51, 255]));
    let options = Options { pixel_range: Some([0.0, 1.0]) };
    let samples = samples_from_bytes(&file, &port, &options).unwrap().samples;
    assert_eq!(samples, [[0, 26, 127]]);
}

#[test]
fn pictures_take_the_size_and_the_channels_of_the_input() {
    // Red and blue, two pixels.
    let picture = b"P6 2 1 255 \xFF\0\0\0\0\xFF";
    let rows = port(&[1, 1, 2, 3], Element::Int8, 1.0, -128);
    assert_eq!(samples(picture, &rows).unwrap(), [[127, -128, -128, -128, -128, 127]]);
    let planes = port(&[1, 3, 1, 2], Element::Int8, 1.0, -128);
    assert_eq!(samples(picture, &planes).unwrap(), [[127, -128, -128, -128, -128, 127]]);
    let grey = port(&[1, 1, 2, 1], Element::Int8, 1.0, -128);
    assert_eq!(samples(picture, &grey).unwrap(), [[-52, -99]]);
    let larger = port(&[1, 2, 4, 1], Element::Int8, 1.0, -128);
    assert_eq!(samples(picture, &larger).unwrap()[0].len(), 8);
    let features = port(&[1, 640], Element::Int8, 1.0, -128);
    let text = samples(picture, &features).unwrap_err().to_string();
    assert!(text.contains("[640]") && text.contains("a picture"), "{text}");
}

#[test]
fn sounds_are_for_waveforms_only() {
    let mut wav =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80>\0\0\0\0\0\0\x02\0\x10\0data".to_vec();
    wav.extend(10_000u32.to_le_bytes());
    wav.extend(16_384i16.to_le_bytes().repeat(5_000));
    let wave = port(&[1, 4_000], Element::Int8, 1.0 / 128.0, 0);
    let read = samples_from_bytes(&wav, &wave, &Options::default()).unwrap();
    assert_eq!(read.samples.len(), 2);
    assert_eq!((read.samples[0][0], read.samples[1][999], read.samples[1][1000]), (64, 64, 0));
    assert!(read.notes[0].contains("16000"), "{:?}", read.notes);
    let spectrogram = port(&[1, 49, 40, 1], Element::Int8, 1.0, 0);
    let text = samples(&wav, &spectrogram).unwrap_err().to_string();
    assert!(text.contains("[49, 40, 1]") && text.contains("a sound"), "{text}");
}

#[test]
fn other_files_are_refused() {
    let port = port(&[1, 2], Element::Int8, 1.0, 0);
    assert!(matches!(samples(b"hello", &port), Err(InputError::Unknown)));
    assert!(matches!(samples(b"", &port), Err(InputError::Unknown)));
    assert!(matches!(samples(b"PK\x03\x04", &port), Err(InputError::Archive(_))));
}
