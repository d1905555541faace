//! A firmware image, as an ELF file holds it, and whether it is a board's.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use object::elf::{EM_ARM, EM_RISCV, FileHeader32, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{LittleEndian, Object};
use quintet_boards::{Description, Region};
use quintet_protocol::link::BuildId;

use super::FlashError;
use crate::emulator::firmware_folders;

/// What is written to a board.
#[derive(Clone, Debug)]
pub struct Image {
    /// Where it is.
    pub path: PathBuf,
    /// The machine that it is for, as `e_machine` says it.
    pub machine: u16,
    /// Address of its first instruction.
    pub entry: u32,
    /// What is stored, by address; none is empty.
    pub segments: Vec<Segment>,
    /// Its build id, by which the device says that it runs this image.
    pub build: Option<BuildId>,
}

/// Bytes of an image that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where the first of them is stored: the physical address, which for initialised data is not
    /// the one that the program uses.
    pub address: u32,
    /// They.
    pub bytes: Vec<u8>,
}

impl Segment {
    /// The addresses that it takes.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        let start = u64::from(self.address);
        start..start + self.bytes.len() as u64
    }
}

/// A file that is not an image, or not this board's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// Not an ELF file of the only kind that boards have.
    #[error("it is no 32-bit little-endian ELF file ({0})")]
    NotElf(String),
    /// That is what cargo makes, with exit status zero, when the linker script was not used.
    #[error("it stores nothing")]
    Empty,
    /// For a core with another instruction set.
    #[error("it is for {found}, this board has {wanted}")]
    Machine {
        /// What the file is for.
        found: String,
        /// What the board has.
        wanted: &'static str,
    },
    /// Stored where the board has nothing to store to.
    #[error("it stores {bytes} bytes at {address:#010x}, the board has {there}")]
    Elsewhere {
        /// The first of them.
        address: u32,
        /// How many.
        bytes: usize,
        /// Where the board could store them.
        there: String,
    },
    /// More than there is.
    #[error("it needs {needed} bytes of {region}, the board has {there}")]
    TooLarge {
        /// Of what.
        region: String,
        /// Bytes from the region's start to the image's end.
        needed: u64,
        /// Bytes that the region has.
        there: u64,
    },
}

impl Image {
    /// The image of a board: the file `chosen`, or what `cargo xtask firmware` built.
    ///
    /// # Errors
    ///
    /// [`FlashError::NoImage`], [`FlashError::Unreadable`], or [`FlashError::Image`] if it is not
    /// this board's.
    pub fn of(board: &'static Description, chosen: Option<&Path>) -> Result<Self, FlashError> {
        let path = match chosen {
            Some(path) => path.to_owned(),
            None => built(board)?,
        };
        let file = fs::read(&path)
            .map_err(|source| FlashError::Unreadable { path: path.clone(), source })?;
        let image = Self::parse(&path, &file).and_then(|image| {
            image.check(board)?;
            Ok(image)
        });
        image.map_err(|error| FlashError::Image { path, board: &board.name, error })
    }

    /// Reads an ELF file's contents.
    ///
    /// # Errors
    ///
    /// [`ImageError::NotElf`] or [`ImageError::Empty`].
    pub fn parse(path: &Path, file: &[u8]) -> Result<Self, ImageError> {
        let not_elf = |error: object::Error| ImageError::NotElf(error.to_string());
        let header = FileHeader32::<LittleEndian>::parse(file).map_err(not_elf)?;
        let order = header.endian().map_err(not_elf)?;
        let mut segments = Vec::new();
        for segment in header.program_headers(order, file).map_err(not_elf)? {
            let bytes = segment.data(order, file);
            let bytes = bytes.map_err(|()| ImageError::NotElf("a segment is cut off".into()))?;
            if segment.p_type(order) == PT_LOAD && !bytes.is_empty() {
                let address = segment.p_paddr(order);
                segments.push(Segment { address, bytes: bytes.to_vec() });
            }
        }
        if segments.is_empty() {
            return Err(ImageError::Empty);
        }
        segments.sort_by_key(|segment| segment.address);
        let id = object::File::parse(file).ok().and_then(|file| file.build_id().ok().flatten());
        Ok(Self {
            path: path.to_owned(),
            machine: header.e_machine(order),
            entry: header.e_entry(order),
            segments,
            build: id.map(BuildId::new),
        })
    }

    /// Whether it is for this board: its instruction set, and where its bytes are stored.
    ///
    /// # Errors
    ///
    /// The other cases of [`ImageError`].
    pub fn check(&self, board: &Description) -> Result<(), ImageError> {
        let (machine, wanted) = machine(&board.target);
        if self.machine != machine {
            return Err(ImageError::Machine { found: machine_name(self.machine), wanted });
        }
        self.segments.iter().try_for_each(|segment| self::check(segment, board))
    }

    /// Bytes that are stored.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes.len() as u64).sum()
    }
}

/// Whether a board can store a segment: in its flash, or, if none of its regions is its flash, in
/// any of them.
fn check(segment: &Segment, board: &Description) -> Result<(), ImageError> {
    let all = board.memory.iter().map(|(name, region)| (name.as_str(), region));
    let flash = all.clone().filter(|(name, _)| *name == "flash");
    let regions: Vec<_> =
        if flash.clone().next().is_some() { flash.collect() } else { all.collect() };
    let stored = segment.range();
    let spans = |region: &Region| {
        let start = u64::from(region.origin);
        start..start + u64::from(region.bytes)
    };
    match regions.iter().find(|(_, region)| spans(region).contains(&stored.start)) {
        Some((_, region)) if stored.end <= spans(region).end => Ok(()),
        Some((name, region)) => Err(ImageError::TooLarge {
            region: (*name).to_owned(),
            needed: stored.end - spans(region).start,
            there: region.bytes.into(),
        }),
        None => {
            let there = regions.iter().map(|(name, region)| {
                format!("{name} at {:#010x}..{:#010x}", region.origin, spans(region).end)
            });
            Err(ImageError::Elsewhere {
                address: segment.address,
                bytes: segment.bytes.len(),
                there: there.collect::<Vec<_>>().join(", "),
            })
        }
    }
}

/// Where `cargo xtask firmware` puts a board's image, if it has.
fn built(board: &'static Description) -> Result<PathBuf, FlashError> {
    let folders = firmware_folders();
    let mut files = folders.iter().map(|folder| folder.join(format!("{}.elf", board.name)));
    let found = files.clone().find(|file| file.is_file());
    found.ok_or_else(|| FlashError::NoImage {
        board: &board.name,
        path: files.next_back().unwrap_or_default(),
    })
}

/// `e_machine` of a Rust target's images, and what it is called.
fn machine(target: &str) -> (u16, &'static str) {
    match target {
        _ if target.starts_with("riscv") => (EM_RISCV, "a RISC-V core"),
        _ => (EM_ARM, "an Arm core"),
    }
}

fn machine_name(machine: u16) -> String {
    match machine {
        EM_ARM => "an Arm core".into(),
        EM_RISCV => "a RISC-V core".into(),
        other => format!("machine {other}"),
    }
}
