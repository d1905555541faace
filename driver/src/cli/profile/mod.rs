//! `quintet profile`: what commands cost, and how frames share out among the micro-operators.

mod costs;
mod pipelines;

use clap::Args;

use super::arguments::{ArenaArguments, DeviceArguments};
use super::failure::Failure;
use super::subject::DrawArguments;

const MORE: &str = "\
Of one file: what each command costs, the dearest first. Of several, each a scene: a row each, with
the share of each micro-operator in a frame, so that pipelines can be compared:

  quintet profile cow.obj lego.safetensors robot.sog --size 64x48 --device qemu:mps2-an386

The virtual device counts nanoseconds of this computer, which say nothing of a board; emulated
boards count instructions: quintet profile model.tflite --device qemu:mps2-an386

With --accelerator, of one file: what each command costs the accelerator as well, in clocks that its
model charges for the phases index, reduce, load and store, which may overlap, and for stalls; then
what limits a frame (or an inference). The core's share of that time is known where instructions are
counted, by the clocks an instruction that the accelerator's description assumes:

  quintet profile model.tflite --device qemu:mps2-an386 --accelerator tiny-ecp5

With --json, of one file: path, device (as in quintet render), unit, costs (command, layer: index in
the file or null, operator, kernel: of a network the command, of a scene the part of it, shape or
null, ticks, share, macs and bytes or null: multiply-adds, and bytes of all operands), ticks, macs,
pipeline (null for a network), accelerator (null without one; else instance, digest, clock_hz,
commands: command, name, core_ticks, accelerator: null or clocks, index, reduce, load, store, stall,
bytes_read, bytes_written, operations, items; array_utilisation and limit or null; and frame: core_ns, accelerator_ns,
compute_ns, memory_ns, stall_ns, serial_ns, overlapped_ns, array_utilisation, limit). A pipeline: path, kind, size, shares (of each micro-operator by its
name), ticks (of a frame), scene_bytes (sent before the first frame, and pages), arena_bytes (in use
at the peak). Of several files: device, unit, pipelines.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    #[command(flatten)]
    draw: DrawArguments,
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    arena: ArenaArguments,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match arguments.draw.scene.scenes.as_slice() {
        [_] => costs::run(arguments),
        paths => pipelines::run(arguments, paths),
    }
}
