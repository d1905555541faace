//! Of a scene.

use std::path::PathBuf;

use quintet_driver::compile::saved::Saved;
use serde::Serialize;

use super::{Arguments, compiled_already};
use crate::cli::failure::Failure;
use crate::cli::output::{in_bytes, print, print_json};
use crate::cli::scene::{described, not_of_this_kind};
use crate::cli::subject::Subject;

#[derive(Serialize)]
struct Report {
    file: PathBuf,
    bytes: usize,
    arena_bytes: usize,
    upload_bytes: usize,
    views: usize,
}

/// Compiles it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let subject = arguments.draw.subject()?;
    if let Subject::Saved { .. } = subject {
        return Err(compiled_already(arguments.path(), "scene"));
    }
    if arguments.labels.is_some() {
        return Err(not_of_this_kind("--labels", "networks", subject.summary().kind.name()));
    }
    let bundle = arguments.draw.bundle(&subject, arguments.arena_bytes()?)?;
    let views = subject.views();
    let size = views.size();
    let name = arguments.name();
    let saved = Saved { name, summary: subject.summary(), size, views: views.0.clone(), bundle };
    let file = saved.to_bytes();
    let report = Report {
        file: arguments.write(&file)?,
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

fn text(report: &Report, saved: &Saved) -> String {
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
