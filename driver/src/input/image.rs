//! Picture files to RGB: PNG, JPEG, WebP, PPM and PGM, told apart by their first bytes.
//!
//! Grey becomes three equal channels, 16 bits become the upper 8; what is transparent shows black,
//! or keeps its opacity where that is asked for.

use std::io::Cursor;

use image_webp::WebPDecoder;
use png::{ColorType, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::InputError;
use crate::picture::Picture;
use crate::scene::mesh::Texture;

/// Most pixels of a picture: 64 Mi, more than any camera's on a microcontroller.
const PIXELS_MAX: u64 = 1 << 26;
/// Longest side of a JPEG picture that its format allows.
const JPEG_SIDE_MAX: usize = 65_535;

/// Whether a file begins as a picture does.
pub fn is_picture(file: &[u8]) -> bool {
    decoder(file).is_some()
}

/// Decodes a picture file's content.
///
/// # Errors
/// An [`InputError`]: [`InputError::Unknown`] if it is no picture.
pub fn decode(file: &[u8]) -> Result<Picture, InputError> {
    let Samples { width, height, channels, samples } = samples(file)?;
    Ok(Picture { width, height, rgb: to_rgb(samples, channels) })
}

/// Decodes a picture file's content with its opacity: colours are not multiplied by it.
///
/// # Errors
/// As [`decode`].
pub fn decode_texture(file: &[u8]) -> Result<Texture, InputError> {
    let Samples { width, height, channels, samples } = samples(file)?;
    Ok(Texture { width, height, rgba: to_rgba(samples, channels) })
}

/// What a file holds: grey, grey with opacity, RGB or RGBA by the number of channels.
struct Samples {
    width: usize,
    height: usize,
    channels: usize,
    samples: Vec<u8>,
}

fn samples(file: &[u8]) -> Result<Samples, InputError> {
    decoder(file).ok_or(InputError::Unknown)?(file)
}

type Decoder = fn(&[u8]) -> Result<Samples, InputError>;

fn decoder(file: &[u8]) -> Option<Decoder> {
    match file {
        [0x89, b'P', b'N', b'G', ..] => Some(png),
        [0xFF, 0xD8, 0xFF, ..] => Some(jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(webp),
        [b'P', b'5' | b'6', space, ..] if space.is_ascii_whitespace() => Some(pnm),
        _ => None,
    }
}

fn damaged(error: impl ToString) -> InputError {
    InputError::malformed("the picture", error)
}

/// Refuses sizes that nobody means, before memory is asked for.
fn check_size(width: usize, height: usize) -> Result<usize, InputError> {
    let pixels = (width as u64).saturating_mul(height as u64);
    match pixels {
        0 => Err(damaged("it has no pixels")),
        1..=PIXELS_MAX => Ok(pixels as usize),
        _ => Err(InputError::TooLarge {
            what: "the number of pixels",
            size: pixels,
            limit: PIXELS_MAX,
        }),
    }
}

fn png(file: &[u8]) -> Result<Samples, InputError> {
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let (width, height) = decoder.read_header_info().map_err(damaged)?.size();
    let (width, height) = (width as usize, height as usize);
    check_size(width, height)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let size = reader.output_buffer_size().ok_or_else(|| damaged("its size overflows"))?;
    let mut samples = vec![0; size];
    let frame = reader.next_frame(&mut samples).map_err(damaged)?;
    samples.truncate(frame.buffer_size());
    let channels = match frame.color_type {
        ColorType::Grayscale => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb | ColorType::Indexed => 3,
        ColorType::Rgba => 4,
    };
    Ok(Samples { width, height, channels, samples })
}

fn jpeg(file: &[u8]) -> Result<Samples, InputError> {
    let options = DecoderOptions::new_safe()
        .set_max_width(JPEG_SIDE_MAX)
        .set_max_height(JPEG_SIDE_MAX)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(file), options);
    decoder.decode_headers().map_err(damaged)?;
    let info = decoder.info().ok_or_else(|| damaged("it has no header"))?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    let pixels = check_size(width, height)?;
    let samples = decoder.decode().map_err(damaged)?;
    match samples.len() == pixels * 3 {
        true => Ok(Samples { width, height, channels: 3, samples }),
        false => Err(damaged("its colours are none that become RGB")),
    }
}

fn webp(file: &[u8]) -> Result<Samples, InputError> {
    let mut decoder = WebPDecoder::new(Cursor::new(file)).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    let pixels = check_size(width, height)?;
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let mut samples = vec![0; pixels * channels];
    decoder.read_image(&mut samples).map_err(damaged)?;
    Ok(Samples { width, height, channels, samples })
}

/// Netpbm's binary formats: `P5` is grey, `P6` colour; then width, height and the largest value.
fn pnm(file: &[u8]) -> Result<Samples, InputError> {
    let channels = if file[1] == b'6' { 3 } else { 1 };
    let mut rest = &file[2..];
    let mut number = || {
        loop {
            rest = rest.trim_ascii_start();
            if rest.first() != Some(&b'#') {
                break;
            }
            let end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            rest = &rest[end..];
        }
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, after) = rest.split_at(digits);
        rest = after;
        std::str::from_utf8(number)
            .ok()
            .and_then(|number| number.parse::<usize>().ok())
            .ok_or_else(|| damaged("its header is not three numbers"))
    };
    let [width, height, most] = [number()?, number()?, number()?];
    let pixels = check_size(width, height)?;
    if most != 255 {
        return Err(InputError::unsupported(
            format!("a Netpbm picture with values up to {most}"),
            "write it with values up to 255",
        ));
    }
    // One white space ends the header.
    let samples = rest.get(1..1 + pixels * channels).ok_or_else(|| damaged("it is cut short"))?;
    Ok(Samples { width, height, channels, samples: samples.to_vec() })
}

/// Grey, grey with alpha, RGB or RGBA to RGB over black.
fn to_rgb(samples: Vec<u8>, channels: usize) -> Vec<u8> {
    let over_black =
        |value: u8, alpha: u8| ((u32::from(value) * u32::from(alpha) + 127) / 255) as u8;
    match channels {
        1 => samples.iter().flat_map(|&grey| [grey; 3]).collect(),
        2 => samples
            .as_chunks()
            .0
            .iter()
            .flat_map(|&[it, alpha]| [over_black(it, alpha); 3])
            .collect(),
        4 => {
            let pixels = samples.as_chunks().0.iter();
            pixels.flat_map(|&[r, g, b, alpha]| [r, g, b].map(|it| over_black(it, alpha))).collect()
        }
        _ => samples,
    }
}

/// Grey, grey with alpha, RGB or RGBA to RGBA.
fn to_rgba(samples: Vec<u8>, channels: usize) -> Vec<u8> {
    match channels {
        1 => samples.iter().flat_map(|&grey| [grey, grey, grey, 255]).collect(),
        2 => samples.as_chunks().0.iter().flat_map(|&[it, alpha]| [it, it, it, alpha]).collect(),
        3 => samples.as_chunks().0.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect(),
        _ => samples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(color: ColorType, depth: png::BitDepth, samples: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 2, 1);
        encoder.set_color(color);
        encoder.set_depth(depth);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(samples).unwrap();
        writer.finish().unwrap();
        file
    }

    fn rgb(file: &[u8]) -> Vec<u8> {
        let picture = decode(file).unwrap();
        assert_eq!((picture.width, picture.height), (2, 1));
        picture.rgb
    }

    #[test]
    fn every_kind_of_png_becomes_rgb() {
        use png::BitDepth::{Eight, Sixteen};
        let grey = encoded(ColorType::Grayscale, Eight, &[7, 200]);
        assert_eq!(rgb(&grey), [7, 7, 7, 200, 200, 200]);
        let alpha = encoded(ColorType::GrayscaleAlpha, Eight, &[100, 255, 100, 0]);
        assert_eq!(rgb(&alpha), [100, 100, 100, 0, 0, 0]);
        let color = encoded(ColorType::Rgb, Eight, &[1, 2, 3, 4, 5, 6]);
        assert_eq!(rgb(&color), [1, 2, 3, 4, 5, 6]);
        let clear = encoded(ColorType::Rgba, Eight, &[10, 20, 30, 255, 10, 20, 30, 128]);
        assert_eq!(rgb(&clear), [10, 20, 30, 5, 10, 15]);
        let deep = encoded(ColorType::Grayscale, Sixteen, &[9, 255, 8, 0]);
        assert_eq!(rgb(&deep), [9, 9, 9, 8, 8, 8]);
    }

    #[test]
    fn textures_keep_their_opacity() {
        use png::BitDepth::Eight;
        for (color, samples, wanted) in [
            (ColorType::Grayscale, &[7, 200][..], [7, 7, 7, 255, 200, 200, 200, 255]),
            (ColorType::GrayscaleAlpha, &[100, 255, 90, 0], [100, 100, 100, 255, 90, 90, 90, 0]),
            (ColorType::Rgb, &[1, 2, 3, 4, 5, 6], [1, 2, 3, 255, 4, 5, 6, 255]),
            (ColorType::Rgba, &[1, 2, 3, 0, 4, 5, 6, 9], [1, 2, 3, 0, 4, 5, 6, 9]),
        ] {
            let texture = decode_texture(&encoded(color, Eight, samples)).unwrap();
            assert_eq!(
                ([texture.width, texture.height], texture.rgba.as_slice()),
                ([2, 1], &wanted[..])
            );
        }
    }

    #[test]
    fn netpbm_is_read_with_its_comments() {
        assert_eq!(
            rgb(b"P6\n# made by hand\n2 1\n255\n\x01\x02\x03\x04\x05\x06"),
            [1, 2, 3, 4, 5, 6]
        );
        assert_eq!(rgb(b"P5 2 1 255 \x09\x0A"), [9, 9, 9, 10, 10, 10]);
    }

    #[test]
    fn jpeg_is_read() {
        // 16x8, the left half red and the right half blue, written by TensorFlow.
        let picture = decode(include_bytes!("../../tests/input/red_and_blue.jpg")).unwrap();
        assert_eq!((picture.width, picture.height), (16, 8));
        for (at, pixel) in picture.rgb.as_chunks::<3>().0.iter().enumerate() {
            let wanted = if at % 16 < 8 { [255, 0, 0] } else { [0, 0, 255] };
            assert!(pixel.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 5), "{at}: {pixel:?}");
        }
    }

    #[test]
    fn bad_pictures_are_refused() {
        let png = encoded(ColorType::Grayscale, png::BitDepth::Eight, &[7, 200]);
        for (file, says) in [
            (&b"GIF89a"[..], "no array"),
            (&b"P6 2 1 255 \x01\x02"[..], "cut short"),
            (&b"P6 99999999 99999999 255 "[..], "limit"),
            (&b"P6 0 1 255 "[..], "no pixels"),
            (&b"P6 2 1 65535 "[..], "up to 65535"),
            (&b"P6 2"[..], "three numbers"),
            (&png[..40], "the picture"),
            (&[0xFF, 0xD8, 0xFF, 0xE0, 0, 4][..], "the picture"),
            (&b"RIFF\x04\x00\x00\x00WEBP"[..], "the picture"),
        ] {
            let error = decode(file).unwrap_err().to_string();
            assert!(error.contains(says), "{error:?} does not say {says:?}");
        }
    }
}
