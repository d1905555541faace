//! What is seen of the nearest triangle at each pixel: worked out once, after all are drawn.
//!
//! Neighbours in a row mostly show the same triangle. Such a run is worked on in passes, each of
//! which leaves the core enough registers: weights, then attributes, then normals.

use super::super::fixed::{leading_zeros, mul_hi_u};
use super::super::rasterise::Surface;
use super::super::tables::RSQRT;
use super::bound::{Bound, Meshes};
use super::transform::Seen;
use super::weights::{RUN_MAX, WEIGHT_BITS, Weights, Wide};
use quintet_protocol::mesh::{COORDINATE_BITS, Triangle, VERTEX_WORDS, Vertex, normal_to_words};
use quintet_protocol::tile::{NO_TRIANGLE, NORMAL_WORDS, POINT_BITS, POINT_WORDS};

/// What the attributes of vertices are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Texture coordinates.
    Coordinates,
    /// Places in a field's box.
    Places,
}

/// Where fragments go, one after another.
pub struct Output<'a> {
    /// How many there are, then the pixel of each.
    pub pixels: &'a mut [u32],
    /// Their attributes, if they are wanted.
    pub points: &'a mut [[u32; POINT_WORDS]],
    /// Their normals, if they are wanted.
    pub normals: &'a mut [[u32; NORMAL_WORDS]],
}

impl Output<'_> {
    /// How many fragments there are.
    pub fn count(&self) -> usize {
        self.pixels.first().map_or(0, |&count| count as usize)
    }
}

/// Makes fragments of what is nearest.
pub struct Fragments<'a> {
    /// The triangles.
    pub meshes: Meshes<'a>,
    /// Their bounds.
    pub bounds: &'a [u32],
    /// Their vertices with attributes.
    pub vertices: &'a [[u32; VERTEX_WORDS]],
    /// What those are.
    pub kind: Kind,
}

/// A part of a row that shows one triangle.
struct Run {
    /// Number of the first pixel in its tile.
    first: usize,
    length: usize,
    /// Number of the first fragment.
    fragment: usize,
}

/// Weights of the second and third vertex at each pixel of a run.
type RunWeights = [[i32; 2]; RUN_MAX];

impl Fragments<'_> {
    /// Adds the fragments of a part of a row, which begins at column and row `place` of the frame
    /// and at pixel `first` of the tile.
    #[inline(never)]
    pub fn row(&self, surface: &[Surface], place: [i32; 2], first: usize, output: &mut Output) {
        let (mut at, mut weights) = (0, [[0; 2]; RUN_MAX]);
        while let Some(&[_, number]) = surface.get(at) {
            let rest = surface.get(at..surface.len().min(at + RUN_MAX)).unwrap_or_default();
            let end = rest.iter().position(|[_, other]| *other != number);
            let length = end.unwrap_or(rest.len());
            if number != NO_TRIANGLE {
                let run = Run { first: first + at, length, fragment: output.count() };
                let place = [place[0] + at as i32, place[1]];
                self.run(number as usize, place, &run, &mut weights, output);
            }
            at += length;
        }
    }

    #[cfg_attr(not(feature = "small"), inline(always))]
    fn run(
        &self,
        number: usize,
        place: [i32; 2],
        run: &Run,
        weights: &mut RunWeights,
        output: &mut Output,
    ) {
        let Some((triangle, seen)) = self.meshes.triangle(number) else { return };
        let vertices = triangle.vertices.map(|vertex| self.vertices.get(vertex as usize));
        let [Some(a), Some(b), Some(c)] = vertices else { return };
        let bound = self.bounds.get(number).copied().map_or(Bound::default(), Bound::from_word);
        let wide = if bound.clipped {
            let places = seen.map(|vertex| Seen::from_words(vertex).place);
            Wide::in_view(places, &self.meshes.lens, place)
        } else {
            Wide::on_screen(&seen.map(Seen::corner), place)
        };
        let Some(pixels) = output.pixels.get_mut(1 + run.fragment..) else { return };
        let Some(pixels) = pixels.get_mut(..run.length) else { return };
        for (slot, pixel) in pixels.iter_mut().zip(run.first..) {
            *slot = pixel as u32;
        }
        if let Some(count) = output.pixels.first_mut() {
            *count += run.length as u32;
        }
        let weights = weigh(wide.over(run.length), run.length, weights);
        let corners = [a, b, c].map(Vertex::from_words);
        if let Some(points) = output.points.get_mut(run.fragment..) {
            match self.kind {
                Kind::Coordinates => coordinates(&corners, triangle.material, weights, points),
                Kind::Places => places(&corners, weights, points),
            }
        }
        if let Some(normals) = output.normals.get_mut(run.fragment..) {
            self.normals(&triangle, &corners, bound.behind, weights, normals);
        }
    }

    #[cfg_attr(not(feature = "small"), inline(always))]
    fn normals(
        &self,
        triangle: &Triangle,
        corners: &[Vertex; 3],
        behind: bool,
        weights: &[[i32; 2]],
        normals: &mut [[u32; NORMAL_WORDS]],
    ) {
        let [a, b, c] = corners.map(|corner| corner.normal);
        let sign = if behind { -1 } else { 1 };
        let oriented = |normal: [i16; 3]| normal.map(|n| i32::from(n) * sign);
        let run = normals.iter_mut().zip(weights);
        if triangle.unlit || (a == b && a == c) {
            let normal = if triangle.unlit { [0; 3] } else { oriented(a) };
            let words = normal_to_words(normal.map(|n| n as i16));
            run.for_each(|(normal, _)| *normal = words);
            return;
        }
        let [a, b, c] = [a, b, c].map(oriented);
        let [to_b, to_c] = [b, c].map(|other| [0, 1, 2].map(|k| other[k] - a[k]));
        for (normal, weights) in run {
            // Q15 times 17 bits.
            let [at_b, at_c] = weights.map(|weight| weight >> (WEIGHT_BITS - 15));
            let mixed = [0, 1, 2].map(|k| {
                let far = at_b.wrapping_mul(to_b[k]).wrapping_add(at_c.wrapping_mul(to_c[k]));
                a[k].wrapping_add(far >> 15)
            });
            *normal = normal_to_words(unit(mixed).map(|n| n as i16));
        }
    }
}

#[cfg_attr(not(feature = "small"), inline(always))]
fn weigh(mut weights: Weights, length: usize, run: &mut RunWeights) -> &[[i32; 2]] {
    let run = run.get_mut(..length).unwrap_or_default();
    for slot in run.iter_mut() {
        *slot = weights.next();
    }
    run
}

/// `a`, and the weights' shares of what `to_b` and `to_c` lie from it, shifted left by `up`.
#[cfg_attr(not(feature = "small"), inline(always))]
fn mixed<const UP: u32>(a: i32, [to_b, to_c]: [i32; 2], weights: [i32; 2]) -> u32 {
    let [at_b, at_c] = weights.map(i64::from);
    let far = (at_b * i64::from(to_b)).wrapping_add(at_c * i64::from(to_c));
    ((a << UP) as u32).wrapping_add((far >> (WEIGHT_BITS - UP)) as u32)
}

/// How far the second and third vertex lie from the first.
#[cfg_attr(not(feature = "small"), inline(always))]
fn differences([a, b, c]: &[Vertex; 3], k: usize) -> [i32; 2] {
    [b, c].map(|corner| corner.attribute[k].wrapping_sub(a.attribute[k]))
}

#[cfg_attr(not(feature = "small"), inline(always))]
fn coordinates(
    corners: &[Vertex; 3],
    material: u16,
    weights: &[[i32; 2]],
    points: &mut [[u32; POINT_WORDS]],
) {
    const UP: u32 = POINT_BITS - COORDINATE_BITS;
    let [u, v, _] = corners[0].attribute;
    let (far_u, far_v) = (differences(corners, 0), differences(corners, 1));
    for (point, &weights) in points.iter_mut().zip(weights) {
        let [u, v] = [mixed::<UP>(u, far_u, weights), mixed::<UP>(v, far_v, weights)];
        *point = [u, v, material.into()];
    }
}

#[cfg_attr(not(feature = "small"), inline(always))]
fn places(corners: &[Vertex; 3], weights: &[[i32; 2]], points: &mut [[u32; POINT_WORDS]]) {
    let first = corners[0].attribute;
    let far = [0, 1, 2].map(|k| differences(corners, k));
    for (point, &weights) in points.iter_mut().zip(weights) {
        *point = [0, 1, 2].map(|k| mixed::<0>(first[k], far[k], weights));
    }
}

/// Unit vector along `v`, Q14, to a step or two; components are below 2^15.
#[cfg_attr(not(feature = "small"), inline(always))]
fn unit(v: [i32; 3]) -> [i32; 3] {
    let square = v.iter().fold(0u32, |sum, &x| sum.wrapping_add(x.wrapping_mul(x) as u32)) | 1;
    let shift = leading_zeros(square) & !1;
    let mantissa = square << shift; // at least 2^30
    let estimate = u32::from(RSQRT[(mantissa >> 24) as usize & 0xFF]); // Q15, to 0.4 %
    // A step of Newton's method: estimate * (3 - mantissa * estimate^2) / 2.
    let one = mul_hi_u(mantissa, estimate * estimate); // Q28
    let inverse = (estimate * ((3u32 << 28).wrapping_sub(one) >> 13)) >> 16; // Q15
    let down = 16 - shift / 2;
    v.map(|x| x.wrapping_mul(inverse as i32).wrapping_add(1 << (down - 1)) >> down)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn unit_vectors_have_length_one(v in [-0x7FFFi32..0x7FFF, -0x7FFFi32..0x7FFF, -0x7FFFi32..0x7FFF]) {
            let exact = v.map(f64::from);
            let length = exact.iter().map(|x| x * x).sum::<f64>().sqrt();
            prop_assume!(length > 2000.0);
            for (found, exact) in unit(v).iter().zip(exact) {
                let exact = exact / length * 16384.0;
                prop_assert!((f64::from(*found) - exact).abs() < 2.5, "{found} {exact}");
            }
        }
    }
}
