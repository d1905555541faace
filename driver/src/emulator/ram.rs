//! RAM of an emulated machine that this process shares: a file that both map.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::path::Path;
use std::ptr::NonNull;

use memmap2::MmapRaw;
use quintet_accelerator::Window;
use quintet_boards::Region;

/// A mapped file that is a machine's RAM.
pub struct SharedRam {
    window: Window,
    /// What the window looks at.
    _map: MmapRaw,
}

impl SharedRam {
    /// Makes the file, all zeros, and maps it.
    pub fn create(path: &Path, ram: Region) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create_new(true).open(path)?;
        file.set_len(ram.bytes.into())?;
        let map = MmapRaw::map_raw(&file)?;
        let first = NonNull::new(map.as_mut_ptr()).ok_or(io::ErrorKind::InvalidData)?;
        let words = map.len() / size_of::<u32>();
        // SAFETY: the map is as long as the file, lives as long as the window, and begins at a
        // page, so is aligned. The file is in a folder of this process's own, and keeps its length.
        // The machine keeps to the contract with accelerators, or draws wrong pixels.
        let window = unsafe { Window::new(ram.origin, first.cast(), words) };
        Ok(Self { window, _map: map })
    }

    /// The machine's memory, by the machine's addresses.
    pub fn window(&mut self) -> &mut Window {
        &mut self.window
    }
}
