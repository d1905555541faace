//! The `.ksplat` of GaussianSplats3D (mkkellogg, `SplatBuffer.js`).
//!
//! ```text
//! header            4096 B   u8 major 0, u8 minor >= 1, u32 sections @4, u32 Gaussians @16,
//!                            u16 compression @20, f32 least/most harmonic @36/@40 (0: -/+ 1.5)
//! section headers   1024 B each: u32 count @0, capacity @4, bucket size @8, buckets @12,
//!                            f32 block @16, u16 bytes/bucket @20, u32 range @24 (0: 32767),
//!                            u32 full buckets @32, part-full buckets @36, u16 degree @40
//! per section       u32 size of each part-full bucket; f32 centre of each bucket; Gaussians
//! ```
//!
//! | compression | centre | scale | rotation wxyz | rgba | harmonic |
//! |---|---|---|---|---|---|
//! | 0 | f32 | f32 | f32 | u8 | f32 |
//! | 1 | u16: (q - range) block / 2 / range + bucket centre | f16 | f16 | u8 | f16 |
//! | 2 | as 1 | f16 | f16 | u8 | u8 between least and most |
//!
//! Harmonics are band by band, and channel-major within a band.

use super::bytes::{Bytes, f32_at, half, u16_at, u32_at};
use super::draft::{Draft, Gaussian};
use super::error::Fault;
use super::{Imported, limits};

const HEADER: usize = 4096;
const SECTION_HEADER: usize = 1024;

/// Whether a header could be that of a `.ksplat`.
pub(super) fn plausible(data: &[u8]) -> bool {
    data.len() >= HEADER + SECTION_HEADER
        && data[0] == 0
        && data[1] >= 1
        && u16_at(data, 10) <= 2
        && data[44..HEADER].iter().all(|&byte| byte == 0)
}

/// Imports a `.ksplat`.
pub(super) fn import(data: &[u8]) -> Result<Imported, Fault> {
    let mut bytes = Bytes::new(data);
    let header = bytes.take(HEADER, 1, "header")?;
    if header[0] != 0 || header[1] == 0 {
        let what = format!("a .ksplat of version {}.{}", header[0], header[1]);
        return Err(Fault::unsupported(what, "Export it again with a current converter."));
    }
    let encoding = Encoding::of(header)?;
    let section_count = u32_at(header, 1) as usize;
    let sections = bytes.take(section_count, SECTION_HEADER, "section headers")?;
    let sections: Vec<Section> = sections
        .chunks_exact(SECTION_HEADER)
        .map(|header| Section::read(header, encoding, &mut bytes))
        .collect::<Result<_, _>>()?;

    let counted: u64 = sections.iter().map(|section| section.count as u64).sum();
    let claimed = u64::from(u32_at(header, 4));
    if counted != claimed {
        let reason = format!("{claimed} Gaussians claimed, {counted} in the sections");
        return Err(Fault::malformed("header", reason));
    }
    let degree = sections.iter().map(|section| section.degree).max().unwrap_or(0);
    let mut draft = Draft::new(limits::check_count(counted)?, degree);
    for section in &sections {
        section.decode(encoding, &mut draft)?;
    }
    Imported::new(encoding.name(), draft)
}

/// How numbers are stored in all sections.
#[derive(Clone, Copy)]
struct Encoding {
    compression: u16,
    least: f32,
    most: f32,
}

impl Encoding {
    fn of(header: &[u8]) -> Result<Encoding, Fault> {
        let compression = u16_at(header, 10);
        if compression > 2 {
            let what = format!("a .ksplat of compression level {compression}");
            return Err(Fault::unsupported(what, "Export it with level 0, 1 or 2."));
        }
        let or = |value: f32, default: f32| if value == 0.0 { default } else { value };
        let (least, most) = (or(f32_at(header, 9), -1.5), or(f32_at(header, 10), 1.5));
        Ok(Encoding { compression, least, most })
    }

    fn name(self) -> &'static str {
        match self.compression {
            0 => ".ksplat, uncompressed",
            1 => ".ksplat, compression 1",
            _ => ".ksplat, compression 2",
        }
    }

    /// Bytes per coordinate of centres, scales and rotations.
    fn word(self) -> usize {
        if self.compression == 0 { 4 } else { 2 }
    }

    fn harmonic_size(self) -> usize {
        [4, 2, 1][usize::from(self.compression)]
    }

    /// The `i`-th float or half.
    fn number(self, data: &[u8], i: usize) -> f32 {
        if self.compression == 0 { f32_at(data, i) } else { half(u16_at(data, i)) }
    }

    fn harmonic(self, data: &[u8], i: usize) -> f32 {
        match self.compression {
            0 => f32_at(data, i),
            1 => half(u16_at(data, i)),
            _ => self.least + f32::from(data[i]) / 255.0 * (self.most - self.least),
        }
    }
}

/// A section: Gaussians in buckets of near neighbours.
struct Section<'a> {
    count: usize,
    degree: u8,
    bucket_size: usize,
    full_buckets: usize,
    /// Subtracted from a coordinate, and what a step of it is worth.
    range: f32,
    step: f32,
    /// Numbers of Gaussians in the buckets after the full ones.
    partial_sizes: &'a [u8],
    centers: &'a [u8],
    rows: &'a [u8],
    stride: usize,
}

impl<'a> Section<'a> {
    fn read(header: &[u8], encoding: Encoding, bytes: &mut Bytes<'a>) -> Result<Self, Fault> {
        let word = |i: usize| u32_at(header, i) as usize;
        let (count, capacity, buckets) = (word(0), word(1), word(3));
        let degree = u16_at(header, 20);
        if degree > 3 {
            let reason = format!("spherical harmonics of degree {degree}");
            return Err(Fault::malformed("section header", reason));
        }
        if count > capacity {
            let reason = format!("{count} Gaussians in a section made for {capacity}");
            return Err(Fault::malformed("section header", reason));
        }
        let bucket_bytes = usize::from(u16_at(header, 10));
        if buckets > 0 && bucket_bytes != 12 {
            let reason = format!("{bucket_bytes} bytes per bucket, not 12");
            return Err(Fault::malformed("section header", reason));
        }
        let coefficients = (usize::from(degree) + 1).pow(2) - 1;
        let stride = 10 * encoding.word() + 4 + 3 * coefficients * encoding.harmonic_size();
        let range = if word(6) == 0 { 32767.0 } else { word(6) as f32 };
        let partial_sizes = bytes.take(word(9), 4, "sizes of part-full buckets")?;
        let centers = bytes.take(buckets, 12, "bucket centres")?;
        let rows = bytes.take(capacity, stride, "Gaussians of a section")?;
        Ok(Section {
            count,
            degree: degree as u8,
            bucket_size: word(2),
            full_buckets: word(8),
            range,
            step: f32_at(header, 4) / 2.0 / range,
            partial_sizes,
            centers,
            rows,
            stride,
        })
    }

    fn decode(&self, encoding: Encoding, draft: &mut Draft) -> Result<(), Fault> {
        let mut buckets = self.bucket_ends();
        let mut bucket = buckets.next();
        let mut harmonics = vec![0.0; (usize::from(self.degree) + 1).pow(2) * 3 - 3];
        for (i, row) in self.rows.chunks_exact(self.stride).take(self.count).enumerate() {
            while bucket.is_some_and(|(_, end)| end <= i) {
                bucket = buckets.next();
            }
            let center = match (encoding.compression, bucket) {
                (0, _) => [0.0; 3],
                (_, Some((center, _))) => center,
                (_, None) => {
                    let reason = format!("Gaussian {i} is in no bucket");
                    return Err(Fault::malformed("buckets", reason));
                }
            };
            let gaussian = self.gaussian(row, center, encoding);
            self.harmonics(row, encoding, &mut harmonics);
            draft.push(&gaussian, &harmonics);
        }
        Ok(())
    }

    /// The centre of each bucket and the index of the first Gaussian after it.
    fn bucket_ends(&self) -> impl Iterator<Item = ([f32; 3], usize)> {
        let full = std::iter::repeat_n(self.bucket_size, self.full_buckets);
        let partial = self.partial_sizes.chunks_exact(4).map(|size| u32_at(size, 0) as usize);
        let centers = self.centers.chunks_exact(12);
        let mut end = 0usize;
        centers.zip(full.chain(partial)).map(move |(center, size)| {
            end = end.saturating_add(size);
            (std::array::from_fn(|axis| f32_at(center, axis)), end)
        })
    }

    fn gaussian(&self, row: &[u8], center: [f32; 3], encoding: Encoding) -> Gaussian {
        let position = if encoding.compression == 0 {
            std::array::from_fn(|axis| f32_at(row, axis))
        } else {
            std::array::from_fn(|axis| {
                (f32::from(u16_at(row, axis)) - self.range) * self.step + center[axis]
            })
        };
        let rgba = &row[10 * encoding.word()..];
        Gaussian {
            position,
            scale: std::array::from_fn(|axis| encoding.number(row, 3 + axis)),
            rotation: std::array::from_fn(|i| encoding.number(row, 6 + i)),
            opacity: f32::from(rgba[3]) / 255.0,
            color: std::array::from_fn(|channel| f32::from(rgba[channel]) / 255.0),
        }
    }

    fn harmonics(&self, row: &[u8], encoding: Encoding, harmonics: &mut [f32]) {
        let data = &row[10 * encoding.word() + 4..];
        let mut first = 0;
        for band in 1..=usize::from(self.degree) {
            let width = 2 * band + 1;
            for i in 0..3 * width {
                let (channel, coefficient) = (i / width, i % width);
                harmonics[first + coefficient * 3 + channel] = encoding.harmonic(data, first + i);
            }
            first += 3 * width;
        }
    }
}
