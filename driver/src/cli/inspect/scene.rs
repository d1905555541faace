//! What a scene is, and what it costs in memory once compiled.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use quintet_driver::compile::{Bundle, CompileError, Options, compile};
use quintet_driver::import;
use quintet_driver::quantise::{Bounds, SceneFrame, quantise};
use quintet_protocol::program::{
    BoundChunks, Buffer, BufferId, BufferKind, Command, Program, ProgramError, ProjectGaussians,
    ProjectWindow, RasteriseGaussians, RasteriseWindow, Repeat, Sort,
};
use serde::Serialize;

use super::Arguments;
use crate::cli::costs::operator_name;
use crate::cli::failure::{FAILED, Failure};
use crate::cli::output::{grouped, in_bytes, print, print_json};
use crate::cli::render::notes;
use crate::cli::report::StreamedRecord;

#[derive(Serialize)]
struct Report {
    path: PathBuf,
    format: &'static str,
    gaussians: usize,
    drawn: usize,
    degree: u8,
    dropped: usize,
    antialiased: bool,
    notes: Vec<String>,
    bounds: BoundsRecord,
    size: [u16; 2],
    memory: Memory,
    tile: [u16; 2],
    streamed: Option<StreamedRecord>,
    buffers: Vec<BufferRecord>,
    commands: Vec<CommandRecord>,
}

#[derive(Serialize)]
struct BoundsRecord {
    min: [f64; 3],
    max: [f64; 3],
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

#[derive(Serialize)]
struct BufferRecord {
    index: u16,
    name: &'static str,
    kind: &'static str,
    offset: u32,
    bytes: Option<u32>,
}

#[derive(Serialize)]
struct CommandRecord {
    index: u16,
    operator: &'static str,
    name: &'static str,
    buffers: Vec<u16>,
}

/// Says it of a scene.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let scene = import::gaussians(&arguments.file).map_err(|error| Failure::scene(&error))?;
    let [width, height] = arguments.size;
    let cloud = quantise(&scene.cloud, SceneFrame::new(&scene.cloud, 0.0));
    let compile_for =
        |arena_bytes| compile(&cloud, &Options { width, height, background: [0; 3], arena_bytes });
    let smallest_arena = match compile_for(0) {
        Err(CompileError::TooLarge { needed, .. }) => needed,
        Err(error) => return Err(Failure::compile(&error)),
        Ok(bundle) => bundle.arena_bytes,
    };
    // As much as a device can have: nothing is squeezed.
    let arena_bytes = arguments.arena_bytes()?.unwrap_or(u32::MAX) as usize;
    let bundle = compile_for(arena_bytes).map_err(|error| Failure::compile(&error))?;
    let listing = Listing::of(&bundle.program);
    let Listing { buffers, commands } = listing.map_err(|error| {
        Failure::new(FAILED, "internal error: the compiled program cannot be read", error)
    })?;
    let bounds = Bounds::of(&scene.cloud.positions);
    let report = Report {
        path: arguments.file.clone(),
        format: scene.format,
        gaussians: scene.cloud.len(),
        drawn: cloud.len(),
        degree: scene.cloud.degree,
        dropped: scene.dropped,
        antialiased: scene.antialiased,
        notes: notes(&scene),
        bounds: BoundsRecord { min: bounds.min, max: bounds.max },
        size: arguments.size,
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

/// A program, record by record.
struct Listing {
    buffers: Vec<BufferRecord>,
    commands: Vec<CommandRecord>,
}

impl Listing {
    fn of(program: &[u8]) -> Result<Self, ProgramError> {
        let program = Program::new(program)?;
        let mut names = BTreeMap::new();
        let mut commands = Vec::new();
        for index in 0..program.command_count() as u16 {
            let command = program.command(index)?;
            let (name, operands) = operands(&command);
            for &(buffer, BufferId(id)) in &operands {
                names.entry(id).or_insert(buffer);
            }
            let buffers = operands.iter().map(|&(_, BufferId(id))| id).collect();
            let operator = operator_name(command.operator());
            commands.push(CommandRecord { index, operator, name, buffers });
        }
        let record = |index: u16| {
            let Buffer { kind, offset, length } = program.buffer(BufferId(index))?;
            let name = names.get(&index).copied().unwrap_or("unused");
            let bytes = (kind != BufferKind::Frame).then_some(length);
            Ok(BufferRecord { index, name, kind: kind_name(kind), offset, bytes })
        };
        let buffers = (0..program.buffer_count() as u16).map(record);
        Ok(Self { buffers: buffers.collect::<Result<_, ProgramError>>()?, commands })
    }
}

fn kind_name(kind: BufferKind) -> &'static str {
    match kind {
        BufferKind::Constant => "constant",
        BufferKind::Input => "input",
        BufferKind::Output => "output",
        BufferKind::Scratch => "scratch",
        BufferKind::Frame => "frame",
        BufferKind::Streamed { .. } => "streamed",
        _ => "other",
    }
}

/// A command's name and its operands with theirs.
fn operands(command: &Command) -> (&'static str, Vec<(&'static str, BufferId)>) {
    match *command {
        Command::ProjectGaussians(ProjectGaussians {
            chunks,
            gaussians,
            harmonics,
            camera,
            splats,
            keys,
            count,
            ..
        }) => {
            let mut all = vec![("chunks", chunks), ("gaussians", gaussians)];
            all.extend(harmonics.map(|harmonics| ("harmonics", harmonics)));
            all.extend([("camera", camera), ("splats", splats), ("keys", keys), ("count", count)]);
            ("project_gaussians", all)
        }
        Command::Sort(Sort { keys, count, order, scratch, histogram, .. }) => {
            let all = [
                ("keys", keys),
                ("count", count),
                ("order", order),
                ("sort_scratch", scratch),
                ("histogram", histogram),
            ];
            ("sort", all.into())
        }
        Command::RasteriseGaussians(RasteriseGaussians {
            splats,
            order,
            count,
            bins,
            tiles,
            accumulators,
            frame,
            ..
        }) => {
            let all = [
                ("splats", splats),
                ("order", order),
                ("count", count),
                ("bins", bins),
                ("tiles", tiles),
                ("accumulators", accumulators),
                ("frame", frame),
            ];
            ("rasterise_gaussians", all.into())
        }
        Command::BoundChunks(BoundChunks { chunks, camera, bounds, keys, window, .. }) => {
            let all = [
                ("chunks", chunks),
                ("camera", camera),
                ("bounds", bounds),
                ("chunk_keys", keys),
                ("window", window),
            ];
            ("bound_chunks", all.into())
        }
        Command::ProjectWindow(ProjectWindow {
            chunks,
            pages,
            camera,
            bounds,
            order,
            window,
            splats,
            keys,
            ..
        }) => {
            let all = [
                ("chunks", chunks),
                ("pages", pages),
                ("camera", camera),
                ("bounds", bounds),
                ("chunk_order", order),
                ("window", window),
                ("splats", splats),
                ("keys", keys),
            ];
            ("project_window", all.into())
        }
        Command::RasteriseWindow(RasteriseWindow {
            splats,
            keys,
            order,
            window,
            accumulators,
            frame,
            ..
        }) => {
            let all = [
                ("splats", splats),
                ("keys", keys),
                ("order", order),
                ("window", window),
                ("accumulators", accumulators),
                ("frame", frame),
            ];
            ("rasterise_window", all.into())
        }
        Command::Repeat(Repeat { condition, .. }) => ("repeat", vec![("condition", condition)]),
        _ => ("other", Vec::new()),
    }
}

fn text(report: &Report) -> String {
    let Report { memory, bounds, .. } = report;
    let [width, height] = report.size;
    let [columns, rows] = report.tile;
    let mut text = format!(
        "{}\n  format     {}\n  Gaussians  {}, {} of them visible; harmonics of degree {}\n",
        report.path.display(),
        report.format,
        grouped(report.gaussians as u64),
        grouped(report.drawn as u64),
        report.degree,
    );
    let point = |p: [f64; 3]| format!("({:.3}, {:.3}, {:.3})", p[0], p[1], p[2]);
    let _ = writeln!(text, "  bounds     {} to {}", point(bounds.min), point(bounds.max));
    for note in &report.notes {
        let _ = writeln!(text, "  note       {note}");
    }
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
    text += "\nbuffers\n   #  name          kind         offset        bytes\n";
    for BufferRecord { index, name, kind, offset, bytes } in &report.buffers {
        let place = match bytes {
            Some(bytes) => {
                format!("{:>10} {:>12}", grouped((*offset).into()), grouped((*bytes).into()))
            }
            None => format!("{:>10} {:>12}", "-", "-"),
        };
        let _ = writeln!(text, "  {index:>2}  {name:<13} {kind:<8} {place}");
    }
    text += "\ncommands\n   #  operator  name                 buffers\n";
    for CommandRecord { index, operator, name, buffers } in &report.commands {
        let buffers: Vec<_> = buffers.iter().map(u16::to_string).collect();
        let _ = writeln!(text, "  {index:>2}  {operator:<9} {name:<20} {}", buffers.join(" "));
    }
    text
}
