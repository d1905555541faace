//! CIFAR-10 packed as JPEG: `xz` of {u32 count, count x (u8 label, u16 length), files end to end},
//! little-endian, in `train.jpegpack.xz` and `test.jpegpack.xz`.

use std::io::Read;
use std::path::Path;

use rayon::prelude::*;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

use super::{DataError, Dataset};
use crate::network::Shape;

const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const SIZE: usize = 32;

/// Reads training and test pictures from a folder.
///
/// # Errors
/// A [`DataError`].
pub fn read(folder: &Path) -> Result<[Dataset; 2], DataError> {
    let read = |name: &str| {
        let path = folder.join(name);
        let packed = std::fs::File::open(&path)
            .map_err(|source| DataError::Io { path: path.clone(), source })?;
        let mut bytes = Vec::new();
        lzma_rust2::XzReader::new(std::io::BufReader::new(packed), false)
            .read_to_end(&mut bytes)
            .map_err(|source| DataError::Io { path: path.clone(), source })?;
        unpack(&bytes).map_err(|reason| DataError::Malformed { path, reason })
    };
    Ok([read("train.jpegpack.xz")?, read("test.jpegpack.xz")?])
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
        files.push(file);
        rest = after;
    }
    let shape = Shape { height: SIZE, width: SIZE, channels: 3 };
    let mut pixels = vec![0; count * shape.elements()];
    pixels.par_chunks_exact_mut(shape.elements()).zip(&files).enumerate().try_for_each(
        |(picture, (pixels, file))| {
            let decoded = JpegDecoder::new(ZCursor::new(file))
                .decode()
                .map_err(|error| format!("picture {picture}: {error}"))?;
            if decoded.len() != pixels.len() {
                return Err(format!("picture {picture} is not {SIZE}x{SIZE} in colour"));
            }
            pixels.copy_from_slice(&decoded);
            Ok(())
        },
    )?;
    let labels = entries.into_iter().map(|(label, _)| label).collect();
    let classes = CLASSES.map(str::to_owned).to_vec();
    Ok(Dataset { shape, bytes: pixels, labels, classes })
}
