//! PNG and JPEG files as pixels of 8 bits, in colour or grey.

use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Pixels of 8 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Height and width in pixels.
    pub size: [usize; 2],
    /// Of a pixel: 3 (red, green, blue) or 1 (luma).
    pub channels: usize,
    /// Height x width x channels.
    pub bytes: Vec<u8>,
}

/// Pixels a side at most, so that a small file cannot ask for all memory.
const LARGEST: usize = 8192;
const PNG: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Decodes a file by what it begins with. What is transparent shows black.
pub fn decode(file: &[u8], colour: bool) -> Result<Picture, String> {
    let (size, bytes) = if file.starts_with(&PNG) {
        png(file).map_err(|error| format!("not a PNG that can be read: {error}"))?
    } else if file.starts_with(&[0xFF, 0xD8]) {
        jpeg(file).map_err(|error| format!("not a JPEG that can be read: {error}"))?
    } else {
        return Err("it begins neither as PNG nor as JPEG".to_owned());
    };
    let found = bytes.len() / (size[0] * size[1]).max(1);
    if bytes.is_empty() || !(1..=4).contains(&found) || bytes.len() != size[0] * size[1] * found {
        let [height, width] = size;
        return Err(format!("{} bytes of pixels for {width}x{height}", bytes.len()));
    }
    let channels = if colour { 3 } else { 1 };
    let mut picture = Picture { size, channels, bytes: Vec::new() };
    for pixel in bytes.chunks_exact(found) {
        let rgb = over_black(pixel);
        if colour { picture.bytes.extend(rgb) } else { picture.bytes.push(luma(rgb)) }
    }
    Ok(picture)
}

type Pixels = ([usize; 2], Vec<u8>);

fn png(file: &[u8]) -> Result<Pixels, String> {
    let text = |error: png::DecodingError| error.to_string();
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(text)?;
    let info = reader.info();
    let size = [info.height as usize, info.width as usize];
    if size.iter().any(|size| *size > LARGEST) {
        return Err(format!("{}x{} pixels are too many", size[1], size[0]));
    }
    let length = reader.output_buffer_size().ok_or("it is too large")?;
    let mut bytes = vec![0; length];
    let frame = reader.next_frame(&mut bytes).map_err(text)?;
    bytes.truncate(frame.buffer_size());
    Ok((size, bytes))
}

fn jpeg(file: &[u8]) -> Result<Pixels, String> {
    let options = DecoderOptions::default().set_max_width(LARGEST).set_max_height(LARGEST);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    let bytes = decoder.decode().map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions().ok_or("it has no size")?;
    Ok(([height, width], bytes))
}

/// Red, green and blue of a pixel of 1 to 4 channels: grey or colour, the even ones with opacity.
fn over_black(pixel: &[u8]) -> [u8; 3] {
    let dim = |value: u8, opacity: u8| ((u32::from(value) * u32::from(opacity) + 127) / 255) as u8;
    match *pixel {
        [grey] => [grey; 3],
        [grey, opacity] => [dim(grey, opacity); 3],
        [red, green, blue, opacity] => [red, green, blue].map(|value| dim(value, opacity)),
        _ => [pixel[0], pixel[1], pixel[2]],
    }
}

/// Brightness (ITU-R BT.601: 0.299, 0.587, 0.114), in 256ths.
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue);
    ((sum + 128) >> 8) as u8
}
