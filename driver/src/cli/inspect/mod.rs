//! `quintet inspect`: what a scene or a network is, and what it costs in memory once compiled.

mod about;
mod listing;
mod network;
mod scene;

use clap::Args;
use quintet_driver::device::Connection;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;

use super::arguments::bytes;
use super::failure::Failure;
use super::model;
use super::subject::DrawArguments;

const MORE: &str = "\
The file may be an int8 network (.tflite, .onnx) as well.

With --json, of a scene: path, paths, format, kind and the numbers of it as in `quintet render`;
drawn (Gaussians that are not transparent), antialiased, notes, bounds (min and max, world units),
views (names that the files tell of), surfaces (materials: name, color, texture, triangles,
double_sided, unlit, nearest), sampling (null, or of a field: range, coarse and added samples,
background, outside, occupied: share of cells if the file tells), graph (nodes of a field: model,
index, name, shape, parameters, multiply_adds), size, memory (bytes: program, constants, input,
scratch, pages, arena, smallest_arena, upload), tile, streamed (null, or pages, their bytes, slots,
splats of a window), buffers (index, name, kind, offset, bytes; for a frame bytes is null),
commands (index, operator, name, buffers).

Of a network: path, format, notes, inputs and outputs (name, shape, element, scale, zero_point),
layers (command, index in the file, operator, kernel, shape, macs, weight_bytes), buffers (name,
offset, bytes, first and last: commands that they are in use from and to, null where it is before
or after all), macs, weight_bytes, memory (bytes: program, constants, activations, pages, arena,
smallest_arena, upload), board (null, or arena_bytes, fits: resident, streamed or no, missing:
bytes); layers, buffers and memory are those of a board that is large enough if it does not fit. A
compiled network (.qnt) fits where there is the arena that it was compiled for.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    #[command(flatten)]
    draw: DrawArguments,
    /// Compile for that much arena; K and M stand for KiB and MiB [default: as much as it takes]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    arena: Option<u32>,
    /// Compile for the arena of this device
    #[arg(long, value_name = "URI", conflicts_with = "arena")]
    device: Option<DeviceUri>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match model::is_network(arguments.draw.scene.first()) {
        true => network::run(arguments),
        false => scene::run(arguments),
    }
}

impl Arguments {
    /// Bytes of arena to compile for, if it matters.
    fn arena_bytes(&self) -> Result<Option<u32>, Failure> {
        let Some(uri) = &self.device else { return Ok(self.arena) };
        let connection = Connection::open(uri, Limits::default());
        let connection = connection.map_err(|error| Failure::open(uri, &error))?;
        Ok(Some(connection.description().arena_bytes))
    }
}
