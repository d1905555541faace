//! What a sweep runs: a frame of a scene, or an inference of a network.

use std::path::Path;

use quintet_driver::compile::Bundle;
use quintet_driver::device::Connection;
use quintet_driver::execute::{Accelerated, Cost};
use quintet_driver::render::Renderer;
use quintet_driver::scene::Kind;
use quintet_protocol::message::Ticks;

use crate::cli::account::Account;
use crate::cli::arguments::ArenaArguments;
use crate::cli::failure::Failure;
use crate::cli::model::{self, Model};
use crate::cli::subject::{DrawArguments, Subject};
use crate::cli::target::stem;

/// What a run cost.
pub struct Ran {
    /// The core, part by part.
    pub costs: Vec<Cost>,
    /// The accelerator.
    pub accelerated: Vec<Accelerated>,
    /// What the core's costs are counted in.
    pub unit: Ticks,
}

/// A scene or a network, read once and run on many devices.
pub struct Workload {
    /// The name of its file, without the ending.
    pub name: String,
    work: Work,
}

enum Work {
    Scene {
        draw: Box<DrawArguments>,
        subject: Box<Subject>,
        /// Compiled, for an arena of so many bytes.
        bundle: Option<(usize, Bundle)>,
    },
    Network(Model),
}

impl Workload {
    /// Reads a file.
    pub fn read(draw: &DrawArguments, path: &Path) -> Result<Self, Failure> {
        let work = if model::is_network(path) {
            Work::Network(Model::read(path)?)
        } else {
            let draw = draw.alone(path);
            let subject = Box::new(draw.subject()?);
            Work::Scene { draw: Box::new(draw), subject, bundle: None }
        };
        Ok(Self { name: stem(path), work })
    }

    /// The kind of scene that it is, if it is one.
    pub fn kind(&self) -> Option<Kind> {
        match &self.work {
            Work::Scene { subject, .. } => Some(subject.summary().kind),
            Work::Network(_) => None,
        }
    }

    /// Pixels of a frame; none of a network.
    pub fn pixels(&self) -> u64 {
        match &self.work {
            Work::Scene { subject, .. } => subject.views().size().map(u64::from).iter().product(),
            Work::Network(_) => 0,
        }
    }

    /// Runs it once. Of a scene the first view is drawn, a network gets zeros.
    pub fn run(
        &mut self,
        connection: &mut Connection,
        arena: &ArenaArguments,
    ) -> Result<Ran, Failure> {
        let unit = connection.description().ticks;
        match &mut self.work {
            Work::Network(network) => {
                let mut inference = model::load(connection, network, arena)?;
                let result = model::run_on_zeros(&mut inference)?;
                Ok(Ran { costs: result.costs, accelerated: result.accelerated, unit })
            }
            Work::Scene { draw, subject, bundle } => {
                let bytes = arena.bytes(connection.description())?;
                let compiled = match bundle.take() {
                    Some((for_bytes, bundle)) if for_bytes == bytes => bundle,
                    _ => draw.bundle(subject, bytes)?,
                };
                *bundle = Some((bytes, compiled.clone()));
                let (failed, views) = (|error| Failure::render(&error), subject.views());
                let renderer =
                    Renderer::with_bundle(connection, compiled, views.size(), &mut |_, _| ());
                let frame = renderer.and_then(|mut it| it.render(&views.0[0].1)).map_err(failed)?;
                Ok(Ran { costs: frame.costs, accelerated: frame.accelerated, unit })
            }
        }
    }
}

impl Ran {
    /// What each command cost core and accelerator.
    pub fn account(&self) -> Account {
        Account::new(&self.costs, &self.accelerated, self.unit)
    }
}
