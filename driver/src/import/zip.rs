//! The directory of a zip archive, enough for `.sog`: stored and deflated members (APPNOTE 6.3.10).
//!
//! ```text
//! end record      at most 65 557 bytes from the end: "PK\5\6", u16 members @10,
//!                 u32 directory size @12, u32 directory offset @16
//! directory entry "PK\1\2", u16 flags @8, u16 method @10, u32 crc @16, u32 compressed @20,
//!                 u32 plain size @24, u16 name/extra/comment length @28/30/32, u32 offset @42,
//!                 name @46
//! local header    "PK\3\4", u16 name/extra length @26/28, data @30 + both
//! ```

use super::bytes::{Bytes, u16_at, u32_at};
use super::error::Fault;
use super::{inflate, limits};

/// An archive.
pub(crate) struct Zip<'a> {
    data: &'a [u8],
    members: Vec<Member>,
}

struct Member {
    name: String,
    encrypted: bool,
    method: u16,
    crc: u32,
    compressed: usize,
    size: u32,
    /// Of the local header.
    at: usize,
}

impl<'a> Zip<'a> {
    /// Reads the directory.
    pub(crate) fn open(data: &'a [u8]) -> Result<Zip<'a>, Fault> {
        const PART: &str = "zip directory";
        let end = find_end(data).ok_or_else(|| {
            Fault::malformed("zip archive", "has no end record: it was probably cut short")
        })?;
        let count = u16_at(&data[end..], 5);
        let at = u32_at(&data[end..], 4) as usize;
        let mut directory = Bytes::new(&data[..end]);
        directory.take(at, 1, PART)?;
        let mut members = Vec::new();
        for _ in 0..count {
            members.push(Member::read(&mut directory)?);
        }
        Ok(Zip { data, members })
    }

    /// Names of the members.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// The content of a member, its checksum verified.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Fault> {
        let member = self.members.iter().find(|member| member.name == name);
        let member =
            member.ok_or_else(|| Fault::malformed("zip archive", format!("has no {name}")))?;
        if member.encrypted {
            return Err(Fault::unsupported("an encrypted archive", "Decrypt it first."));
        }
        limits::check_member(u64::from(member.size))?;
        let mut bytes = Bytes::new(self.data);
        bytes.take(member.at, 1, name)?;
        let local = bytes.take(30, 1, name)?;
        if &local[..4] != b"PK\x03\x04" {
            return Err(Fault::malformed(name, "has no local header where the directory says"));
        }
        bytes.take(usize::from(u16_at(local, 13)) + usize::from(u16_at(local, 14)), 1, name)?;
        let packed = bytes.take(member.compressed, 1, name)?;
        let content = match member.method {
            0 => packed.to_vec(),
            8 => inflate::deflate(packed, u64::from(member.size), name)?,
            other => {
                let what = format!("a zip archive with compression method {other}");
                return Err(Fault::unsupported(what, "Pack it stored or deflated."));
            }
        };
        let mut crc = flate2::Crc::new();
        crc.update(&content);
        if crc.sum() != member.crc {
            return Err(Fault::malformed(name, "its checksum is wrong"));
        }
        Ok(content)
    }
}

/// The last end record whose comment reaches exactly to the end of the file.
fn find_end(data: &[u8]) -> Option<usize> {
    const SIZE: usize = 22;
    let last = data.len().checked_sub(SIZE)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    (first..=last).rev().find(|&at| {
        let record = &data[at..];
        record.starts_with(b"PK\x05\x06")
            && at + SIZE + usize::from(u16_at(record, 10)) == data.len()
    })
}

impl Member {
    fn read(directory: &mut Bytes) -> Result<Member, Fault> {
        const PART: &str = "zip directory";
        let entry = directory.take(46, 1, PART)?;
        if &entry[..4] != b"PK\x01\x02" {
            return Err(Fault::malformed(PART, "an entry does not begin with PK 1 2"));
        }
        let length = |i: usize| usize::from(u16_at(entry, i));
        let name = directory.take(length(14), 1, PART)?;
        directory.take(length(15) + length(16), 1, PART)?;
        Ok(Member {
            name: String::from_utf8_lossy(name).into_owned(),
            encrypted: entry[8] & 1 != 0,
            method: u16_at(entry, 5),
            crc: u32_at(entry, 4),
            compressed: u32_at(entry, 5) as usize,
            size: u32_at(entry, 6),
            at: u32_at(&entry[42..], 0) as usize,
        })
    }
}
