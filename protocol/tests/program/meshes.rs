//! Commands that draw meshes, and their vertices, triangles and lights: what is written is read
//! back.

use proptest::prelude::*;
use quintet_protocol::feature::Matrix;
use quintet_protocol::mesh::{Light, Triangle, Vertex};
use quintet_protocol::program::{
    BlendGaussians, BlendSurface, BufferId, Command, Fault, NextTile, Program, ProgramError,
    RasteriseTriangles, ResolveTile, Shade, TransformVertices,
};
use quintet_protocol::tile::Cursor;

use crate::{encode, ids};

/// A buffer or none; 0xFFFF stands for none, so it is no number of one.
fn maybe() -> impl Strategy<Value = Option<BufferId>> {
    prop::option::of((0..u16::MAX).prop_map(BufferId))
}

fn matrix() -> impl Strategy<Value = Matrix> {
    (1u16..0x7FFF).prop_flat_map(|half| {
        (0..half).prop_map(move |first| Matrix { stride: 2 * half, first: 2 * first })
    })
}

prop_compose! {
    fn tiles()(
        [cursor, frame, accumulators, count, colors] in ids::<5>(),
        pixels in maybe(),
        matrix in matrix(),
        [tile_width, tile_height] in any::<[u16; 2]>(),
        (channels, color_bits, adds) in any::<(u8, u8, bool)>(),
        (capacity, background) in any::<(u32, [u8; 3])>(),
    ) -> [Command; 3] {
        [
            Command::NextTile(NextTile {
                cursor, frame, accumulators, tile_width, tile_height, channels,
            }),
            Command::BlendSurface(BlendSurface {
                count, pixels, colors, accumulators, capacity, matrix, color_bits, adds,
            }),
            Command::ResolveTile(ResolveTile { cursor, accumulators, frame, capacity, background }),
        ]
    }
}

prop_compose! {
    fn triangles()(
        [vertices, triangles, camera, seen, cursor, surface, pixels] in ids::<7>(),
        [splats, keys, order, count, accumulators] in ids::<5>(),
        [points, normals] in [maybe(), maybe()],
        [vertex_count, triangle_count, capacity] in any::<[u32; 3]>(),
        [width, height] in any::<[u16; 2]>(),
        attribute: u8,
    ) -> [Command; 3] {
        [
            Command::TransformVertices(TransformVertices {
                vertices, triangles, camera, seen, vertex_count, triangle_count, width, height,
            }),
            Command::RasteriseTriangles(RasteriseTriangles {
                cursor, seen, vertices, triangles, surface, pixels, points, normals, vertex_count,
                triangle_count, capacity, attribute,
            }),
            Command::BlendGaussians(BlendGaussians {
                cursor, splats, keys, order, count, surface, camera, accumulators, capacity,
                pixels: vertex_count,
            }),
        ]
    }
}

prop_compose! {
    fn shade()(
        [count, normals, lights, colors] in ids::<4>(),
        capacity: u32,
        light_count: u8,
        matrix in matrix(),
    ) -> Command {
        Command::Shade(Shade { count, normals, lights, colors, capacity, light_count, matrix })
    }
}

proptest! {
    #[test]
    fn commands_of_meshes_are_read_back(a in tiles(), b in triangles(), c in shade()) {
        let commands = [&a[..], &b[..], &[c]].concat();
        let bytes = encode(&[], &commands);
        let program = Program::new(&bytes).unwrap();
        for (index, command) in commands.iter().enumerate() {
            prop_assert_eq!(program.command(index as u16), Ok(*command));
        }
    }

    #[test]
    fn vertices_triangles_and_lights_are_read_back(
        (position, attribute, normal) in any::<([i32; 3], [i32; 3], [i16; 3])>(),
        (vertices, material, double_sided, unlit) in any::<([u32; 3], u16, bool, bool)>(),
        (direction, signed, color) in any::<([i16; 3], bool, [i16; 3])>(),
        (next, more, corner, size, pixels) in any::<(u32, bool, [u16; 2], [u16; 2], u32)>(),
    ) {
        let vertex = Vertex { position, attribute, normal };
        prop_assert_eq!(Vertex::from_words(&vertex.to_words()), vertex);
        let triangle = Triangle { vertices, material, double_sided, unlit };
        prop_assert_eq!(Triangle::from_words(&triangle.to_words()), triangle);
        let light = Light { direction, signed, color };
        prop_assert_eq!(Light::from_words(&light.to_words()), light);
        let cursor = Cursor { next, more, corner, size, pixels };
        prop_assert_eq!(Cursor::from_words(&cursor.to_words()), cursor);
    }
}

#[test]
fn words_are_those_of_the_layout() {
    let vertex = Vertex { position: [1, -2, 3], attribute: [4, 5, -6], normal: [7, -8, 9] };
    assert_eq!(vertex.to_words(), [1, !1, 3, 4, 5, !5, 7 | 0xFFF8 << 16, 9]);
    let triangle = Triangle { vertices: [1, 2, 3], material: 4, double_sided: true, unlit: false };
    assert_eq!(triangle.to_words(), [1, 2, 3, 0x1_0004]);
    let unlit = Triangle { double_sided: false, unlit: true, ..triangle };
    assert_eq!(unlit.to_words(), [1, 2, 3, 0x2_0004]);
    let light = Light { direction: [1, 2, 3], signed: true, color: [4, 5, -1] };
    assert_eq!(light.to_words(), [1 | 2 << 16, 0x1_0003, 4 | 5 << 16, 0xFFFF]);
}

#[test]
fn a_matrix_that_is_none_is_refused() {
    let b = BufferId;
    for (stride, first) in [(3, 0), (4, 1), (4, 4), (0, 2)] {
        let shade = Shade {
            count: b(0),
            normals: b(1),
            lights: b(2),
            colors: b(3),
            capacity: 1,
            light_count: 0,
            matrix: Matrix { stride, first },
        };
        let bytes = encode(&[], &[Command::Shade(shade)]);
        let fault = Fault::OutOfRange { parameter: 2 };
        let refused = ProgramError::BadCommand { command: 0, fault };
        assert_eq!(Program::new(&bytes).unwrap().command(0), Err(refused));
    }
}
