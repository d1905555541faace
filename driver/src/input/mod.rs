//! Inputs of networks: arrays, pictures and sounds to the bytes that a network takes.
//!
//! | file | what becomes of it |
//! |---|---|
//! | `.npy`, `.npz` | samples along the first axis: int8 as it is, floats quantised, uint8 as pixels |
//! | PNG, JPEG, WebP, PPM, PGM | one sample: resized (bilinear, stretched), grey or RGB as wanted |
//! | WAV of 16 bits | windows of the input's length, quantised from -1..1 |
//!
//! Pixels of 0..255 stand for the whole real range of the input's 256 steps unless another range is
//! given, so that a pixel `p` becomes the byte `p - 128`. That is what int8 models of pictures are
//! made for, whatever their scale: 0..1 where it is 1/255 with zero point -128, -1..1 where it is
//! 1/128 with zero point 0, 0..255 where it is 1 with zero point -128. Of an `.npz` with several
//! arrays the one with the input's name is taken, else `x` or `input`.

mod error;
pub mod image;
pub mod labels;
pub mod npy;
mod resize;
mod sound;

use std::path::Path;

use crate::import::zip::Zip;
use crate::infer::Port;
use crate::network::Element;
use crate::picture::Picture;
use npy::{Array, Elements};
use resize::resized;

pub use error::InputError;

/// Most bytes of an input file: 1 GiB, 14 000 pictures of 160x160.
const BYTES_MAX: u64 = 1 << 30;
/// A single axis of at least so many samples is a waveform: a quarter of a second at 16 kHz.
const WAVEFORM_LEAST: usize = 4_000;

/// How files become inputs.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The real numbers that pixels of 0 and 255 stand for; `None` is the input's whole range.
    pub pixel_range: Option<[f32; 2]>,
}

/// Samples of one input.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// The bytes of each.
    pub samples: Vec<Vec<i8>>,
    /// What the user should know, a sentence each.
    pub notes: Vec<String>,
}

/// Reads the samples in a file for an input of a network.
///
/// # Errors
/// An [`InputError`]; it does not name the file.
pub fn read(path: &Path, port: &Port, options: &Options) -> Result<Samples, InputError> {
    samples_from_bytes(&read_file(path)?, port, options)
}

/// Reads a file of up to 1 GiB.
///
/// # Errors
/// An [`InputError`].
pub fn read_file(path: &Path) -> Result<Vec<u8>, InputError> {
    let size = std::fs::metadata(path)?.len();
    if size > BYTES_MAX {
        return Err(InputError::TooLarge { what: "the file's size", size, limit: BYTES_MAX });
    }
    Ok(std::fs::read(path)?)
}

/// As [`read`], from a file's content.
///
/// # Errors
/// As [`read`].
pub fn samples_from_bytes(
    file: &[u8],
    port: &Port,
    options: &Options,
) -> Result<Samples, InputError> {
    let samples = if let Some(array) = array(file, &[&port.name, "x", "input"])? {
        of_array(array, port, options)?
    } else if image::is_picture(file) {
        vec![of_picture(&image::decode(file)?, port, options)?]
    } else if sound::is_sound(file) {
        return of_sound(&sound::decode(file)?, port);
    } else {
        return Err(InputError::Unknown);
    };
    if samples.is_empty() {
        return Err(InputError::Empty);
    }
    Ok(Samples { samples, notes: Vec::new() })
}

/// The array in an `.npy` or `.npz` file, if it is one; of several that with the first of these
/// names.
///
/// # Errors
/// An [`InputError`].
pub fn array(file: &[u8], names: &[&str]) -> Result<Option<Array>, InputError> {
    if file.starts_with(npy::MAGIC) {
        return Array::from_npy(file).map(Some);
    }
    if !file.starts_with(b"PK\x03\x04") {
        return Ok(None);
    }
    let zip = Zip::open(file).map_err(InputError::Archive)?;
    let members: Vec<_> = zip.names().filter(|member| member.ends_with(".npy")).collect();
    let named = |name: &&str| members.iter().find(|it| it.strip_suffix(".npy") == Some(name));
    let member = match members[..] {
        [only] => Some(only),
        _ => names.iter().find_map(named).copied(),
    };
    let member = member.ok_or_else(|| {
        let (wanted, found) = (names.join(", "), members.join(", "));
        InputError::NoArray { wanted, found }
    })?;
    Array::from_npy(&zip.read(member).map_err(InputError::Archive)?).map(Some)
}

/// Shape of one sample: that of the input without its leading axis of samples.
fn sample_shape(port: &Port) -> &[usize] {
    match &port.shape[..] {
        [1, rest @ ..] if !rest.is_empty() => rest,
        shape => shape,
    }
}

fn of_array(array: Array, port: &Port, options: &Options) -> Result<Vec<Vec<i8>>, InputError> {
    check_shape(&array, port)?;
    let length = sample_shape(port).iter().product::<usize>().max(1);
    let bytes = match array.elements {
        Elements::Int8(elements) if port.element == Element::Int8 => elements,
        Elements::Uint8(pixels) => of_pixels(&pixels, port, options),
        Elements::Float(values) => {
            if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                return Err(InputError::NotFinite { sample: at / length });
            }
            port.quantise(&values)
        }
        other => {
            let wanted = match port.element {
                Element::Int8 => "int8, uint8 or floats",
                Element::Uint8 => "uint8 or floats",
                _ => "floats or uint8",
            };
            let (port, found) = (port.name.clone(), other.name());
            return Err(InputError::Element { port, wanted: wanted.into(), found });
        }
    };
    Ok(bytes.chunks_exact(length).map(<[i8]>::to_vec).collect())
}

/// An array is a sample, or samples along its first axis, each flat or shaped as the input; axes of
/// length 1 do not matter.
fn check_shape(array: &Array, port: &Port) -> Result<(), InputError> {
    let long = |shape: &[usize]| shape.iter().copied().filter(|&it| it != 1).collect::<Vec<_>>();
    let sample = long(sample_shape(port));
    let flat = [sample.iter().product::<usize>()];
    let fits = |shape: &[usize]| {
        let shape = long(shape);
        shape == sample || (shape == flat && flat != [1]) || (shape.is_empty() && flat == [1])
    };
    match array.shape.split_first() {
        Some((_, rest)) if fits(rest) => Ok(()),
        _ if fits(&array.shape) => Ok(()),
        _ => Err(InputError::Shape {
            port: port.name.clone(),
            wanted: format!("{:?}", sample_shape(port)),
            found: format!("{:?}", array.shape),
        }),
    }
}

/// Pixels of 0..255 to what the input takes.
fn of_pixels(pixels: &[u8], port: &Port, options: &Options) -> Vec<i8> {
    let Some([low, high]) = options.pixel_range else {
        return pixels.iter().map(|&pixel| (pixel ^ 0x80) as i8).collect();
    };
    let real = |level: u8| low + (high - low) * f32::from(level) / 255.0;
    let levels = port.quantise(&(0..=u8::MAX).map(real).collect::<Vec<_>>());
    pixels.iter().map(|&pixel| levels[usize::from(pixel)]).collect()
}

fn of_picture(picture: &Picture, port: &Port, options: &Options) -> Result<Vec<i8>, InputError> {
    let (height, width, channels, planar) = match *sample_shape(port) {
        [height, width, channels @ (1 | 3)] => (height, width, channels, false),
        [channels @ (1 | 3), height, width] => (height, width, channels, true),
        [height, width] if height > 1 => (height, width, 1, false),
        _ => return Err(unfit(port, "a picture")),
    };
    let picture = resized(picture, width, height);
    let pixels: Vec<u8> = match (channels, planar) {
        (1, _) => picture.rgb.as_chunks().0.iter().map(luminance).collect(),
        (_, false) => picture.rgb,
        (_, true) => {
            (0..3).flat_map(|at| picture.rgb.iter().skip(at).step_by(3)).copied().collect()
        }
    };
    Ok(of_pixels(&pixels, port, options))
}

/// Luminance by ITU-R BT.601.
fn luminance(&[r, g, b]: &[u8; 3]) -> u8 {
    let [r, g, b] = [r, g, b].map(u32::from);
    ((299 * r + 587 * g + 114 * b + 500) / 1000) as u8
}

fn of_sound(sound: &sound::Sound, port: &Port) -> Result<Samples, InputError> {
    let length: usize = sample_shape(port).iter().product();
    let is_waveform = sample_shape(port).iter().filter(|&&axis| axis > 1).count() == 1;
    if !is_waveform || length < WAVEFORM_LEAST {
        return Err(unfit(port, "a sound"));
    }
    if sound.samples.is_empty() {
        return Err(InputError::Empty);
    }
    let windows = sound.samples.chunks(length).map(|window| {
        let mut window = window.to_vec();
        window.resize(length, 0.0);
        port.quantise(&window)
    });
    let note = format!(
        "the sound has {} samples a second; the model does not say how many it wants",
        sound.rate
    );
    Ok(Samples { samples: windows.collect(), notes: vec![note] })
}

fn unfit(port: &Port, found: &'static str) -> InputError {
    let wanted = format!("{:?}", sample_shape(port));
    InputError::Kind { port: port.name.clone(), wanted, found }
}

#[cfg(test)]
mod tests;
