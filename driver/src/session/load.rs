//! Loading: all of a program's data and the program itself, whatever happens on the way.

use super::{Session, SessionError, Uploaded};

/// Times that a device is loaded again because it was reset meanwhile.
const ATTEMPTS_MAX: u32 = 8;

/// Bytes and where they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob<'a> {
    /// Byte offset in the arena.
    pub offset: u32,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl Session {
    /// Clears the device, uploads every blob and installs the last one, which is the program. If
    /// the device is reset meanwhile it starts again, and what memory the device has kept is not
    /// sent again. `progress` hears how many bytes the device holds.
    ///
    /// # Errors
    ///
    /// As [`Session::upload`] and [`Session::install`]; [`SessionError::Forgotten`] if the device
    /// is reset again and again.
    pub fn load(
        &mut self,
        blobs: &[Blob<'_>],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Uploaded, SessionError> {
        let mut uploaded = Uploaded::default();
        for _ in 1..ATTEMPTS_MAX {
            match self.load_once(blobs, &mut uploaded, progress) {
                Err(SessionError::Forgotten) => {}
                other => return other.map(|()| uploaded),
            }
        }
        self.load_once(blobs, &mut uploaded, progress).map(|()| uploaded)
    }

    fn load_once(
        &mut self,
        blobs: &[Blob<'_>],
        uploaded: &mut Uploaded,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), SessionError> {
        self.clear()?;
        // Of an earlier attempt the bytes sent stay sent, but what was found is found again.
        uploaded.found = 0;
        let mut before = 0;
        for blob in blobs {
            *uploaded +=
                self.upload(blob.offset, blob.bytes, &mut |done| progress(before + done))?;
            before += blob.bytes.len();
            self.refuse_if_forgotten()?;
        }
        match blobs.last() {
            Some(program) => self.install(program.offset, program.bytes.len() as u32),
            None => Ok(()),
        }
    }
}
