//! `quintet accelerator list` and `show`: descriptions as they are.

use std::fmt::Write;

use clap::Args;
use quintet_accelerator::Instance;

use crate::cli::arguments::{Accelerator, accelerator};
use crate::cli::failure::{Failure, USAGE};
use crate::cli::output::{print, say};

const MORE: &str = "\
What is printed is TOML that --accelerator model:FILE takes. Every number of a preset has its reason
beside it: where it was measured or published, or that it is a guess. With options the numbers are
printed as they come to be, without comments:

  quintet accelerator show edge > mine.toml
  quintet accelerator show edge,array.rows=16,without=Sort
  quintet render scene.sog --accelerator model:mine.toml";

/// Arguments of `show`.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Show {
    /// A preset or model:FILE, and options as --accelerator takes them
    #[arg(value_name = "SPEC", value_parser = accelerator)]
    accelerator: Accelerator,
}

/// A line for each preset.
pub fn list() -> Result<(), Failure> {
    let width = Instance::PRESETS.iter().map(|preset| preset.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for preset in Instance::PRESETS {
        let _ = writeln!(text, "{:<width$}  {}", preset.name, preset.summary());
    }
    print(&text)
}

impl Show {
    /// Prints the description.
    pub fn run(&self) -> Result<(), Failure> {
        let Accelerator { spec, instance } = &self.accelerator;
        let Some(instance) = instance else {
            let cause = "none is no accelerator, and has no description";
            return Err(Failure::new(USAGE, "there is nothing to show", cause)
                .help("name a preset; `quintet accelerator list` lists them"));
        };
        if let Some(preset) = Instance::PRESETS.iter().find(|preset| preset.name == spec) {
            return print(preset.text);
        }
        say("note: comments are left out, which are in the preset or the file");
        print(&instance.to_toml())
    }
}
