//! Loaders of data, each with files that it takes and files that it must refuse.

mod augment;
mod cifar10;
mod configuration;
mod digits;
mod folder;
mod idx;
mod images;
mod signal;
mod sounds;
mod wav;

use std::path::{Path, PathBuf};

use quintet_trainer::data::{DataError, Source, Split};
use quintet_trainer::random::Random;

/// An empty folder of a test's own.
fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("data").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

/// Writes a file, and the folders that it lies in.
fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("it can be made");
    std::fs::write(path, bytes).expect("a file can be written");
}

/// Reads what a table `[data]` says.
fn read(folder: &Path, table: &str) -> Result<Split, DataError> {
    toml::from_str::<Source>(table).expect("the table is right").read(folder)
}

/// A file cut short at each length, then with some of its bytes changed.
fn damaged(file: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut random = Random::new(&[17]);
    let changed = (0..300).map(move |_| {
        let mut file = file.to_vec();
        for _ in 0..=random.below(3) {
            let place = random.below(file.len().min(200));
            file[place] = random.below(256) as u8;
        }
        file
    });
    let step = file.len().div_ceil(200);
    (0..file.len()).step_by(step).map(|length| file[..length].to_vec()).chain(changed)
}
