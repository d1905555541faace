//! The `.spz` of Niantic (nianticlabs/spz, `load-spz.cc`), versions 2 to 4.
//!
//! ```text
//! versions 2, 3: one gzip stream          version 4: plain header, then Zstandard frames
//!  0 u32 magic "NGSP"                      0 u32 magic "NGSP"
//!  4 u32 version                           4 u32 version
//!  8 u32 count                             8 u32 count
//! 12 u8  degree, u8 fraction bits         12 u8  degree, u8 fraction bits
//! 14 u8  flags (1 antialiased,            14 u8  flags, u8 number of streams
//!              2 extensions)              16 u32 offset of the table
//! 15 u8  reserved                         20 reserved, 32 extensions
//! 16 the six streams, extensions          table: u64 compressed, u64 plain size of each; streams
//! ```
//!
//! | stream | bytes | means |
//! |---|---|---|
//! | positions | 9 | 3 signed 24-bit words / 2^(fraction bits) |
//! | alphas | 1 | u / 255 |
//! | colors | 3 | dc = (u / 255 - 1/2) / 0.15 |
//! | scales | 3 | ln s = u / 16 - 10 |
//! | rotations, version 2 | 3 | x, y, z = u / 127.5 - 1; w >= 0 |
//! | rotations, version 3 and 4 | 4 | largest:2 of x, y, z, w, then 3 x (sign:1 magnitude:9) |
//! | sh | 9, 24, 45 or 72 | (u - 128) / 128, coefficient-major |
//!
//! Axes are right, up, back unless an extension says otherwise.

use super::axes::HalfTurn;
use super::bytes::{Bytes, u32_at};
use super::draft::{Draft, Gaussian, color_of_dc, smallest_three};
use super::error::Fault;
use super::inflate::{Gzip, zstd};
use super::{Imported, limits};
use std::f32::consts::FRAC_1_SQRT_2;

/// "NGSP" in the file.
const MAGIC: u32 = u32::from_le_bytes(*b"NGSP");
const FLAG_ANTIALIASED: u8 = 1;
const FLAG_EXTENSIONS: u8 = 2;
/// Extension that names the axes (nianticlabs/spz, `extensions/`).
const EXTENSION_AXES: u32 = 0xadbe_0003;
/// Most bytes of extensions that are looked at; each known one has some tens.
const MAX_EXTENSIONS: u64 = 1 << 16;
/// Most Gaussians per byte of a version 4 file: the bound of Niantic's reader, a ratio of 1024 on
/// the 9 bytes of a position.
const MAX_PER_BYTE: u64 = 1024 / 9;

/// The part of the header that all versions share.
struct Header {
    version: u32,
    count: usize,
    degree: u8,
    fraction_bits: u8,
    flags: u8,
    streams: u8,
}

/// The decompressed streams, in file order.
type Streams = [Vec<u8>; 6];

impl Header {
    fn read(bytes: &mut Bytes) -> Result<Header, Fault> {
        if bytes.u32("header")? != MAGIC {
            return Err(Fault::malformed("header", "does not begin with NGSP"));
        }
        let version = bytes.u32("header")?;
        if !(2..=4).contains(&version) {
            let advice = "Export it as SPZ version 2, 3 or 4.";
            return Err(Fault::unsupported(format!("SPZ version {version}"), advice));
        }
        let count = limits::check_count(u64::from(bytes.u32("header")?))?;
        let [degree, fraction_bits, flags, streams] = bytes.array("header")?;
        if degree > 4 {
            let reason = format!("spherical harmonics of degree {degree}");
            return Err(Fault::malformed("header", reason));
        }
        if fraction_bits > 24 {
            let reason = format!("{fraction_bits} fraction bits in 24-bit positions");
            return Err(Fault::malformed("header", reason));
        }
        Ok(Header { version, count, degree, fraction_bits, flags, streams })
    }

    /// Harmonic values per Gaussian in the file.
    fn harmonics(&self) -> usize {
        (usize::from(self.degree) + 1).pow(2) * 3 - 3
    }

    /// Name and size of each stream.
    fn sizes(&self) -> [(&'static str, u64); 6] {
        let rotation = if self.version == 2 { 3 } else { 4 };
        [
            ("positions", 9),
            ("alphas", 1),
            ("colors", 3),
            ("scales", 3),
            ("rotations", rotation),
            ("sh", self.harmonics() as u64),
        ]
        .map(|(name, size)| (name, size * self.count as u64))
    }
}

/// Imports the gzip form.
pub(super) fn import_gzip(data: &[u8]) -> Result<Imported, Fault> {
    let mut gzip = Gzip::new(data);
    let head = gzip.next(16, "gzip header")?;
    if u32_at(&head, 0) != MAGIC {
        return Err(Fault::no_gaussians("a gzip file without an SPZ scene in it"));
    }
    let header = Header::read(&mut Bytes::new(&head))?;
    if header.version > 3 {
        return Err(Fault::malformed("header", "version 4 inside gzip"));
    }
    let mut streams = Streams::default();
    for (stream, (name, size)) in streams.iter_mut().zip(header.sizes()) {
        *stream = gzip.next(size, name)?;
    }
    let extensions = gzip.rest(MAX_EXTENSIONS, "gzip stream")?;
    decode(&header, &streams, &extensions)
}

/// Imports the Zstandard form.
pub(super) fn import_zstd(data: &[u8]) -> Result<Imported, Fault> {
    let mut bytes = Bytes::new(data);
    let header = Header::read(&mut bytes)?;
    if header.version < 4 {
        return Err(Fault::malformed("header", "version 2 or 3 outside gzip"));
    }
    if header.count as u64 / MAX_PER_BYTE > data.len() as u64 {
        let reason = format!("{} Gaussians in {} bytes", header.count, data.len());
        return Err(Fault::malformed("header", reason));
    }
    let table_at = bytes.u32("header")?;
    bytes.take(12, 1, "header")?;
    let Some(extensions) = (table_at as usize).checked_sub(bytes.position()) else {
        return Err(Fault::malformed("header", format!("a table at byte {table_at}")));
    };
    let extensions = bytes.take(extensions, 1, "extensions")?;
    let streams = read_streams(&header, bytes)?;
    decode(&header, &streams, extensions)
}

fn read_streams(header: &Header, mut bytes: Bytes) -> Result<Streams, Fault> {
    let sizes = header.sizes();
    let expected = sizes.iter().filter(|(_, size)| *size > 0).count();
    if usize::from(header.streams) != expected {
        let reason = format!("{} streams, not {expected}", header.streams);
        return Err(Fault::malformed("header", reason));
    }
    let mut table = Bytes::new(bytes.take(expected, 16, "table of streams")?);
    let mut streams = Streams::default();
    for (stream, (name, size)) in streams.iter_mut().zip(sizes).take(expected) {
        let compressed = usize::try_from(table.u64(name)?).unwrap_or(usize::MAX);
        let plain = table.u64(name)?;
        if plain != size {
            let reason = format!("{plain} bytes, not the {size} of {} Gaussians", header.count);
            return Err(Fault::malformed(name, reason));
        }
        *stream = zstd(bytes.take(compressed, 1, name)?, size, name)?;
    }
    Ok(streams)
}

fn decode(header: &Header, streams: &Streams, extensions: &[u8]) -> Result<Imported, Fault> {
    let axes = Axes::of(header, extensions)?;
    let mut draft = Draft::new(header.count, header.degree.min(3));
    let kept = header.harmonics().min(45);
    let mut harmonics = vec![0.0; kept];
    for i in 0..header.count {
        for (value, &byte) in harmonics.iter_mut().zip(&streams[5][i * header.harmonics()..]) {
            *value = (f32::from(byte) - 128.0) / 128.0;
        }
        let mut gaussian = gaussian(header, streams, i);
        axes.turn(&mut gaussian, &mut harmonics);
        draft.push(&gaussian, &harmonics);
    }
    let format = ["SPZ v2", "SPZ v3", "SPZ v4"][header.version as usize - 2];
    let mut imported = Imported::new(format, draft)?;
    imported.antialiased = header.flags & FLAG_ANTIALIASED != 0;
    if header.degree > 3 {
        imported.notes.push("Spherical harmonics of degree 4 were left out.".into());
    }
    Ok(imported)
}

/// Gaussian `i` without its harmonics, in the file's axes.
fn gaussian(
    header: &Header,
    [positions, alphas, colors, scales, rotations, _]: &Streams,
    i: usize,
) -> Gaussian {
    let step = (-f32::from(header.fraction_bits)).exp2();
    let position = &positions[9 * i..];
    let of = |stream: &[u8], c: usize| f32::from(stream[3 * i + c]);
    Gaussian {
        position: std::array::from_fn(|axis| signed_24(&position[3 * axis..]) as f32 * step),
        scale: std::array::from_fn(|axis| (of(scales, axis) / 16.0 - 10.0).exp()),
        rotation: if header.version == 2 {
            first_three(std::array::from_fn(|c| of(rotations, c) / 127.5 - 1.0))
        } else {
            unpack_rotation(u32_at(rotations, i))
        },
        opacity: f32::from(alphas[i]) / 255.0,
        color: std::array::from_fn(|c| color_of_dc((of(colors, c) / 255.0 - 0.5) / 0.15)),
    }
}

fn signed_24(bytes: &[u8]) -> i32 {
    i32::from_le_bytes([0, bytes[0], bytes[1], bytes[2]]) >> 8
}

/// A quaternion from its vector part.
fn first_three([x, y, z]: [f32; 3]) -> [f32; 4] {
    [(1.0 - x * x - y * y - z * z).max(0.0).sqrt(), x, y, z]
}

/// A quaternion from the smallest three of x, y, z, w; the first of them lies highest.
fn unpack_rotation(word: u32) -> [f32; 4] {
    let rest = [20, 10, 0].map(|shift| {
        let magnitude = (word >> shift & 0x1ff) as f32 / 511.0 * FRAC_1_SQRT_2;
        if word >> shift & 0x200 == 0 { magnitude } else { -magnitude }
    });
    let [x, y, z, w] = smallest_three(rest, (word >> 30) as usize);
    [w, x, y, z]
}

/// How to come from the file's axes to INRIA's.
struct Axes(Option<HalfTurn>);

impl Axes {
    /// Reads the extensions {u32 type, u32 size, payload}* for one that names the axes.
    fn of(header: &Header, extensions: &[u8]) -> Result<Axes, Fault> {
        let mut bytes = Bytes::new(extensions);
        let mut axes = 0;
        while header.flags & FLAG_EXTENSIONS != 0 && bytes.position() < extensions.len() {
            let (kind, size) = (bytes.u32("extensions")?, bytes.u32("extensions")?);
            let payload = bytes.take(size as usize, 1, "extensions")?;
            if kind == EXTENSION_AXES && payload.len() == 4 {
                axes = u32_at(payload, 0);
            }
        }
        // Niantic's numbers: left/right, up/down, back/forward.
        match axes {
            0 | 4 => Ok(Axes(Some(HalfTurn(0)))), // unspecified, or right up back
            6 => Ok(Axes(None)),                  // right down forward
            7 => Ok(Axes(Some(HalfTurn(2)))),     // left up forward
            _ => Err(Fault::unsupported(
                format!("an SPZ file in coordinate system {axes}"),
                "Export it without the coordinate-system extension.",
            )),
        }
    }

    fn turn(&self, gaussian: &mut Gaussian, harmonics: &mut [f32]) {
        if let Some(turn) = self.0 {
            gaussian.position = turn.vector(gaussian.position);
            gaussian.rotation = turn.both(gaussian.rotation);
            turn.harmonics(harmonics);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_sign_extended() {
        assert_eq!(signed_24(&[0xff, 0xff, 0xff]), -1);
        assert_eq!(signed_24(&[0xff, 0xff, 0x7f]), (1 << 23) - 1);
        assert_eq!(signed_24(&[0, 0, 0x80]), -(1 << 23));
    }

    #[test]
    fn version_one_is_refused_by_name() {
        let mut head = b"NGSP".to_vec();
        head.extend([1, 0, 0, 0, 1, 0, 0, 0, 0, 12, 0, 0]);
        let text = import_zstd(&head).unwrap_err().to_string();
        assert_eq!(text, "SPZ version 1 cannot be imported");
    }
}
