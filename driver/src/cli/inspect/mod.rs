//! `quintet inspect`: what a scene or a network is, and what it costs in memory once compiled.

mod network;
mod scene;

use std::path::PathBuf;

use clap::Args;
use quintet_driver::device::Connection;
use quintet_driver::import;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;

use super::arguments::{bytes, size};
use super::failure::Failure;

const MORE: &str = "\
With --json, of a scene: path, format, gaussians, drawn (those not transparent), degree (of the
spherical harmonics), dropped, antialiased, notes, bounds (min and max of the centres, world
units), size, memory (bytes: program, constants, input, scratch, pages, arena, smallest_arena,
upload), tile, streamed (null, or pages, their bytes, slots, splats of a window), buffers (index,
name, kind, offset, bytes; for a frame bytes is null), commands (index, operator, name, buffers).

Of a network: path, format, notes, inputs and outputs (name, shape, element, scale, zero_point),
layers (command, index in the file, operator, kernel, shape, macs, weight_bytes), buffers (name,
offset, bytes, first and last: commands that they are in use from and to, null where it is before
or after all), macs, weight_bytes, memory (bytes: program, constants, activations, pages, arena,
smallest_arena, upload), board (null, or arena_bytes, fits: resident, streamed or no, missing:
bytes); layers, buffers and memory are those of a board that is large enough if it does not fit.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    /// A scene (.ply, .splat, .ksplat, .spz, .sog, .glb, .gltf or a SOG folder) or an int8 network
    /// (.tflite, .onnx)
    file: PathBuf,
    /// Of a scene: columns and rows of the picture to compile for
    #[arg(long, value_name = "WxH", default_value = "320x240", value_parser = size)]
    size: [u16; 2],
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
    match import::holds_network(&arguments.file) {
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
