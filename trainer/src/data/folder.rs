//! Folders of files: which there are, of which class each is, and which ones are to test with.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::DataError;
use crate::random::Random;

/// What files' names tell. A name like `7_theo_31.wav` has the parts 0 (`7`), 1 (`theo`) and 2
/// (`31`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Names {
    /// The part that is the class. Without it the folder that a file lies in is.
    pub label: Option<usize>,
    /// The part that is the group (the speaker, say): its files are either all trained or all
    /// tested with. Without it each file is a group of its own.
    pub group: Option<usize>,
}

/// A file and its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The file.
    pub path: PathBuf,
    /// The number of its class.
    pub label: u16,
}

/// The files of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The classes' names, numbers in their order and words behind them.
    pub classes: Vec<String>,
    /// To train with.
    pub train: Vec<Item>,
    /// To test with.
    pub test: Vec<Item>,
}

/// The files in `folder` whose names end in one of `extensions`.
///
/// `folder` has a folder for each class, or `train` and `test` (or `training` and `testing`) which
/// have these. Without folders for classes, and without [`Names::label`], all files are of one
/// class. Folders that begin with `_` or `.` are left out. Without `train` and `test`, the share
/// `test_share` of the groups is for testing: those that come first in the order of a hash of their
/// names.
///
/// # Errors
/// A [`DataError`].
pub fn list(
    folder: &Path,
    extensions: &[&str],
    names: Names,
    test_share: f32,
) -> Result<Listing, DataError> {
    let pair = [["train", "test"], ["training", "testing"]].map(|it| it.map(|it| folder.join(it)));
    let [train, test] = match pair.iter().find(|pair| pair.iter().all(|it| it.is_dir())) {
        Some([train, test]) => {
            [collect(train, extensions, names)?, collect(test, extensions, names)?]
        }
        None => divide(collect(folder, extensions, names)?, test_share)?,
    };
    let distinct: BTreeSet<&str> = train.iter().chain(&test).map(|it| &*it.class).collect();
    let mut classes: Vec<String> = distinct.into_iter().map(str::to_owned).collect();
    classes.sort_by_key(|name| name.parse().unwrap_or(u64::MAX));
    let number = |found: Vec<Found>| -> Result<Vec<Item>, DataError> {
        let item = |Found { path, class, .. }: Found| {
            let place =
                classes.iter().position(|it| *it == class).and_then(|it| it.try_into().ok());
            let label = place.ok_or_else(|| DataError::Malformed {
                path: folder.to_owned(),
                reason: format!("{} classes are too many", classes.len()),
            })?;
            Ok(Item { path, label })
        };
        found.into_iter().map(item).collect()
    };
    let (train, test) = (number(train)?, number(test)?);
    Ok(Listing { classes, train, test })
}

/// A file, before classes have numbers.
struct Found {
    path: PathBuf,
    class: String,
    group: String,
}

/// The files of one part of a set, in the order of their names.
fn collect(folder: &Path, extensions: &[&str], names: Names) -> Result<Vec<Found>, DataError> {
    let mut found = Vec::new();
    for folder in entries(folder, extensions)?.1 {
        found.extend(entries(&folder, extensions)?.0);
    }
    let has_classes = !found.is_empty();
    if !has_classes {
        found = files(folder, extensions)?;
    }
    let describe = |path: PathBuf| {
        let own = || path.parent().map_or_else(String::new, name);
        let class = match names.label {
            Some(at) => part(&path, at)?,
            None if has_classes => own(),
            None => "all".to_owned(),
        };
        let group = match names.group {
            Some(at) => part(&path, at)?,
            None => format!("{}/{}", own(), name(&path)),
        };
        Ok(Found { path, class, group })
    };
    found.into_iter().map(describe).collect()
}

/// The files right in a folder whose names end in one of `extensions`, of which there is one at
/// least.
pub(super) fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, DataError> {
    let files = entries(folder, extensions)?.0;
    if files.is_empty() {
        let what = format!("file whose name ends in .{}", extensions.join(" or ."));
        return Err(DataError::Missing { path: folder.to_owned(), what });
    }
    Ok(files)
}

/// The files with one of the extensions and the folders in a folder, in the order of their names.
fn entries(folder: &Path, extensions: &[&str]) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
    let io = |source| DataError::Io { path: folder.to_owned(), source };
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let extension = path.extension().map(|it| it.to_string_lossy().to_ascii_lowercase());
        if name(&path).starts_with(['.', '_']) {
            continue;
        }
        if path.is_dir() {
            folders.push(path);
        } else if extension.is_some_and(|it| extensions.contains(&&*it)) {
            files.push(path);
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A part of a file's name.
fn part(path: &Path, at: usize) -> Result<String, DataError> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    stem.split('_').nth(at).map(str::to_owned).ok_or_else(|| DataError::Malformed {
        path: path.to_owned(),
        reason: format!("its name has no part {at} between underscores, counted from 0"),
    })
}

/// A number that a name alone decides.
pub(super) fn hash(name: &str) -> u64 {
    Random::new(&name.bytes().map(u64::from).collect::<Vec<_>>()).next()
}

/// Files to train and files to test with, by their groups.
fn divide(found: Vec<Found>, test_share: f32) -> Result<[Vec<Found>; 2], DataError> {
    let groups: BTreeSet<&str> = found.iter().map(|it| &*it.group).collect();
    let mut groups: Vec<String> = groups.into_iter().map(str::to_owned).collect();
    let option = |reason| DataError::Option { option: "test_share", reason };
    if !(test_share > 0.0 && test_share < 1.0) {
        return Err(option(format!("{test_share} does not lie between 0 and 1")));
    }
    if groups.len() < 2 {
        return Err(option("one group of files cannot be both trained and tested with".to_owned()));
    }
    let count = ((test_share * groups.len() as f32).round() as usize).clamp(1, groups.len() - 1);
    groups.sort_by_cached_key(|group| hash(group));
    let tested: BTreeSet<String> = groups.drain(..count).collect();
    let (test, train) = found.into_iter().partition(|it| tested.contains(&it.group));
    Ok([train, test])
}
