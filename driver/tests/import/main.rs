//! Importers against files that other programs wrote, and against hostile ones.
//!
//! Small scenes lie in `scenes/playbot`. Larger ones are looked for below the folder that the
//! variable `QUINTET_REFERENCE_DIR` names, and the tests that want them say so when they skip.

mod agreement;
mod fields;
mod hostile;
mod meshes;
mod networks;
mod refusals;
mod untrusted;
mod writers;

use std::path::PathBuf;

/// A file in `scenes/playbot`.
fn scene(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenes/playbot")).join(name)
}

/// A file below the reference folder, if there is one.
fn reference(name: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("QUINTET_REFERENCE_DIR") else {
        eprintln!("skipped {name}: QUINTET_REFERENCE_DIR is not set");
        return None;
    };
    Some(PathBuf::from(folder).join("scenes").join(name))
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(scene(name)).unwrap()
}
