//! The samples that `quintet eval` runs: an array, or a folder of pictures by class, with their
//! classes.

use std::fs;
use std::path::{Path, PathBuf};

use quintet_driver::infer::Port;
use quintet_driver::input::{self, InputError, Options, labels};

use super::failure::{FAILED, Failure};

/// Samples with their classes, as the command line names them.
pub struct Set {
    data: PathBuf,
    /// Pictures, if the data are a folder.
    pictures: Option<Vec<PathBuf>>,
    /// The class of each sample, if any are given.
    pub classes: Option<Vec<usize>>,
    options: Options,
}

/// Samples that were read, or are read one by one.
pub enum Samples {
    Read(Vec<Vec<i8>>),
    Pictures(Vec<PathBuf>),
}

impl Set {
    /// `data` is a file or a folder; `labels` says classes, before all else; `range` is what pixels
    /// stand for.
    pub fn open(
        data: &Path,
        labels: Option<&Path>,
        range: Option<[f32; 2]>,
    ) -> Result<Self, Failure> {
        let mut options = Options::default();
        options.pixel_range = range;
        let (mut pictures, mut classes) = (None, None);
        if data.is_dir() {
            let found = pictures_by_class(data)?;
            let (files, numbers): (Vec<_>, Vec<_>) = found.into_iter().unzip();
            (pictures, classes) = (Some(files), Some(numbers));
        }
        if let Some(path) = labels {
            let read = labels::classes(path).map_err(|error| Failure::input(path, &error))?;
            classes = Some(read);
        }
        Ok(Self { data: data.to_owned(), pictures, classes, options })
    }

    /// What a model with these inputs and outputs runs.
    pub fn samples(&self, inputs: &[Port], outputs: &[Port]) -> Result<Samples, Failure> {
        let ([input], [_, ..]) = (inputs, outputs) else {
            let cause = format!("it has {} inputs, {} outputs", inputs.len(), outputs.len());
            return Err(Failure::new(FAILED, "the model cannot be evaluated", cause)
                .help("use `quintet infer` with an --input for each"));
        };
        match &self.pictures {
            Some(pictures) => Ok(Samples::Pictures(pictures.clone())),
            None => input::read(&self.data, input, &self.options)
                .map(|read| Samples::Read(read.samples))
                .map_err(|error| Failure::input(&self.data, &error)),
        }
    }

    /// A class that no output stands for is never found.
    pub fn check_classes(&self, outputs: &[Port]) -> Result<(), Failure> {
        let count = outputs.first().map_or(0, Port::len);
        let classes = self.classes.iter().flatten().enumerate();
        let Some((sample, class)) = classes.into_iter().find(|&(_, &class)| class >= count) else {
            return Ok(());
        };
        let cause = format!("sample {sample} is of class {class}, the model has {count} classes");
        Err(Failure::new(FAILED, "the labels are not the model's", cause)
            .help("number classes from 0, in the order of the model's outputs"))
    }

    /// The class of a sample, if it has one.
    pub fn class(&self, sample: usize) -> Option<usize> {
        self.classes.as_ref().and_then(|classes| classes.get(sample)).copied()
    }
}

impl Samples {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Read(samples) => samples.len(),
            Self::Pictures(files) => files.len(),
        }
    }

    /// The bytes of one, for the input that they were made for.
    pub fn get(&self, at: usize, port: &Port, set: &Set) -> Result<Vec<i8>, Failure> {
        match self {
            Self::Read(samples) => Ok(samples[at].clone()),
            Self::Pictures(files) => {
                let file = &files[at];
                let failed = |error: InputError| Failure::input(file, &error);
                let mut read = input::read(file, port, &set.options).map_err(failed)?.samples;
                match read.len() {
                    1 => Ok(read.remove(0)),
                    _ => Err(Failure::input(file, &InputError::Unknown)),
                }
            }
        }
    }
}

/// The pictures in the folders of a folder, each with the number of its class.
fn pictures_by_class(folder: &Path) -> Result<Vec<(PathBuf, usize)>, Failure> {
    let folders: Vec<_> = entries(folder)?.into_iter().filter(|path| path.is_dir()).collect();
    let name = |path: &PathBuf| path.file_name()?.to_str()?.parse().ok();
    let numbers: Option<Vec<usize>> = folders.iter().map(name).collect();
    let numbers = numbers.unwrap_or_else(|| (0..folders.len()).collect());
    let mut pictures = Vec::new();
    for (path, class) in folders.iter().zip(numbers) {
        let files = entries(path)?.into_iter().filter(|path| path.is_file());
        pictures.extend(files.map(|file| (file, class)));
    }
    match pictures.is_empty() {
        true => Err(Failure::input(folder, &InputError::Empty)),
        false => Ok(pictures),
    }
}

/// What is in a folder and not hidden, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| Failure::input(folder, &error.into());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}
