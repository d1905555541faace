//! `quintet accelerator compare`: what papers say, beside what scenes of ours come to.

use std::path::Path;

use clap::Args;
use quintet_accelerator::Instance;
use quintet_accelerator::published::{Part, Profile, Sample, gaurast, ngpc, uni_render};
use quintet_driver::execute::Cost;
use quintet_driver::scene::Kind;
use quintet_driver::session::Limits;
use quintet_protocol::message::Ticks;

use super::workload::{Ran, Workload};
use crate::cli::arguments::{ArenaArguments, DeviceArguments, size};
use crate::cli::failure::{Failure, USAGE};
use crate::cli::output::{print, sweep_bar};
use crate::cli::scene::only_scenes;
use crate::cli::subject::DrawArguments;

const MORE: &str = "\
Each scene is run in software and on three accelerators, for three tables:

  GauRast     of Gaussians: a rasteriser 23 times as fast, and the preset gaurast
  NGPC        of radiance fields: encodings and networks on processors of their own, and ngpc-8
  Uni-Render  of all: clocks of a frame of 1280x720 on the preset edge, or on --accelerator, along
              the line through frames of --size and of --large. With --large 1280x720 it is the
              frame itself; from small ones it is a guess

  quintet accelerator compare robot.sog ball_hash cow.obj --size 64x48 --device qemu:mps2-an386

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
}

/// Runs of a scene: software, the accelerator of the paper on its kind if there is one, two sizes.
const RUNS: usize = 4;

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
        let edge = match self.device.instance() {
            Some(given) => given.clone(),
            None => preset("edge")?,
        };
        let (mut drawn, mut marched, mut samples) = (Vec::new(), Vec::new(), Vec::new());
        let bar = sweep_bar(RUNS * scenes.len());
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
            samples.push(self.sample(&name, &mut scene, &edge)?);
            bar.inc(1);
            samples.push(self.sample(&name, &mut self.read(path, Some(self.large))?.0, &edge)?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        print(&format!(
            "{}\n{}\n{}",
            gaurast(&drawn, &rasteriser),
            ngpc(&marched, &fields),
            uni_render(&samples, &edge)
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
        instance: &Instance,
    ) -> Result<Sample, Failure> {
        let ran = self.run_on(scene, Some(instance))?;
        let clocks = ran.account().receipt().clocks;
        Ok(Sample { name: name.to_owned(), pixels: scene.pixels(), clocks })
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
