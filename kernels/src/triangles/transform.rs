//! Vertices to view axes and to the screen.

use super::super::fixed::Normal;
use super::super::rasterise::{Corner, NEARNESS_FLOOR};
use quintet_protocol::gaussian::{Camera, FOCAL_SHIFT_MAX};
use quintet_protocol::mesh::{SEEN_HEADER_WORDS, SEEN_WORDS};

/// Nearness at the near plane; what is left of 32 bits is for rounding.
const NEAREST: u32 = 0xFFFF_0000;
/// Corners farther from the principal point, Q8, are cut off: 8192 pixels.
pub const GUARD: i32 = 1 << 21;

/// What turns a place in view axes into one on the screen.
#[derive(Clone, Copy, Debug)]
pub struct Lens {
    /// Nearer places are not seen, su, at least 1.
    pub near: i32,
    /// As the camera's, 0..=13.
    pub focal_shift: u32,
    /// Principal point, Q8, up to 2^21.
    pub center: [i32; 2],
}

impl Lens {
    /// The lens of a camera; numbers out of range are brought into it.
    #[inline(never)]
    pub fn new(camera: &Camera) -> Self {
        Self {
            near: camera.near.max(1),
            focal_shift: camera.focal_shift.min(FOCAL_SHIFT_MAX),
            center: camera.center.map(|center| center.clamp(-GUARD, GUARD)),
        }
    }

    /// Reads a lens; numbers out of range are brought into it.
    pub fn from_words(w: &[u32; SEEN_HEADER_WORDS]) -> Self {
        let [near, x, y] = [w[0], w[2], w[3]].map(|word| word as i32);
        Self::new(&Camera { near, focal_shift: w[1], center: [x, y], ..Camera::default() })
    }

    /// Writes a lens.
    pub fn to_words(self) -> [u32; SEEN_HEADER_WORDS] {
        let [x, y] = self.center.map(|center| center as u32);
        [self.near as u32, self.focal_shift, x, y]
    }

    /// Where a place is seen, if its depth is at least that of the near plane; its distance from
    /// the principal point is held to `reach`, or none if it is farther.
    #[inline(always)]
    fn corner(&self, [x, y, z]: [i32; 3], within: impl Fn(i64) -> Option<i32>) -> Option<Corner> {
        if z < self.near {
            return None;
        }
        let depth = Normal::new(z as u32);
        let inverse = depth.reciprocal();
        // x / z is x * inverse / 2^(62 - depth.shift), and the shift is at least 1.
        let down = 54 - depth.shift - self.focal_shift;
        let distance = |x: i32| {
            let product = i64::from(x) * i64::from(inverse);
            within((product + (1 << (down - 1))) >> down)
        };
        let (x, y) = (distance(x)?, distance(y)?);
        let nearness = shared_out(self.near, depth, inverse);
        Some(Corner { x: x + self.center[0], y: y + self.center[1], nearness })
    }

    /// Where a place is seen that was cut to what can be seen.
    pub fn corner_held(&self, place: [i32; 3]) -> Corner {
        let held = |distance: i64| Some(distance.clamp(-GUARD as i64, GUARD as i64) as i32);
        let place = [place[0], place[1], place[2].max(self.near)];
        self.corner(place, held).unwrap_or_default()
    }
}

/// `NEAREST * near / z`.
#[inline(always)]
fn shared_out(near: i32, depth: Normal, inverse: i32) -> u32 {
    // Not above the mantissa, as near is not above the depth.
    let near = (near as u32) << depth.shift;
    let share = (u64::from(near) * u64::from(inverse as u32) + (1 << 29)) >> 30;
    share.min(NEAREST.into()) as u32
}

/// Nearness of a depth in scene units, as that of a surface there; the greatest of one that is less
/// than `near`, which is at least 1.
pub fn nearness(near: i32, depth: u32) -> u32 {
    if depth <= near as u32 {
        return u32::MAX;
    }
    let depth = Normal::new(depth);
    shared_out(near, depth, depth.reciprocal()) + NEARNESS_FLOOR
}

/// A vertex in view axes and on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// In scaled view axes, su.
    pub place: [i32; 3],
    /// On the screen; its nearness is 0 if it is not there, or too far to the side.
    pub corner: Corner,
}

impl Seen {
    /// Reads a vertex; what is out of range is cut off.
    #[inline(always)]
    pub fn from_words(w: &[u32; SEEN_WORDS]) -> Self {
        Self { place: [w[0] as i32, w[1] as i32, w[2] as i32], corner: Self::corner(w) }
    }

    /// Reads a vertex' place on the screen.
    #[inline(always)]
    pub fn corner(w: &[u32; SEEN_WORDS]) -> Corner {
        let held = |word: u32| ((word << 9) as i32) >> 9;
        Corner { x: held(w[3]), y: held(w[4]), nearness: w[5] }
    }

    fn to_words(self) -> [u32; SEEN_WORDS] {
        let Self { place: [x, y, z], corner } = self;
        let [x, y, z, column, row] = [x, y, z, corner.x, corner.y].map(|word| word as u32);
        [x, y, z, column, row, corner.nearness]
    }
}

/// What transforming needs of the camera.
pub struct Transform {
    matrix: [[i32; 3]; 3],
    translation: [i32; 3],
    /// The camera's lens.
    pub lens: Lens,
}

impl Transform {
    /// Prepares for a camera.
    #[inline(never)]
    pub fn new(camera: &Camera) -> Self {
        let Camera { matrix, translation, .. } = *camera;
        Self { matrix, translation, lens: Lens::new(camera) }
    }

    /// A vertex as it is seen.
    #[inline(never)]
    pub fn vertex(&self, position: [u32; 3]) -> [u32; SEEN_WORDS] {
        let mut place = self.translation;
        for (v, row) in place.iter_mut().zip(&self.matrix) {
            let mut sum = 1i64 << 29;
            for (m, x) in row.iter().zip(position) {
                sum = sum.wrapping_add(i64::from(*m) * i64::from(x as i32));
            }
            *v = v.wrapping_add((sum >> 30) as i32);
        }
        let inside = |distance: i64| {
            let near_enough = (-GUARD as i64..=GUARD as i64).contains(&distance);
            near_enough.then_some(distance as i32)
        };
        let corner = self.lens.corner(place, inside).unwrap_or_default();
        Seen { place, corner }.to_words()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lens() -> impl Strategy<Value = Lens> {
        (1i32..1 << 20, 0u32..=13, [-1i32 << 20..1 << 20, -1 << 20..1 << 20])
            .prop_map(|(near, focal_shift, center)| Lens { near, focal_shift, center })
    }

    proptest! {
        #[test]
        fn vertices_are_seen_where_a_pinhole_camera_sees_them(
            lens in lens(),
            position in [-1i32 << 27..1 << 27, -1 << 27..1 << 27, -1 << 27..1 << 27],
            entries in prop::collection::vec(-1i32 << 30..1 << 30, 9),
            depth in 0i32..1 << 28,
        ) {
            let translation = [0, 0, depth];
            let matrix = [0, 3, 6].map(|at| [entries[at], entries[at + 1], entries[at + 2]]);
            let transform = Transform { matrix, translation, lens };
            let words = transform.vertex(position.map(|x| x as u32));
            let seen = Seen::from_words(&words);
            prop_assert_eq!(seen.to_words(), words);
            for (axis, row) in matrix.iter().enumerate() {
                let sum: i128 = row.iter().zip(position).map(|(&m, x)| i128::from(m) * i128::from(x)).sum();
                let exact = i128::from(translation[axis]) + ((sum + (1 << 29)) >> 30);
                prop_assert_eq!(i128::from(seen.place[axis]), exact);
            }
            let [x, y, z] = seen.place.map(f64::from);
            let scale = f64::from(1 << (lens.focal_shift + 8));
            let exact = [x / z * scale, y / z * scale];
            let reach = f64::from(GUARD);
            if z < f64::from(lens.near) || exact.iter().any(|e| e.abs() > reach + 1.0) {
                prop_assert_eq!(seen.corner, Corner::default());
            } else if exact.iter().all(|e| e.abs() < reach - 1.0) {
                let found = [seen.corner.x - lens.center[0], seen.corner.y - lens.center[1]];
                for (found, exact) in found.iter().zip(exact) {
                    prop_assert!((f64::from(*found) - exact).abs() < 0.51, "{found} {exact}");
                }
                let share = f64::from(lens.near) / z;
                let nearness = f64::from(seen.corner.nearness);
                let exact = (share * 4_294_967_296.0).min(f64::from(NEAREST));
                prop_assert!((nearness - exact).abs() <= exact / 1e8 + 1.0, "{nearness} {exact}");
            }
        }
    }
}
