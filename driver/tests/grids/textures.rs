//! Textures of a mesh.

use quintet_driver::quantise::grid::{GridError, TEXTURE_BITS, textures};
use quintet_driver::scene::Mesh;
use quintet_driver::scene::mesh::{Material, Texture, Wrap};
use quintet_protocol::program::Corners;

use crate::{look_up, noise, word};

fn material(texture: Option<usize>, wrap: Wrap, nearest: bool) -> Material {
    Material {
        name: String::new(),
        color: [1.0; 4],
        texture,
        wrap: [wrap; 2],
        double_sided: false,
        unlit: true,
        cutoff: None,
        nearest,
    }
}

fn texture(width: usize, height: usize) -> Texture {
    let byte = |at| ((noise(3, at) + 1.0) * 127.9) as u8;
    Texture { width, height, rgba: (0..width * height * 4).map(byte).collect() }
}

fn mesh(materials: Vec<Material>) -> Mesh {
    Mesh { materials, textures: vec![texture(13, 8), texture(2, 5)], ..Mesh::default() }
}

/// Texture coordinates within and without.
fn coordinates() -> Vec<[f64; 2]> {
    (0..2000).map(|at| [0, 1].map(|axis| f64::from(noise(4, 2 * at + axis)) * 2.5)).collect()
}

/// A texel of one axis for any whole coordinate.
fn texel(wrap: Wrap, at: i64, side: i64) -> usize {
    let on = match wrap {
        Wrap::Repeat => at.rem_euclid(side),
        Wrap::Clamp => at.clamp(0, side - 1),
        Wrap::Mirror if at.rem_euclid(2 * side) < side => at.rem_euclid(2 * side),
        Wrap::Mirror => 2 * side - 1 - at.rem_euclid(2 * side),
    };
    on as usize
}

/// A texture's colour in bytes, bilinear as OpenGL ES 3.2 (8.14.2) says.
fn bilinear(texture: &Texture, wrap: Wrap, at: [f64; 2]) -> [f64; 4] {
    let sides = [texture.width, texture.height];
    let place = [0, 1].map(|axis| at[axis] * sides[axis] as f64 - 0.5);
    let mut color = [0.0; 4];
    for corner in 0..4 {
        let upper = [corner & 1, corner >> 1];
        let weight = |axis: usize| {
            let share = place[axis] - place[axis].floor();
            if upper[axis] == 1 { share } else { 1.0 - share }
        };
        let on = |axis: usize| {
            texel(wrap, place[axis].floor() as i64 + upper[axis] as i64, sides[axis] as i64)
        };
        let first = (on(1) * texture.width + on(0)) * 4;
        for (sum, byte) in color.iter_mut().zip(&texture.rgba[first..]) {
            *sum += f64::from(*byte) * weight(0) * weight(1);
        }
    }
    color
}

/// Colours in bytes.
fn bytes(rows: &[Vec<f64>], material: usize) -> Vec<[f64; 4]> {
    rows.iter().map(|row| [0, 1, 2, 3].map(|channel| row[4 * material + channel] * 255.0)).collect()
}

#[test]
fn bilinear_textures_are_as_opengl_has_them() {
    let wraps = [Wrap::Repeat, Wrap::Mirror, Wrap::Clamp];
    let materials = [0, 1].iter().flat_map(|&it| wraps.map(|wrap| material(Some(it), wrap, false)));
    let mesh = mesh(materials.collect());
    let quantised = textures(&mesh).unwrap();
    // Materials that look the same share their texels: what is held and what is mirrored is the
    // same at the edge.
    assert_eq!(quantised.table.len(), 2 * (15 * 10 + 4 * 7));
    assert_eq!(quantised.fraction_bits, TEXTURE_BITS);
    let coordinates = coordinates();
    let points: Vec<_> = coordinates.iter().map(|&[u, v]| [word(u), word(v), 0]).collect();
    let rows = look_up(&quantised, (Corners::Linear, 2), &points);
    for (number, material) in mesh.materials.iter().enumerate() {
        let texture = &mesh.textures[material.texture.unwrap()];
        for (at, found) in coordinates.iter().zip(bytes(&rows, number)) {
            let expected = bilinear(texture, material.wrap[0], *at);
            for (found, expected) in found.iter().zip(expected) {
                let error = (found - expected).abs();
                assert!(error < 0.05, "{number} {at:?}: {found} {expected}");
            }
        }
    }
}

#[test]
fn nearest_texels_are_the_very_bytes_with_any_command() {
    let wraps = [Wrap::Repeat, Wrap::Mirror, Wrap::Clamp];
    let mesh = mesh(wraps.map(|wrap| material(Some(0), wrap, true)).to_vec());
    let quantised = textures(&mesh).unwrap();
    let coordinates = coordinates();
    let points: Vec<_> = coordinates.iter().map(|&[u, v]| [word(u), word(v), 0]).collect();
    for corners in [Corners::Nearest, Corners::Linear] {
        let rows = look_up(&quantised, (corners, 2), &points);
        for (number, material) in mesh.materials.iter().enumerate() {
            let texture = &mesh.textures[0];
            for ([u, v], found) in coordinates.iter().zip(bytes(&rows, number)) {
                let [x, y] = [u * 13.0, v * 8.0].map(|it| it.floor() as i64);
                let on = [(x, 13), (y, 8)].map(|(at, side)| texel(material.wrap[0], at, side));
                let first = (on[1] * 13 + on[0]) * 4;
                let expected: Vec<u8> = texture.rgba[first..first + 4].to_vec();
                assert_eq!(found.map(|it| it.round() as u8)[..], expected[..], "{u} {v}");
            }
        }
    }
}

#[test]
fn a_material_without_a_texture_is_its_color() {
    let color = [0.5, 1.0, 0.0, 0.25];
    let plain = Material { color, ..material(None, Wrap::Repeat, false) };
    let tinted = Material { color, ..material(Some(1), Wrap::Repeat, true) };
    let mesh = mesh(vec![plain, tinted]);
    let quantised = textures(&mesh).unwrap();
    let points = [[word(0.3), word(-7.2), 0]];
    let rows = look_up(&quantised, (Corners::Linear, 2), &points);
    assert_eq!(bytes(&rows, 0)[0].map(f64::round), [128.0, 255.0, 0.0, 64.0]);
    // -7.2 is 0.8 of a texture, which has five rows; u is in the first of two columns.
    let texel = &mesh.textures[1].rgba[4 * 2 * 4..][..4];
    let times = |at: usize| (f32::from(texel[at]) * color[at]).round();
    let expected = [0, 1, 2, 3].map(|at| f64::from(times(at)));
    assert_eq!(bytes(&rows, 1)[0].map(f64::round), expected);
}

#[test]
fn textures_that_are_not_there_are_refused() {
    let refused = |change: &dyn Fn(&mut Mesh)| {
        let mut mesh = mesh(vec![material(Some(1), Wrap::Repeat, false)]);
        change(&mut mesh);
        textures(&mesh).unwrap_err()
    };
    let none = GridError::Entries { level: 0 };
    assert_eq!(refused(&|it| it.materials[0].texture = Some(2)), none);
    assert_eq!(refused(&|it| it.textures[1].rgba.truncate(39)), none);
    assert_eq!(refused(&|it| it.textures[1].width = 0), none);
    assert_eq!(refused(&|it| it.textures[1].width = 1 << 14), GridError::TooFine { level: 0 });
}
