//! `quintet render`: a scene, a device, pictures.

mod pictures;
mod summary;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use quintet_driver::render::Renderer;
use quintet_driver::session::Limits;

use super::arguments::{ArenaArguments, DeviceArguments};
use super::costs::table;
use super::failure::Failure;
use super::output::{bytes_bar, print, print_json, say};
use super::report::{BundleRecord, DeviceRecord, LinkRecord, Report, StreamedRecord};
use super::scene::SceneRecord;
use super::subject::{DrawArguments, Subject};
use super::target::Target;
use pictures::Pictures;
use summary::summary;

const MORE: &str = "\
Examples:
  quintet render robot.ply                                  robot.png, 320x240
  quintet render robot.ply --camera cams.json --view left --size 160x120 -o left.png
  quintet render robot.sog --device qemu:mps2-an386 --orbit 8 -o robot/
  quintet render robot.spz --arena 512K                     as a device with 512 KiB would
  quintet render cow.obj --texture cow.png --shading lambert
  quintet render robot.sog --budget 8M                      fewer Gaussians, to take less
  quintet render robot.sog cow.obj                          triangles among Gaussians
  quintet render lego.safetensors --size 80x80              a radiance field
  quintet render robot.quintet.json                         several files, each in its place
  quintet compile robot.sog --orbit 8 && quintet render robot.qnt

With --json one document goes to standard output, everything else to standard error:
  device  uri, board, firmware, target, arena_bytes, ticks (what costs are counted in:
          instructions, cycles, nanoseconds or none), accelerator (absent, ready, unknown or lost)
  scene   path, paths (all that were given), format, kind (gaussians, mesh, field, mixed or hybrid),
          gaussians, dropped, given_up (sentences: what --quality or --budget leaves out), degree;
          vertices, triangles, materials, textures (columns and rows of
          each); field (null, or parameters, nodes, multiply_adds of a sample, levels, samples
          [coarse, added])
  bundle  upload_bytes, arena_bytes, tile [columns, rows], streamed (null, or pages, their bytes,
          slots for pages, splats of a window)
  frames  for each: index, view (or null), file, width, height, digest (SHA-256 of the RGB
          bytes), commands, pulled (pages, bytes), link; a command has: command (its index in
          the program), operator, phase, ticks, unit, items
  contact_sheet  file (or null)
  link    sent, received: bytes in all, from the first handshake on
The virtual device counts nanoseconds of this computer; emulated boards count instructions.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    #[command(flatten)]
    draw: DrawArguments,
    #[command(flatten)]
    device: DeviceArguments,
    /// Seconds after which a frame that is not finished is given up [default: never]
    #[arg(long, env = "QUINTET_TIMEOUT", value_name = "SECONDS",
          value_parser = clap::value_parser!(u32).range(1..))]
    timeout: Option<u32>,
    #[command(flatten)]
    arena: ArenaArguments,
    /// The PNG file, or the folder, to write [default: named after the scene]
    #[arg(short, long, value_name = "FILE.png|DIR")]
    output: Option<PathBuf>,
    /// Print one JSON document: device, pixels' digests, bytes over the link, costs
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let subject = arguments.draw.subject()?;
    let (path, chosen) = (arguments.draw.scene.first(), arguments.output.as_deref());
    // Several views come from a compiled scene as well.
    let is_orbit = arguments.draw.views.is_orbit() || subject.views().0.len() > 1;
    let target = match is_orbit {
        true => Target::orbit(path, chosen)?,
        false => Target::picture(path, chosen)?,
    };
    let rendered = render(arguments, &subject, &target);
    if rendered.is_err() {
        target.abandon();
    }
    rendered
}

fn render(arguments: &Arguments, subject: &Subject, target: &Target) -> Result<(), Failure> {
    let mut limits = Limits::default();
    limits.run = arguments.timeout.map(|seconds| Duration::from_secs(seconds.into()));
    let mut connection = arguments.device.connect(limits)?;
    if let Some(warning) = connection.warning() {
        say(format_args!("warning: {warning}"));
    }
    let device = connection.description().clone();
    let bundle = arguments.draw.bundle(subject, arguments.arena.bytes(&device)?)?;
    let bar = bytes_bar("uploading");
    let mut progress = |sent: usize, total: usize| {
        bar.set_length(total as u64);
        bar.set_position(sent as u64);
    };
    let size = subject.views().size();
    let renderer = Renderer::with_bundle(&mut connection, bundle, size, &mut progress);
    bar.finish_and_clear();
    let mut renderer = renderer.map_err(|error| Failure::render(&error))?;
    let bundle = renderer.bundle();
    let bundle = BundleRecord {
        upload_bytes: bundle.upload_bytes(),
        arena_bytes: bundle.arena_bytes,
        tile: bundle.tile,
        streamed: StreamedRecord::of(bundle),
    };
    let mut pictures = Pictures::new(target, subject.views(), device.ticks);
    pictures.render(&mut renderer)?;
    let contact_sheet = pictures.write_sheet()?;
    let link = LinkRecord::since([0; 2], renderer.connection().link_bytes());
    let report = Report {
        device: DeviceRecord::of(&arguments.device.device, &device),
        scene: SceneRecord {
            path: arguments.draw.scene.first(),
            paths: &arguments.draw.scene.scenes,
            format: &subject.format(),
            dropped: subject.dropped(),
            given_up: subject.given_up(),
            summary: &subject.summary(),
        },
        bundle,
        frames: pictures.records,
        contact_sheet,
        link,
    };
    match arguments.json {
        true => print_json(&report),
        false => print(&summary(&report, &table(&pictures.costs, device.ticks))),
    }
}
