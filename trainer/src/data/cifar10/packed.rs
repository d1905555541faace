//! CIFAR-10 packed as JPEG: `xz` of {u32 count, count x (u8 label, u16 length), files end to end},
//! little-endian, in `train.jpegpack.xz` and `test.jpegpack.xz`.

use std::path::Path;

use rayon::prelude::*;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{CLASSES, SHAPE, classes};
use crate::data::{DataError, Dataset, Split, files};

/// The two files' names.
pub const FILES: [&str; 2] = ["train.jpegpack.xz", "test.jpegpack.xz"];

/// Reads training and test pictures from a folder.
pub fn read(folder: &Path) -> Result<Split, DataError> {
    let read = |name: &str| {
        let path = folder.join(name);
        let packed = files::open(&path)?;
        let bytes = files::unpack(&path, lzma_rust2::XzReader::new(packed, false))?;
        unpack(&bytes).map_err(|reason| DataError::Malformed { path, reason })
    };
    Ok(Split { train: read(FILES[0])?, test: read(FILES[1])?, range: None })
}

fn unpack(bytes: &[u8]) -> Result<Dataset, String> {
    let (count, mut rest) = bytes.split_first_chunk().ok_or("it is cut short")?;
    let count = u32::from_le_bytes(*count) as usize;
    let mut entries = Vec::new();
    for picture in 0..count {
        let (&[label, low, high], after) =
            rest.split_first_chunk().ok_or("its list of pictures is cut short")?;
        if usize::from(label) >= CLASSES.len() {
            return Err(format!("picture {picture} has label {label} of {}", CLASSES.len()));
        }
        entries.push((u16::from(label), usize::from(u16::from_le_bytes([low, high]))));
        rest = after;
    }
    let mut files = Vec::with_capacity(count);
    for (picture, (_, length)) in entries.iter().enumerate() {
        let cut = || format!("picture {picture} of {count} is cut short");
        let (file, after) = rest.split_at_checked(*length).ok_or_else(cut)?;
        if file.is_empty() {
            return Err(format!("picture {picture} is empty"));
        }
        files.push(file);
        rest = after;
    }
    let options = DecoderOptions::default().set_max_width(SHAPE.width).set_max_height(SHAPE.height);
    let mut pixels = vec![0; count * SHAPE.elements()];
    pixels.par_chunks_exact_mut(SHAPE.elements()).zip(&files).enumerate().try_for_each(
        |(picture, (pixels, file))| {
            let decoded = JpegDecoder::new_with_options(ZCursor::new(file), options)
                .decode()
                .map_err(|error| format!("picture {picture}: {error}"))?;
            if decoded.len() != pixels.len() {
                return Err(format!("picture {picture} is not 32x32 in colour"));
            }
            pixels.copy_from_slice(&decoded);
            Ok(())
        },
    )?;
    let labels = entries.into_iter().map(|(label, _)| label).collect();
    Ok(Dataset { shape: SHAPE, bytes: pixels, labels, classes: classes() })
}
