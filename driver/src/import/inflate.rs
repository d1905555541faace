//! Decompression to a size that is known beforehand, so that no bomb goes off.

use super::error::Fault;
use super::limits;
use std::io::{ErrorKind, Read};

/// Reads exactly `size` bytes; memory grows with what really comes.
fn read_exactly(reader: impl Read, size: u64, part: &str) -> Result<Vec<u8>, Fault> {
    limits::check_bytes("a decompressed part", size)?;
    let mut data = Vec::new();
    let read = reader.take(size).read_to_end(&mut data);
    let available = data.len() as u64;
    match read {
        Ok(_) if available == size => Ok(data),
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(damaged(part, error)),
        _ => Err(Fault::Truncated { part: part.into(), at: 0, needed: size, available }),
    }
}

fn damaged(part: &str, error: impl std::fmt::Display) -> Fault {
    Fault::malformed(part, format!("the compressed data are damaged ({error})"))
}

/// A gzip stream, read piece by piece.
pub(super) struct Gzip<'a> {
    decoder: flate2::read::GzDecoder<&'a [u8]>,
    /// Bytes that deflate could make of the file at most.
    budget: u64,
}

impl<'a> Gzip<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        let budget = (data.len() as u64).saturating_mul(limits::MAX_DEFLATE_RATIO);
        Gzip { decoder: flate2::read::GzDecoder::new(data), budget }
    }

    /// The next `size` bytes.
    pub(super) fn next(&mut self, size: u64, part: &str) -> Result<Vec<u8>, Fault> {
        if size > self.budget {
            let available = self.budget;
            return Err(Fault::Truncated { part: part.into(), at: 0, needed: size, available });
        }
        read_exactly(&mut self.decoder, size, part)
    }

    /// What follows, up to `limit` bytes; at the end of the stream its checksum is verified.
    pub(super) fn rest(&mut self, limit: u64, part: &str) -> Result<Vec<u8>, Fault> {
        let mut data = Vec::new();
        match (&mut self.decoder).take(limit).read_to_end(&mut data) {
            Ok(_) => Ok(data),
            Err(error) => Err(damaged(part, error)),
        }
    }
}

/// Raw deflate, as in zip archives.
pub(super) fn deflate(data: &[u8], size: u64, part: &str) -> Result<Vec<u8>, Fault> {
    read_exactly(flate2::read::DeflateDecoder::new(data), size, part)
}

/// All of a gzip or zlib stream, which does not say its size; fails above `limit` bytes.
pub(super) fn whole(data: &[u8], limit: u64, part: &str) -> Result<Vec<u8>, Fault> {
    let reader: &mut dyn Read = match data.first() {
        Some(0x1f) => &mut flate2::read::GzDecoder::new(data),
        _ => &mut flate2::read::ZlibDecoder::new(data),
    };
    let mut plain = Vec::new();
    reader.take(limit + 1).read_to_end(&mut plain).map_err(|error| damaged(part, error))?;
    match plain.len() as u64 {
        size if size > limit => Err(Fault::TooLarge { what: "a decompressed part", size, limit }),
        _ => Ok(plain),
    }
}

/// A Zstandard frame.
pub(super) fn zstd(data: &[u8], size: u64, part: &str) -> Result<Vec<u8>, Fault> {
    let decoder =
        ruzstd::decoding::StreamingDecoder::new(data).map_err(|error| damaged(part, error))?;
    read_exactly(decoder, size, part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzipped(data: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn no_more_is_inflated_than_was_asked_for() {
        let bomb = gzipped(&vec![0; 1 << 20]);
        assert_eq!(Gzip::new(&bomb).next(100, "x").unwrap().len(), 100);
        let fault = Gzip::new(&bomb).next(1 << 40, "x").unwrap_err();
        assert!(matches!(fault, Fault::Truncated { .. }));
    }

    #[test]
    fn a_stream_of_unknown_size_ends_at_the_limit() {
        let bomb = gzipped(&vec![0; 1 << 20]);
        assert_eq!(whole(&bomb, 1 << 20, "x").unwrap().len(), 1 << 20);
        let fault = whole(&bomb, (1 << 20) - 1, "x").unwrap_err();
        assert!(matches!(fault, Fault::TooLarge { .. }));
        assert!(whole(&bomb[..100], 1 << 20, "x").is_err());
    }

    #[test]
    fn a_wrong_checksum_is_seen() {
        let mut data = gzipped(&[7; 1000]);
        let crc = data.len() - 8;
        data[crc] ^= 1;
        let mut gzip = Gzip::new(&data);
        gzip.next(1000, "x").unwrap();
        assert!(gzip.rest(1, "x").is_err());
    }
}
