//! Firmware images on this computer, and which of them is the one on a device.

use std::fs;
use std::path::{Path, PathBuf};

use object::Object;
use quintet_protocol::link::BuildId;

use super::LogError;
use crate::emulator::firmware_folders;

/// A firmware image: an ELF file with a build id.
pub struct Image {
    /// Where it is.
    pub path: PathBuf,
    /// Its build id.
    pub build: BuildId,
    pub(super) bytes: Vec<u8>,
}

impl Image {
    /// Reads an image.
    ///
    /// # Errors
    ///
    /// [`LogError::Unreadable`], or [`LogError::NoImage`] if the file is not an ELF file with a
    /// build id.
    pub fn read(path: &Path) -> Result<Self, LogError> {
        let bytes = fs::read(path)
            .map_err(|source| LogError::Unreadable { path: path.to_owned(), source })?;
        let no_image = |reason: String| LogError::NoImage { path: path.to_owned(), reason };
        let file = object::File::parse(bytes.as_slice());
        let id = file.and_then(|file| Ok(file.build_id()?.map(BuildId::new)));
        let id = id.map_err(|error| no_image(error.to_string()))?;
        let build = id.ok_or_else(|| no_image("it has no build id".into()))?;
        Ok(Self { path: path.to_owned(), build, bytes })
    }
}

/// Finds the image that a device with this build id runs: the file `chosen`, or one in the folders
/// where `cargo xtask firmware` leaves them.
///
/// # Errors
///
/// [`LogError::OtherBuild`] if the chosen file is of another build, [`LogError::NotFound`] if no
/// file has the build id, [`LogError::NoBuildId`] if the device has none.
pub fn find_image(build: BuildId, chosen: Option<&Path>) -> Result<Image, LogError> {
    find_in(build, chosen, firmware_folders())
}

fn find_in(
    build: BuildId,
    chosen: Option<&Path>,
    folders: Vec<PathBuf>,
) -> Result<Image, LogError> {
    if build == BuildId::UNKNOWN {
        return Err(LogError::NoBuildId);
    }
    if let Some(path) = chosen {
        let image = Image::read(path)?;
        let (path, found) = (path.to_owned(), image.build);
        let matches = found == build;
        return if matches { Ok(image) } else { Err(LogError::OtherBuild { path, found, build }) };
    }
    let elf_files = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let mut images = elf_files
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "elf"))
        // A file that is no image is not the one.
        .filter_map(|path| Image::read(&path).ok());
    images.find(|image| image.build == build).ok_or(LogError::NotFound { build, folders })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 32-bit little-endian Arm ELF file with nothing but a build id (System V ABI, edition 4.1,
    /// chapters 4 and 5).
    fn elf(id: [u8; 20]) -> Vec<u8> {
        let note: Vec<u8> =
            [&4u32.to_le_bytes(), &20u32.to_le_bytes(), &3u32.to_le_bytes(), &b"GNU\0"[..], &id]
                .concat();
        let names = b"\0.note.gnu.build-id\0.names\0";
        let (note_at, names_at) = (0x34, 0x34 + note.len() as u32);
        let headers_at = names_at + names.len() as u32 + 1;
        let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x28\0\x01\0\0\0".to_vec();
        file.extend([0u32, 0, headers_at, 0].iter().flat_map(|word| word.to_le_bytes()));
        file.extend([0x34u16, 0x20, 0, 0x28, 3, 2].iter().flat_map(|half| half.to_le_bytes()));
        file.extend(&note);
        file.extend(names);
        file.push(0);
        for header in [
            [0; 10],
            [1, 7, 2, 0, note_at, note.len() as u32, 0, 0, 4, 0],
            [20, 3, 0, 0, names_at, names.len() as u32, 0, 0, 1, 0],
        ] {
            file.extend(header.iter().flat_map(|word| word.to_le_bytes()));
        }
        file
    }

    fn folder(name: &str) -> PathBuf {
        let name = format!("quintet-images-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn the_image_with_the_devices_build_id_is_found_among_others() {
        let folder = folder("found");
        fs::write(folder.join("a.elf"), elf([1; 20])).unwrap();
        fs::write(folder.join("b.elf"), elf([2; 20])).unwrap();
        fs::write(folder.join("c.elf"), b"not an ELF file").unwrap();
        fs::write(folder.join("d.txt"), elf([3; 20])).unwrap();
        let folders = || vec!["/nonexistent".into(), folder.clone()];
        let image = find_in(BuildId::new(&[2; 20]), None, folders()).unwrap();
        assert!(image.path.ends_with("b.elf"));
        let missing = find_in(BuildId::new(&[3; 20]), None, folders()).err().unwrap();
        let said = missing.to_string();
        assert!(said.contains(&"03".repeat(20)) && said.contains("/nonexistent"), "{said}");
        assert!(missing.advice().contains("--elf"));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_chosen_image_of_another_build_is_refused_with_both_ids() {
        let folder = folder("chosen");
        let path = folder.join("chosen.elf");
        fs::write(&path, elf([1; 20])).unwrap();
        let find = |byte| find_in(BuildId::new(&[byte; 20]), Some(&path), Vec::new());
        assert_eq!(find(1).unwrap().path, path);
        let other = find(2).err().unwrap().to_string();
        assert!(other.contains(&"01".repeat(20)) && other.contains(&"02".repeat(20)), "{other}");
        fs::write(&path, &elf([1; 20])[..60]).unwrap();
        assert!(matches!(find(1).err(), Some(LogError::NoImage { .. })));
        fs::remove_dir_all(&folder).unwrap();
        assert!(matches!(find(1).err(), Some(LogError::Unreadable { .. })));
    }

    #[test]
    fn a_device_without_a_build_id_has_no_image() {
        let error = find_in(BuildId::UNKNOWN, None, Vec::new()).err();
        assert!(matches!(error, Some(LogError::NoBuildId)));
    }
}
