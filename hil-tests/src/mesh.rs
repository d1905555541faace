//! Programs that draw triangles, and Gaussians among them, planned by hand; and a scene for them.

use std::ops::ControlFlow;

use quintet_driver::device::Connection;
use quintet_driver::session::{Blob, SessionError};
use quintet_protocol::feature::Matrix;
use quintet_protocol::gaussian::{ACCUMULATOR_WORDS, CAMERA_WORDS, Camera, SPLAT_WORDS};
use quintet_protocol::mesh::{
    LIGHT_WORDS, Light, TRIANGLE_WORDS, Triangle, VERTEX_WORDS, Vertex, seen_words,
};
use quintet_protocol::message::{Event, Outcome, Phase};
use quintet_protocol::program::{
    BlendGaussians, BlendSurface, Buffer, BufferId, BufferKind, Command, NextTile, Program,
    RasteriseTriangles, Repeat, ResolveTile, Shade, TransformVertices,
};
use quintet_protocol::tile::{
    CURSOR_WORDS, MORE_TILES_WORD, NORMAL_WORDS, POINT_WORDS, SURFACE_WORDS,
};

/// Triangles, splats and lights before a camera.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Columns and rows of the frame.
    pub frame: [u16; 2],
    /// Columns and rows of a tile.
    pub tile: [u16; 2],
    /// Vertices.
    pub vertices: Vec<Vertex>,
    /// Triangles.
    pub triangles: Vec<Triangle>,
    /// Splats as they are projected, front to back, and their depths.
    pub splats: Vec<([u32; SPLAT_WORDS], u32)>,
    /// Lights, the ambient one first.
    pub lights: Vec<Light>,
    /// The camera.
    pub camera: Camera,
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Rectangles of pixels as they came: column, row, columns, bytes.
    pub pixels: Vec<(u16, u16, u16, Vec<u8>)>,
    /// Fragments of the last tile: their number, pixels, texture coordinates and normals.
    pub fragments: Vec<u8>,
    /// Ticks and items of each phase, as they come first.
    pub costs: Vec<(Phase, [u64; 2])>,
}

impl Drawn {
    /// Ticks and items of a phase.
    pub fn cost(&self, phase: Phase) -> [u64; 2] {
        self.costs.iter().find(|cost| cost.0 == phase).map_or([0; 2], |cost| cost.1)
    }
}

const CURSOR: BufferId = BufferId(0);
const VERTICES: BufferId = BufferId(1);
const TRIANGLES: BufferId = BufferId(2);
const CAMERA: BufferId = BufferId(3);
const LIGHTS: BufferId = BufferId(4);
const SPLATS: BufferId = BufferId(5);
const KEYS: BufferId = BufferId(6);
const ORDER: BufferId = BufferId(7);
const COUNT: BufferId = BufferId(8);
const SEEN: BufferId = BufferId(9);
const SURFACE: BufferId = BufferId(10);
const ACCUMULATORS: BufferId = BufferId(11);
const PIXELS: BufferId = BufferId(12);
const POINTS: BufferId = BufferId(13);
const NORMALS: BufferId = BufferId(14);
const FRAME: BufferId = BufferId(15);

impl Scene {
    /// A ball of about `4 * steps^2` triangles that fills most of a frame, over a floor that passes
    /// below the camera.
    pub fn ball(frame: [u16; 2], tile: [u16; 2], steps: u32) -> Self {
        let (radius, distance) = (1i32 << 20, 3i32 << 20);
        let mut scene = Self {
            frame,
            tile,
            vertices: Vec::new(),
            triangles: Vec::new(),
            splats: Vec::new(),
            lights: lights(),
            camera: camera(frame, distance),
        };
        let rows = steps;
        let columns = 2 * steps;
        for row in 0..=rows {
            for column in 0..=columns {
                let [u, v] =
                    [f64::from(column) / f64::from(columns), f64::from(row) / f64::from(rows)];
                let (around, down) = (u * std::f64::consts::TAU, v * std::f64::consts::PI);
                let normal = [around.cos() * down.sin(), -down.cos(), around.sin() * down.sin()];
                scene.vertices.push(Vertex {
                    position: normal.map(|n| (n * f64::from(radius)) as i32),
                    attribute: [(u * 4.0 * 1_048_576.0) as i32, (v * 1_048_576.0) as i32, 0],
                    normal: normal.map(|n| (n * 16384.0) as i16),
                });
            }
        }
        let vertex = |row: u32, column: u32| row * (columns + 1) + column;
        for row in 0..rows {
            for column in 0..columns {
                let [a, b] = [vertex(row, column), vertex(row, column + 1)];
                let [c, d] = [vertex(row + 1, column), vertex(row + 1, column + 1)];
                for vertices in [[a, b, c], [b, d, c]] {
                    scene.triangles.push(Triangle { vertices, ..Triangle::default() });
                }
            }
        }
        scene.floor(radius, 16 * distance);
        scene
    }

    /// A square below everything, `reach` to all sides.
    fn floor(&mut self, below: i32, reach: i32) {
        let first = self.vertices.len() as u32;
        for [x, z] in [[-1, -1], [1, -1], [1, 1], [-1, 1]] {
            self.vertices.push(Vertex {
                position: [x * reach, below, z * reach],
                attribute: [x * (40 << 20), z * (40 << 20), 0],
                normal: [0, -16384, 0],
            });
        }
        for [b, c] in [[1, 2], [2, 3]] {
            let vertices = [first, first + b, first + c];
            self.triangles.push(Triangle {
                vertices,
                material: 1,
                double_sided: true,
                unlit: false,
            });
        }
    }

    /// Loads the scene and draws it once.
    ///
    /// # Errors
    /// What the session meets; a program that is refused among it.
    pub fn draw(&self, connection: &mut Connection) -> Result<Drawn, SessionError> {
        let commands = self.commands();
        let (buffers, contents) = self.buffers(commands.len());
        let mut program = vec![0; Program::encoded_len(buffers.len(), commands.len())];
        Program::emit(&buffers, &commands, &mut program).expect("the length was computed");
        let mut blobs = Vec::new();
        for (buffer, bytes) in buffers.iter().zip(&contents) {
            if !bytes.is_empty() {
                blobs.push(Blob { offset: buffer.offset, bytes });
            }
        }
        blobs.push(Blob { offset: 0, bytes: &program });
        let session = connection.session();
        session.load(&blobs, &mut |_| ())?;
        let mut drawn = Drawn::default();
        let outcome = session.run(|event| {
            drawn.take(event);
            ControlFlow::Continue(())
        })?;
        assert_eq!(outcome, Outcome::Completed);
        for id in [PIXELS, POINTS, NORMALS] {
            let buffer = &buffers[usize::from(id.0)];
            drawn.fragments.extend(session.download(buffer.offset, buffer.length)?);
        }
        Ok(drawn)
    }

    fn pixels(&self) -> usize {
        usize::from(self.tile[0]) * usize::from(self.tile[1])
    }

    fn commands(&self) -> Vec<Command> {
        let (vertex_count, triangle_count) =
            (self.vertices.len() as u32, self.triangles.len() as u32);
        let pixels = self.pixels() as u32;
        // Normals are drawn as if they were colours.
        let matrix = Matrix { stride: 4, first: 0 };
        let [tile_width, tile_height] = self.tile;
        let [width, height] = self.frame;
        vec![
            Command::TransformVertices(TransformVertices {
                vertices: VERTICES,
                triangles: TRIANGLES,
                camera: CAMERA,
                seen: SEEN,
                vertex_count,
                triangle_count,
                width,
                height,
            }),
            Command::NextTile(NextTile {
                cursor: CURSOR,
                frame: FRAME,
                accumulators: ACCUMULATORS,
                tile_width,
                tile_height,
                channels: 3,
            }),
            Command::RasteriseTriangles(RasteriseTriangles {
                cursor: CURSOR,
                seen: SEEN,
                vertices: VERTICES,
                triangles: TRIANGLES,
                surface: SURFACE,
                pixels: PIXELS,
                points: Some(POINTS),
                normals: Some(NORMALS),
                vertex_count,
                triangle_count,
                capacity: pixels,
                attribute: 0,
            }),
            Command::BlendGaussians(BlendGaussians {
                cursor: CURSOR,
                splats: SPLATS,
                keys: KEYS,
                order: ORDER,
                count: COUNT,
                surface: SURFACE,
                camera: CAMERA,
                accumulators: ACCUMULATORS,
                capacity: self.splats.len().max(1) as u32,
                pixels,
            }),
            Command::Shade(Shade {
                count: PIXELS,
                normals: NORMALS,
                lights: LIGHTS,
                colors: POINTS,
                capacity: pixels,
                light_count: self.lights.len() as u8 - 1,
                matrix: Matrix { stride: 2 * POINT_WORDS as u16, first: 0 },
            }),
            Command::BlendSurface(BlendSurface {
                count: PIXELS,
                pixels: Some(PIXELS),
                colors: NORMALS,
                accumulators: ACCUMULATORS,
                capacity: pixels,
                matrix,
                color_bits: 14,
                adds: false,
            }),
            Command::ResolveTile(ResolveTile {
                cursor: CURSOR,
                accumulators: ACCUMULATORS,
                frame: FRAME,
                capacity: pixels,
                background: [9, 60, 200],
            }),
            Command::Repeat(Repeat { condition: CURSOR, from: 1, word: MORE_TILES_WORD }),
        ]
    }

    /// Buffers one after another behind the program, and what is sent before the run.
    fn buffers(&self, commands: usize) -> (Vec<Buffer>, Vec<Vec<u8>>) {
        let (pixels, splats) = (self.pixels(), self.splats.len().max(1));
        let seen = seen_words(self.vertices.len(), self.triangles.len());
        let given = |words: Vec<u32>| (BufferKind::Constant, words.len(), words);
        let room = |words: usize| (BufferKind::Scratch, words, Vec::new());
        let output = |words: usize| (BufferKind::Output, words, vec![0x5555_5555; words]);
        let parts = [
            (BufferKind::Scratch, CURSOR_WORDS, vec![0; CURSOR_WORDS]),
            given(self.vertices.iter().flat_map(|v| v.to_words() as [u32; VERTEX_WORDS]).collect()),
            given(
                self.triangles.iter().flat_map(|t| t.to_words() as [u32; TRIANGLE_WORDS]).collect(),
            ),
            given(Vec::from(self.camera.to_words() as [u32; CAMERA_WORDS])),
            given(self.lights.iter().flat_map(|l| l.to_words() as [u32; LIGHT_WORDS]).collect()),
            given(if self.splats.is_empty() {
                vec![0; SPLAT_WORDS]
            } else {
                self.splats.iter().flat_map(|(splat, _)| *splat).collect()
            }),
            given((0..splats).map(|k| self.splats.get(k).map_or(0, |splat| splat.1)).collect()),
            given((0..splats as u32).collect()),
            given(vec![self.splats.len() as u32]),
            room(seen),
            room(pixels * SURFACE_WORDS),
            room(pixels * ACCUMULATOR_WORDS),
            output(pixels + 1),
            output(pixels * POINT_WORDS),
            output(pixels * NORMAL_WORDS),
        ];
        let mut next = Program::encoded_len(parts.len() + 1, commands);
        let (mut buffers, mut contents) = (Vec::new(), Vec::new());
        for (kind, words, given) in parts {
            buffers.push(Buffer { kind, offset: next as u32, length: words as u32 * 4 });
            next += words * 4;
            contents.push(given.iter().flat_map(|word| word.to_le_bytes()).collect());
        }
        let length = u32::from(self.frame[0]) | u32::from(self.frame[1]) << 16;
        buffers.push(Buffer { kind: BufferKind::Frame, offset: 0, length });
        (buffers, contents)
    }
}

impl Drawn {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Pixels { x, y, width, bytes, .. } => {
                self.pixels.push((x, y, width, bytes.to_vec()));
            }
            Event::Cost { phase, ticks, items, .. } => {
                match self.costs.iter_mut().find(|cost| cost.0 == phase) {
                    Some((_, cost)) => *cost = [cost[0] + ticks, cost[1] + items],
                    None => self.costs.push((phase, [ticks, items])),
                }
            }
            _ => {}
        }
    }
}

fn lights() -> Vec<Light> {
    let light = |direction, signed, color| Light { direction, signed, color };
    vec![
        light([0; 3], false, [1000, 1000, 1200]),
        light([9000, -11000, -8000], false, [2500, 2300, 2000]),
        light([16384, 0, 0], true, [300, 0, -300]),
    ]
}

fn camera([width, height]: [u16; 2], distance: i32) -> Camera {
    // Turned by 0.6 and 0.2, so that nothing is even.
    let ([s, c], [t, d]) = ([0.6f64.sin(), 0.6f64.cos()], [0.2f64.sin(), 0.2f64.cos()]);
    let rotation = [[c, 0.0, s], [t * s, d, -t * c], [-d * s, t, d * c]];
    let focal = f64::from(height) * 1.2;
    let focal_shift = focal.log2().ceil() as u32;
    let scale = focal / f64::from(1 << focal_shift);
    let row = |row: [f64; 3], scale: f64| row.map(|m| (m * scale * f64::from(1 << 30)) as i32);
    Camera {
        matrix: [row(rotation[0], scale), row(rotation[1], scale), row(rotation[2], 1.0)],
        translation: [0, 0, distance],
        center: [i32::from(width) << 7, i32::from(height) << 7],
        slope_limits: [-1 << 12, 1 << 12, -1 << 12, 1 << 12],
        near: 1 << 16,
        focal_shift,
        key_shift: 4,
        ..Camera::default()
    }
}
