//! Which files of a folder are for what.

use std::collections::BTreeSet;
use std::path::Path;

use quintet_trainer::data::DataError;
use quintet_trainer::data::folder::{Item, Listing, Names, list};

use crate::{empty_folder, write};

const BY_NAME: Names = Names { label: Some(0), group: Some(1) };

fn files(folder: &Path, files: impl IntoIterator<Item = impl AsRef<Path>>) {
    files.into_iter().for_each(|file| write(&folder.join(file), b""));
}

/// Six speakers who say three digits twice each.
fn spoken(folder: &Path) {
    for speaker in ["ann", "bob", "cy", "dee", "eve", "flo"] {
        files(folder, (0..6).map(|it| format!("{}_{speaker}_{}.wav", it % 3, it / 3)));
    }
}

fn speakers(items: &[Item]) -> BTreeSet<String> {
    let name = |item: &Item| item.path.file_name().unwrap().to_string_lossy().into_owned();
    items.iter().map(|item| name(item).split('_').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn no_speaker_is_on_both_sides() {
    let folder = empty_folder("speakers");
    spoken(&folder);
    let Listing { classes, train, test } = list(&folder, &["wav"], BY_NAME, 0.3).unwrap();
    assert_eq!(classes, ["0", "1", "2"]);
    assert_eq!((train.len(), test.len()), (24, 12), "0.3 of six speakers are two");
    assert!(speakers(&train).is_disjoint(&speakers(&test)));
}

#[test]
fn a_split_repeats_and_is_never_empty() {
    let folder = empty_folder("repeats");
    spoken(&folder);
    let listed = |share| list(&folder, &["wav"], Names::default(), share).unwrap();
    assert_eq!(listed(0.25), listed(0.25));
    assert_eq!(listed(0.25).test.len(), 9);
    assert_eq!((listed(0.001).test.len(), listed(0.999).train.len()), (1, 1));
}

#[test]
fn folders_are_classes_in_the_order_of_numbers() {
    let folder = empty_folder("classes");
    let classes = ["10", "9", "b", "a", "_noise", ".cache"];
    files(&folder, classes.map(|class| format!("{class}/x.WAV")));
    files(&folder, ["readme.wav", "9/notes.txt"]);
    let listing = list(&folder, &["wav"], Names::default(), 0.5).unwrap();
    assert_eq!(listing.classes, ["9", "10", "a", "b"]);
    assert_eq!(listing.train.len() + listing.test.len(), 4);
}

#[test]
fn folders_for_training_and_testing_are_taken_as_they_are() {
    for [train, test] in [["train", "test"], ["training", "testing"]] {
        let folder = empty_folder("sides").join(train);
        let folder = folder.parent().unwrap();
        files(folder, [format!("{train}/a/1.wav"), format!("{train}/b/2.wav")]);
        files(folder, [format!("{test}/b/1.wav"), format!("{test}/c/1.wav")]);
        let listing = list(folder, &["wav"], Names::default(), 0.0).unwrap();
        let labels = |items: &[Item]| items.iter().map(|it| it.label).collect::<Vec<_>>();
        assert_eq!(listing.classes, ["a", "b", "c"]);
        assert_eq!((labels(&listing.train), labels(&listing.test)), (vec![0, 1], vec![1, 2]));
    }
}

#[test]
fn files_without_classes_are_of_one() {
    let folder = empty_folder("one_class");
    files(&folder, ["1.wav", "2.wav"]);
    let listing = list(&folder, &["wav"], Names::default(), 0.5).unwrap();
    assert_eq!((listing.classes.len(), listing.train.len(), listing.test.len()), (1, 1, 1));
}

#[test]
fn what_cannot_be_divided_is_refused_by_the_option() {
    let folder = empty_folder("refused");
    let error = |names, share| list(&folder, &["wav"], names, share).unwrap_err();
    assert!(matches!(error(Names::default(), 0.5), DataError::Missing { .. }));
    files(&folder, ["1_a.wav", "2_a.wav"]);
    for share in [0.0, 1.0, -1.0, f32::NAN] {
        assert!(error(Names::default(), share).to_string().contains("`test_share`"));
    }
    let one_speaker = error(BY_NAME, 0.5).to_string();
    assert!(one_speaker.contains("one group"), "{one_speaker}");
    let no_part = error(Names { label: Some(2), group: None }, 0.5).to_string();
    assert!(no_part.contains("1_a.wav") && no_part.contains("no part 2"), "{no_part}");
}
