//! WAV files: RIFF chunks of a format and of samples, which channels take in turns.
//!
//! Source: Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft 1991),
//! `WAVEFORMATEXTENSIBLE` (Microsoft).

/// One channel of sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Wav {
    /// Samples a second.
    pub rate: u32,
    /// The mean of all channels; full scale is 1.
    pub samples: Vec<f32>,
}

const PCM: u16 = 1;
const FLOAT: u16 = 3;
/// The format's code stands further behind.
const EXTENSIBLE: u16 = 0xFFFE;
/// What programs write that do not know the length beforehand.
const UNKNOWN: u32 = u32::MAX;
/// Beyond what microphones and recorders give.
const RATES: std::ops::RangeInclusive<u32> = 100..=1_000_000;

/// What a file's samples are.
struct Format {
    code: u16,
    channels: usize,
    rate: u32,
    bits: u16,
}

/// Reads PCM of 8, 16, 24 or 32 bits and floats of 32 or 64, at any rate.
///
/// # Errors
/// What is wrong with the file.
pub fn parse(file: &[u8]) -> Result<Wav, String> {
    let riff =
        file.first_chunk::<12>().is_some_and(|it| &it[..4] == b"RIFF" && &it[8..] == b"WAVE");
    if !riff {
        return Err("it does not begin as RIFF of WAVE".to_owned());
    }
    let (mut rest, mut format) = (&file[12..], None);
    while let Some((&[a, b, c, d, size @ ..], after)) = rest.split_first_chunk::<8>() {
        let size = u32::from_le_bytes(size);
        let is_data = [a, b, c, d] == *b"data";
        let length = if is_data && size == UNKNOWN { after.len() } else { size as usize };
        let (chunk, next) = after.split_at_checked(length).ok_or_else(|| {
            format!("it is cut short: {size} bytes were to come and {} do", after.len())
        })?;
        if is_data {
            let format: Format = format.ok_or("its samples come before their format")?;
            return Ok(Wav { rate: format.rate, samples: format.samples(chunk)? });
        }
        if [a, b, c, d] == *b"fmt " {
            format = Some(Format::parse(chunk)?);
        }
        // Chunks begin at even places.
        rest = next.get(length % 2..).unwrap_or_default();
    }
    Err("it holds no samples".to_owned())
}

impl Format {
    fn parse(chunk: &[u8]) -> Result<Self, String> {
        let short = |at: usize| {
            let bytes = chunk.get(at..at + 2).ok_or("its format is cut short")?;
            Ok::<_, String>(u16::from_le_bytes([bytes[0], bytes[1]]))
        };
        let code = match short(0)? {
            EXTENSIBLE => short(24)?,
            code => code,
        };
        let rate = u32::from(short(4)?) | u32::from(short(6)?) << 16;
        let format = Self { code, channels: usize::from(short(2)?), rate, bits: short(14)? };
        if format.channels == 0 || !RATES.contains(&rate) {
            return Err(format!("it has {} channels at {rate} Hz", format.channels));
        }
        Ok(format)
    }

    fn samples(&self, data: &[u8]) -> Result<Vec<f32>, String> {
        const PCM_32: f32 = 1.0 / (1u64 << 31) as f32;
        let pcm = |bytes: [u8; 4]| i32::from_le_bytes(bytes) as f32 * PCM_32;
        let numbers: Vec<f32> = match (self.code, self.bits) {
            (PCM, 8) => data.iter().map(|byte| (f32::from(*byte) - 128.0) / 128.0).collect(),
            (PCM, 16) => numbers(data, |[a, b]| pcm([0, 0, a, b])),
            (PCM, 24) => numbers(data, |[a, b, c]| pcm([0, a, b, c])),
            (PCM, 32) => numbers(data, pcm),
            (FLOAT, 32) => numbers(data, f32::from_le_bytes),
            (FLOAT, 64) => numbers(data, |bytes| f64::from_le_bytes(bytes) as f32),
            (code, bits) => {
                return Err(format!(
                    "samples of {bits} bits and format {code} are not read: save it as PCM of \
                     16 bits"
                ));
            }
        };
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err("a sample is not a finite number".to_owned());
        }
        let frames = numbers.chunks_exact(self.channels);
        let samples: Vec<f32> =
            frames.map(|frame| frame.iter().sum::<f32>() / self.channels as f32).collect();
        if samples.is_empty() {
            return Err("it holds no samples".to_owned());
        }
        Ok(samples)
    }
}

fn numbers<const BYTES: usize>(data: &[u8], number: impl Fn([u8; BYTES]) -> f32) -> Vec<f32> {
    data.as_chunks().0.iter().map(|bytes| number(*bytes)).collect()
}
