//! Folders of pictures.

use std::path::Path;

use png::{BitDepth, ColorType};

use crate::{damaged, empty_folder, read, write};

const COLOUR: &[u8] = include_bytes!("fixtures/colour.jpg");
const GREY: &[u8] = include_bytes!("fixtures/grey.jpg");

/// A PNG of these pixels.
fn png(width: u32, colour: ColorType, depth: BitDepth, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let stride = width as usize * colour.samples() * depth as usize / 8;
    let mut encoder = png::Encoder::new(&mut file, width, (bytes.len() / stride) as u32);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == ColorType::Indexed {
        encoder.set_palette(&[0, 0, 0, 250, 100, 50]);
    }
    let mut writer = encoder.write_header().expect("it can be written");
    writer.write_image_data(bytes).expect("it can be written");
    writer.finish().expect("it can be written");
    file
}

/// The bytes of the one picture to train with, of a folder that has it twice.
fn bytes(folder: &Path, file: &[u8], size: [usize; 2], colour: bool) -> Result<Vec<u8>, String> {
    write(&folder.join("a/1.png"), file);
    write(&folder.join("a/2.png"), file);
    let table = format!("kind = \"images\"\npath = \".\"\nsize = {size:?}\ncolour = {colour}");
    read(folder, &table).map(|split| split.train.bytes).map_err(|error| error.to_string())
}

#[test]
fn every_kind_of_png_becomes_colour_or_grey() {
    let folder = empty_folder("kinds");
    let (eight, sixteen) = (BitDepth::Eight, BitDepth::Sixteen);
    for (file, colour, grey) in [
        (png(1, ColorType::Grayscale, eight, &[90]), [90, 90, 90], 90),
        (png(1, ColorType::Grayscale, sixteen, &[90, 3]), [90, 90, 90], 90),
        (png(1, ColorType::GrayscaleAlpha, eight, &[200, 51]), [40, 40, 40], 40),
        (png(1, ColorType::Rgb, eight, &[100, 0, 0]), [100, 0, 0], 30),
        (png(1, ColorType::Rgba, eight, &[0, 100, 255, 255]), [0, 100, 255], 87),
        (png(1, ColorType::Indexed, eight, &[1]), [250, 100, 50], 139),
    ] {
        assert_eq!(bytes(&folder, &file, [1, 1], true).unwrap(), colour);
        assert_eq!(bytes(&folder, &file, [1, 1], false).unwrap(), [grey]);
    }
}

#[test]
fn jpeg_is_read_in_colour_and_grey_whatever_its_name() {
    let folder = empty_folder("jpeg");
    let near = |bytes: &[u8], expected: &[u8]| {
        assert!(bytes.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 3), "{bytes:?}");
    };
    near(&bytes(&folder, COLOUR, [1, 1], true).unwrap(), &[200, 40, 90]);
    near(&bytes(&folder, GREY, [1, 1], true).unwrap(), &[77, 77, 77]);
    near(&bytes(&folder, GREY, [1, 1], false).unwrap(), &[77]);
}

#[test]
fn a_picture_of_the_right_size_stays_as_it_is() {
    let pixels: Vec<u8> = (0..35).map(|it| it * 7).collect();
    let file = png(7, ColorType::Grayscale, BitDepth::Eight, &pixels);
    assert_eq!(bytes(&empty_folder("same"), &file, [5, 7], false).unwrap(), pixels);
}

#[test]
fn shrunk_pictures_keep_their_mean_and_grown_ones_their_ramps() {
    let folder = empty_folder("sizes");
    let stripes: Vec<u8> = (0..64 * 64).map(|at| if at % 2 == 0 { 0 } else { 200 }).collect();
    let file = png(64, ColorType::Grayscale, BitDepth::Eight, &stripes);
    let shrunk = bytes(&folder, &file, [8, 8], false).unwrap();
    assert!(shrunk.iter().all(|byte| byte.abs_diff(100) <= 4), "{shrunk:?}");
    let file = png(2, ColorType::Grayscale, BitDepth::Eight, &[0, 80]);
    let grown = bytes(&folder, &file, [1, 8], false).unwrap();
    assert_eq!(grown, [0, 0, 10, 30, 50, 70, 80, 80]);
}

#[test]
fn damaged_pictures_are_refused_by_name_or_read_but_never_panic() {
    let folder = empty_folder("damaged");
    let file = png(5, ColorType::Rgb, BitDepth::Eight, &[99; 75]);
    let mut refused = 0;
    for file in damaged(&file).chain(damaged(COLOUR)) {
        match bytes(&folder, &file, [4, 4], true) {
            Ok(bytes) => assert_eq!(bytes.len(), 48),
            Err(error) => {
                assert!(error.contains(".png: "), "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 200, "{refused}");
}

#[test]
fn a_picture_that_would_fill_memory_is_refused() {
    let mut file = png(1, ColorType::Grayscale, BitDepth::Eight, &[0]);
    file[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let mut crc = flate2::Crc::new();
    crc.update(&file[12..29]);
    file[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let error = bytes(&empty_folder("huge"), &file, [1, 1], false).unwrap_err();
    assert!(error.contains("65536x65536"), "{error}");
}

#[test]
fn sizes_of_nothing_are_refused() {
    let error = bytes(&empty_folder("nothing"), COLOUR, [0, 8], true).unwrap_err();
    assert!(error.contains("`size`"), "{error}");
}
