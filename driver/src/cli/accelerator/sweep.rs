//! `quintet accelerator sweep`: the same work on many accelerators, side by side.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use quintet_driver::session::Limits;

use super::grid::{Configuration, Vary, configurations};
use super::pictures::Swept;
use super::rows::{Row, Table};
use super::workload::Workload;
use crate::cli::account::{Account, limit_name, utilisation};
use crate::cli::arguments::{ArenaArguments, DeviceArguments};
use crate::cli::failure::{FAILED, Failure};
use crate::cli::output::{grouped, print, say, sweep_bar};
use crate::cli::subject::DrawArguments;
use crate::cli::target::unwritable;

/// The accelerator that a sweep begins with unless another is named.
const BASE: &str = "tiny-ecp5";

const MORE: &str = "\
Each accelerator is a device of its own that runs every scene (its first view) and every network (on
zeros, since costs do not depend on what is computed) once, with the whole of the firmware: what is
written is what the device's own accelerator charged. Small pictures are quick.

Examples:
  quintet accelerator sweep robot.sog --size 64x48 --vary array.rows=4,8,16 -o sweep/
  quintet accelerator sweep kws.tflite cow.obj --size 64x48 --accelerator edge \\
      --vary memory.bytes_per_clock=6.4,12.8,25.6,51.2 --vary lanes.rasteriser=16,64 \\
      --device qemu:mps2-an386 -o sweep/

A key is one of the description's (`quintet accelerator show SPEC` prints them all), or without, with
names of commands or micro-operators. The first key is the x axis of the plot, the others make lines.

The time of a frame has the core's part where the device counts instructions: on qemu:BOARD. On
virtual: it is the accelerator's alone. Clocks and time are those of a model under the assumptions in
the description, no measurement of silicon.

Written are, in the folder, and brought up to date after each run:
  sweep.csv  workload, the keys, digest (of the description), commands, accelerated (how many of
             them), core_instructions (empty where not counted), clocks, index, reduce, load, store,
             stall, bytes_read, bytes_written, operations, array_utilisation, core_ns,
             accelerator_ns, compute_ns, memory_ns, stall_ns, serial_ns (core and accelerator in
             turns), overlapped_ns (both at a time), limit
  sweep.svg  for each workload the time of a frame (overlapped) and the clocks of the phases";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Sweep {
    #[command(flatten)]
    draw: DrawArguments,
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    arena: ArenaArguments,
    /// A key of the accelerator's description and the values to give it; several make a grid
    #[arg(long, value_name = "KEY=VALUE,...", required = true)]
    vary: Vec<Vary>,
    /// The folder to write to; it is made if it is not there
    #[arg(short, long, value_name = "DIR", default_value = "sweep")]
    output: PathBuf,
}

impl Sweep {
    /// Runs the subcommand.
    pub fn run(&self) -> Result<(), Failure> {
        let base = self.device.accelerator.as_ref().map_or(BASE, |it| it.spec.as_str());
        let configurations = configurations(base, &self.vary)?;
        let read = self.draw.scene.scenes.iter().map(|path| Workload::read(&self.draw, path));
        let mut workloads = read.collect::<Result<Vec<_>, Failure>>()?;
        fs::create_dir_all(&self.output).map_err(|error| unwritable(&self.output, &error))?;
        let rows = self.sweep(&configurations, &mut workloads)?;
        let counted = rows.iter().all(|row| row.core_instructions.is_some());
        if !counted {
            say(
                "note: times are the accelerator's alone; --device qemu:BOARD counts the core, too",
            );
        }
        print(&self.text(&configurations, &workloads, &rows))
    }

    /// Runs everything; what is done is written at once.
    fn sweep(
        &self,
        configurations: &[Configuration],
        workloads: &mut [Workload],
    ) -> Result<Vec<Row>, Failure> {
        let table = self.file("csv");
        let unwritable = |error| unwritable(&table, &error);
        let keys = self.vary.iter().map(|vary| vary.key.as_str());
        let mut csv = Table::create(&table, keys).map_err(unwritable)?;
        let bar = sweep_bar(configurations.len() * workloads.len());
        let mut rows = Vec::new();
        for (number, Configuration { values, instance }) in configurations.iter().enumerate() {
            let device = self.device.with_instance(instance.clone());
            let mut connection = device.connect(Limits::default())?;
            if let Some(warning) = connection.warning().filter(|_| number == 0) {
                say(format_args!("warning: {warning}"));
            }
            for (place, workload) in workloads.iter_mut().enumerate() {
                let account = workload.run(&mut connection, &self.arena)?;
                let row = row([place, number], &account, &configurations[number]);
                csv.add(&workload.name, values, &row).map_err(unwritable)?;
                rows.push(row);
                bar.inc(1);
            }
            self.plot(&Swept { varied: &self.vary, configurations, workloads, rows: &rows })?;
        }
        bar.finish_and_clear();
        Ok(rows)
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.output.join("sweep").with_extension(ending)
    }

    fn plot(&self, swept: &Swept<'_>) -> Result<(), Failure> {
        let drawn = swept.svg().map_err(|error| {
            Failure::new(FAILED, "the plot cannot be drawn", error)
                .help("sweep.csv has its numbers")
        })?;
        let path = self.file("svg");
        fs::write(&path, drawn).map_err(|error| unwritable(&path, &error))
    }

    /// For people: a line for each run, and what was written.
    fn text(&self, all: &[Configuration], workloads: &[Workload], rows: &[Row]) -> String {
        let mut text = format!("{:<24}", "workload");
        for vary in &self.vary {
            let _ = write!(text, " {:>width$}", vary.key, width = vary.key.len().max(8));
        }
        let _ = writeln!(
            text,
            " {:>14} {:>14} {:>7} {:>12}  limited by",
            "core", "clocks", "array", "a frame, ms"
        );
        for row in rows {
            let _ = write!(text, "{:<24}", workloads[row.workload].name);
            for (vary, value) in self.vary.iter().zip(&all[row.configuration].values) {
                let _ = write!(text, " {value:>width$}", width = vary.key.len().max(8));
            }
            let _ = writeln!(
                text,
                " {:>14} {:>14} {:>5.1} % {:>12.3}  {}",
                row.core_instructions.map_or("-".into(), grouped),
                grouped(row.receipt.clocks),
                100.0 * utilisation(&row.frame),
                row.frame.overlapped_ns as f64 / 1e6,
                limit_name(row.frame.limit),
            );
        }
        let written = [self.file("csv"), self.file("svg")];
        let [csv, svg] = written.each_ref().map(|path: &PathBuf| Path::display(path));
        text + &format!("written: {csv}, {svg}\n")
    }
}

fn row([workload, number]: [usize; 2], account: &Account, configuration: &Configuration) -> Row {
    let [accelerated, commands] = account.executed();
    Row {
        workload,
        configuration: number,
        digest: configuration.instance.digest(),
        commands: [commands, accelerated],
        core_instructions: account.counts_core().then(|| account.core_ticks()),
        receipt: account.receipt(),
        frame: account.frame(&configuration.instance),
    }
}
