//! `quintet accelerator compare`: what papers say, beside what scenes of ours come to.

use std::path::Path;

use clap::Args;
use quintet_accelerator::Instance;
use quintet_accelerator::published::{Part, Profile, Sample, gaurast, ngpc, uni_render};
use quintet_driver::execute::Cost;
use quintet_driver::scene::Kind;
use quintet_driver::session::Limits;
use quintet_protocol::message::Ticks;

use super::grid::{Configuration, Vary, configurations};
use super::workload::{Ran, Workload};
use crate::cli::arguments::{ArenaArguments, DeviceArguments, size};
use crate::cli::failure::{Failure, USAGE};
use crate::cli::output::{print, sweep_bar};
use crate::cli::scene::only_scenes;
use crate::cli::subject::DrawArguments;

const MORE: &str = "\
Each scene is run in software and on accelerators, for three tables:

  GauRast     of Gaussians: a rasteriser 23 times as fast, and the preset gaurast
  NGPC        of radiance fields: encodings and networks on processors of their own, and ngpc-8
  Uni-Render  of all: clocks of a frame of 1280x720 on the preset edge, or on --accelerator, along
              the line through frames of --size and of --large. With --large 1280x720 it is the
              frame itself; from smaller ones it is a guess, marked \"about\", and of Gaussians a
              bad one. With --vary, on each combination of values: which of them reach 30 frames
              a second

  quintet accelerator compare robot.sog ball_hash cow.obj --size 64x48 --device qemu:mps2-an386
  quintet accelerator compare robot.sog --size 64x48 --device qemu:mps2-an386 \\
      --vary lanes.rasteriser=4,16,64 --vary memory.bytes_per_clock=12.8,51.2

Rows say whose they are: theirs (a paper's), replay (our shares, their factor), model (our
description's clocks). Beside each table stands what differs. Nothing here is a measurement of
silicon.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Compare {
    #[command(flatten)]
    draw: DrawArguments,
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    arena: ArenaArguments,
    /// Columns and rows of the larger of two frames from which that of 1280x720 is reckoned
    #[arg(long, value_name = "WxH", value_parser = size, default_value = "320x240")]
    large: [u16; 2],
    /// A key of the description for Uni-Render's table and the values to give it, as sweep takes
    /// them
    #[arg(long, value_name = "KEY=VALUE,...")]
    vary: Vec<Vary>,
}

/// The accelerator of Uni-Render's table unless another is named.
const BASE: &str = "edge";

impl Compare {
    /// Runs the subcommand.
    pub fn run(&self) -> Result<(), Failure> {
        let scenes = &self.draw.scene.scenes;
        only_scenes(scenes)?;
        let preset = |name| {
            Instance::preset(name)
                .map_err(|error| Failure::new(USAGE, "there is no such accelerator", error))
        };
        let [rasteriser, fields] = [preset("gaurast")?, preset("ngpc-8")?];
        let base = self.device.accelerator.as_ref().map_or(BASE, |it| it.spec.as_str());
        let configurations = configurations(base, &self.vary)?;
        let (mut drawn, mut marched, mut samples) = (Vec::new(), Vec::new(), Vec::new());
        // Of each scene: in software, on the accelerator of the paper on its kind, and two sizes.
        let bar = sweep_bar((2 + 2 * configurations.len()) * scenes.len());
        for path in scenes {
            let (mut scene, kind) = self.read(path, self.draw.views.size())?;
            let name = format!("{}, {}", kind.name(), scene.name);
            let software = self.run_on(&mut scene, None)?;
            bar.inc(1);
            let its = match kind {
                Kind::Gaussians => Some((&mut drawn, &rasteriser)),
                Kind::Field => Some((&mut marched, &fields)),
                _ => None,
            };
            if let Some((profiles, instance)) = its {
                let accelerated = self.run_on(&mut scene, Some(instance))?;
                profiles.push(profile(&name, &software, &accelerated));
            }
            bar.inc(1);
            let (mut large, _) = self.read(path, Some(self.large))?;
            for configuration in &configurations {
                for sized in [&mut scene, &mut large] {
                    samples.push(self.sample(&name, sized, configuration)?);
                    bar.inc(1);
                }
            }
        }
        bar.finish_and_clear();
        print(&format!(
            "{}\n{}\n{}",
            gaurast(&drawn, &rasteriser),
            ngpc(&marched, &fields),
            uni_render(&samples)
        ))
    }

    /// A scene, drawn in this size or else in its own.
    fn read(&self, path: &Path, size: Option<[u16; 2]>) -> Result<(Workload, Kind), Failure> {
        let mut draw = self.draw.clone();
        draw.views = draw.views.resized(size);
        let scene = Workload::read(&draw, path)?;
        let kind = scene.kind().ok_or_else(|| {
            Failure::new(USAGE, format!("{} is no scene", path.display()), "it is a network")
        })?;
        Ok((scene, kind))
    }

    /// A run on a device that counts instructions: shares of anything else are no core's.
    fn run_on(&self, scene: &mut Workload, instance: Option<&Instance>) -> Result<Ran, Failure> {
        let device = self.device.with_accelerator(instance.cloned());
        let mut connection = device.connect(Limits::default())?;
        if connection.description().ticks != Ticks::Instructions {
            let cause = "what the core's share is of a frame cannot be told";
            return Err(Failure::new(USAGE, "this device counts no instructions", cause)
                .help("use an emulated board: --device qemu:mps2-an386"));
        }
        scene.run(&mut connection, &self.arena)
    }

    fn sample(
        &self,
        name: &str,
        scene: &mut Workload,
        Configuration { values, instance }: &Configuration,
    ) -> Result<Sample, Failure> {
        let account = self.run_on(scene, Some(instance))?.account();
        let (clocks, core_ns) = (account.receipt().clocks, account.frame(instance).core_ns);
        let varied = self.vary.iter().zip(values);
        let accelerator = varied.fold(instance.name.clone(), |name, (vary, value)| {
            format!("{name}, {}={value}", vary.key)
        });
        let (name, clock_hz) = (name.to_owned(), instance.clock_hz);
        Ok(Sample { name, accelerator, clock_hz, pixels: scene.pixels(), clocks, core_ns })
    }
}

fn profile(name: &str, software: &Ran, accelerated: &Ran) -> Profile {
    let part =
        |cost: &Cost| Part { operator: cost.operator, phase: cost.phase, instructions: cost.ticks };
    Profile {
        name: name.to_owned(),
        software: software.costs.iter().map(part).collect(),
        accelerated: accelerated.account().costs(),
    }
}
