//! What a sweep runs: a frame of a scene, or an inference of a network.

use std::path::Path;

use quintet_driver::compile::Bundle;
use quintet_driver::device::Connection;
use quintet_driver::import::{self, ImportedNetwork};
use quintet_driver::render::Renderer;

use crate::cli::account::Account;
use crate::cli::arguments::ArenaArguments;
use crate::cli::failure::Failure;
use crate::cli::model;
use crate::cli::subject::{DrawArguments, Subject};
use crate::cli::target::stem;

/// A scene or a network, read once and run on many devices.
pub struct Workload {
    /// The name of its file, without the ending.
    pub name: String,
    kind: Kind,
}

enum Kind {
    Scene {
        draw: Box<DrawArguments>,
        subject: Box<Subject>,
        /// Compiled, for an arena of so many bytes.
        bundle: Option<(usize, Bundle)>,
    },
    Network(Box<ImportedNetwork>),
}

impl Workload {
    /// Reads a file.
    pub fn read(draw: &DrawArguments, path: &Path) -> Result<Self, Failure> {
        let kind = if import::holds_network(path) {
            let imported = import::network(path).map_err(|error| Failure::scene(&error))?;
            Kind::Network(Box::new(imported))
        } else {
            let draw = draw.alone(path);
            let subject = Box::new(draw.subject()?);
            Kind::Scene { draw: Box::new(draw), subject, bundle: None }
        };
        Ok(Self { name: stem(path), kind })
    }

    /// Runs it once. Of a scene the first view is drawn, a network gets zeros.
    pub fn run(
        &mut self,
        connection: &mut Connection,
        arena: &ArenaArguments,
    ) -> Result<Account, Failure> {
        let unit = connection.description().ticks;
        match &mut self.kind {
            Kind::Network(imported) => {
                let mut inference = model::load(connection, imported, arena)?;
                let result = model::run_on_zeros(&mut inference)?;
                Ok(Account::new(&result.costs, &result.accelerated, unit))
            }
            Kind::Scene { draw, subject, bundle } => {
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
                Ok(Account::new(&frame.costs, &frame.accelerated, unit))
            }
        }
    }
}
