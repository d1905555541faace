//! `quintet render`: a scene, a device, pictures.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use quintet_driver::camera::Camera;
use quintet_driver::camera_file;
use quintet_driver::compile::{KEY_BITS, Options};
use quintet_driver::import::{self, Imported};
use quintet_driver::picture::{ContactSheet, Picture};
use quintet_driver::quantise::SceneFrame;
use quintet_driver::render::{Cost, Renderer, framing_camera, orbit};
use quintet_driver::session::Limits;
use quintet_protocol::message::Ticks;
use sha2::{Digest, Sha256};

use super::arguments::{ArenaArguments, DeviceArguments, color, size};
use super::costs::{CostRecord, table};
use super::failure::Failure;
use super::output::{bytes_bar, frames_bar, grouped, in_bytes, print, print_json, say};
use super::report::{
    BundleRecord, DeviceRecord, FrameRecord, LinkRecord, PulledRecord, Report, SceneRecord,
    StreamedRecord,
};
use super::target::{Target, unwritable};

/// Size of a picture if nothing says another.
const SIZE: [u16; 2] = [320, 240];
/// Most frames of an orbit.
const ORBIT_MAX: i64 = 3600;

const MORE: &str = "\
Examples:
  quintet render robot.ply                                  robot.png, 320x240
  quintet render robot.ply --camera cams.json --view left --size 160x120 -o left.png
  quintet render robot.sog --device qemu:mps2-an386 --orbit 8 -o robot/
  quintet render robot.spz --arena 512K                     as a device with 512 KiB would

With --json one document goes to standard output, everything else to standard error:
  device  uri, board, firmware, target, arena_bytes, ticks (what costs are counted in:
          instructions, cycles, nanoseconds or none)
  scene   path, format, gaussians, dropped, degree
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
    /// A scene of 3D Gaussians: .ply, .splat, .ksplat, .spz, .sog, .glb, .gltf or a SOG folder
    scene: PathBuf,
    #[command(flatten)]
    device: DeviceArguments,
    /// Seconds after which a frame that is not finished is given up [default: never]
    #[arg(long, env = "QUINTET_TIMEOUT", value_name = "SECONDS",
          value_parser = clap::value_parser!(u32).range(1..))]
    timeout: Option<u32>,
    /// Columns and rows of the picture [default: the view's own, or 320x240]
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<[u16; 2]>,
    /// A JSON file of cameras: a map from names to views (default: a view that frames the scene)
    ///
    /// A view has width, height, fx, fy, cx, cy (pixels), near (world units) and world_to_camera
    /// (4x4, row-major; view axes x right, y down, z forward). In a picture of another size the
    /// focal length follows the height.
    #[arg(long, value_name = "FILE")]
    camera: Option<PathBuf>,
    /// The view of the camera file; needed if it has several
    #[arg(long, value_name = "NAME", requires = "camera")]
    view: Option<String>,
    /// Render N frames on a circle around the scene, and a contact sheet
    #[arg(long, value_name = "N", conflicts_with = "camera",
          value_parser = clap::value_parser!(u16).range(1..=ORBIT_MAX))]
    orbit: Option<u16>,
    /// Colour behind everything
    #[arg(long, value_name = "R,G,B", default_value = "0,0,0", value_parser = color)]
    background: [u8; 3],
    #[command(flatten)]
    arena: ArenaArguments,
    /// The PNG file, or the folder, to write [default: named after the scene]
    #[arg(short, long, value_name = "FILE.png|DIR")]
    output: Option<PathBuf>,
    /// Print one JSON document: device, pixels' digests, bytes over the link, costs
    #[arg(long)]
    json: bool,
}

/// The cameras to render with, all of one size, and the name of the view if it has one.
struct Views {
    cameras: Vec<Camera>,
    name: Option<String>,
    /// Farthest camera from the middle of the scene, in world units.
    reach: f64,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let scene = import::gaussians(&arguments.scene).map_err(|error| Failure::scene(&error))?;
    let views = views(arguments, &scene)?;
    for note in notes(&scene) {
        say(format_args!("note: {note}"));
    }
    let chosen = arguments.output.as_deref();
    let target = match arguments.orbit {
        Some(_) => Target::orbit(&arguments.scene, chosen)?,
        None => Target::picture(&arguments.scene, chosen)?,
    };
    let rendered = render(arguments, &scene, &views, &target);
    if rendered.is_err() {
        target.abandon();
    }
    rendered
}

/// What a user should know about an imported scene.
pub fn notes(scene: &Imported) -> Vec<String> {
    let mut notes = scene.notes.clone();
    if scene.antialiased {
        notes.push(
            "The scene was trained with an antialiasing filter; it is drawn with the classic \
             kernel, so that fine parts look heavier than they should."
                .into(),
        );
    }
    notes
}

fn views(arguments: &Arguments, scene: &Imported) -> Result<Views, Failure> {
    let size = arguments.size.unwrap_or(SIZE);
    let (cameras, name) = match (&arguments.camera, arguments.orbit) {
        (Some(path), _) => {
            let view = camera_file::read_view(path, arguments.view.as_deref());
            let (name, camera) = view.map_err(|error| Failure::camera_file(path, &error))?;
            let camera = match arguments.size {
                Some([width, height]) if [width, height] != [camera.width, camera.height] => {
                    camera.resized(width, height)
                }
                _ => camera,
            };
            (vec![camera], Some(name))
        }
        (None, Some(count)) => (orbit(&scene.cloud, size, count.into()), None),
        (None, None) => (vec![framing_camera(&scene.cloud, size)], None),
    };
    let origin = SceneFrame::new(&scene.cloud, 0.0).origin;
    let reach = cameras.iter().map(|camera| camera.distance(&origin)).fold(0.0, f64::max);
    let frame = SceneFrame::new(&scene.cloud, reach);
    for camera in &cameras {
        camera.quantise(&frame, KEY_BITS).map_err(|error| Failure::camera(&error))?;
    }
    Ok(Views { cameras, name, reach })
}

fn render(
    arguments: &Arguments,
    scene: &Imported,
    views: &Views,
    target: &Target,
) -> Result<(), Failure> {
    let uri = &arguments.device.device;
    let mut limits = Limits::default();
    limits.run = arguments.timeout.map(|seconds| Duration::from_secs(seconds.into()));
    let mut connection = arguments.device.connect(limits)?;
    if let Some(warning) = connection.warning() {
        say(format_args!("warning: {warning}"));
    }
    let device = connection.description().clone();
    let [width, height] = [views.cameras[0].width, views.cameras[0].height];
    let arena_bytes = arguments.arena.bytes(&device)?;
    let options = Options { width, height, background: arguments.background, arena_bytes };
    let bar = bytes_bar("uploading");
    let mut progress = |sent: usize, total: usize| {
        bar.set_length(total as u64);
        bar.set_position(sent as u64);
    };
    let renderer =
        Renderer::new(&mut connection, &scene.cloud, views.reach, &options, &mut progress);
    bar.finish_and_clear();
    let mut renderer = renderer.map_err(|error| Failure::render(&error))?;
    let bundle = renderer.bundle();
    let bundle = BundleRecord {
        upload_bytes: bundle.upload_bytes(),
        arena_bytes: bundle.arena_bytes,
        tile: bundle.tile,
        streamed: StreamedRecord::of(bundle),
    };
    let mut pictures = Pictures::new(target, views, device.ticks);
    pictures.render(&mut renderer, &views.cameras)?;
    let contact_sheet = pictures.write_sheet()?;
    let link = LinkRecord::since([0; 2], renderer.connection().link_bytes());
    let report = Report {
        device: DeviceRecord::of(uri, &device),
        scene: SceneRecord {
            path: &arguments.scene,
            format: scene.format,
            gaussians: scene.cloud.len(),
            dropped: scene.dropped,
            degree: scene.cloud.degree,
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

/// Writes frames as they come, and keeps what is to be said about them.
struct Pictures<'a> {
    target: &'a Target,
    view: Option<&'a str>,
    unit: Ticks,
    sheet: Option<ContactSheet>,
    records: Vec<FrameRecord>,
    costs: Vec<Vec<Cost>>,
}

impl<'a> Pictures<'a> {
    fn new(target: &'a Target, views: &'a Views, unit: Ticks) -> Self {
        let first = &views.cameras[0];
        let sheet = match target {
            Target::Folder { .. } => {
                Some(ContactSheet::new(views.cameras.len(), [first.width, first.height]))
            }
            Target::File(_) => None,
        };
        let view = views.name.as_deref();
        Self { target, view, unit, sheet, records: Vec::new(), costs: Vec::new() }
    }

    fn render(&mut self, renderer: &mut Renderer<'_>, cameras: &[Camera]) -> Result<(), Failure> {
        let bar = frames_bar(cameras.len());
        let mut before = renderer.connection().link_bytes();
        for (index, camera) in cameras.iter().enumerate() {
            let frame = renderer.render(camera).map_err(|error| Failure::render(&error))?;
            let after = renderer.connection().link_bytes();
            let link = LinkRecord::since(before, after);
            before = after;
            let file = self.target.file(&format!("frame_{index:03}.png"));
            let picture =
                Picture { width: frame.width.into(), height: frame.height.into(), rgb: frame.rgb };
            picture.write_png(&file).map_err(|error| unwritable(&file, &error))?;
            if let Some(sheet) = &mut self.sheet {
                sheet.push(&picture);
            }
            let records = frame.costs.iter().map(|cost| CostRecord::new(cost, self.unit));
            self.records.push(FrameRecord {
                index,
                view: self.view.map(str::to_owned),
                file,
                width: frame.width,
                height: frame.height,
                digest: digest(&picture.rgb),
                commands: records.collect(),
                pulled: PulledRecord { pages: frame.pulled.pages, bytes: frame.pulled.bytes },
                link,
            });
            self.costs.push(frame.costs);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Writes the contact sheet, if there is to be one.
    fn write_sheet(&self) -> Result<Option<PathBuf>, Failure> {
        let Some(sheet) = &self.sheet else { return Ok(None) };
        let file = self.target.file("contact_sheet.png");
        sheet.picture().write_png(&file).map_err(|error| unwritable(&file, &error))?;
        Ok(Some(file))
    }
}

/// SHA-256 in hexadecimal digits.
fn digest(rgb: &[u8]) -> String {
    Sha256::digest(rgb).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What each frame of a streamed scene moved; nothing if the scene is resident.
fn traffic(report: &Report<'_>) -> String {
    let Some(StreamedRecord { pages, bytes, slots, .. }) = report.bundle.streamed else {
        return String::new();
    };
    let mut text = format!(
        "pages   {} in {pages} pages, streamed; room for {slots} of them\n\n\
         moved by a frame:\n  {:>5} {:>7} {:>14} {:>10} {:>14} {:>14}\n",
        in_bytes(bytes as u64),
        "frame",
        "pages",
        "bytes of pages",
        "of scene",
        "link, sent",
        "link, received",
    );
    for FrameRecord { index, pulled, link, .. } in &report.frames {
        text += &format!(
            "  {index:>5} {:>7} {:>14} {:>8.0} % {:>14} {:>14}\n",
            grouped(pulled.pages),
            grouped(pulled.bytes),
            100.0 * pulled.bytes as f64 / bytes.max(1) as f64,
            grouped(link.sent),
            grouped(link.received),
        );
    }
    text
}

/// What a person wants to know about a run.
fn summary(report: &Report<'_>, costs: &str) -> String {
    let Report { device, scene, bundle, .. } = report;
    let [columns, rows] = bundle.tile;
    let harmonics = match scene.degree {
        0 => "no harmonics".into(),
        degree => format!("harmonics of degree {degree}"),
    };
    let tiles = if bundle.streamed.is_some() { "regions" } else { "tiles" };
    let mut text = format!(
        "scene   {}, {}, {} Gaussians, {harmonics}\n\
         device  {} at {}, firmware {} for {}, {} of arena\n\
         memory  {} of arena in use, {} of it sent once; {tiles} of {columns}x{rows} pixels\n\
         link    {} sent, {} received\n{}\n{costs}\n",
        scene.path.display(),
        scene.format,
        grouped(scene.gaussians as u64),
        device.board,
        device.uri,
        device.firmware,
        device.target,
        in_bytes(device.arena_bytes.into()),
        in_bytes(bundle.arena_bytes as u64),
        in_bytes(bundle.upload_bytes as u64),
        in_bytes(report.link.sent),
        in_bytes(report.link.received),
        traffic(report),
    );
    text += &match (&report.contact_sheet, report.frames.as_slice()) {
        (Some(sheet), frames) => {
            let folder = sheet.parent().unwrap_or(Path::new(".")).display();
            format!("{} pictures in {folder}, all on {}\n", frames.len(), sheet.display())
        }
        (None, frames) => {
            frames.iter().map(|frame| format!("{}\n", frame.file.display())).collect()
        }
    };
    text
}
