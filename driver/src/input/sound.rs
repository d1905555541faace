//! WAV files: PCM of 16 bits, channels mixed to one.
//!
//! Source: Microsoft's RIFF WAVE; the chunk `fmt ` has format @0, channels @2, rate @4, bits @14.

use super::InputError;

/// The format code of PCM, and that of a format which is told by a code further on.
const PCM: u16 = 1;
const EXTENSIBLE: u16 = 0xFFFE;
/// Where the latter is.
const SUBFORMAT_AT: usize = 24;

/// A sound of one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Samples a second.
    pub rate: u32,
    /// In -1..1.
    pub samples: Vec<f32>,
}

/// Whether a file begins as a WAV file does.
pub fn is_sound(file: &[u8]) -> bool {
    file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WAVE")
}

/// Decodes a WAV file's content.
///
/// # Errors
/// An [`InputError`].
pub fn decode(file: &[u8]) -> Result<Sound, InputError> {
    let damaged = |reason: &str| InputError::malformed("the sound", reason);
    let mut rest = file.get(12..).unwrap_or_default();
    let mut format = None;
    while let Some((&[a, b, c, d, l0, l1, l2, l3], after)) = rest.split_first_chunk() {
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        // A recorder that was stopped leaves a length that was never filled in.
        let (chunk, _) = after.split_at(length.min(after.len()));
        match &[a, b, c, d] {
            b"fmt " => format = Some(Format::read(chunk)?),
            b"data" => {
                let format = format.ok_or_else(|| damaged("its data come before its format"))?;
                return Ok(Sound { rate: format.rate, samples: format.mix(chunk) });
            }
            _ => {}
        }
        rest = after.get(length.saturating_add(length % 2)..).unwrap_or_default();
    }
    Err(damaged("it has no data"))
}

#[derive(Clone, Copy)]
struct Format {
    channels: usize,
    rate: u32,
}

impl Format {
    fn read(chunk: &[u8]) -> Result<Self, InputError> {
        let cut = || InputError::malformed("the sound", "its format is cut short");
        let u16_at = |at: usize| chunk.get(at..at + 2).map(|it| u16::from_le_bytes([it[0], it[1]]));
        let mut code = u16_at(0).ok_or_else(cut)?;
        if code == EXTENSIBLE {
            code = u16_at(SUBFORMAT_AT).ok_or_else(cut)?;
        }
        let channels = u16_at(2).ok_or_else(cut)?;
        let rate = chunk.get(4..8).and_then(|it| it.try_into().ok()).ok_or_else(cut)?;
        let bits = u16_at(14).ok_or_else(cut)?;
        match (code, bits, channels) {
            (PCM, 16, 1..) => {
                Ok(Self { channels: channels.into(), rate: u32::from_le_bytes(rate) })
            }
            _ => Err(InputError::unsupported(
                format!("a sound of format {code} with {bits} bits and {channels} channels"),
                "write PCM of 16 bits, as `sox in.wav -b 16 -c 1 out.wav` does",
            )),
        }
    }

    fn mix(&self, data: &[u8]) -> Vec<f32> {
        let samples = data.chunks_exact(2 * self.channels).map(|frame| {
            let values = frame.as_chunks().0.iter().map(|&it| f32::from(i16::from_le_bytes(it)));
            values.sum::<f32>() / (self.channels as f32 * 32_768.0)
        });
        samples.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(channels: u16, bits: u16, samples: &[i16]) -> Vec<u8> {
        let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let mut file = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0\x01\0".to_vec();
        file.extend(channels.to_le_bytes());
        file.extend(16_000u32.to_le_bytes());
        file.extend([0; 6]);
        file.extend(bits.to_le_bytes());
        file.extend(b"data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    #[test]
    fn channels_are_mixed_and_other_chunks_passed_over() {
        let sound = decode(&file(2, 16, &[16_384, 0, -32_768, -32_768])).unwrap();
        assert_eq!(sound, Sound { rate: 16_000, samples: vec![0.25, -1.0] });
        assert_eq!(decode(&file(1, 16, &[8_192])).unwrap().samples, [0.25]);
    }

    #[test]
    fn bad_sounds_are_refused() {
        let good = file(1, 16, &[1, 2]);
        for (file, says) in [
            (file(1, 24, &[]), "24 bits"),
            (file(0, 16, &[]), "0 channels"),
            (good[..40].to_vec(), "cut short"),
            (good[..20].to_vec(), "no data"),
            (b"RIFF\0\0\0\0WAVEdata\0\0\0\0".to_vec(), "before its format"),
            (b"RIFF".to_vec(), "no data"),
        ] {
            let error = decode(&file).unwrap_err().to_string();
            assert!(error.contains(says), "{error:?} does not say {says:?}");
        }
    }

    #[test]
    fn a_recording_without_its_length_is_read_to_the_end() {
        let mut endless = file(1, 16, &[8_192, 8_192]);
        let at = endless.len() - 8;
        endless[at..at + 4].fill(0xFF);
        assert_eq!(decode(&endless).unwrap().samples, [0.25, 0.25]);
    }
}
