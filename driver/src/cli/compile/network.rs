//! Of a network.

use std::path::PathBuf;

use quintet_driver::compile::network::compile;
use quintet_driver::compile::saved::SavedNetwork;
use quintet_driver::input::labels;
use serde::Serialize;

use super::{Arguments, compiled_already};
use crate::cli::failure::{Failure, USAGE};
use crate::cli::model::{self, Model};
use crate::cli::output::{in_bytes, print, print_json};

#[derive(Serialize)]
struct Report<'a> {
    file: PathBuf,
    bytes: usize,
    arena_bytes: usize,
    upload_bytes: usize,
    labels: &'a [String],
}

/// Compiles it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = arguments.path();
    if let Some(option) = arguments.draw.first_given() {
        let what = format!("{option} is for scenes");
        return Err(Failure::new(USAGE, what, format!("{} is a network", path.display()))
            .help(format!("leave out {option}")));
    }
    let Model::Imported(imported) = Model::read(path)? else {
        return Err(compiled_already(path, "network"));
    };
    let labels = match &arguments.labels {
        Some(path) => labels::names(path).map_err(|error| Failure::input(path, &error))?,
        None => Vec::new(),
    };
    let bundle = compile(&imported.network, arguments.arena_bytes()?)
        .map_err(|error| Failure::network(&error))?;
    model::check_names(&labels, &bundle.outputs)?;
    let operators = imported.network.nodes.len();
    let saved = SavedNetwork { name: arguments.name(), operators, labels, bundle };
    let file = saved.to_bytes();
    let report = Report {
        file: arguments.write(&file)?,
        bytes: file.len(),
        arena_bytes: saved.bundle.memory.total(),
        upload_bytes: saved.bundle.upload_bytes(),
        labels: &saved.labels,
    };
    match arguments.json {
        true => print_json(&report),
        false => print(&text(&report, &saved)),
    }
}

fn text(report: &Report<'_>, saved: &SavedNetwork) -> String {
    let labels = match report.labels.len() {
        0 => "classes without names".into(),
        count => format!("{count} classes with their names"),
    };
    format!(
        "model   {}, {} operators\n\
         memory  {} of arena, {} of it sent once\n\
         {}, {}: {labels}\n",
        saved.name,
        saved.operators,
        in_bytes(report.arena_bytes as u64),
        in_bytes(report.upload_bytes as u64),
        report.file.display(),
        in_bytes(report.bytes as u64),
    )
}
