//! Where pictures go, found out before any work is done.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::failure::{FAILED, Failure, USAGE};

/// Where pictures go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One picture.
    File(PathBuf),
    /// A folder of pictures.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Whether it was made for this run.
        made: bool,
    },
}

impl Target {
    /// For one picture of `scene`; `chosen` is a PNG file or a folder that is there.
    pub fn picture(scene: &Path, chosen: Option<&Path>) -> Result<Self, Failure> {
        let name = stem(scene) + ".png";
        let path = match chosen {
            None => name.into(),
            Some(path) if path.is_dir() => path.join(name),
            Some(path) if is_png(path) => path.to_owned(),
            Some(path) => {
                let cause = "pictures are written as PNG";
                return Err(Failure::new(USAGE, format!("cannot write {}", path.display()), cause)
                    .help("let the name end in .png, or name a folder that is there"));
            }
        };
        probe(&path)?;
        Ok(Self::File(path))
    }

    /// For an orbit around `scene`; makes the folder.
    pub fn orbit(scene: &Path, chosen: Option<&Path>) -> Result<Self, Failure> {
        let path = chosen.map_or_else(|| (stem(scene) + "_orbit").into(), Path::to_owned);
        if !path.is_dir() && is_png(&path) {
            let what = format!("cannot write an orbit to {}", path.display());
            return Err(Failure::new(USAGE, what, "an orbit is several pictures")
                .help("name a folder with -o; it is made if it is not there"));
        }
        let made = !path.exists();
        fs::create_dir_all(&path).map_err(|error| unwritable(&path, &error))?;
        let target = Self::Folder { path, made };
        probe(&target.file("contact_sheet.png"))?;
        Ok(target)
    }

    /// The path of a picture of this name, if pictures go to a folder; else that of the only one.
    pub fn file(&self, name: &str) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Folder { path, .. } => path.join(name),
        }
    }

    /// After a failure: removes the folder that was made, if nothing is in it.
    pub fn abandon(&self) {
        if let Self::Folder { path, made: true } = self {
            // Fails if there is something in it, which is then to be kept.
            let _ = fs::remove_dir(path);
        }
    }
}

/// A picture that could not be written.
pub fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(FAILED, format!("cannot write {}", path.display()), error)
        .help("check that the folder is there and that you may write to it, or choose with -o")
}

/// Finds out whether a file can be written, and leaves it as it was.
pub fn probe(path: &Path) -> Result<(), Failure> {
    let is_new = !path.exists();
    match OpenOptions::new().write(true).create(true).truncate(false).open(path) {
        Err(error) => Err(unwritable(path, &error)),
        Ok(_) => {
            if is_new {
                let _ = fs::remove_file(path);
            }
            Ok(())
        }
    }
}

fn is_png(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"))
}

/// A scene's name without the ending of its format; a SOG folder's own name.
pub fn stem(scene: &Path) -> String {
    let full = fs::canonicalize(scene).unwrap_or_else(|_| scene.to_owned());
    let named = match full.file_name() {
        Some(name) if name == "meta.json" => full.parent().unwrap_or(&full),
        _ => &full,
    };
    let name = match named.is_dir() {
        true => named.file_name(),
        false => named.file_stem(),
    };
    let name = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.strip_suffix(".quintet").unwrap_or(&name).to_owned();
    if name.is_empty() { "scene".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_named_after_their_scene() {
        for (scene, name) in [
            ("a/robot.ply", "robot"),
            ("robot.compressed.ply", "robot.compressed"),
            ("robot/meta.json", "robot"),
            ("robot.quintet.json", "robot"),
            ("/", "scene"),
        ] {
            assert_eq!(stem(Path::new(scene)), name);
        }
    }

    #[test]
    fn an_unknown_ending_is_refused() {
        for name in ["picture.jpg", "picture", "no/such/folder/"] {
            assert!(Target::picture(Path::new("a.ply"), Some(Path::new(name))).is_err(), "{name}");
        }
        assert!(Target::orbit(Path::new("a.ply"), Some(Path::new("a.PNG"))).is_err());
    }
}
