//! Files that a scene's file names: beside it or in folders below, and nowhere else.

use super::error::Fault;
use super::limits;
use std::path::{Component, Path};

/// Where a scene's file lies; nothing when only its content is known.
#[derive(Clone, Copy, Default)]
pub(super) struct Folder<'a>(pub Option<&'a Path>);

impl Folder<'_> {
    /// The content of a file; `part` of the scene names it.
    pub(super) fn read(&self, part: &str, name: &str) -> Result<Vec<u8>, Fault> {
        let Some(folder) = self.0 else {
            let what = format!("a scene with its {part} in other files");
            return Err(Fault::unsupported(what, "Import it by its path, or as one .glb file."));
        };
        let mut parts = Path::new(name).components().peekable();
        let below = parts.peek().is_some()
            && parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !below {
            return Err(Fault::malformed(part, format!("its name {name:?} is no file beside it")));
        }
        let path = folder.join(name);
        let at_file = |error: std::io::Error| {
            Fault::Io(std::io::Error::new(error.kind(), format!("{name}: {error}")))
        };
        limits::check_bytes(
            "a file of the scene",
            std::fs::metadata(&path).map_err(at_file)?.len(),
        )?;
        std::fs::read(&path).map_err(at_file)
    }
}
