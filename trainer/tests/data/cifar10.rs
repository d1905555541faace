//! CIFAR-10 in both versions.

use std::path::Path;

use crate::{empty_folder, read, write};

const TABLE: &str = "kind = \"cifar10\"\npath = \".\"";

/// A picture whose red rises with its pixels, in the binary version.
fn record(label: u8) -> Vec<u8> {
    let mut record = vec![label];
    record.extend((0..1024).map(|pixel| (pixel / 4) as u8));
    record.extend([7; 1024]);
    record.extend([9; 1024]);
    record
}

fn write_set(folder: &Path) {
    for batch in 1..=5 {
        write(&folder.join(format!("data_batch_{batch}.bin")), &record(batch));
    }
    write(&folder.join("test_batch.bin"), &[record(9), record(0)].concat());
}

#[test]
fn planes_of_the_binary_version_become_pixels() {
    let folder = empty_folder("cifar10");
    write_set(&folder.join("cifar-10-batches-bin"));
    let split = read(&folder, TABLE).expect("it is right");
    assert_eq!(split.train.labels, [1, 2, 3, 4, 5]);
    assert_eq!(split.test.labels, [9, 0]);
    assert_eq!(split.test.sample(1)[3 * 1020..][..3], [255, 7, 9]);
    assert_eq!(split.test.classes[9], "truck");
}

#[test]
fn cut_files_and_false_labels_are_refused() {
    let folder = empty_folder("cifar10_damaged");
    for (file, reason) in [(record(9)[1..].to_vec(), "3072 bytes"), (record(10), "label 10")] {
        write_set(&folder);
        write(&folder.join("data_batch_3.bin"), &file);
        let error = read(&folder, TABLE).expect_err("it is damaged").to_string();
        assert!(error.contains("data_batch_3.bin") && error.contains(reason), "{error}");
    }
}

#[test]
fn a_cut_pack_is_refused() {
    let folder = empty_folder("cifar10_pack");
    write(&folder.join("train.jpegpack.xz"), b"\xFD7zXZ\0\0\x04");
    assert!(read(&folder, TABLE).is_err());
    let error = read(&empty_folder("cifar10_none"), TABLE).expect_err("nothing is there");
    assert!(error.to_string().contains("train.jpegpack.xz"), "{error}");
}

#[test]
fn the_packed_set_has_its_sixty_thousand_pictures() {
    let Some(reference) = std::env::var_os("QUINTET_REFERENCE_DIR") else {
        println!("skipped: QUINTET_REFERENCE_DIR is not set");
        return;
    };
    let folder = Path::new(&reference).join("data/cifar10");
    let split = read(&folder, TABLE).expect("it is there");
    assert_eq!((split.train.len(), split.test.len()), (50_000, 10_000));
    for part in [&split.train, &split.test] {
        let each = (0..10).map(|class| part.labels.iter().filter(|it| **it == class).count());
        assert!(each.into_iter().all(|count| count * 10 == part.len()));
    }
}
