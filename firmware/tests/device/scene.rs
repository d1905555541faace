//! Programs that draw Gaussians, planned without a driver, and scenes for them.

use quintet_firmware::backend::Backend;
use quintet_protocol::gaussian::{
    ACCUMULATOR_WORDS, CAMERA_WORDS, CHUNK_CAPACITY, CHUNK_WORDS, Camera, Chunk, GAUSSIAN_WORDS,
    SPLAT_WORDS, harmonics_words,
};
use quintet_protocol::message::Request;
use quintet_protocol::program::{
    Buffer, BufferId, BufferKind, Command, Program, ProjectGaussians, RasteriseGaussians, Sort,
};

use crate::world::{Answer, World};

/// Numbers of the buffers, in the order of the plan.
pub const CHUNKS: u16 = 0;
pub const GAUSSIANS: u16 = 1;
pub const CAMERA: u16 = 3;
pub const FRAME: u16 = 13;

/// What to draw, and how.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub frame: [u16; 2],
    pub tile: [u16; 2],
    /// Words of the bins.
    pub bins: usize,
    pub gaussians: usize,
    pub degree: u8,
    pub digit_bits: u8,
}

impl Plan {
    /// One tile, and bins for everything.
    pub fn roomy(frame: [u16; 2], gaussians: usize) -> Self {
        Self { frame, tile: frame, bins: 4 * gaussians, gaussians, degree: 0, digit_bits: 11 }
    }
}

/// A plan laid out in an arena, without gaps and without sharing.
#[derive(Clone, Debug)]
pub struct Layout {
    pub buffers: Vec<Buffer>,
    pub commands: Vec<Command>,
    /// Words of arena in use.
    pub words: usize,
}

impl Layout {
    pub fn new(plan: &Plan) -> Self {
        let n = plan.gaussians;
        let tiles = (0..2).map(|axis| usize::from(plan.frame[axis].div_ceil(plan.tile[axis])));
        let pixels = usize::from(plan.tile[0]) * usize::from(plan.tile[1]);
        let sizes = [
            (BufferKind::Constant, n.div_ceil(CHUNK_CAPACITY) * CHUNK_WORDS),
            (BufferKind::Constant, n * GAUSSIAN_WORDS),
            (BufferKind::Constant, n * harmonics_words(plan.degree)),
            (BufferKind::Input, CAMERA_WORDS),
            (BufferKind::Scratch, n * SPLAT_WORDS),
            (BufferKind::Scratch, 1),
            (BufferKind::Scratch, n),
            (BufferKind::Scratch, n),
            (BufferKind::Scratch, n),
            (BufferKind::Scratch, 2 << plan.digit_bits),
            (BufferKind::Scratch, plan.bins),
            (BufferKind::Scratch, tiles.product()),
            (BufferKind::Output, pixels * ACCUMULATOR_WORDS),
        ];
        let mut next = Program::encoded_len(sizes.len() + 1, 3);
        let mut buffers = Vec::new();
        for (kind, words) in sizes {
            buffers.push(Buffer { kind, offset: next as u32, length: words as u32 * 4 });
            next += words * 4;
        }
        let length = u32::from(plan.frame[0]) | u32::from(plan.frame[1]) << 16;
        buffers.push(Buffer { kind: BufferKind::Frame, offset: 0, length });
        Self { buffers, commands: commands(plan).into(), words: next / 4 }
    }

    pub fn program(&self) -> Vec<u32> {
        let length = Program::encoded_len(self.buffers.len(), self.commands.len());
        let mut bytes = vec![0; length];
        Program::emit(&self.buffers, &self.commands, &mut bytes).unwrap();
        bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
    }

    pub fn offset(&self, buffer: u16) -> u32 {
        self.buffers[usize::from(buffer)].offset
    }

    /// Uploads program and scene, and installs.
    pub fn load<B: Backend>(&self, world: &mut World<'_, B>, scene: &Scene) {
        assert_eq!(world.call(Request::Clear { claim: 1 }), Answer::Done);
        let program = self.program();
        world.write(0, &program);
        world.write(self.offset(CHUNKS), scene.chunks.as_flattened());
        world.write(self.offset(GAUSSIANS), scene.gaussians.as_flattened());
        world.write(self.offset(CAMERA), &scene.camera.to_words());
        let install = Request::Install { offset: 0, length: program.len() as u32 * 4 };
        assert_eq!(world.call(install), Answer::Done);
    }
}

fn commands(plan: &Plan) -> [Command; 3] {
    let n = plan.gaussians as u32;
    let b = BufferId;
    [
        Command::ProjectGaussians(ProjectGaussians {
            chunks: b(CHUNKS),
            gaussians: b(GAUSSIANS),
            harmonics: (plan.degree > 0).then_some(b(2)),
            camera: b(CAMERA),
            splats: b(4),
            keys: b(7),
            count: b(5),
            chunk_count: n.div_ceil(CHUNK_CAPACITY as u32),
            gaussian_count: n,
            degree: plan.degree,
            width: plan.frame[0],
            height: plan.frame[1],
        }),
        Command::Sort(Sort {
            keys: b(7),
            count: b(5),
            order: b(6),
            scratch: b(8),
            histogram: b(9),
            capacity: n,
            digit_bits: plan.digit_bits,
            ties: false,
        }),
        Command::RasteriseGaussians(RasteriseGaussians {
            splats: b(4),
            order: b(6),
            count: b(5),
            bins: b(10),
            tiles: b(11),
            accumulators: b(12),
            frame: b(FRAME),
            capacity: n,
            tile_width: plan.tile[0],
            tile_height: plan.tile[1],
            background: [10, 20, 30],
        }),
    ]
}

/// Gaussians before a camera.
#[derive(Clone, Debug)]
pub struct Scene {
    pub chunks: Vec<[u32; CHUNK_WORDS]>,
    pub gaussians: Vec<[u32; GAUSSIAN_WORDS]>,
    pub camera: Camera,
}

impl Scene {
    /// `count` Gaussians, the same for the same seed, spread over a frame and a little beyond, with
    /// standard deviations of up to about `frame / 8` pixels.
    pub fn random(frame: [u16; 2], count: usize, seed: u32) -> Self {
        let mut random = Random(seed | 1);
        // Offsets of 2^15 << 4 are 2^19 su; at a depth of 2^20 su that is half a focal length.
        let depth = 1 << 20;
        let side = f64::from(frame[0].max(frame[1]));
        let focal_shift = (side * 1.2).log2().ceil().max(1.0) as u32;
        let slope = [0, 1].map(|axis| (f64::from(frame[axis]) / side * 32_000.0) as i32);
        let mut gaussian = || {
            let p = [random.within(slope[0]), random.within(slope[1]), random.within(20_000)];
            let (mantissas, exponent) = covariance(&mut random);
            let [xx, xy, xz, yy, yz, zz] = mantissas;
            let pair = |low: i32, high: i32| (low as u32 & 0xFFFF) | (high as u32) << 16;
            let opacity = 3 + random.next() % 253;
            let colour = random.next();
            [
                pair(p[0], p[1]),
                (p[2] as u32 & 0xFFFF) | exponent << 16 | opacity << 24,
                pair(xx, xy),
                pair(xz, yy),
                pair(yz, zz),
                colour,
            ]
        };
        let gaussians: Vec<_> = (0..count).map(|_| gaussian()).collect();
        let chunk = |members: &[_]| Chunk {
            radius: 1 << 20,
            count: members.len() as u16,
            position_shift: 4,
            ..Chunk::default()
        };
        let chunks = gaussians.chunks(CHUNK_CAPACITY).map(|m| chunk(m).to_words()).collect();
        let camera = Camera {
            matrix: [[1 << 30, 0, 0], [0, 1 << 30, 0], [0, 0, 1 << 30]],
            translation: [0, 0, depth],
            position: [0, 0, -depth],
            center: frame.map(|side| i32::from(side) << 7),
            slope_limits: [-1 << 12, 1 << 12, -1 << 12, 1 << 12],
            near: 1 << 12,
            focal_shift,
            key_shift: 1,
        };
        Self { chunks, gaussians, camera }
    }
}

/// `A A^T` of a random matrix, su^2: mantissas xx, xy, xz, yy, yz, zz, and the exponent.
fn covariance(random: &mut Random) -> ([i32; 6], u32) {
    let a: [[i32; 3]; 3] = [(); 3].map(|()| [(); 3].map(|()| random.within(73)));
    let entry = |i: usize, j: usize| (0..3).map(|k| a[i][k] * a[j][k]).sum();
    let exponent = 12 + random.next() % 8;
    ([entry(0, 0), entry(0, 1), entry(0, 2), entry(1, 1), entry(1, 2), entry(2, 2)], exponent)
}

/// Random numbers, the same for the same seed (xorshift32).
pub struct Random(pub u32);

impl Random {
    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// In `-limit..=limit`.
    pub fn within(&mut self, limit: i32) -> i32 {
        (self.next() % (2 * limit as u32 + 1)) as i32 - limit
    }
}
