//! What a network is: its layers, its buffers with their lifetimes, and what it takes of an arena.

use std::fmt::Write;
use std::path::PathBuf;

use quintet_driver::compile::network::{Layer, Life, Memory, NetworkBundle, PlanError, compile};
use serde::Serialize;

use super::Arguments;
use crate::cli::failure::Failure;
use crate::cli::model::{Model, PortRecord};
use crate::cli::output::{grouped, in_bytes, print, print_json};

/// Characters of a buffer's name that are shown.
const NAME_LENGTH: usize = 48;

#[derive(Serialize)]
struct Report<'a> {
    path: PathBuf,
    format: String,
    notes: &'a [String],
    inputs: Vec<PortRecord<'a>>,
    outputs: Vec<PortRecord<'a>>,
    layers: Vec<LayerRecord<'a>>,
    buffers: Vec<BufferRecord<'a>>,
    macs: u64,
    weight_bytes: usize,
    memory: MemoryRecord,
    board: Option<Board>,
}

#[derive(Serialize)]
struct LayerRecord<'a> {
    command: usize,
    index: usize,
    operator: &'a str,
    kernel: &'a str,
    shape: &'a [usize],
    macs: u64,
    weight_bytes: usize,
}

#[derive(Serialize)]
struct BufferRecord<'a> {
    name: &'a str,
    offset: u32,
    bytes: usize,
    first: Option<usize>,
    last: Option<usize>,
}

/// In bytes.
#[derive(Serialize)]
struct MemoryRecord {
    program: usize,
    constants: usize,
    activations: usize,
    pages: usize,
    arena: usize,
    smallest_arena: usize,
    upload: usize,
}

/// What a board allows.
#[derive(Serialize)]
struct Board {
    arena_bytes: u32,
    fits: &'static str,
    missing: usize,
}

/// Says it of a network.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let model = Model::read(arguments.draw.scene.first())?;
    let smallest_arena = smallest(&model)?;
    let arena = arguments.arena_bytes()?;
    let board = arena.map(|arena_bytes| Board {
        arena_bytes,
        fits: "no",
        missing: smallest_arena.saturating_sub(arena_bytes as usize),
    });
    let large_enough = match &board {
        Some(Board { missing: 0, arena_bytes, .. }) => *arena_bytes as usize,
        _ => u32::MAX as usize,
    };
    let (bundle, notes) = match &model {
        Model::Imported(imported) => {
            let bundle = compile(&imported.network, large_enough);
            (bundle.map_err(|error| Failure::network(&error))?, &imported.notes[..])
        }
        Model::Saved(saved) => (saved.bundle.clone(), &[][..]),
    };
    let fits = if bundle.streamed.is_some() { "streamed" } else { "resident" };
    let board = board.map(|it| if it.missing == 0 { Board { fits, ..it } } else { it });
    let report = Report {
        path: arguments.draw.scene.first().clone(),
        format: model.format(),
        notes,
        inputs: PortRecord::all(&bundle.inputs),
        outputs: PortRecord::all(&bundle.outputs),
        layers: bundle.layers.iter().enumerate().map(LayerRecord::new).collect(),
        buffers: bundle.lives.iter().map(BufferRecord::new).collect(),
        macs: bundle.macs(),
        weight_bytes: bundle.layers.iter().map(|layer| layer.weight_bytes).sum(),
        memory: MemoryRecord::new(&bundle, smallest_arena),
        board,
    };
    match arguments.json {
        true => print_json(&report),
        false => print(&text(&report)),
    }
}

/// Bytes of the least arena that a network can be compiled for, or that it was compiled for.
fn smallest(model: &Model) -> Result<usize, Failure> {
    let imported = match model {
        Model::Imported(imported) => imported,
        Model::Saved(saved) => return Ok(saved.bundle.memory.total()),
    };
    match compile(&imported.network, 0) {
        Err(PlanError::TooLarge { streamed, .. }) => Ok(streamed),
        Err(error) => Err(Failure::network(&error)),
        Ok(bundle) => Ok(bundle.memory.total()),
    }
}

impl<'a> LayerRecord<'a> {
    fn new((command, layer): (usize, &'a Layer)) -> Self {
        let Layer {
            index, ref operator, command: ref kernel, ref shape, macs, weight_bytes, ..
        } = *layer;
        Self { command, index, operator, kernel, shape, macs, weight_bytes }
    }
}

impl<'a> BufferRecord<'a> {
    fn new(life: &'a Life) -> Self {
        let Life { ref name, offset, bytes, first, last } = *life;
        Self { name, offset, bytes, first, last }
    }
}

impl MemoryRecord {
    fn new(bundle: &NetworkBundle, smallest_arena: usize) -> Self {
        let Memory { program, constants, pages, changing } = bundle.memory;
        Self {
            program,
            constants,
            activations: changing,
            pages,
            arena: bundle.memory.total(),
            smallest_arena,
            upload: bundle.upload_bytes(),
        }
    }
}

fn text(report: &Report<'_>) -> String {
    let Report { memory, .. } = report;
    let mut text = format!("{}\n  format     {}\n", report.path.display(), report.format);
    for (role, ports) in [("input", &report.inputs), ("output", &report.outputs)] {
        for port in ports {
            let _ = writeln!(text, "  {role:<10} {}", port.describe());
        }
    }
    for note in report.notes {
        let _ = writeln!(text, "  note       {note}");
    }
    text += "\nlayers\n   #  file  operator                kernel              output            \
             multiply-adds      weights\n";
    for layer in &report.layers {
        let shape: Vec<String> = layer.shape.iter().map(usize::to_string).collect();
        let _ = writeln!(
            text,
            "  {:>2} {:>5}  {:<23} {:<19} {:<16} {:>14} {:>12}",
            layer.command,
            layer.index,
            layer.operator,
            layer.kernel,
            shape.join("x"),
            grouped(layer.macs),
            grouped(layer.weight_bytes as u64),
        );
    }
    let _ = writeln!(
        text,
        "  {:<66} {:>16} {:>12}",
        "total",
        grouped(report.macs),
        grouped(report.weight_bytes as u64)
    );
    text +=
        "\nbuffers, in use from one command to another\n      offset      bytes  from   to  name\n";
    let moment = |at: Option<usize>| at.map_or("-".into(), |at| at.to_string());
    for BufferRecord { name, offset, bytes, first, last } in &report.buffers {
        let _ = writeln!(
            text,
            "  {:>10} {:>10} {:>5} {:>4}  {name}",
            grouped((*offset).into()),
            grouped(*bytes as u64),
            moment(*first),
            moment(*last),
            name = shortened(name),
        );
    }
    text += "\nmemory\n";
    let mut row = |name: &str, bytes: usize, about: &str| {
        let _ = writeln!(text, "  {name:<14} {:>12}  {about}", grouped(bytes as u64));
    };
    row("program", memory.program, "bytes");
    row("constants", memory.constants, "weights and tables as the device reads them, sent once");
    row(
        "activations",
        memory.activations,
        "at the peak: inputs, outputs, all between them, scratch",
    );
    if memory.pages > 0 {
        row("pages", memory.pages, "weights, pulled as they are needed");
    }
    row("arena", memory.arena, &format!("= {}", in_bytes(memory.arena as u64)));
    let about = format!("= {}, at the least", in_bytes(memory.smallest_arena as u64));
    row("smallest arena", memory.smallest_arena, &about);
    text + &verdict(report)
}

/// Converters make long names of all that was fused; the first characters tell them apart.
fn shortened(name: &str) -> String {
    match name.char_indices().nth(NAME_LENGTH) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}

/// What the board allows.
fn verdict(report: &Report<'_>) -> String {
    let Some(Board { arena_bytes, fits, missing }) = &report.board else { return String::new() };
    let arena = in_bytes((*arena_bytes).into());
    match *fits {
        "resident" => format!("\nfits an arena of {arena}, with all its weights\n"),
        "streamed" => format!("\nfits an arena of {arena} with weights that are streamed\n"),
        _ => format!(
            "\ndoes not fit an arena of {arena}: {} bytes too few\n",
            grouped(*missing as u64)
        ),
    }
}
