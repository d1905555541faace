//! How the instructions of a frame share out among the micro-operators, a row a scene.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use quintet_driver::device::Connection;
use quintet_driver::import;
use quintet_driver::render::{Frame, Renderer};
use quintet_driver::scene::Kind;
use quintet_driver::session::Limits;
use quintet_protocol::program::Operator;
use serde::Serialize;

use super::Arguments;
use crate::cli::costs::{OPERATORS, operator_name, unit_name, unit_text};
use crate::cli::failure::{Failure, USAGE};
use crate::cli::output::{grouped, in_bytes, print, print_json};
use crate::cli::report::DeviceRecord;

/// A scene's frame.
#[derive(Serialize)]
pub struct Pipeline {
    path: PathBuf,
    kind: Kind,
    size: [u16; 2],
    /// Of each micro-operator, by its name in JSON.
    shares: BTreeMap<&'static str, f64>,
    ticks: u64,
    scene_bytes: usize,
    arena_bytes: usize,
}

#[derive(Serialize)]
struct Report<'a> {
    device: DeviceRecord<'a>,
    unit: &'static str,
    pipelines: Vec<Pipeline>,
}

/// Of several scenes.
pub fn run(arguments: &Arguments, paths: &[PathBuf]) -> Result<(), Failure> {
    if let Some(network) = paths.iter().find(|path| import::holds_network(path)) {
        let what = format!("{} is a network", network.display());
        let cause = "of several files, each has to be a scene: a row for each";
        return Err(Failure::new(USAGE, what, cause).help("profile each network by itself"));
    }
    let mut connection = arguments.device.connect(Limits::default())?;
    let device = connection.description().clone();
    let mut pipelines = Vec::new();
    for path in paths {
        pipelines.push(Pipeline::measure(arguments, path, &mut connection)?.0);
    }
    let unit = unit_name(device.ticks);
    let record = DeviceRecord::of(&arguments.device.device, &device);
    if arguments.json {
        return print_json(&Report { device: record, unit, pipelines });
    }
    let heading = format!("a frame on {}, in {}:\n", device.board, unit_text(device.ticks));
    print(&(heading + &table(&pipelines)))
}

impl Pipeline {
    /// Draws a frame of a scene; the frame tells what its commands have cost.
    pub fn measure(
        arguments: &Arguments,
        path: &Path,
        connection: &mut Connection,
    ) -> Result<(Self, Frame), Failure> {
        let arena = arguments.arena.bytes(connection.description())?;
        let draw = arguments.draw.alone(path);
        let subject = draw.subject()?;
        let (bundle, views) = (draw.bundle(&subject, arena)?, subject.views());
        let pages = bundle.streamed.as_ref().map_or(0, |streamed| streamed.bytes());
        let (scene_bytes, arena_bytes) = (bundle.upload_bytes() + pages, bundle.arena_bytes);
        let failed = |error| Failure::render(&error);
        let size = views.size();
        let mut renderer =
            Renderer::with_bundle(connection, bundle, size, &mut |_, _| ()).map_err(failed)?;
        let frame = renderer.render(&views.0[0].1).map_err(failed)?;
        let ticks: u64 = frame.costs.iter().map(|cost| cost.ticks).sum();
        let share = |operator: Operator| {
            let its = frame.costs.iter().filter(|cost| cost.operator == operator);
            its.map(|cost| cost.ticks).sum::<u64>() as f64 / ticks.max(1) as f64
        };
        let shares = OPERATORS.map(|operator| (operator_name(operator), share(operator))).into();
        let (path, kind) = (path.to_owned(), subject.summary().kind);
        Ok((Self { path, kind, size, shares, ticks, scene_bytes, arena_bytes }, frame))
    }
}

/// For people.
pub fn table(pipelines: &[Pipeline]) -> String {
    let mut text = format!("\n  {:<28} {:<9} {:<9}", "scene", "kind", "size");
    let names = ["Geometry", "Combined", "Decomp.", "Sort", "Gemm", "Vector", "Control"];
    for name in names {
        let _ = write!(text, " {name:>8}");
    }
    let _ = writeln!(text, " {:>15} {:>10} {:>10}", "a frame", "scene", "arena");
    for it in pipelines {
        let name = it.path.file_name().unwrap_or_default().to_string_lossy();
        let size = format!("{}x{}", it.size[0], it.size[1]);
        let kind = format!("{:?}", it.kind).to_lowercase();
        let _ = write!(text, "  {name:<28} {kind:<9} {size:<9}");
        for operator in OPERATORS {
            let share = it.shares.get(operator_name(operator)).copied().unwrap_or_default();
            let _ = match share {
                0.0 => write!(text, " {:>8}", "-"),
                share => write!(text, " {:>6.1} %", 100.0 * share),
            };
        }
        let [scene, arena] = [it.scene_bytes, it.arena_bytes].map(|bytes| in_bytes(bytes as u64));
        let _ = writeln!(text, " {:>15} {scene:>10} {arena:>10}", grouped(it.ticks));
    }
    text
}
