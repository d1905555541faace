//! The plan of a mesh, alone or among Gaussians.
//!
//! ```text
//! 0        program
//! ...      input: camera; lights, if they go with it
//! ...      constants: vertices, triangles, levels and texels of textures; lights
//! ...      cursor; seen vertices and triangles
//! ...      chunks, Gaussians, harmonics; splats, count, order, keys
//! ...      sort's scratch, histogram                                  until splats are sorted
//! (same)   surface, fragments, accumulators                           of one tile
//! ```

use super::{CompileError, Options, Scene, Shading};
use crate::compile::plan::Plan;
use crate::compile::scene::gaussians::{self, Gaussians};
use crate::compile::scene::tile::{smallest_tile, tile_of};
use crate::compile::{Bundle, CameraKind};
use crate::quantise::grid::TEXTURE_BITS;
use quintet_protocol::feature::Matrix;
use quintet_protocol::gaussian::{ACCUMULATOR_WORDS, CAMERA_WORDS};
use quintet_protocol::mesh::{LIGHT_WORDS, TRIANGLE_WORDS, VERTEX_WORDS, seen_words};
use quintet_protocol::program::{
    BlendGaussians, BlendSurface, BufferId, BufferKind, Command, Corners, Fill, Interpolate,
    NextTile, Program, RasteriseTriangles, Repeat, ResolveTile, Shade, TransformVertices,
};
use quintet_protocol::tile::{CURSOR_WORDS, MORE_TILES_WORD, NORMAL_WORDS, POINT_WORDS};

use super::options::NORMAL_LIGHTS;

/// Buffers and commands at the most, which is what a program has room for.
const BUFFERS: usize = 16 + gaussians::BUFFERS + 1;
const COMMANDS: usize = 10 + gaussians::COMMANDS + 1;
/// A tile's pixels should fit a chip's internal memory (an STM32H7 has 512 KiB in one piece), and
/// each tile looks at all triangles again.
const TILE_BYTES: usize = 512 * 1024;
/// Columns of a row of colours: red, green, blue, opacity.
const COLORS: Matrix = Matrix { stride: 4, first: 0 };
/// Words of a pixel in `surface`, and of its number in `pixels`.
const SURFACE_WORDS: usize = 2;
const NUMBER_WORDS: usize = 1;

/// A scene and the tile that it is drawn by.
pub struct Draft<'a> {
    scene: &'a Scene,
    options: &'a Options,
    tile: [u16; 2],
}

impl<'a> Draft<'a> {
    /// Finds the largest tile that fits.
    pub fn fitting(scene: &'a Scene, options: &'a Options) -> Result<Self, CompileError> {
        let Options { width, height, .. } = *options;
        let (fixed, pixel) = (fixed_bytes(scene), pixel_words(scene) * 4);
        let sorting = scene.gaussians.as_ref().map_or(0, |cloud| gaussians::sort_words(cloud) * 4);
        let least = smallest_tile(width, height);
        let least_bytes = usize::from(least[0]) * usize::from(least[1]) * pixel;
        let needed = fixed + sorting.max(least_bytes);
        if needed > options.arena_bytes {
            return Err(CompileError::MeshTooLarge {
                vertices: scene.mesh.vertices.len(),
                triangles: scene.mesh.triangles.len(),
                texels: scene.textures.bytes(),
                gaussians: scene.gaussians.as_ref().map_or(0, |cloud| cloud.len()),
                needed,
                available: options.arena_bytes,
            });
        }
        let bytes = (options.arena_bytes - fixed).min(TILE_BYTES);
        let tile = tile_of(width, height, bytes / pixel).unwrap_or(least);
        Ok(Self { scene, options, tile })
    }

    /// Lays out the arena and writes the program.
    pub fn bundle(self) -> Bundle {
        let Self { scene, options, tile } = self;
        let mut plan = Plan::after_program(BUFFERS, COMMANDS);
        let surface = Surface::place(&mut plan, scene);
        let cloud = scene.gaussians.as_ref().map(|cloud| Gaussians::place(&mut plan, cloud));
        let mut commands = vec![surface.transform(options), surface.first_tile()];
        let mut blend = None;
        if let Some(gaussians) = &cloud {
            let keys = plan.add(BufferKind::Scratch, gaussians.capacity as usize);
            let shared = plan.next;
            commands.extend(gaussians.commands(&mut plan, surface.camera, keys, options));
            (plan.next, blend) = (shared, Some((gaussians, keys)));
        }
        let fragments = Fragments::place(&mut plan, scene, options, tile);
        let loop_begin = commands.len() as u16;
        commands.push(fragments.next_tile(&surface, tile));
        commands.push(fragments.rasterise(&surface));
        commands.extend(blend.map(|(them, keys)| fragments.blend_gaussians(&surface, them, keys)));
        commands.push(fragments.interpolate(&surface, scene));
        commands.extend(fragments.shade(&surface));
        commands.push(fragments.blend_surface());
        commands.push(fragments.resolve(&surface, options));
        let (condition, word) = (surface.cursor, MORE_TILES_WORD);
        commands.push(Command::Repeat(Repeat { condition, from: loop_begin, word }));
        debug_assert!(plan.buffers.len() <= BUFFERS && commands.len() <= COMMANDS);

        let mut constants = surface.constants(&plan, scene);
        constants.extend(cloud.iter().flat_map(|them| them.constants(&plan)));
        Bundle {
            program: plan.program(&commands),
            constants,
            cameras: surface.cameras(&plan, scene),
            arena_bytes: plan.peak,
            tile,
            streamed: None,
        }
    }
}

/// Words of a pixel of a tile.
fn pixel_words(scene: &Scene) -> usize {
    let normals = if scene.shading == Shading::Unlit { 0 } else { NORMAL_WORDS };
    SURFACE_WORDS + NUMBER_WORDS + POINT_WORDS + normals + COLORS.words(1) + ACCUMULATOR_WORDS
}

/// Bytes that a scene takes whatever the tile.
fn fixed_bytes(scene: &Scene) -> usize {
    let (vertices, triangles) = (scene.mesh.vertices.len(), scene.mesh.triangles.len());
    let mesh = vertices * VERTEX_WORDS + triangles * TRIANGLE_WORDS;
    let textures = scene.textures.levels.len() + scene.textures.table.len();
    let lights = scene.lights.as_ref().map_or(NORMAL_LIGHTS * LIGHT_WORDS, Vec::len);
    let cloud = scene.gaussians.as_ref();
    let gaussians = cloud.map_or(0, |cloud| gaussians::resident_words(cloud) + cloud.len());
    let number_of_fragments = 1;
    let words = CAMERA_WORDS
        + mesh
        + textures
        + lights
        + CURSOR_WORDS
        + seen_words(vertices, triangles)
        + gaussians
        + number_of_fragments;
    Program::encoded_len(BUFFERS, COMMANDS) + words * 4
}

/// What lasts while a frame is drawn.
struct Surface {
    camera: BufferId,
    vertices: BufferId,
    triangles: BufferId,
    levels: BufferId,
    texels: BufferId,
    lights: Option<BufferId>,
    cursor: BufferId,
    seen: BufferId,
    vertex_count: u32,
    triangle_count: u32,
    light_count: u8,
}

impl Surface {
    fn place(plan: &mut Plan, scene: &Scene) -> Self {
        let (vertices, triangles) = (scene.mesh.vertices.len(), scene.mesh.triangles.len());
        let camera = plan.add(BufferKind::Input, CAMERA_WORDS);
        let (kind, words) = match &scene.lights {
            Some(lights) => (BufferKind::Constant, lights.len()),
            None => (BufferKind::Input, NORMAL_LIGHTS * LIGHT_WORDS),
        };
        Self {
            camera,
            lights: (scene.shading != Shading::Unlit).then(|| plan.add(kind, words)),
            vertices: plan.add(BufferKind::Constant, vertices * VERTEX_WORDS),
            triangles: plan.add(BufferKind::Constant, triangles * TRIANGLE_WORDS),
            levels: plan.add(BufferKind::Constant, scene.textures.levels.len()),
            texels: plan.add(BufferKind::Constant, scene.textures.table.len()),
            cursor: plan.add(BufferKind::Scratch, CURSOR_WORDS),
            seen: plan.add(BufferKind::Scratch, seen_words(vertices, triangles)),
            vertex_count: vertices as u32,
            triangle_count: triangles as u32,
            light_count: (words / LIGHT_WORDS - 1) as u8,
        }
    }

    fn transform(&self, options: &Options) -> Command {
        Command::TransformVertices(TransformVertices {
            vertices: self.vertices,
            triangles: self.triangles,
            camera: self.camera,
            seen: self.seen,
            vertex_count: self.vertex_count,
            triangle_count: self.triangle_count,
            width: options.width,
            height: options.height,
        })
    }

    /// Clears the cursor, which a run that was given up may have left in the middle of a frame.
    fn first_tile(&self) -> Command {
        Command::Fill(Fill { output: self.cursor, count: (CURSOR_WORDS * 4) as u32, value: 0 })
    }

    fn constants(&self, plan: &Plan, scene: &Scene) -> Vec<crate::compile::Placed> {
        let mut constants = vec![
            plan.constant("vertices", self.vertices, scene.mesh.vertices.as_flattened()),
            plan.constant("triangles", self.triangles, scene.mesh.triangles.as_flattened()),
            plan.constant("textures", self.levels, &scene.textures.levels),
            plan.constant("texels", self.texels, &scene.textures.table),
        ];
        if let (Some(buffer), Some(lights)) = (self.lights, &scene.lights) {
            constants.push(plan.constant("lights", buffer, lights));
        }
        constants
    }

    fn cameras(&self, plan: &Plan, scene: &Scene) -> Vec<crate::compile::CameraSlot> {
        let mut cameras = vec![plan.camera(self.camera, CameraKind::View(scene.frame))];
        if let (Some(buffer), None) = (self.lights, &scene.lights) {
            cameras.push(plan.camera(buffer, CameraKind::NormalLights));
        }
        cameras
    }
}

/// What a tile is drawn with.
struct Fragments {
    surface: BufferId,
    pixels: BufferId,
    points: BufferId,
    normals: Option<BufferId>,
    colors: BufferId,
    accumulators: BufferId,
    frame: BufferId,
    capacity: u32,
}

impl Fragments {
    fn place(plan: &mut Plan, scene: &Scene, options: &Options, tile: [u16; 2]) -> Self {
        let pixels = usize::from(tile[0]) * usize::from(tile[1]);
        let mut scratch = |words: usize| plan.add(BufferKind::Scratch, words);
        let is_lit = scene.shading != Shading::Unlit;
        Self {
            surface: scratch(pixels * SURFACE_WORDS),
            pixels: scratch(pixels * NUMBER_WORDS + 1),
            points: scratch(pixels * POINT_WORDS),
            normals: is_lit.then(|| scratch(pixels * NORMAL_WORDS)),
            colors: scratch(COLORS.words(pixels)),
            accumulators: scratch(pixels * ACCUMULATOR_WORDS),
            frame: plan.frame(options.width, options.height),
            capacity: pixels as u32,
        }
    }

    fn next_tile(&self, surface: &Surface, [tile_width, tile_height]: [u16; 2]) -> Command {
        Command::NextTile(NextTile {
            cursor: surface.cursor,
            frame: self.frame,
            accumulators: self.accumulators,
            tile_width,
            tile_height,
            channels: 3,
        })
    }

    fn rasterise(&self, surface: &Surface) -> Command {
        Command::RasteriseTriangles(RasteriseTriangles {
            cursor: surface.cursor,
            seen: surface.seen,
            vertices: surface.vertices,
            triangles: surface.triangles,
            surface: self.surface,
            pixels: self.pixels,
            points: Some(self.points),
            normals: self.normals,
            vertex_count: surface.vertex_count,
            triangle_count: surface.triangle_count,
            capacity: self.capacity,
            attribute: 0,
        })
    }

    /// Blends what is before the surface.
    fn blend_gaussians(&self, surface: &Surface, them: &Gaussians, keys: BufferId) -> Command {
        Command::BlendGaussians(BlendGaussians {
            cursor: surface.cursor,
            splats: them.splats,
            keys,
            order: them.order,
            count: them.count,
            surface: self.surface,
            camera: surface.camera,
            accumulators: self.accumulators,
            capacity: them.capacity,
            pixels: self.capacity,
        })
    }

    /// Looks colours up: each fragment's third coordinate is the number of its material's texture.
    fn interpolate(&self, surface: &Surface, scene: &Scene) -> Command {
        let textures = &scene.textures;
        Command::Interpolate(Interpolate {
            points: self.points,
            count: self.pixels,
            levels: surface.levels,
            table: surface.texels,
            output: self.colors,
            capacity: self.capacity,
            level_count: textures.level_count() as u16,
            features: textures.features as u8,
            entry: textures.entry,
            corners: if scene.nearest { Corners::Nearest } else { Corners::Linear },
            dimensions: 2,
            selects: true,
            adds: false,
            matrix: COLORS,
        })
    }

    fn shade(&self, surface: &Surface) -> Option<Command> {
        Some(Command::Shade(Shade {
            count: self.pixels,
            normals: self.normals?,
            lights: surface.lights?,
            colors: self.colors,
            capacity: self.capacity,
            light_count: surface.light_count,
            matrix: COLORS,
        }))
    }

    fn blend_surface(&self) -> Command {
        Command::BlendSurface(BlendSurface {
            count: self.pixels,
            pixels: Some(self.pixels),
            colors: self.colors,
            accumulators: self.accumulators,
            capacity: self.capacity,
            matrix: COLORS,
            color_bits: TEXTURE_BITS as u8,
            adds: false,
        })
    }

    fn resolve(&self, surface: &Surface, options: &Options) -> Command {
        Command::ResolveTile(ResolveTile {
            cursor: surface.cursor,
            accumulators: self.accumulators,
            frame: self.frame,
            capacity: self.capacity,
            background: options.background,
        })
    }
}
