//! `quintet profile`: what each command of a network or a scene costs, the dearest first.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use quintet_driver::compile::Options;
use quintet_driver::compile::network::Layer;
use quintet_driver::import;
use quintet_driver::infer::Port;
use quintet_driver::quantise::SceneFrame;
use quintet_driver::render::{Cost, Renderer, framing_camera};
use quintet_driver::session::{DeviceDescription, Limits};
use serde::Serialize;

use super::arguments::{ArenaArguments, DeviceArguments, size};
use super::costs::{operator_name, phase_name, unit_name, unit_text};
use super::failure::Failure;
use super::model;
use super::output::{grouped, print, print_json};
use super::report::DeviceRecord;

const MORE: &str = "\
The virtual device counts nanoseconds of this computer, which say nothing of a board; emulated
boards count instructions: quintet profile model.tflite --device qemu:mps2-an386

With --json: path, device (as in quintet render), unit, costs (command, layer: index in the file or
null, operator, kernel: of a network the command, of a scene the part of it, shape or null, ticks,
share, macs and bytes or null: multiply-adds, and bytes of all operands), ticks, macs.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    /// An int8 network (.tflite, .onnx), run once, or a scene, drawn once
    file: PathBuf,
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    arena: ArenaArguments,
    /// Of a scene: columns and rows of the picture
    #[arg(long, value_name = "WxH", default_value = "320x240", value_parser = size)]
    size: [u16; 2],
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    path: &'a PathBuf,
    device: DeviceRecord<'a>,
    unit: &'static str,
    costs: Vec<Row>,
    ticks: u64,
    macs: u64,
}

/// The cost of a command, or of a part of it.
#[derive(Serialize)]
struct Row {
    command: u16,
    layer: Option<usize>,
    operator: &'static str,
    kernel: &'static str,
    shape: Option<Vec<usize>>,
    ticks: u64,
    share: f64,
    macs: Option<u64>,
    bytes: Option<usize>,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let is_network = import::holds_network(&arguments.file);
    let (device, mut costs) =
        if is_network { of_network(arguments)? } else { of_scene(arguments)? };
    let ticks: u64 = costs.iter().map(|row| row.ticks).sum();
    for row in &mut costs {
        row.share = row.ticks as f64 / ticks.max(1) as f64;
    }
    costs.sort_by_key(|row| std::cmp::Reverse(row.ticks));
    let macs = costs.iter().filter_map(|row| row.macs).sum();
    let unit = unit_name(device.ticks);
    let record = DeviceRecord::of(&arguments.device.device, &device);
    let report = Report { path: &arguments.file, device: record, unit, costs, ticks, macs };
    match arguments.json {
        true => print_json(&report),
        false => print(&text(&report, unit_text(device.ticks))),
    }
}

fn of_network(arguments: &Arguments) -> Result<(DeviceDescription, Vec<Row>), Failure> {
    let imported = import::network(&arguments.file).map_err(|error| Failure::scene(&error))?;
    let mut connection = arguments.device.connect(Limits::default())?;
    let device = connection.description().clone();
    let mut inference = model::load(&mut connection, &imported, &arguments.arena)?;
    // What it costs does not depend on what is computed.
    let zeros = |port: &Port| vec![port.zero_point as i8; port.len()];
    let inputs: Vec<Vec<i8>> = inference.inputs().iter().map(zeros).collect();
    let inputs: Vec<&[i8]> = inputs.iter().map(Vec::as_slice).collect();
    let result = inference.run(&inputs).map_err(|error| Failure::infer(&error))?;
    let layers = &inference.bundle().layers;
    Ok((device, layers.iter().zip(0..).map(|it| Row::of_layer(it, &result.costs)).collect()))
}

fn of_scene(arguments: &Arguments) -> Result<(DeviceDescription, Vec<Row>), Failure> {
    let scene = import::gaussians(&arguments.file).map_err(|error| Failure::scene(&error))?;
    let mut connection = arguments.device.connect(Limits::default())?;
    let device = connection.description().clone();
    let [width, height] = arguments.size;
    let arena_bytes = arguments.arena.bytes(&device)?;
    let options = Options { width, height, background: [0; 3], arena_bytes };
    let camera = framing_camera(&scene.cloud, arguments.size);
    let origin = SceneFrame::new(&scene.cloud, 0.0).origin;
    let reach = camera.distance(&origin);
    let failed = |error| Failure::render(&error);
    let mut renderer =
        Renderer::new(&mut connection, &scene.cloud, reach, &options, &mut |_, _| ())
            .map_err(failed)?;
    let frame = renderer.render(&camera).map_err(failed)?;
    Ok((device, frame.costs.iter().map(Row::of_part).collect()))
}

impl Row {
    fn of_layer((layer, command): (&Layer, u16), costs: &[Cost]) -> Self {
        let its = costs.iter().filter(|cost| cost.command == command);
        Self {
            command,
            layer: Some(layer.index),
            operator: layer.operator,
            kernel: layer.command,
            shape: Some(layer.shape.clone()),
            ticks: its.map(|cost| cost.ticks).sum(),
            share: 0.0,
            macs: Some(layer.macs),
            bytes: Some(layer.bytes_read + layer.bytes_written),
        }
    }

    fn of_part(cost: &Cost) -> Self {
        Self {
            command: cost.command,
            layer: None,
            operator: operator_name(cost.operator),
            kernel: phase_name(cost.phase),
            shape: None,
            ticks: cost.ticks,
            share: 0.0,
            macs: None,
            bytes: None,
        }
    }
}

fn text(report: &Report<'_>, unit: &str) -> String {
    let path = report.path.display();
    let mut text = format!("{path} on {}, in {unit}:\n", report.device.board);
    let _ = writeln!(
        text,
        "  {:>3} {:>5}  {:<23} {:<19} {:>14} {:>7} {:>13} {:>8} {:>10}",
        "#", "file", "operator", "kernel", "cost", "share", "multiply-adds", "per one", "bytes"
    );
    for row in &report.costs {
        let _ = writeln!(
            text,
            "  {:>3} {:>5}  {:<23} {:<19} {:>14} {:>5.1} % {:>13} {:>8} {:>10}",
            row.command,
            row.layer.map_or("-".into(), |layer| layer.to_string()),
            row.operator,
            row.kernel,
            grouped(row.ticks),
            100.0 * row.share,
            row.macs.map_or("-".into(), grouped),
            ratio(row.ticks, row.macs.unwrap_or(0)),
            row.bytes.map_or("-".into(), |bytes| grouped(bytes as u64)),
        );
    }
    let _ = writeln!(
        text,
        "  {:<53} {:>14} {:>7} {:>13} {:>8}",
        "total",
        grouped(report.ticks),
        "",
        if report.macs > 0 { grouped(report.macs) } else { "-".into() },
        ratio(report.ticks, report.macs),
    );
    text
}

fn ratio(ticks: u64, macs: u64) -> String {
    if macs == 0 { "-".into() } else { format!("{:.2}", ticks as f64 / macs as f64) }
}
