//! `quintet compile`: a scene or a network to a file that is run without being compiled again.

mod network;
mod scene;

use std::path::{Path, PathBuf};

use clap::Args;
use quintet_driver::device::Connection;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;

use super::arguments::bytes;
use super::failure::{Failure, USAGE};
use super::model;
use super::subject::DrawArguments;
use super::target::{stem, unwritable};

/// Ending of the files.
const ENDING: &str = "qnt";

const MORE: &str = "\
The file may be an int8 network (.tflite, .onnx) as well.

Of a scene the file has the program, its constants, where the camera goes, and the cameras: what
`quintet render FILE` sends to any device whose arena is large enough, with the same pixels. Sizes,
options and an orbit are chosen here. Of a network it has the program, its constants, inputs and
outputs with their scales, and the names of the classes: `quintet infer FILE` gives the same bytes.

With --json: file, bytes, arena_bytes, upload_bytes, and of a scene views, of a network labels.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    #[command(flatten)]
    draw: DrawArguments,
    /// Names of a network's classes: a text file with one on each line
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Compile for that much arena; K and M stand for KiB and MiB [default: as much as it takes]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    arena: Option<u32>,
    /// Compile for the arena of this device
    #[arg(long, value_name = "URI", conflicts_with = "arena")]
    device: Option<DeviceUri>,
    /// The file to write [default: named after the scene, .qnt]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match model::is_network(arguments.draw.scene.first()) {
        true => network::run(arguments),
        false => scene::run(arguments),
    }
}

impl Arguments {
    /// The file to compile.
    fn path(&self) -> &Path {
        self.draw.scene.first()
    }

    /// Bytes of arena to compile for.
    fn arena_bytes(&self) -> Result<usize, Failure> {
        let Some(uri) = &self.device else {
            return Ok(self.arena.unwrap_or(u32::MAX) as usize);
        };
        let connection = Connection::open(uri, Limits::default());
        let connection = connection.map_err(|error| Failure::open(uri, &error))?;
        Ok(connection.description().arena_bytes as usize)
    }

    /// Writes the file; tells its path.
    fn write(&self, file: &[u8]) -> Result<PathBuf, Failure> {
        let default = || PathBuf::from(format!("{}.{ENDING}", stem(self.path())));
        let output = self.output.clone().unwrap_or_else(default);
        std::fs::write(&output, file).map_err(|error| unwritable(&output, &error))?;
        Ok(output)
    }

    /// The name of the file to compile.
    fn name(&self) -> String {
        self.path().file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Refuses what is compiled already.
fn compiled_already(path: &Path, made_of: &str) -> Failure {
    let what = format!("{} is compiled already", path.display());
    Failure::new(USAGE, what, "it cannot be compiled again")
        .help(format!("compile the {made_of} that it was made of"))
}
