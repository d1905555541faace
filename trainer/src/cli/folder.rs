//! The folder that a training writes to.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use quintet_trainer::data::{Dataset, npy};
use quintet_trainer::train::checkpoint::Checkpoint;
use quintet_trainer::train::curve;
use quintet_trainer::train::log::Log;
use quintet_trainer::whole_file;

use super::failure::{FAILED, Failure};

/// All that it holds, apart from what is unfinished.
const CHECKPOINT: &str = "checkpoint";
const LOG: &str = "log.csv";
const CURVE: &str = "curve.svg";
const WEIGHTS: &str = "network.safetensors";
const TFLITE: &str = "network.tflite";
const BUNDLE: &str = "network.qnt";
const SAMPLES: &str = "test_samples.npy";
const LABELS: &str = "test_labels.npy";
const OUTPUTS: &str = "test_outputs.npy";
const LOCK: &str = "lock";

/// A folder that no other process trains in.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Locked as long as it is open, even if the process is killed.
    _lock: File,
}

impl Folder {
    /// Makes a folder, unless it is there, and locks it.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(path).map_err(|error| Failure::write(path, &error))?;
        let name = path.join(LOCK);
        let lock = File::create(&name).map_err(|error| Failure::write(&name, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::Error(error)) => Err(Failure::write(&name, &error)),
            Err(TryLockError::WouldBlock) => Err(Failure::new(
                FAILED,
                format!("{} is in use", path.display()),
                "another process trains there",
                "wait for it, stop it, or choose another folder with --output",
            )),
        }
    }

    /// The checkpoint that is there.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, Failure> {
        let path = self.path.join(CHECKPOINT);
        if !path.exists() {
            return Ok(None);
        }
        Ok(Some(Checkpoint::read(&path)?))
    }

    /// Whether there is a checkpoint, if only a damaged one.
    pub fn has_checkpoint(&self) -> bool {
        self.path.join(CHECKPOINT).exists()
    }

    /// Takes away what an earlier training left.
    pub fn clear(&self) -> Result<(), Failure> {
        let names = [CHECKPOINT, LOG, CURVE, WEIGHTS, TFLITE, BUNDLE, SAMPLES, LABELS, OUTPUTS];
        for path in names.map(|name| self.path.join(name)) {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Failure::write(&path, &error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Replaces the checkpoint.
    pub fn keep(&self, checkpoint: &Checkpoint) -> Result<(), Failure> {
        Ok(checkpoint.write(&self.path.join(CHECKPOINT))?)
    }

    /// Writes the log and its picture anew: what is not in `log` has not happened.
    pub fn tell(&self, log: &Log) -> Result<(), Failure> {
        self.write(LOG, log.csv().as_bytes())?;
        let picture = curve::svg(&log.rows).map_err(|error| {
            let help = "report this; the log itself was written";
            Failure::new(FAILED, "there is no picture", error, help)
        })?;
        self.write(CURVE, picture.as_bytes())
    }

    /// Writes the trained network in floats; returns where.
    pub fn write_weights(&self, bytes: &[u8]) -> Result<PathBuf, Failure> {
        self.write(WEIGHTS, bytes)?;
        Ok(self.path.join(WEIGHTS))
    }

    /// Writes the int8 network for any runtime, and compiled for devices; returns where.
    pub fn write_int8(&self, tflite: &[u8], bundle: &[u8]) -> Result<[PathBuf; 2], Failure> {
        self.write(TFLITE, tflite)?;
        self.write(BUNDLE, bundle)?;
        Ok([TFLITE, BUNDLE].map(|name| self.path.join(name)))
    }

    /// Writes the test samples, their labels, and what the int8 network answers to them.
    pub fn write_samples(&self, data: &Dataset, outputs: &[i8]) -> Result<(), Failure> {
        self.write(SAMPLES, &npy::samples(data))?;
        self.write(LABELS, &npy::labels(data))?;
        self.write(OUTPUTS, &npy::outputs(outputs, data.len()))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path.join(name);
        whole_file::write(&path, bytes).map_err(|error| Failure::write(&path, &error))
    }
}
