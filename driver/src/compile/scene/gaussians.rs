//! The part of a plan that projects resident Gaussians and sorts them by depth.

use super::{DIGIT_BITS, Options};
use crate::compile::Placed;
use crate::compile::plan::Plan;
use crate::quantise::QuantisedCloud;
use quintet_protocol::gaussian::{CHUNK_WORDS, GAUSSIAN_WORDS, SPLAT_WORDS, harmonics_words};
use quintet_protocol::program::{BufferId, BufferKind, Command, ProjectGaussians, Sort};

/// Buffers that it takes, the camera and the keys not among them.
pub const BUFFERS: usize = 8;
/// Commands that it takes.
pub const COMMANDS: usize = 2;

/// Words of everything but keys and what only the sort needs.
pub fn resident_words(cloud: &QuantisedCloud) -> usize {
    let n = cloud.len();
    let constants =
        cloud.chunks.len() * CHUNK_WORDS + n * (GAUSSIAN_WORDS + harmonics_words(cloud.degree));
    constants + n * (SPLAT_WORDS + 1) + 1
}

/// Words that only the sort needs.
pub fn sort_words(cloud: &QuantisedCloud) -> usize {
    cloud.len() + (2 << DIGIT_BITS)
}

/// Gaussians in a plan.
pub struct Gaussians<'a> {
    cloud: &'a QuantisedCloud,
    chunks: BufferId,
    gaussians: BufferId,
    harmonics: BufferId,
    /// Splats, written by the projection.
    pub splats: BufferId,
    /// How many there are.
    pub count: BufferId,
    /// Their numbers, front to back.
    pub order: BufferId,
    /// Most splats.
    pub capacity: u32,
}

impl<'a> Gaussians<'a> {
    /// Places what lasts until the frame is drawn.
    pub fn place(plan: &mut Plan, cloud: &'a QuantisedCloud) -> Self {
        let n = cloud.len();
        let mut constant = |words| plan.add(BufferKind::Constant, words);
        let chunks = constant(cloud.chunks.len() * CHUNK_WORDS);
        let gaussians = constant(n * GAUSSIAN_WORDS);
        let harmonics = constant(cloud.harmonics.len());
        let mut scratch = |words| plan.add(BufferKind::Scratch, words);
        let (splats, count, order) = (scratch(n * SPLAT_WORDS), scratch(1), scratch(n));
        Self { cloud, chunks, gaussians, harmonics, splats, count, order, capacity: n as u32 }
    }

    /// Places what only the sort needs, and writes the commands. `keys` has a word for each
    /// Gaussian.
    pub fn commands(
        &self,
        plan: &mut Plan,
        camera: BufferId,
        keys: BufferId,
        options: &Options,
    ) -> [Command; COMMANDS] {
        let scratch = plan.add(BufferKind::Scratch, self.cloud.len());
        let histogram = plan.add(BufferKind::Scratch, 2 << DIGIT_BITS);
        let Self { chunks, gaussians, splats, count, order, capacity, .. } = *self;
        let project = ProjectGaussians {
            chunks,
            gaussians,
            harmonics: (self.cloud.degree > 0).then_some(self.harmonics),
            camera,
            splats,
            keys,
            count,
            chunk_count: self.cloud.chunks.len() as u32,
            gaussian_count: capacity,
            degree: self.cloud.degree,
            width: options.width,
            height: options.height,
        };
        let sort = Sort {
            keys,
            count,
            order,
            scratch,
            histogram,
            capacity,
            digit_bits: DIGIT_BITS,
            ties: false,
        };
        [Command::ProjectGaussians(project), Command::Sort(sort)]
    }

    /// What is uploaded.
    pub fn constants(&self, plan: &Plan) -> [Placed; 3] {
        let QuantisedCloud { chunks, gaussians, harmonics, .. } = self.cloud;
        [
            plan.constant("chunks", self.chunks, chunks.as_flattened()),
            plan.constant("Gaussians", self.gaussians, gaussians.as_flattened()),
            plan.constant("harmonics", self.harmonics, harmonics),
        ]
    }
}
