//! Inputs and the reference kernels' outputs, as NumPy wrote them.

use std::path::{Path, PathBuf};

use quintet_driver::infer::Port;
use quintet_driver::input;
use quintet_driver::input::npy::{Array, Elements};
use quintet_driver::network::Element;

/// A network's file and what it should give.
pub struct Model {
    pub path: PathBuf,
    pub golden: Golden,
}

/// Samples along the first axis.
pub struct Golden {
    input: Array,
    outputs: Vec<Array>,
}

/// The networks of the repository and those of the folder that `QUINTET_REFERENCE_DIR` names.
pub fn models() -> Vec<Model> {
    let mut folders = vec![[PathBuf::from("../networks"), PathBuf::from("../networks")]];
    if let Some(reference) = std::env::var_os("QUINTET_REFERENCE_DIR").map(PathBuf::from) {
        folders.push([reference.join("models"), reference.join("golden")]);
    }
    let mut models = Vec::new();
    for [folder, golden] in folders {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|it| it == "tflite"));
        paths.sort();
        models.extend(paths.into_iter().map(|path| {
            let golden = Golden::of(&golden, &path.file_stem().unwrap().to_string_lossy());
            Model { path, golden }
        }));
    }
    models
}

impl Golden {
    fn of(folder: &Path, name: &str) -> Self {
        let file = |ending: &str| folder.join(format!("{name}{ending}"));
        if let Ok(archive) = std::fs::read(file(".npz")) {
            let array = |name: &str| input::array(&archive, &[name]).ok().flatten();
            let outputs = (0..).map_while(|number| array(&format!("out{number}"))).collect();
            return Self { input: array("x").unwrap(), outputs };
        }
        let array = |ending| Array::from_npy(&std::fs::read(file(ending)).unwrap()).unwrap();
        Self { input: array(".input.npy"), outputs: vec![array(".output.npy")] }
    }

    pub fn samples(&self) -> usize {
        self.input.shape[0]
    }

    /// A sample as the port takes it.
    pub fn input(&self, sample: usize, port: &Port) -> Vec<i8> {
        let range = sample * port.len()..(sample + 1) * port.len();
        match &self.input.elements {
            Elements::Int8(all) => all[range].to_vec(),
            Elements::Float(all) => port.quantise(&all[range]),
            other => panic!("{}", other.name()),
        }
    }

    /// Compares an output, bytes with bytes and floats with floats.
    pub fn compare(&self, sample: usize, number: usize, port: &Port, found: &[i8], name: &str) {
        let range = sample * port.len()..(sample + 1) * port.len();
        match &self.outputs[number].elements {
            Elements::Int8(all) => {
                assert_eq!(port.element, Element::Int8);
                let expected = &all[range];
                let differ = expected.iter().zip(found).filter(|(a, b)| a != b).count();
                assert!(
                    differ == 0,
                    "{name}, sample {sample}, output {number}: {differ} of {} bytes differ",
                    found.len()
                );
            }
            Elements::Float(all) => {
                assert_eq!(port.element, Element::Float32);
                let found = port.dequantise(found);
                let worst = all[range].iter().zip(&found).map(|(a, b)| (a - b).abs());
                let worst = worst.fold(0.0, f32::max);
                // The logarithm of a softmax may differ in its last bits, by the library's own.
                assert!(worst < 1e-5, "{name}, sample {sample}, output {number}: off by {worst}");
            }
            other => panic!("{}", other.name()),
        }
    }
}

/// The networks that were made to try operators: for each sample all inputs, then all outputs.
pub fn corpus() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new("tests/networks/corpus");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "tflite")).collect();
    paths.sort();
    let model = |path: PathBuf| {
        let bytes = std::fs::read(path.with_extension("bin")).unwrap();
        (path, bytes)
    };
    paths.into_iter().map(model).collect()
}
