//! `quintet compile`: a scene to a file that is drawn without being compiled again.

use std::path::{Path, PathBuf};

use clap::Args;
use quintet_driver::compile::saved::Saved;
use quintet_driver::device::Connection;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;
use serde::Serialize;

use super::arguments::bytes;
use super::failure::{Failure, USAGE};
use super::output::{in_bytes, print, print_json};
use super::scene::described;
use super::subject::{DrawArguments, Subject};
use super::target::{stem, unwritable};

/// Ending of the files.
const ENDING: &str = "qnt";

const MORE: &str = "\
The file has the program, its constants, where the camera goes, and the cameras: what `quintet render
FILE` sends to any device whose arena is large enough, with the same pixels. Sizes, options and an
orbit are chosen here. Networks are compiled each time, which takes them no time worth a file.

With --json: file, bytes, arena_bytes, upload_bytes, views.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    #[command(flatten)]
    draw: DrawArguments,
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

#[derive(Serialize)]
struct Report<'a> {
    file: &'a Path,
    bytes: usize,
    arena_bytes: usize,
    upload_bytes: usize,
    views: usize,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = arguments.draw.scene.first();
    let subject = arguments.draw.subject()?;
    if let Subject::Saved { .. } = subject {
        let what = format!("{} is compiled already", path.display());
        return Err(Failure::new(USAGE, what, "it cannot be compiled again")
            .help("compile the scene that it was made of"));
    }
    let arena_bytes = arena_bytes(arguments)?;
    let bundle = arguments.draw.bundle(&subject, arena_bytes)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let views = subject.views();
    let size = views.size();
    let saved = Saved { name, summary: subject.summary(), size, views: views.0.clone(), bundle };
    let file = saved.to_bytes();
    let default = || PathBuf::from(format!("{}.{ENDING}", stem(path)));
    let output = arguments.output.clone().unwrap_or_else(default);
    std::fs::write(&output, &file).map_err(|error| unwritable(&output, &error))?;
    let report = Report {
        file: &output,
        bytes: file.len(),
        arena_bytes: saved.bundle.arena_bytes,
        upload_bytes: saved.bundle.upload_bytes(),
        views: saved.views.len(),
    };
    match arguments.json {
        true => print_json(&report),
        false => print(&text(&report, &saved)),
    }
}

/// Bytes of arena to compile for.
fn arena_bytes(arguments: &Arguments) -> Result<usize, Failure> {
    let Some(uri) = &arguments.device else {
        return Ok(arguments.arena.unwrap_or(u32::MAX) as usize);
    };
    let connection = Connection::open(uri, Limits::default());
    let connection = connection.map_err(|error| Failure::open(uri, &error))?;
    Ok(connection.description().arena_bytes as usize)
}

fn text(report: &Report<'_>, saved: &Saved) -> String {
    let [width, height] = saved.size;
    let views = if report.views == 1 { "view" } else { "views" };
    format!(
        "scene   {}, {}\n\
         memory  {} of arena, {} of it sent once\n\
         {}, {}: {} {views} of {width}x{height} pixels\n",
        saved.name,
        described(&saved.summary),
        in_bytes(report.arena_bytes as u64),
        in_bytes(report.upload_bytes as u64),
        report.file.display(),
        in_bytes(report.bytes as u64),
        report.views,
    )
}
