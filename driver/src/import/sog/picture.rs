//! Lossless WebP pictures whose texels are numbers.

use crate::import::error::Fault;
use crate::import::limits;

/// A decoded picture, four bytes per texel.
pub(super) struct Picture {
    pub width: usize,
    pub height: usize,
    pub texels: Vec<u8>,
}

impl Picture {
    /// Decodes a picture with a texel for each of `count` Gaussians.
    pub(super) fn read(name: &str, data: &[u8], count: usize) -> Result<Picture, Fault> {
        let most = (count as u64 * limits::MAX_TEXELS_PER_GAUSSIAN).max(limits::MIN_TEXELS);
        let picture = Picture::read_up_to(name, data, most)?;
        if picture.texels.len() / 4 < count {
            let (width, height) = (picture.width, picture.height);
            let reason = format!("{width} x {height} texels are fewer than {count} Gaussians");
            return Err(Fault::malformed(name, reason));
        }
        Ok(picture)
    }

    /// Decodes a lossless WebP picture of at most `most` texels.
    pub(super) fn read_up_to(name: &str, data: &[u8], most: u64) -> Result<Picture, Fault> {
        let damaged = |error| Fault::malformed(name, format!("not a good WebP picture: {error}"));
        let mut decoder =
            image_webp::WebPDecoder::new(std::io::Cursor::new(data)).map_err(damaged)?;
        let (width, height) = decoder.dimensions();
        let size = u64::from(width) * u64::from(height);
        if size > most {
            return Err(Fault::TooLarge { what: "the number of texels", size, limit: most });
        }
        if decoder.is_lossy() {
            return Err(Fault::malformed(name, "lossy WebP, which scrambles the values"));
        }
        let channels = if decoder.has_alpha() { 4 } else { 3 };
        let mut texels = vec![0; size as usize * channels];
        decoder.read_image(&mut texels).map_err(damaged)?;
        if channels == 3 {
            texels = texels.chunks_exact(3).flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 255]).collect();
        }
        Ok(Picture { width: width as usize, height: height as usize, texels })
    }
}
