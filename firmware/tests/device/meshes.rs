//! Meshes, and Gaussians among them: every pixel comes once, tiles do not show, what is nearer
//! hides what is not; and hostile triangles and programs do no harm.

use proptest::prelude::*;
use quintet_firmware::Memory;
use quintet_protocol::feature::Matrix;
use quintet_protocol::gaussian::{ACCUMULATOR_WORDS, CAMERA_WORDS, Camera, SPLAT_WORDS};
use quintet_protocol::mesh::{
    LIGHT_WORDS, Light, TRIANGLE_WORDS, Triangle, VERTEX_WORDS, Vertex, seen_words,
};
use quintet_protocol::message::{Refusal, Request};
use quintet_protocol::program::{
    BlendGaussians, BlendSurface, Buffer, BufferId, BufferKind, Command, Fault, NextTile, Program,
    ProgramError, RasteriseTriangles, Repeat, ResolveTile, Shade, TransformVertices,
};
use quintet_protocol::tile::{
    CURSOR_WORDS, MORE_TILES_WORD, NORMAL_WORDS, POINT_WORDS, SURFACE_WORDS,
};

use crate::hostile_programs::{mutate_and_run, nasty, nasty_arena, put, run_and_compare};
use crate::mutation::places;
use crate::scene::{Layout, Random};
use crate::world::{Answer, World};

/// Numbers of the buffers.
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

/// What is drawn, and how.
#[derive(Clone, Copy, Debug)]
struct Plan {
    frame: [u16; 2],
    tile: [u16; 2],
    vertices: usize,
    triangles: usize,
    splats: usize,
    /// What attributes are.
    attribute: u8,
}

impl Plan {
    /// Buffers one after another behind the program; normals are drawn as if they were colours.
    fn layout(&self) -> Layout {
        let commands = self.commands();
        let pixels = usize::from(self.tile[0]) * usize::from(self.tile[1]);
        let (constant, scratch) = (BufferKind::Constant, BufferKind::Scratch);
        let sizes = [
            (scratch, CURSOR_WORDS),
            (constant, self.vertices * VERTEX_WORDS),
            (constant, self.triangles * TRIANGLE_WORDS),
            (BufferKind::Input, CAMERA_WORDS),
            (BufferKind::Input, 3 * LIGHT_WORDS),
            (scratch, self.splats * SPLAT_WORDS),
            (scratch, self.splats),
            (scratch, self.splats),
            (scratch, 1),
            (scratch, seen_words(self.vertices, self.triangles)),
            (scratch, pixels * SURFACE_WORDS),
            (scratch, pixels * ACCUMULATOR_WORDS),
            (scratch, pixels + 1),
            (scratch, pixels * POINT_WORDS),
            (BufferKind::Output, pixels * NORMAL_WORDS),
        ];
        let mut next = Program::encoded_len(sizes.len() + 1, commands.len());
        let mut buffers = Vec::new();
        for (kind, words) in sizes {
            buffers.push(Buffer { kind, offset: next as u32, length: words as u32 * 4 });
            next += words * 4;
        }
        let length = u32::from(self.frame[0]) | u32::from(self.frame[1]) << 16;
        buffers.push(Buffer { kind: BufferKind::Frame, offset: 0, length });
        Layout { buffers, commands, words: next / 4 }
    }

    fn commands(&self) -> Vec<Command> {
        let [vertex_count, triangle_count] = [self.vertices, self.triangles].map(|n| n as u32);
        let capacity = u32::from(self.tile[0]) * u32::from(self.tile[1]);
        let ([tile_width, tile_height], [width, height]) = (self.tile, self.frame);
        let (accumulators, normals) = (ACCUMULATORS, NORMALS);
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
                accumulators,
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
                normals: Some(normals),
                vertex_count,
                triangle_count,
                capacity,
                attribute: self.attribute,
            }),
            Command::BlendGaussians(BlendGaussians {
                cursor: CURSOR,
                splats: SPLATS,
                keys: KEYS,
                order: ORDER,
                count: COUNT,
                surface: SURFACE,
                camera: CAMERA,
                accumulators,
                capacity: self.splats as u32,
                pixels: capacity,
            }),
            Command::Shade(Shade {
                count: PIXELS,
                normals,
                lights: LIGHTS,
                colors: POINTS,
                capacity,
                light_count: 2,
                matrix: Matrix { stride: 2 * POINT_WORDS as u16, first: 2 },
            }),
            Command::BlendSurface(BlendSurface {
                count: PIXELS,
                pixels: Some(PIXELS),
                colors: normals,
                accumulators,
                capacity,
                matrix: Matrix { stride: 4, first: 0 },
                color_bits: 14,
                adds: false,
            }),
            Command::ResolveTile(ResolveTile {
                cursor: CURSOR,
                accumulators,
                frame: FRAME,
                capacity,
                background: [10, 20, 30],
            }),
            Command::Repeat(Repeat { condition: CURSOR, from: 1, word: MORE_TILES_WORD }),
        ]
    }
}

/// Triangles all around a camera, and splats before it.
#[derive(Clone, Debug)]
struct Scene {
    vertices: Vec<[u32; VERTEX_WORDS]>,
    triangles: Vec<[u32; TRIANGLE_WORDS]>,
    splats: Vec<[u32; SPLAT_WORDS]>,
    keys: Vec<u32>,
    camera: Camera,
}

impl Scene {
    fn random(plan: &Plan, seed: u32) -> Self {
        let mut random = Random(seed | 1);
        let (side, distance) = (1 << 20, 1 << 20);
        let mut vertex = || {
            let position = [(); 3].map(|()| random.within(side));
            let attribute = [(); 3].map(|()| random.within(1 << 24));
            let normal = [(); 3].map(|()| random.within(9000) as i16);
            Vertex { position, attribute, normal }.to_words()
        };
        let vertices = (0..plan.vertices).map(|_| vertex()).collect();
        let mut triangle = || Triangle {
            vertices: [(); 3].map(|()| random.next() % plan.vertices as u32),
            material: random.next() as u16,
            double_sided: random.next().is_multiple_of(2),
            unlit: random.next().is_multiple_of(4),
        };
        let triangles = (0..plan.triangles).map(|_| triangle().to_words()).collect();
        let [width, height] = plan.frame.map(u32::from);
        let mut splat = || {
            let row = random.next() % height;
            splat([random.next() % width, row], plan.frame, random.next(), random.next() as u8)
        };
        let splats = (0..plan.splats).map(|_| splat()).collect();
        let mut keys: Vec<u32> = (0..plan.splats).map(|_| random.next() % (1 << 18)).collect();
        keys.sort_unstable();
        let camera = Camera {
            matrix: [[1 << 30, 0, 0], [0, 1 << 30, 0], [0, 0, 1 << 30]],
            translation: [0, 0, distance],
            center: plan.frame.map(|side| i32::from(side) << 7),
            near: 1 << 14,
            focal_shift: 5,
            key_shift: 4,
            ..Camera::default()
        };
        Self { vertices, triangles, splats, keys, camera }
    }

    fn put(&self, layout: &Layout, arena: &mut [u32]) {
        let lights = [[0i16; 3], [9000, -9000, 9000], [0, 0, 16384]].map(|direction| {
            Light { direction, signed: direction[0] == 0, color: [2000; 3] }.to_words()
        });
        let order: Vec<u32> = (0..self.splats.len() as u32).collect();
        let camera = self.camera.to_words();
        for (id, words) in [
            (VERTICES, self.vertices.as_flattened()),
            (TRIANGLES, self.triangles.as_flattened()),
            (CAMERA, &camera),
            (LIGHTS, lights.as_flattened()),
            (SPLATS, self.splats.as_flattened()),
            (KEYS, &self.keys),
            (ORDER, &order),
            (COUNT, &[order.len() as u32]),
            (CURSOR, &[0; CURSOR_WORDS]),
        ] {
            put(arena, layout.offset(id.0), words);
        }
    }
}

/// A round splat of a deviation of 4 pixels.
fn splat(at: [u32; 2], frame: [u16; 2], color: u32, opacity: u8) -> [u32; SPLAT_WORDS] {
    let [width, height] = frame.map(u32::from);
    let (curve, rows) = ((1 << 27) / 16, [at[1].saturating_sub(13), (at[1] + 14).min(height)]);
    let color = color & 0x0FFF_0FFF;
    [
        at[0] << 8 | 128,
        at[1] << 8 | 128,
        0,
        curve,
        curve,
        14 << 8,
        rows[0] | rows[1] << 16,
        width << 16,
        color,
        color & 0xFFF | u32::from(opacity) << 16,
    ]
}

fn draw(plan: &Plan, scene: &Scene) -> Vec<[u8; 3]> {
    let layout = plan.layout();
    let (mut memory, mut arena) = (Memory::new(), vec![0; layout.words]);
    put(&mut arena, 0, &layout.program());
    scene.put(&layout, &mut arena);
    let mut world = World::new(&mut memory, &mut arena);
    world.connect();
    let install = Request::Install { offset: 0, length: layout.program().len() as u32 * 4 };
    assert_eq!(world.call(install), Answer::Done);
    // Two frames: the second begins where the cursor of the first stands.
    let first = world.run().picture(plan.frame);
    assert_eq!(world.run().picture(plan.frame), first);
    first
}

prop_compose! {
    fn plan()(
        frame in [1u16..60, 1u16..50],
        tile in [1u16..60, 1u16..50],
        vertices in 3usize..40,
        triangles in 1usize..60,
        splats in 1usize..30,
        attribute in 0u8..2,
    ) -> Plan {
        let tile = [tile[0].min(frame[0]), tile[1].min(frame[1])];
        Plan { frame, tile, vertices, triangles, splats, attribute }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn tiles_of_meshes_do_not_show(plan in plan(), seed: u32) {
        let scene = Scene::random(&plan, seed);
        let expected = draw(&Plan { tile: plan.frame, ..plan }, &scene);
        let found = draw(&plan, &scene);
        let differs = expected.iter().zip(&found).filter(|(a, b)| a != b).count();
        prop_assert_eq!(differs, 0, "of {} pixels", expected.len());
    }

    #[test]
    fn any_words_are_drawn_somehow(plan in plan(), seed: u32) {
        let layout = plan.layout();
        let before = nasty_arena(&layout, &mut Random(seed | 1));
        let mut arena = before.clone();
        prop_assert_eq!(run_and_compare(&layout, &before, &mut arena), Ok(()));
    }

    /// With a sane camera and mostly sane vertices, hostile ones get further.
    #[test]
    fn any_vertices_and_triangles_are_drawn_somehow(plan in plan(), seed: u32, share in 2u32..20) {
        let layout = plan.layout();
        let mut random = Random(seed | 1);
        let mut before = nasty_arena(&layout, &mut random);
        let mut scene = Scene::random(&plan, seed);
        let words = scene.vertices.as_flattened_mut().iter_mut();
        for word in words.chain(scene.triangles.as_flattened_mut()).chain(&mut scene.keys) {
            if random.next().is_multiple_of(share) {
                *word = nasty(&mut random);
            }
        }
        scene.put(&layout, &mut before);
        let mut arena = before.clone();
        prop_assert_eq!(run_and_compare(&layout, &before, &mut arena), Ok(()));
    }

    #[test]
    fn any_camera_sees_something(plan in plan(), seed: u32, word in 0..CAMERA_WORDS) {
        let layout = plan.layout();
        let mut random = Random(seed | 1);
        let mut before = nasty_arena(&layout, &mut random);
        let mut scene = Scene::random(&plan, seed);
        let mut camera = scene.camera.to_words();
        camera[word] = nasty(&mut random);
        scene.camera = Camera::from_words(&camera);
        scene.put(&layout, &mut before);
        let mut arena = before.clone();
        prop_assert_eq!(run_and_compare(&layout, &before, &mut arena), Ok(()));
    }

    #[test]
    fn a_mutated_program_of_meshes_is_refused_or_runs(
        plan in plan(),
        seed: u32,
        places in places(1),
    ) {
        let layout = plan.layout();
        let mut random = Random(seed | 1);
        let mut arena = nasty_arena(&layout, &mut random);
        Scene::random(&plan, seed).put(&layout, &mut arena);
        prop_assert_eq!(mutate_and_run(&layout, arena, &places, &mut random), None);
    }
}

/// A square across the left half of a frame, at a depth of 2^21 su, that faces the camera.
fn half(plan: &Plan) -> Scene {
    let mut scene = Scene::random(plan, 1);
    let far = 1 << 24;
    let normal = [4000, 8000, 12000];
    let corners = [[-far, -far], [-far, far], [0, far], [0, -far]];
    let vertex = |[x, y]: [i32; 2]| Vertex { position: [x, y, 1 << 20], attribute: [0; 3], normal };
    scene.vertices = corners.map(|corner| vertex(corner).to_words()).into();
    let triangle = |vertices| Triangle { vertices, ..Triangle::default() };
    scene.triangles = vec![triangle([0, 1, 2]).to_words(), triangle([0, 2, 3]).to_words()];
    scene
}

#[test]
fn surfaces_hide_the_gaussians_behind_them_and_no_others() {
    let plan =
        Plan { frame: [40, 20], tile: [40, 6], vertices: 4, triangles: 2, splats: 2, attribute: 0 };
    let mut scene = half(&plan);
    scene.splats = [[10, 10], [30, 10]].map(|at| splat(at, plan.frame, 0x0FFF_0FFF, 255)).into();
    let at = |picture: &[[u8; 3]], column: usize| picture[10 * 40 + column];
    let color = [4000, 8000, 12000].map(|n: u32| ((n * 255 + (1 << 13)) >> 14) as u8);
    for (depth, is_hidden) in [((1 << 21) + 64, true), ((1 << 21) - 64, false)] {
        scene.keys = vec![depth >> scene.camera.key_shift; 2];
        let picture = draw(&plan, &scene);
        assert_eq!(at(&picture, 10) == color, is_hidden, "{:?}", at(&picture, 10));
        // The other one is beside the surface.
        assert!(at(&picture, 30)[0] > 200 && picture[0] == color);
    }
}

#[test]
fn triangles_that_show_their_back_are_not_drawn_unless_they_are_double_sided() {
    let plan =
        Plan { frame: [8, 8], tile: [8, 8], vertices: 4, triangles: 2, splats: 1, attribute: 0 };
    let mut scene = half(&plan);
    scene.splats = vec![[0; SPLAT_WORDS]];
    let left = |scene: &Scene| draw(&plan, scene)[0];
    let front = left(&scene);
    assert_eq!(front, [62, 125, 187]);
    for triangle in &mut scene.triangles {
        triangle.swap(0, 1);
    }
    assert_eq!(left(&scene), [10, 20, 30]);
    for triangle in &mut scene.triangles {
        triangle[3] |= 1 << 16;
    }
    // Normals point away, and are cut off below black.
    assert_eq!(left(&scene), [0; 3]);
}

#[test]
fn what_cannot_be_drawn_is_refused_by_name() {
    let plan =
        Plan { frame: [9, 7], tile: [9, 3], vertices: 5, triangles: 4, splats: 3, attribute: 0 };
    let refused = |index: usize, change: fn(&mut Command)| {
        let mut layout = plan.layout();
        change(&mut layout.commands[index]);
        let mut arena = vec![0; layout.words];
        put(&mut arena, 0, &layout.program());
        let mut memory = Memory::new();
        let mut world = World::new(&mut memory, &mut arena);
        world.connect();
        let length = layout.program().len() as u32 * 4;
        match world.call(Request::Install { offset: 0, length }) {
            Answer::Refused(Refusal::Program(ProgramError::BadCommand { command, fault })) => {
                assert_eq!(usize::from(command), index);
                fault
            }
            other => panic!("{other:?}"),
        }
    };
    macro_rules! refused {
        ($index:literal, $name:ident, $field:ident = $value:expr) => {
            refused($index, |command| match command {
                Command::$name(command) => command.$field = $value,
                other => panic!("{other:?}"),
            })
        };
    }
    let out_of_range = |parameter| Fault::OutOfRange { parameter };
    let too_small = |buffer, words: u32| Fault::TooSmall { buffer, needed: words * 4 };
    assert_eq!(refused!(0, TransformVertices, vertex_count = 0), out_of_range(0));
    assert_eq!(refused!(0, TransformVertices, triangle_count = u32::MAX), out_of_range(1));
    assert_eq!(refused!(0, TransformVertices, height = 5000), out_of_range(2));
    assert_eq!(refused!(0, TransformVertices, vertex_count = 6), too_small(VERTICES, 48));
    assert_eq!(refused!(0, TransformVertices, seen = COUNT), too_small(COUNT, 38));
    assert_eq!(refused!(1, NextTile, tile_width = 10), out_of_range(0));
    assert_eq!(refused!(1, NextTile, channels = 0), out_of_range(1));
    assert_eq!(refused!(1, NextTile, channels = 4), too_small(ACCUMULATORS, 135));
    assert_eq!(refused!(2, RasteriseTriangles, capacity = 28), too_small(SURFACE, 56));
    assert_eq!(refused!(2, RasteriseTriangles, attribute = 2), out_of_range(3));
    assert_eq!(
        refused!(2, RasteriseTriangles, pixels = VERTICES),
        Fault::WrongKind { buffer: VERTICES }
    );
    assert_eq!(refused!(2, RasteriseTriangles, points = Some(NORMALS)), too_small(NORMALS, 81));
    assert_eq!(refused!(2, RasteriseTriangles, normals = Some(POINTS)), Fault::Overlap);
    assert_eq!(refused!(3, BlendGaussians, capacity = 0), out_of_range(0));
    assert_eq!(refused!(3, BlendGaussians, pixels = 1 << 23), out_of_range(1));
    assert_eq!(refused!(4, Shade, light_count = 9), out_of_range(1));
    assert_eq!(refused!(4, Shade, light_count = 3), too_small(LIGHTS, 16));
    assert_eq!(refused!(4, Shade, matrix = Matrix { stride: 6, first: 4 }), out_of_range(2));
    assert_eq!(refused!(5, BlendSurface, color_bits = 16), out_of_range(2));
    assert_eq!(refused!(5, BlendSurface, matrix = Matrix { stride: 2, first: 0 }), out_of_range(1));
    assert_eq!(refused!(6, ResolveTile, capacity = 0), out_of_range(0));
    assert_eq!(refused!(6, ResolveTile, frame = COUNT), Fault::WrongKind { buffer: COUNT });
}
