//! What is seen of triangles, from their vertices to fragments, against rays in floats.

use proptest::prelude::*;
use quintet_kernels::rasterise::Tile;
use quintet_kernels::triangles::{Bound, Fragments, Kind, Lens, Meshes, Output, Seen, Transform};
use quintet_protocol::gaussian::Camera;
use quintet_protocol::mesh::{SEEN_WORDS, Triangle, Vertex};

const SIDE: i32 = 40;
/// Fraction bits of attributes and weights.
const UNIT: f64 = (1 << 28) as f64;

/// A camera of a focal length of 32 px that looks along z from the origin.
fn camera(near: i32) -> Camera {
    let one = 1 << 30;
    Camera {
        matrix: [[one, 0, 0], [0, one, 0], [0, 0, one]],
        center: [SIDE << 7, SIDE << 7],
        near,
        focal_shift: 5,
        ..Camera::default()
    }
}

/// What is seen at each pixel, from the fragments: attributes and normal.
type Picture = Vec<Option<([u32; 3], [i16; 3])>>;

/// Draws one triangle.
fn draw(vertices: &[Vertex; 3], double_sided: bool, near: i32, kind: Kind) -> (Bound, Picture) {
    let transform = Transform::new(&camera(near));
    let seen: Vec<[u32; SEEN_WORDS]> =
        vertices.iter().map(|v| transform.vertex(v.position.map(|x| x as u32))).collect();
    let triangle = Triangle { vertices: [0, 1, 2], material: 9, double_sided, unlit: false };
    let triangles = [triangle.to_words()];
    let lens = Lens::from_words(&transform.lens.to_words());
    let meshes = Meshes { lens, seen: &seen, triangles: &triangles };
    let bound = meshes.bound(0, [SIDE; 2]);
    assert_eq!(Bound::from_word(bound.to_word()), bound);

    let mut surface = [[0; 2]; (SIDE * SIDE) as usize];
    let mut tile = Tile { x: 0, y: 0, width: SIDE, height: SIDE, pixels: &mut surface };
    tile.clear();
    let all = [&seen[0], &seen[1], &seen[2]];
    if bound.clipped {
        for corners in meshes.clipped(all).triangles(&lens) {
            tile.draw_triangle(&corners, 0);
        }
    } else if bound != Bound::default() {
        tile.draw_triangle(&all.map(Seen::corner), 0);
    }
    let drawn = surface.iter().position(|[_, number]| *number == 0);
    if let Some(first) = drawn {
        let last = surface.iter().rposition(|[_, number]| *number == 0).unwrap() as i32 / SIDE;
        assert!(bound.rows[0] <= first as i32 / SIDE && last < bound.rows[1], "{bound:?}");
    }

    let count = surface.len();
    let (mut pixels, mut points) = (vec![0; count + 1], vec![[0; 3]; count]);
    let mut normals = vec![[0; 2]; count];
    let words = vertices.map(|vertex| vertex.to_words());
    let bounds = [bound.to_word()];
    let fragments = Fragments { meshes, bounds: &bounds, vertices: &words, kind };
    let mut output = Output { pixels: &mut pixels, points: &mut points, normals: &mut normals };
    for (row, part) in surface.chunks(SIDE as usize).enumerate() {
        fragments.row(part, [0, row as i32], row * SIDE as usize, &mut output);
    }
    let mut picture = vec![None; count];
    for k in 0..pixels[0] as usize {
        let n = normals[k];
        let normal = [n[0] as i16, (n[0] >> 16) as i16, n[1] as i16];
        assert!(k == 0 || pixels[k] < pixels[k + 1], "row by row");
        picture[pixels[k + 1] as usize] = Some((points[k], normal));
    }
    for (found, [_, number]) in picture.iter().zip(&surface) {
        assert_eq!(found.is_some(), *number == 0);
    }
    (bound, picture)
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Weights of the vertices where a pixel's ray meets their plane, and the depth there; places may
/// be a fraction of a pixel off.
fn meet(vertices: &[Vertex; 3], place: [f64; 2]) -> ([f64; 3], f64) {
    let [a, b, c] = vertices.map(|vertex| vertex.position.map(f64::from));
    let middle = f64::from(SIDE) / 2.0;
    let ray = [(place[0] - middle) / 32.0, (place[1] - middle) / 32.0, 1.0];
    let parts = [dot(ray, cross(b, c)), dot(ray, cross(c, a)), dot(ray, cross(a, b))];
    let sum: f64 = parts.iter().sum();
    (parts.map(|part| part / sum), dot(a, cross(b, c)) / sum)
}

fn position() -> impl Strategy<Value = [i32; 3]> {
    let (near, far) = (1i32 << 12, 1i32 << 22);
    prop_oneof![
        // Before the camera.
        4 => [-far..far, -far..far, near..far],
        // All around it.
        1 => [-far..far, -far..far, -far..far],
        // Very far to the sides.
        1 => [-(far << 5)..far << 5, -(far << 5)..far << 5, near..far],
    ]
}

prop_compose! {
    fn vertex()(
        position in position(),
        attribute in [-1i32 << 20..1 << 20, -1i32 << 20..1 << 20, -1 << 20..1 << 20],
        normal in [-9000i16..9000, -9000i16..9000, -9000i16..9000],
    ) -> Vertex {
        Vertex { position, attribute, normal }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn what_is_seen_is_what_rays_meet(
        vertices in [vertex(), vertex(), vertex()],
        double_sided: bool,
        near in prop_oneof![Just(1 << 12), 1i32..1 << 20],
        places: bool,
    ) {
        let kind = if places { Kind::Places } else { Kind::Coordinates };
        let (bound, picture) = draw(&vertices, double_sided, near, kind);
        let [a, b, c] = vertices.map(|vertex| vertex.position.map(f64::from));
        // The side of the plane that the camera is on: fronts are counter-clockwise, y goes down.
        let is_front = dot(a, cross(b, c)) < 0.0;
        for (i, found) in picture.iter().enumerate() {
            let place = [f64::from(i as i32 % SIDE) + 0.5, f64::from(i as i32 / SIDE) + 0.5];
            let around = [[0.0, 0.0], [-0.02, 0.0], [0.02, 0.0], [0.0, -0.02], [0.0, 0.02]]
                .map(|[dx, dy]| meet(&vertices, [place[0] + dx, place[1] + dy]));
            let inside = around.map(|(weights, depth)| {
                weights.iter().all(|&weight| weight >= 0.0) && depth >= f64::from(near)
            });
            let is_seen = is_front || double_sided;
            if inside.iter().all(|&it| it == inside[0]) {
                prop_assert_eq!(found.is_some(), inside[0] && is_seen, "at {:?}", place);
            }
            let Some((point, normal)) = found else { continue };
            prop_assert_eq!(bound.behind, !is_front);
            check(&vertices, around.map(|(weights, _)| weights), kind, *point)?;
            check_normal(&vertices, around[0].0, bound.behind, *normal)?;
        }
    }
}

/// Compares attributes, apart from what a fiftieth of a pixel makes of a difference, which is more
/// than vertices are moved on the screen.
fn check(
    vertices: &[Vertex; 3],
    around: [[f64; 3]; 5],
    kind: Kind,
    point: [u32; 3],
) -> Result<(), TestCaseError> {
    let (count, scale) = match kind {
        Kind::Coordinates => (2, 256.0),
        Kind::Places => (3, 1.0),
    };
    for (k, &found) in point.iter().enumerate().take(count) {
        let at = |weights: &[f64; 3]| -> f64 {
            vertices.iter().zip(weights).map(|(v, w)| f64::from(v.attribute[k]) * w * scale).sum()
        };
        let exact = at(&around[0]);
        let slack = around.iter().map(|w| (at(w) - exact).abs()).fold(0.0, f64::max);
        if slack > UNIT / 8.0 {
            continue; // Seen from its edge: anything is right.
        }
        let error = f64::from(found.wrapping_sub(exact.round() as i64 as u32) as i32);
        // A 16th of a texel of a texture of 1024.
        prop_assert!(error.abs() <= slack * 2.0 + UNIT / 16384.0, "{error} {slack}");
    }
    if kind == Kind::Coordinates {
        prop_assert_eq!(point[2], 9);
    }
    Ok(())
}

fn check_normal(
    vertices: &[Vertex; 3],
    weights: [f64; 3],
    behind: bool,
    found: [i16; 3],
) -> Result<(), TestCaseError> {
    let sign = if behind { -1.0 } else { 1.0 };
    let sum = [0, 1, 2].map(|k| -> f64 {
        vertices.iter().zip(weights).map(|(v, w)| f64::from(v.normal[k]) * w * sign).sum()
    });
    let length = dot(sum, sum).sqrt();
    let weights_fit = weights.iter().all(|w| (-0.01..=1.01).contains(w));
    if length > 4000.0 && weights_fit {
        let cosine = dot(sum, found.map(f64::from)) / length / 16384.0;
        prop_assert!(cosine > 0.99, "{found:?} for {sum:?}");
    }
    Ok(())
}

/// A wall seen at a slant, whose texture repeats a thousand times: a 16th of a texel of 2048.
#[test]
fn coordinates_are_exact_however_often_textures_repeat() {
    let (far, depth) = (1000 << 20, 1 << 22);
    // Vertices that lie on the screen without rounding.
    let vertex = |[column, row]: [i32; 2], depth: i32, u: i32| {
        let place = |pixel: i32| (pixel - SIDE / 2) * (depth / 32);
        let position = [place(column), place(row), depth];
        Vertex { position, attribute: [u, 0, 0], normal: [0; 3] }
    };
    let vertices = [
        vertex([0, 0], depth, 0),
        vertex([0, 40], depth, far),
        vertex([40, 20], 4 * depth, far / 2),
    ];
    let (_, picture) = draw(&vertices, true, 1 << 12, Kind::Coordinates);
    for (i, found) in picture.iter().enumerate() {
        let Some(([u, ..], _)) = found else { continue };
        let place = [f64::from(i as i32 % SIDE) + 0.5, f64::from(i as i32 / SIDE) + 0.5];
        let weights = meet(&vertices, place).0;
        let exact = (weights[1] + weights[2] / 2.0) * f64::from(far) * 256.0;
        let error = (*u).wrapping_sub(exact.round() as i64 as u32) as i32;
        assert!(error.abs() < 1 << (28 - 11 - 4), "{error}");
    }
    assert!(picture.iter().flatten().count() > 700);
}
