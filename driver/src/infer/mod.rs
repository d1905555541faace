//! Inference: a network goes to a device once, then each set of inputs gives outputs.

mod port;

use crate::compile::network::{NetworkBundle, PlanError, compile};
use crate::device::Connection;
use crate::execute::{Executed, Loaded, Stopped};
use crate::network::Network;
use crate::session::{SessionError, Uploaded};

pub use crate::execute::{Accelerated, Cost, Pulled};
pub use port::Port;

/// What a run gave, and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct InferenceResult {
    /// The elements of each output.
    pub outputs: Vec<Vec<i8>>,
    /// Cost of every part of every command, in the order in which they were executed.
    pub costs: Vec<Cost>,
    /// What the accelerator executed of it.
    pub accelerated: Vec<Accelerated>,
    /// Weights that the device pulled meanwhile.
    pub pulled: Pulled,
}

/// Why a network could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InferError {
    /// The network cannot be compiled for this device.
    #[error(transparent)]
    Compile(#[from] PlanError),
    /// The network was compiled before, for a larger arena.
    #[error("the network was compiled for {needed} bytes of arena, and there are {available}")]
    Memory {
        /// Bytes that it takes.
        needed: usize,
        /// Bytes of arena.
        available: usize,
    },
    /// The device, or the way to it, failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// There are more inputs than the network takes, or fewer.
    #[error("the network takes {expected} inputs, not {found}")]
    Inputs {
        /// Inputs of the network.
        expected: usize,
        /// Inputs given.
        found: usize,
    },
    /// An input has not as many elements as its shape says.
    #[error("input {input} has {expected} elements, not {found}")]
    Elements {
        /// Number of the input, from 0.
        input: usize,
        /// Elements of its shape.
        expected: usize,
        /// Elements given.
        found: usize,
    },
    /// The run ended early.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// A network on a device, ready to be run.
pub struct Inference<'c> {
    loaded: Loaded<'c>,
    bundle: NetworkBundle,
}

impl<'c> Inference<'c> {
    /// Compiles a network for all of the arena of `connection`'s device and sends it there.
    /// `progress` hears of bytes sent, of how many.
    ///
    /// # Errors
    /// An [`InferError`].
    pub fn new(
        connection: &'c mut Connection,
        network: &Network,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, InferError> {
        let arena_bytes = connection.description().arena_bytes as usize;
        Self::with_arena(connection, network, arena_bytes, progress)
    }

    /// As [`Inference::new`], in no more than `arena_bytes` of the device's arena.
    ///
    /// # Errors
    /// An [`InferError`].
    pub fn with_arena(
        connection: &'c mut Connection,
        network: &Network,
        arena_bytes: usize,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, InferError> {
        Self::with_bundle(connection, compile(network, arena_bytes)?, arena_bytes, progress)
    }

    /// Sends a network that was compiled before, if it fits into `arena_bytes` of the device's
    /// arena.
    ///
    /// # Errors
    /// An [`InferError`].
    pub fn with_bundle(
        connection: &'c mut Connection,
        bundle: NetworkBundle,
        arena_bytes: usize,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, InferError> {
        let needed = bundle.memory.total();
        if needed > arena_bytes {
            return Err(InferError::Memory { needed, available: arena_bytes });
        }
        let loaded = Loaded::new(connection, bundle.parts(), progress)?;
        Ok(Self { loaded, bundle })
    }

    /// What the network takes, in the order of the file.
    pub fn inputs(&self) -> &[Port] {
        &self.bundle.inputs
    }

    /// What it gives, in the order of the file.
    pub fn outputs(&self) -> &[Port] {
        &self.bundle.outputs
    }

    /// What was sent to the device.
    pub fn bundle(&self) -> &NetworkBundle {
        &self.bundle
    }

    /// What sending the network moved so far.
    pub fn uploaded(&self) -> Uploaded {
        self.loaded.uploaded()
    }

    /// The connection to the device that it runs on.
    pub fn connection(&self) -> &Connection {
        self.loaded.connection()
    }

    /// Runs the network on one set of inputs, the last axis innermost. A device that is lost
    /// meanwhile and found again begins again, and is sent what it has lost.
    ///
    /// # Errors
    /// An [`InferError`].
    pub fn run(&mut self, inputs: &[&[i8]]) -> Result<InferenceResult, InferError> {
        self.check(inputs)?;
        let Self { loaded, bundle } = self;
        let parts = bundle.parts();
        let (executed, outputs) = loaded.persist(parts, |loaded| {
            for (port, elements) in bundle.inputs.iter().zip(inputs) {
                loaded.session().upload(port.offset, &port.to_arena(elements), &mut |_| ())?;
            }
            let executed = loaded.run(parts, |_| ())?;
            if executed.ended.is_err() {
                return Ok((executed, Vec::new()));
            }
            let outputs = bundle.outputs.iter().map(|port| {
                let bytes = loaded.session().download(port.offset, port.len() as u32)?;
                Ok(bytes.into_iter().map(|byte| byte as i8).collect())
            });
            let outputs = outputs.collect::<Result<Vec<Vec<i8>>, SessionError>>()?;
            Ok((executed, outputs))
        })?;
        let Executed { ended, costs, accelerated, pulled } = executed;
        ended?;
        Ok(InferenceResult { outputs, costs, accelerated, pulled })
    }

    fn check(&self, inputs: &[&[i8]]) -> Result<(), InferError> {
        let ports = self.inputs();
        if ports.len() != inputs.len() {
            return Err(InferError::Inputs { expected: ports.len(), found: inputs.len() });
        }
        for (number, (port, elements)) in ports.iter().zip(inputs).enumerate() {
            let (expected, found) = (port.len(), elements.len());
            if expected != found {
                return Err(InferError::Elements { input: number, expected, found });
            }
        }
        Ok(())
    }
}
