//! What each command of a network or a scene costs, the dearest first.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::PathBuf;

use quintet_driver::compile::network::Layer;
use quintet_driver::render::Cost;
use quintet_driver::session::{DeviceDescription, Limits};
use serde::Serialize;

use super::Arguments;
use super::pipelines::{self, Pipeline};
use crate::cli::account::{Account, AccountRecord};
use crate::cli::costs::{operator_name, phase_name, unit_name, unit_text};
use crate::cli::failure::Failure;
use crate::cli::model::{self, Model};
use crate::cli::output::{grouped, print, print_json};
use crate::cli::report::DeviceRecord;

#[derive(Serialize)]
struct Report<'a> {
    path: &'a PathBuf,
    device: DeviceRecord<'a>,
    unit: &'static str,
    costs: Vec<Row>,
    ticks: u64,
    macs: u64,
    pipeline: Option<Pipeline>,
    accelerator: Option<AccountRecord>,
}

/// The cost of a command, or of a part of it.
#[derive(Serialize)]
struct Row {
    command: u16,
    layer: Option<usize>,
    operator: Cow<'static, str>,
    kernel: Cow<'static, str>,
    shape: Option<Vec<usize>>,
    ticks: u64,
    share: f64,
    macs: Option<u64>,
    bytes: Option<usize>,
}

/// Of one file.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let is_network = model::is_network(arguments.draw.scene.first());
    let measured = if is_network { of_network(arguments)? } else { of_scene(arguments)? };
    let Measured { device, rows: mut costs, pipeline, account } = measured;
    let instance = arguments.device.instance();
    let ticks: u64 = costs.iter().map(|row| row.ticks).sum();
    for row in &mut costs {
        row.share = row.ticks as f64 / ticks.max(1) as f64;
    }
    costs.sort_by_key(|row| std::cmp::Reverse(row.ticks));
    let macs = costs.iter().filter_map(|row| row.macs).sum();
    let unit = unit_name(device.ticks);
    let record = DeviceRecord::of(&arguments.device.device, &device);
    let report = Report {
        path: arguments.draw.scene.first(),
        device: record,
        unit,
        costs,
        ticks,
        macs,
        pipeline,
        accelerator: instance.map(|instance| account.record(instance)),
    };
    if arguments.json {
        return print_json(&report);
    }
    let accelerated = instance.map(|instance| account.text(instance)).unwrap_or_default();
    print(&(text(&report, unit_text(device.ticks)) + &accelerated))
}

/// What a run costs.
struct Measured {
    device: DeviceDescription,
    rows: Vec<Row>,
    pipeline: Option<Pipeline>,
    account: Account,
}

/// A run of a network.
fn of_network(arguments: &Arguments) -> Result<Measured, Failure> {
    let model = Model::read(arguments.draw.scene.first())?;
    let mut connection = arguments.device.connect(Limits::default())?;
    let device = connection.description().clone();
    let mut inference = model::load(&mut connection, &model, &arguments.arena)?;
    let result = model::run_on_zeros(&mut inference)?;
    let layers = &inference.bundle().layers;
    let rows = layers.iter().zip(0..).map(|it| Row::of_layer(it, &result.costs)).collect();
    let account = Account::new(&result.costs, &result.accelerated, device.ticks);
    Ok(Measured { device, rows, pipeline: None, account })
}

/// A frame of a scene.
fn of_scene(arguments: &Arguments) -> Result<Measured, Failure> {
    let mut connection = arguments.device.connect(Limits::default())?;
    let device = connection.description().clone();
    let path = arguments.draw.scene.first();
    let (pipeline, frame) = Pipeline::measure(arguments, path, &mut connection)?;
    let account = Account::new(&frame.costs, &frame.accelerated, device.ticks);
    let rows = frame.costs.iter().map(Row::of_part).collect();
    Ok(Measured { device, rows, pipeline: Some(pipeline), account })
}

impl Row {
    fn of_layer((layer, command): (&Layer, u16), costs: &[Cost]) -> Self {
        let its = costs.iter().filter(|cost| cost.command == command);
        Self {
            command,
            layer: Some(layer.index),
            operator: layer.operator.clone(),
            kernel: layer.command.clone(),
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
            operator: operator_name(cost.operator).into(),
            kernel: phase_name(cost.phase).into(),
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
    if let Some(pipeline) = &report.pipeline {
        text += &pipelines::table(std::slice::from_ref(pipeline));
    }
    text
}

fn ratio(ticks: u64, macs: u64) -> String {
    if macs == 0 { "-".into() } else { format!("{:.2}", ticks as f64 / macs as f64) }
}
