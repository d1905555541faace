//! The command line: what can be asked, and what becomes of it.

mod accelerator;
mod account;
mod arguments;
mod compile;
mod costs;
mod devices;
mod doctor;
mod eval;
mod failure;
mod flash;
mod infer;
mod info;
mod inspect;
mod link;
mod log;
mod method;
#[cfg(unix)]
mod mlperf_bridge;
mod model;
mod output;
mod presence;
mod profile;
mod render;
mod report;
mod scene;
mod selftest;
mod set;
mod subject;
mod target;
mod train;
mod views;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

const EXAMPLES: &str = "\
Examples:
  quintet render scene.ply                        one picture, on the virtual device
  quintet render scene.sog --device qemu:mps2-an386 --orbit 8 -o pictures/
  quintet render scene.spz --camera cameras.json --view front --json
  quintet render cow.obj --texture cow.png --shading lambert
  quintet render lego.safetensors --size 80x80    a radiance field
  quintet infer kws.tflite --input words.npy --labels words.txt
  quintet profile kws.tflite --device qemu:mps2-an386
  quintet profile kws.tflite --device qemu:mps2-an386 --accelerator tiny-ecp5
  quintet inspect scene.splat                     what it is and how much memory it needs
  quintet devices                                 what there is to render on
  quintet log --device serial:/dev/ttyACM0        what the board has to say
  quintet link --device serial:/dev/ttyACM0       how fast its cable is, and why
  quintet flash --board nucleo-h743zi2            firmware onto a board, and the board tested
  quintet doctor                                  what is missing here, and what mends it
  quintet selftest --device serial:/dev/ttyACM0   whether it does what it has to do
  quintet train digits.toml                       a network of one's own, by the trainer

Scenes are 3D Gaussians: 3DGS .ply (INRIA or PlayCanvas compressed), .splat, .ksplat, .spz,
SOG (.sog, or a folder with meta.json), .glb and .gltf with KHR_gaussian_splatting; triangles: .glb,
.gltf, .obj; radiance fields: NeRF, hash grids, planes and lines; and .quintet.json scene files, which
put several together.
Networks are quantised to int8: TensorFlow Lite's .tflite, or .onnx in QDQ form.

Exit codes:
  0  done                                  3  no such device, or it has gone
  1  failed                                4  the device did not answer or finish in time
  2  wrong usage of the command";

/// Neural rendering and tiny networks on microcontrollers: stream a scene or a network to a Quintet
/// device, get pictures or labels back
#[derive(Parser, Debug)]
#[command(name = "quintet", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Render a scene on a device: a picture, or an orbit of pictures
    Render(render::Arguments),
    /// Compile a scene to a file, which is drawn without being compiled again
    Compile(compile::Arguments),
    /// Say what a scene or a network is, and what it costs in memory once compiled
    Inspect(inspect::Arguments),
    /// Run an int8 network on a device: labels, or outputs in a file
    Infer(infer::Arguments),
    /// Run a network over a set of samples: accuracy, agreement, mean cost
    Eval(eval::Arguments),
    /// Let MLPerf Tiny's runner drive a device, through a pseudo-terminal
    #[cfg(unix)]
    MlperfBridge(mlperf_bridge::Arguments),
    /// Say what each command of a network or a scene costs, the dearest first
    Profile(profile::Arguments),
    /// Describe accelerators, and find out what a change of them does to scenes and networks
    Accelerator(accelerator::Arguments),
    /// Say what a device is and what it can do
    Info(info::Arguments),
    /// Follow what a device logs
    Log(log::Arguments),
    /// Measure the link to a device, and say what limits it
    Link(link::Arguments),
    /// Find out whether a device does what every device has to do, bit by bit
    Selftest(selftest::Arguments),
    /// List the devices that can be used from here
    Devices(devices::Arguments),
    /// Write firmware to a board, start it, and see that it works
    Flash(flash::Arguments),
    /// Check what there is to work with, thing by thing, and say what mends the rest
    Doctor(doctor::Arguments),
    /// Train a tiny network: runs the trainer, a program of its own
    Train(train::Arguments),
}

/// Does what the command line asks for.
pub fn run() -> ExitCode {
    match execute(Cli::parse().command) {
        Ok(code) => code,
        Err(failure) => {
            output::say(&failure);
            failure.exit_code()
        }
    }
}

fn execute(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Train(arguments) => return train::run(&arguments),
        Command::Render(arguments) => render::run(&arguments),
        Command::Compile(arguments) => compile::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Infer(arguments) => infer::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        #[cfg(unix)]
        Command::MlperfBridge(arguments) => mlperf_bridge::run(&arguments),
        Command::Profile(arguments) => profile::run(&arguments),
        Command::Accelerator(arguments) => accelerator::run(&arguments),
        Command::Info(arguments) => info::run(&arguments),
        Command::Log(arguments) => log::run(&arguments),
        Command::Link(arguments) => link::run(&arguments),
        Command::Selftest(arguments) => selftest::run(&arguments),
        Command::Devices(arguments) => devices::run(&arguments),
        Command::Flash(arguments) => flash::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
    }?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
