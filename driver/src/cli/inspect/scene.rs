//! What a scene is, and what it costs in memory once compiled.

use std::fmt::Write;

use quintet_driver::compile::Bundle;
use serde::Serialize;

use super::Arguments;
use super::about::About;
use super::listing::{BufferRecord, CommandRecord, Listing};
use crate::cli::failure::{FAILED, Failure};
use crate::cli::output::{grouped, in_bytes, print, print_json};
use crate::cli::report::StreamedRecord;
use crate::cli::scene::{SceneRecord, described};
use crate::cli::subject::Subject;

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    scene: SceneRecord<'a>,
    #[serde(flatten)]
    about: About,
    size: [u16; 2],
    memory: Memory,
    tile: [u16; 2],
    streamed: Option<StreamedRecord>,
    buffers: Vec<BufferRecord>,
    commands: Vec<CommandRecord>,
}

/// In bytes.
#[derive(Serialize)]
struct Memory {
    program: usize,
    constants: usize,
    input: usize,
    scratch: usize,
    pages: usize,
    arena: usize,
    smallest_arena: usize,
    upload: usize,
}

/// Says it of a scene.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let subject = arguments.draw.subject()?;
    let about = match &subject {
        Subject::Scene { imported, .. } => About::of(imported),
        Subject::Saved { .. } => About::default(),
    };
    let smallest_arena = smallest(arguments, &subject)?;
    // As much as a device can have: nothing is squeezed.
    let arena_bytes = arguments.arena_bytes()?.unwrap_or(u32::MAX) as usize;
    let bundle = arguments.draw.bundle(&subject, arena_bytes)?;
    let Listing { buffers, commands } = Listing::of(&bundle.program).map_err(|error| {
        Failure::new(FAILED, "internal error: the compiled program cannot be read", error)
    })?;
    let report = Report {
        scene: SceneRecord {
            path: arguments.draw.scene.first(),
            paths: &arguments.draw.scene.scenes,
            format: &subject.format(),
            given_up: subject.given_up(),
            dropped: subject.dropped(),
            summary: &subject.summary(),
        },
        about,
        size: subject.views().size(),
        memory: Memory::of(&bundle, &buffers, smallest_arena),
        tile: bundle.tile,
        streamed: StreamedRecord::of(&bundle),
        buffers,
        commands,
    };
    match arguments.json {
        true => print_json(&report),
        false => print(&text(&report)),
    }
}

/// Bytes of the smallest arena that is enough.
fn smallest(arguments: &Arguments, subject: &Subject) -> Result<usize, Failure> {
    match subject {
        Subject::Saved { saved, .. } => Ok(saved.bundle.arena_bytes),
        Subject::Scene { imported, views, .. } => {
            match arguments.draw.compile(imported, views, 0) {
                Err(error) => error.needed().ok_or_else(|| Failure::compile(&error)),
                Ok(bundle) => Ok(bundle.arena_bytes),
            }
        }
    }
}

impl Memory {
    fn of(bundle: &Bundle, buffers: &[BufferRecord], smallest_arena: usize) -> Self {
        let sum = |kind: &str| {
            let of_kind = buffers.iter().filter(|buffer| buffer.kind == kind);
            of_kind.filter_map(|buffer| buffer.bytes).map(|bytes| bytes as usize).sum::<usize>()
        };
        let pages = sum("streamed");
        let (program, constants, input) = (bundle.program.len(), sum("constant"), sum("input"));
        Self {
            program,
            constants,
            input,
            // Scratch buffers share memory, so that their sum is more than they take.
            scratch: bundle.arena_bytes - program - constants - input - pages,
            pages,
            arena: bundle.arena_bytes,
            smallest_arena,
            upload: bundle.upload_bytes(),
        }
    }
}

fn text(report: &Report<'_>) -> String {
    let Report { scene, memory, .. } = report;
    let [width, height] = report.size;
    let [columns, rows] = report.tile;
    let paths: Vec<String> = scene.paths.iter().map(|path| path.display().to_string()).collect();
    let mut text = format!(
        "{}\n  format     {}\n  is         {}\n{}",
        paths.join(" "),
        scene.format,
        described(scene.summary),
        report.about.text(),
    );
    let _ = match &report.streamed {
        None => {
            writeln!(text, "\ncompiled for {width}x{height}, tiles of {columns}x{rows} pixels")
        }
        Some(StreamedRecord { pages, slots, splats, .. }) => writeln!(
            text,
            "\ncompiled for {width}x{height}, streamed: regions of {columns}x{rows} pixels, windows of \
             {splats} splats,\nroom for {slots} of {pages} pages",
        ),
    };
    let mut row = |name: &str, bytes: usize, about: &str| {
        let _ = writeln!(text, "  {name:<14} {:>12}  {about}", grouped(bytes as u64));
    };
    row("program", memory.program, "bytes");
    row("constants", memory.constants, "sent once");
    row("input", memory.input, "sent for each frame");
    row("scratch", memory.scratch, "");
    if let Some(streamed) = &report.streamed {
        let about = format!("of {}, pulled as they are needed", grouped(streamed.bytes as u64));
        row("pages", memory.pages, &about);
    }
    let about = format!("= {}", in_bytes(memory.arena as u64));
    row("arena", memory.arena, &about);
    let about = format!("= {}, at the least", in_bytes(memory.smallest_arena as u64));
    row("smallest arena", memory.smallest_arena, &about);
    text += &records(report);
    text
}

/// The tables of buffers and commands.
fn records(report: &Report<'_>) -> String {
    let mut text =
        String::from("\nbuffers\n   #  name          kind         offset        bytes\n");
    for BufferRecord { index, name, kind, offset, bytes } in &report.buffers {
        let place = match bytes {
            Some(bytes) => {
                format!("{:>10} {:>12}", grouped((*offset).into()), grouped((*bytes).into()))
            }
            None => format!("{:>10} {:>12}", "-", "-"),
        };
        let _ = writeln!(text, "  {index:>2}  {name:<13} {kind:<8} {place}");
    }
    text += "\ncommands\n   #  operator        name                 buffers\n";
    for CommandRecord { index, operator, name, buffers } in &report.commands {
        let buffers: Vec<_> = buffers.iter().map(u16::to_string).collect();
        let _ = writeln!(text, "  {index:>2}  {operator:<15} {name:<20} {}", buffers.join(" "));
    }
    text
}
