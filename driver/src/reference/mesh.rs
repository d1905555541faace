//! Triangles in floats, with Gaussians in front of them.
//!
//! The ray of a pixel's middle hits a triangle if it passes all three edges on the same side: with
//! the corners in view axes that is three determinants, which need no clipping (Olano and Greer,
//! "Triangle Scan Conversion using 2D Homogeneous Coordinates", 1997).

use super::gaussians::Splats;
use crate::camera::Camera;
use crate::compile::mesh::{Filter, MeshOptions, Shading};
use crate::picture::Picture;
use crate::scene::mesh::{Material, Texture, Wrap};
use crate::scene::{GaussianCloud, Mesh};

type Vector = [f64; 3];

/// What is seen of a mesh at a pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Number of the triangle.
    pub triangle: usize,
    /// Share of each of its corners.
    pub weights: Vector,
    /// Depth in world units.
    pub depth: f64,
    /// Whether it is seen from its front.
    pub front: bool,
}

impl Hit {
    /// What is seen, in world axes.
    pub fn point(&self, mesh: &Mesh) -> Vector {
        let corners = mesh.triangles[self.triangle].map(|corner| mesh.positions[corner as usize]);
        [0, 1, 2].map(|axis| {
            corners.iter().zip(self.weights).map(|(at, share)| f64::from(at[axis]) * share).sum()
        })
    }
}

/// Draws a mesh, and the Gaussians that stand before and behind it, over a background.
pub fn render(
    mesh: &Mesh,
    gaussians: Option<&GaussianCloud>,
    look: &MeshOptions,
    camera: &Camera,
    background: [u8; 3],
) -> Picture {
    let hits = hits(mesh, camera);
    let (width, height) = (usize::from(camera.width), usize::from(camera.height));
    let background = background.map(|byte| f64::from(byte) / 255.0);
    let color_of =
        |hit: &Option<Hit>| hit.map_or(background, |hit| color(mesh, look, camera, &hit));
    let mut colors: Vec<Vector> = hits.iter().map(color_of).collect();
    if let Some(cloud) = gaussians {
        let depth_of = |hit: &Option<Hit>| hit.map_or(f64::INFINITY, |hit| hit.depth);
        let depths: Vec<f64> = hits.iter().map(depth_of).collect();
        Splats::project(cloud, camera).draw(width, &depths, &mut colors);
    }
    let byte = |part: f64| (part.clamp(0.0, 1.0) * 255.0).round() as u8;
    let rgb = colors.iter().flat_map(|color| color.map(byte)).collect();
    Picture { width, height, rgb }
}

/// The nearest triangle at each pixel, row by row.
pub fn hits(mesh: &Mesh, camera: &Camera) -> Vec<Option<Hit>> {
    let (width, height) = (usize::from(camera.width), usize::from(camera.height));
    let mut hits: Vec<Option<Hit>> = vec![None; width * height];
    let seen: Vec<Vector> = mesh.positions.iter().map(|point| in_view(camera, point)).collect();
    for (triangle, vertices) in mesh.triangles.iter().enumerate() {
        let corners = vertices.map(|vertex| seen[vertex as usize]);
        let volume = dot(corners[0], cross(corners[1], corners[2]));
        let front = volume < 0.0;
        let material = &mesh.materials[usize::from(mesh.material_of[triangle])];
        if volume == 0.0 || !front && !material.double_sided {
            continue;
        }
        let [columns, rows] = extent(&corners, camera);
        for (row, column) in rows.flat_map(|row| columns.clone().map(move |column| (row, column))) {
            let place = &mut hits[row * width + column];
            let nearest = place.map_or(f64::INFINITY, |hit| hit.depth);
            let hit = weights(&corners, volume, camera, [column, row]);
            if let Some((weights, depth)) = hit
                && (camera.near..nearest).contains(&depth)
            {
                *place = Some(Hit { triangle, weights, depth, front });
            }
        }
    }
    hits
}

/// Share of each corner and depth where a pixel's ray passes through a triangle.
fn weights(
    corners: &[Vector; 3],
    volume: f64,
    camera: &Camera,
    pixel: [usize; 2],
) -> Option<(Vector, f64)> {
    let slope = |axis: usize| (pixel[axis] as f64 + 0.5 - camera.center[axis]) / camera.focal[axis];
    let ray = [slope(0), slope(1), 1.0];
    let edge = |k: usize| dot(ray, cross(corners[(k + 1) % 3], corners[(k + 2) % 3]));
    let edges = [edge(0), edge(1), edge(2)];
    let sum: f64 = edges.iter().sum();
    let inside = edges.iter().all(|edge| edge * volume >= 0.0) && sum != 0.0;
    inside.then(|| (edges.map(|edge| edge / sum), volume / sum))
}

/// Columns and rows that a triangle can touch; all of them if it reaches behind the camera.
fn extent(corners: &[Vector; 3], camera: &Camera) -> [std::ops::Range<usize>; 2] {
    let sides = [camera.width, camera.height].map(usize::from);
    if corners.iter().any(|corner| corner[2] < camera.near) {
        return sides.map(|side| 0..side);
    }
    [0, 1].map(|axis| {
        let at = corners.map(|c| camera.focal[axis] * c[axis] / c[2] + camera.center[axis]);
        let least = at.iter().copied().fold(f64::MAX, f64::min).floor().max(0.0) as usize;
        let most = at.iter().copied().fold(f64::MIN, f64::max).ceil().max(0.0) as usize;
        least.min(sides[axis])..(most + 1).min(sides[axis])
    })
}

/// The colour of a surface, red, green and blue from 0 to 1.
fn color(mesh: &Mesh, look: &MeshOptions, camera: &Camera, hit: &Hit) -> Vector {
    let material = &mesh.materials[usize::from(mesh.material_of[hit.triangle])];
    if look.shading == Shading::Normals {
        let [x, y, z] = camera.rotation.map(|row| dot(row, normal(mesh, hit)));
        return [x, -y, -z].map(|part| 0.5 * part + 0.5);
    }
    let plain = base_color(mesh, look.filter, material, hit);
    if look.shading == Shading::Unlit || material.unlit {
        return plain;
    }
    let mut light = look.lights.ambient;
    let normal = normal(mesh, hit);
    for &(towards, color) in &look.lights.directional {
        let share = dot(normal, normalised(towards)).max(0.0);
        light = [0, 1, 2].map(|channel| light[channel] + color[channel] * share);
    }
    [0, 1, 2].map(|channel| plain[channel] * light[channel])
}

/// The material's colour times its texture's and that of the vertices.
fn base_color(mesh: &Mesh, filter: Filter, material: &Material, hit: &Hit) -> Vector {
    let vertices = mesh.triangles[hit.triangle];
    let mut color = [0, 1, 2].map(|channel| f64::from(material.color[channel]));
    if !mesh.colors.is_empty() {
        let of_vertices = blend(hit, vertices.map(|v| mesh.colors[v as usize].map(f64::from)));
        color = [0, 1, 2].map(|channel| color[channel] * of_vertices[channel]);
    }
    if let Some(texture) = material.texture {
        let at = match mesh.coordinates.is_empty() {
            true => [0.0; 2],
            false => blend(hit, vertices.map(|v| mesh.coordinates[v as usize].map(f64::from))),
        };
        let nearest = match filter {
            Filter::File => material.nearest,
            Filter::Nearest => true,
            Filter::Bilinear => false,
        };
        let texel = sample(&mesh.textures[texture], material.wrap, nearest, at);
        color = [0, 1, 2].map(|channel| color[channel] * texel[channel]);
    }
    color
}

/// The colour of a texture, from the nearest texel or from four.
fn sample(texture: &Texture, wrap: [Wrap; 2], nearest: bool, at: [f64; 2]) -> Vector {
    let sides = [texture.width, texture.height];
    let texel = |place: [i64; 2]| {
        let [x, y] = [0, 1].map(|axis| wrapped(place[axis], sides[axis] as i64, wrap[axis]));
        let first = (y * texture.width + x) * 4;
        [0, 1, 2].map(|channel| f64::from(texture.rgba[first + channel]) / 255.0)
    };
    let scaled = [0, 1].map(|axis| at[axis] * sides[axis] as f64);
    if nearest {
        return texel(scaled.map(|value| value.floor() as i64));
    }
    let corner = scaled.map(|value| (value - 0.5).floor());
    let share = [0, 1].map(|axis| scaled[axis] - 0.5 - corner[axis]);
    let [x, y] = corner.map(|value| value as i64);
    let mut sum = [0.0; 3];
    for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let along = |share: f64, step: i64| if step == 1 { share } else { 1.0 - share };
        let weight = along(share[0], dx) * along(share[1], dy);
        let color = texel([x + dx, y + dy]);
        sum = [0, 1, 2].map(|channel| sum[channel] + weight * color[channel]);
    }
    sum
}

/// The texel inside that one outside is.
fn wrapped(place: i64, side: i64, wrap: Wrap) -> usize {
    let inside = match wrap {
        Wrap::Repeat => place.rem_euclid(side),
        Wrap::Clamp => place.clamp(0, side - 1),
        Wrap::Mirror => {
            let twice = place.rem_euclid(2 * side);
            twice.min(2 * side - 1 - twice)
        }
    };
    inside as usize
}

/// The normal of length 1 in world axes, on the side that is seen.
fn normal(mesh: &Mesh, hit: &Hit) -> Vector {
    let vertices = mesh.triangles[hit.triangle];
    let normal = if mesh.normals.is_empty() {
        let [a, b, c] = vertices.map(|v| mesh.positions[v as usize].map(f64::from));
        cross(minus(b, a), minus(c, a))
    } else {
        blend(hit, vertices.map(|v| mesh.normals[v as usize].map(f64::from)))
    };
    let normal = normalised(normal);
    if hit.front { normal } else { normal.map(|part| -part) }
}

/// What lies between the values of a triangle's corners.
fn blend<const N: usize>(hit: &Hit, corners: [[f64; N]; 3]) -> [f64; N] {
    std::array::from_fn(|i| (0..3).map(|k| hit.weights[k] * corners[k][i]).sum())
}

/// A point in view axes: x right, y down, z forward.
pub(super) fn in_view(camera: &Camera, point: &[f32; 3]) -> Vector {
    let point = point.map(f64::from);
    [0, 1, 2].map(|row| dot(camera.rotation[row], point) + camera.translation[row])
}

pub(super) fn dot(a: Vector, b: Vector) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub(super) fn minus(a: Vector, b: Vector) -> Vector {
    [0, 1, 2].map(|axis| a[axis] - b[axis])
}

pub(super) fn normalised(v: Vector) -> Vector {
    let length = dot(v, v).sqrt();
    if length > 0.0 { v.map(|part| part / length) } else { v }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texels_outside_are_those_inside() {
        let of = |wrap| [-3, -1, 0, 2, 3, 4, 7].map(|place| wrapped(place, 3, wrap));
        assert_eq!(of(Wrap::Repeat), [0, 2, 0, 2, 0, 1, 1]);
        assert_eq!(of(Wrap::Clamp), [0, 0, 0, 2, 2, 2, 2]);
        assert_eq!(of(Wrap::Mirror), [2, 0, 0, 2, 2, 1, 1]);
    }

    #[test]
    fn a_floor_that_passes_below_the_camera_is_seen_up_to_the_horizon() {
        let far = 1e6;
        let positions = vec![[-far, 1.0, -far], [far, 1.0, -far], [0.0, 1.0, far]];
        let material = Material {
            name: String::new(),
            color: [1.0; 4],
            texture: None,
            wrap: [Wrap::Repeat; 2],
            double_sided: true,
            unlit: false,
            cutoff: None,
            nearest: false,
        };
        let mesh = Mesh {
            positions,
            triangles: vec![[0, 1, 2]],
            material_of: vec![0],
            materials: vec![material],
            ..Mesh::default()
        };
        let camera = Camera::look_at([8, 8], 90.0, [0.0; 3], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]);
        let seen = hits(&mesh, &camera);
        assert!(seen[..32].iter().all(Option::is_none));
        assert!(seen[32..].iter().all(Option::is_some));
        let lowest = seen[60].unwrap();
        assert!((lowest.depth - 4.0 / 3.5).abs() < 1e-9, "{lowest:?}");
    }
}
