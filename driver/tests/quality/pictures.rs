//! Reference pictures and cameras, and how far a picture is from another.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use quintet_driver::camera::Camera;
use serde_json::Value;

/// RGB bytes of a PNG file of 320x240 pixels.
pub fn read_png(path: &Path) -> Vec<u8> {
    read_png_of(path, [320, 240])
}

/// RGB bytes of a PNG file of so many columns and rows.
pub fn read_png_of(path: &Path, size: [u32; 2]) -> Vec<u8> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut decoder = png::Decoder::new(BufReader::new(file));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!([info.width, info.height], size, "{}", path.display());
    bytes.truncate(info.buffer_size());
    match info.color_type {
        png::ColorType::Rgb => bytes,
        png::ColorType::Rgba => {
            bytes.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect()
        }
        other => panic!("{}: {other:?}", path.display()),
    }
}

/// The camera of that name in a `cameras.json`.
pub fn read_camera(path: &Path, name: &str) -> Camera {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cameras: Value = serde_json::from_reader(BufReader::new(file)).unwrap();
    let camera = &cameras[name];
    let number = |key: &str| camera[key].as_f64().unwrap_or_else(|| panic!("{name}: {key}"));
    let matrix = |row: usize, column: usize| camera["world_to_camera"][row][column].as_f64();
    let matrix = |row, column| matrix(row, column).unwrap_or_else(|| panic!("{name}: matrix"));
    Camera {
        width: number("width") as u16,
        height: number("height") as u16,
        focal: [number("fx"), number("fy")],
        center: [number("cx"), number("cy")],
        rotation: [0, 1, 2].map(|row| [0, 1, 2].map(|column| matrix(row, column))),
        translation: [0, 1, 2].map(|row| matrix(row, 3)),
        near: number("near"),
    }
}

/// Peak signal-to-noise ratio in dB of the bytes for which `counts` holds.
fn psnr_where(picture: &[u8], reference: &[u8], counts: impl Fn(usize) -> bool) -> f64 {
    assert_eq!(picture.len(), reference.len());
    let pairs = picture.iter().zip(reference).enumerate().filter(|(at, _)| counts(*at));
    let (sum, count) = pairs.fold((0.0, 0u32), |(sum, count), (_, (a, b))| {
        (sum + (f64::from(*a) - f64::from(*b)).powi(2), count + 1)
    });
    assert!(count > 0, "nothing to compare");
    10.0 * (255.0 * 255.0 * f64::from(count) / sum).log10()
}

/// PSNR of the whole picture, in dB.
pub fn psnr(picture: &[u8], reference: &[u8]) -> f64 {
    psnr_where(picture, reference, |_| true)
}

/// PSNR over the pixels where the reference is not black, in dB.
pub fn psnr_of_object(picture: &[u8], reference: &[u8]) -> f64 {
    let is_black: Vec<bool> =
        reference.as_chunks::<3>().0.iter().map(|pixel| *pixel == [0; 3]).collect();
    psnr_where(picture, reference, |at| !is_black[at / 3])
}

#[test]
fn psnr_is_that_of_the_mean_square() {
    // One of six bytes is off by 255: 10 log10(6).
    let reference = [0, 0, 0, 9, 9, 255];
    assert!((psnr(&[0, 0, 0, 9, 9, 0], &reference) - 7.7815).abs() < 1e-4);
    assert!((psnr_of_object(&[0, 0, 0, 9, 9, 0], &reference) - 4.7712).abs() < 1e-4);
    assert_eq!(psnr(&reference, &reference), f64::INFINITY);
}
