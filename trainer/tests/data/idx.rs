//! MNIST's format.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{damaged, empty_folder, read, write};

const TABLE: &str = "kind = \"idx\"\npath = \".\"";

fn idx(dimensions: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, dimensions.len() as u8];
    file.extend(dimensions.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(bytes);
    file
}

fn packed(file: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(file).expect("a vector takes all");
    encoder.finish().expect("a vector takes all")
}

/// Two pictures of 3x2 to train with, plain, and one to test with, packed.
fn write_set(folder: &Path) {
    write(&folder.join("train-images-idx3-ubyte"), &idx(&[2, 2, 3], &[1; 12]));
    write(&folder.join("train-labels-idx1-ubyte"), &idx(&[2], &[0, 4]));
    let images = idx(&[1, 2, 3], &[5, 6, 7, 8, 9, 10]);
    write(&folder.join("t10k-images-idx3-ubyte.gz"), &packed(&images));
    write(&folder.join("t10k-labels.idx1-ubyte"), &idx(&[1], &[2]));
}

#[test]
fn plain_and_packed_files_are_read() {
    let folder = empty_folder("idx");
    write_set(&folder);
    let split = read(&folder, TABLE).expect("it is right");
    assert_eq!(split.train.shape.pixels(), [2, 3]);
    assert_eq!((&*split.train.labels, &*split.test.labels), (&[0, 4][..], &[2][..]));
    assert_eq!(split.test.sample(0), [5, 6, 7, 8, 9, 10]);
    assert_eq!(split.test.classes.len(), 5);
}

#[test]
fn damaged_files_are_refused_or_read_but_never_panic() {
    let folder = empty_folder("idx_damaged");
    write_set(&folder);
    for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte.gz"]
    {
        let path = folder.join(name);
        let file = std::fs::read(&path).expect("it is there");
        for length in 0..file.len() {
            write(&path, &file[..length]);
            assert!(read(&folder, TABLE).is_err(), "{name} cut to {length}");
        }
        for file in damaged(&file) {
            write(&path, &file);
            if let Ok(split) = read(&folder, TABLE) {
                let elements = split.train.shape.elements();
                assert_eq!(split.train.bytes.len(), split.train.len() * elements);
            }
        }
        write(&path, &file);
    }
}

#[test]
fn missing_files_are_named_with_what_to_do() {
    let error = read(&empty_folder("idx_missing"), TABLE).expect_err("it is empty");
    assert!(error.to_string().contains("`train-images-idx3-ubyte`"), "{error}");
    assert!(error.advice().contains("`path`"));
}

#[test]
fn a_label_too_few_is_refused() {
    let folder = empty_folder("idx_labels");
    write_set(&folder);
    write(&folder.join("train-labels-idx1-ubyte"), &idx(&[1], &[0]));
    let error = read(&folder, TABLE).expect_err("a label is missing").to_string();
    assert!(error.contains("train-labels") && error.contains("1 labels for 2"), "{error}");
}
