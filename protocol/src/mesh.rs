//! Layout of vertices, triangles and lights in the arena.
//!
//! All integers are little-endian words of 32 bits; `Qn` means `n` fraction bits. Positions are in
//! the scene units of [`crate::gaussian`], and seen by its camera.
//!
//! ```text
//! vertex, 8 words                                 triangle, 4 words
//! 0..3  position x, y, z, su                      0..3  its vertices, counter-clockwise from its front
//! 3..6  attribute: texture coordinates u, v, Q20,  3    material | double-sided << 16 | unlit << 17
//!         and zero; or a place in a field's unit
//!         box, Q28                                light, 4 words
//! 6     normal x | y << 16, Q14                   0  direction towards it, x | y << 16, Q14
//! 7     normal z                                  1  direction z | signed << 16
//!                                                 2  colour r | g << 16, Q12, signed
//!                                                 3  colour b
//! ```
//!
//! Texture coordinates may be up to 2048 textures from the origin. Only differences within a
//! triangle cost precision: those of fragments are wrapped to 32 bits, to -8..8 textures, which
//! does not show where textures repeat.
//!
//! The first light of a list is ambient, its direction is of no use. A light lights what faces it;
//! a *signed* one takes away from what faces away: three of them and a grey ambient show normals.
//! The directions are in the axes of the normals. A fragment of an unlit triangle has a normal of
//! zeros, and keeps its colour.
//!
//! What `TransformVertices` makes, for `RasteriseTriangles` alone, is [`seen_words`] long:
//!
//! ```text
//! 4 words       near, focal_shift and centre (2) of the camera
//! 6 a vertex    x, y in scaled view axes, depth z, su; column, row, Q8; 2^32 near / z, or 0 if it
//!               lies in front of the near plane or too far to the side
//! 1 a triangle  first row | one past the last << 13 | seen from behind << 26 | to be clipped << 27
//! ```

/// Words of a vertex.
pub const VERTEX_WORDS: usize = 8;
/// Words of a triangle.
pub const TRIANGLE_WORDS: usize = 4;
/// Words of a light.
pub const LIGHT_WORDS: usize = 4;
/// Fraction bits of texture coordinates of a vertex.
pub const COORDINATE_BITS: u32 = 20;
/// Fraction bits of normals and of directions towards lights.
pub const NORMAL_BITS: u32 = 14;
/// Fraction bits of a light's colour.
pub const LIGHT_BITS: u32 = 12;
/// Words before the first seen vertex.
pub const SEEN_HEADER_WORDS: usize = 4;
/// Words of a seen vertex.
pub const SEEN_WORDS: usize = 6;

const DOUBLE_SIDED: u32 = 1 << 16;
const UNLIT: u32 = 1 << 17;
const SIGNED: u32 = 1 << 16;

/// Words of what is seen of so many vertices and triangles.
pub const fn seen_words(vertices: usize, triangles: usize) -> usize {
    vertices.saturating_mul(SEEN_WORDS).saturating_add(triangles).saturating_add(SEEN_HEADER_WORDS)
}

/// A vertex.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vertex {
    /// Position, su.
    pub position: [i32; 3],
    /// Texture coordinates and zero, Q20; or a place in a field's unit box, Q28.
    pub attribute: [i32; 3],
    /// Normal of length 1, Q14.
    pub normal: [i16; 3],
}

impl Vertex {
    /// Reads a vertex.
    #[inline(always)]
    pub fn from_words(w: &[u32; VERTEX_WORDS]) -> Self {
        let three = |at: usize| [w[at] as i32, w[at + 1] as i32, w[at + 2] as i32];
        Self { position: three(0), attribute: three(3), normal: normal_from_words([w[6], w[7]]) }
    }

    /// Writes a vertex.
    pub fn to_words(&self) -> [u32; VERTEX_WORDS] {
        let ([x, y, z], [a, b, c]) = (self.position, self.attribute);
        let [n, m] = normal_to_words(self.normal);
        [x as u32, y as u32, z as u32, a as u32, b as u32, c as u32, n, m]
    }
}

/// Reads a normal.
#[inline(always)]
pub fn normal_from_words(w: [u32; 2]) -> [i16; 3] {
    [w[0] as i16, (w[0] >> 16) as i16, w[1] as i16]
}

/// Writes a normal.
#[inline(always)]
pub fn normal_to_words([x, y, z]: [i16; 3]) -> [u32; 2] {
    [u32::from(x as u16) | u32::from(y as u16) << 16, u32::from(z as u16)]
}

/// A triangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Triangle {
    /// Numbers of its vertices, counter-clockwise seen from its front.
    pub vertices: [u32; 3],
    /// Number of its material.
    pub material: u16,
    /// Whether it is seen from behind, too; its normals point towards the camera then.
    pub double_sided: bool,
    /// Whether light makes no difference to it.
    pub unlit: bool,
}

impl Triangle {
    /// Reads a triangle.
    #[inline(always)]
    pub fn from_words(&[a, b, c, rest]: &[u32; TRIANGLE_WORDS]) -> Self {
        Self {
            vertices: [a, b, c],
            material: rest as u16,
            double_sided: rest & DOUBLE_SIDED != 0,
            unlit: rest & UNLIT != 0,
        }
    }

    /// Writes a triangle.
    pub fn to_words(&self) -> [u32; TRIANGLE_WORDS] {
        let [a, b, c] = self.vertices;
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        let flags = flag(self.double_sided, DOUBLE_SIDED) | flag(self.unlit, UNLIT);
        [a, b, c, u32::from(self.material) | flags]
    }
}

/// A directional light, or the ambient one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Light {
    /// Direction towards it, of length 1, Q14.
    pub direction: [i16; 3],
    /// Whether it takes away from what faces away from it.
    pub signed: bool,
    /// Colour: 1 leaves a surface that faces it as it is, Q12.
    pub color: [i16; 3],
}

impl Light {
    /// Reads a light.
    #[inline(always)]
    pub fn from_words(w: &[u32; LIGHT_WORDS]) -> Self {
        Self {
            direction: normal_from_words([w[0], w[1]]),
            signed: w[1] & SIGNED != 0,
            color: normal_from_words([w[2], w[3]]),
        }
    }

    /// Writes a light.
    pub fn to_words(&self) -> [u32; LIGHT_WORDS] {
        let ([a, b], [c, d]) = (normal_to_words(self.direction), normal_to_words(self.color));
        [a, if self.signed { b | SIGNED } else { b }, c, d]
    }
}
