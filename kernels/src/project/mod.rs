//! `Geometry`: Gaussians to splats by EWA splatting (Zwicker et al. 2002) with the INRIA kernel:
//! 0.3 px^2 dilation, opacity-aware bounds cut at 1/255.
//!
//! A splat's exponent is kept factored, so that a row of pixels needs no cross term and no
//! cancellation: with the screen covariance `[a b; b c]`, `m = b / c` and `v = a - m b`,
//!
//! ```text
//! e(dx, dy) = (dx - m dy)^2 / 2v + dy^2 / 2c - ln(opacity)
//! ```

mod bounds;

pub use bounds::Bounder;

use super::fixed::{
    Normal, dot, high, low, mul, mul_half, mul_hi, mul_hi_u, mul_shift, sqrt_upper_q8,
};
use super::harmonics;
use super::tables::{EXPONENT_LIMIT, OPACITY_EXPONENT};
use super::window::Kept;
use crate::SMALL;
use quintet_protocol::gaussian::{
    CHUNK_WORDS, Camera, Chunk, FAR, FOCAL_SHIFT_MAX, GAUSSIAN_WORDS, SPLAT_WORDS, harmonics_words,
};

/// 0.3 px^2 in Q8: the INRIA low-pass filter.
const DILATION: i32 = 77;
/// Smallest conditional variance that rounding may leave; the exact one is at least the dilation.
const VARIANCE_MIN: i32 = 64;
/// Largest variance, Q8: a standard deviation of 1024 px.
const VARIANCE_MAX: i32 = 1 << 28;

/// A screen-space splat, as the rasteriser reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Splat {
    /// Centre in pixels, Q8.
    pub center: [i32; 2],
    /// Columns by which a row's centre moves per row, Q16.
    pub slope: i32,
    /// `1 / v`, per px^2, Q27.
    pub inverse_row_variance: u32,
    /// `1 / c`, per px^2, Q27.
    pub inverse_variance_y: u32,
    /// Half-width of the visible ellipse in the centre's row, px, Q8, rounded up.
    pub half_width: u32,
    /// First row and one past the last, within the frame.
    pub rows: [u16; 2],
    /// First column and one past the last, within the frame.
    pub columns: [u16; 2],
    /// Colour, Q12, up to 8.
    pub color: [u16; 3],
    /// Opacity, 255 = 1.
    pub opacity: u8,
}

impl Splat {
    /// Reads a splat.
    #[inline(always)]
    pub fn from_words(w: &[u32; SPLAT_WORDS]) -> Self {
        let pair = |word: u32| [(word & 0xFFFF) as u16, (word >> 16) as u16];
        let ([r, g], [b, opacity]) = (pair(w[8]), pair(w[9]));
        Self {
            center: [w[0] as i32, w[1] as i32],
            slope: w[2] as i32,
            inverse_row_variance: w[3],
            inverse_variance_y: w[4],
            half_width: w[5],
            rows: pair(w[6]),
            columns: pair(w[7]),
            color: [r, g, b],
            opacity: opacity as u8,
        }
    }

    /// Writes a splat.
    #[inline(always)]
    pub fn to_words(self) -> [u32; SPLAT_WORDS] {
        let pair = |low: u16, high: u16| u32::from(low) | u32::from(high) << 16;
        [
            self.center[0] as u32,
            self.center[1] as u32,
            self.slope as u32,
            self.inverse_row_variance,
            self.inverse_variance_y,
            self.half_width,
            pair(self.rows[0], self.rows[1]),
            pair(self.columns[0], self.columns[1]),
            pair(self.color[0], self.color[1]),
            pair(self.color[2], u16::from(self.opacity)),
        ]
    }
}

/// What projecting needs of the camera and the frame, in the formats of the inner loop.
pub struct Projector {
    camera: Camera,
    /// The camera's matrix, Q14.
    matrix: [[i16; 3]; 3],
    /// The same in Q12.
    coarse_matrix: [[i16; 3]; 3],
    /// Columns and rows of the frame.
    size: [i32; 2],
    /// Right shift from Q27 slopes to Q8 pixels.
    pixel_shift: u32,
}

/// Origin of a chunk as the camera sees it.
struct Place {
    /// In scaled view axes, su.
    view: [i32; 3],
    /// Relative to the camera in world axes, su.
    offset: [i32; 3],
    /// Right shift from Q14 products to su.
    shift: u32,
    position_shift: u32,
    /// Right shift of a covariance of exponent 0 seen at a depth of 2^32 su.
    variance_shift: i32,
    /// Q30, so that the high product is Q12 of a Q14 sum.
    harmonics_scale: i32,
}

/// Where a chunk's splats go, as far as there is room.
pub struct Sink<'a> {
    /// Splats.
    pub splats: &'a mut [[u32; SPLAT_WORDS]],
    /// Their depth keys.
    pub keys: &'a mut [u32],
    /// How many there are.
    pub count: usize,
    /// What only keeps those that lie in a window; none keeps every splat.
    pub window: Option<Kept<'a>>,
}

impl Sink<'_> {
    /// Whether a splat of that depth key may be of use; asked before anything else is computed.
    #[inline(always)]
    fn wants(&self, key: u32) -> bool {
        self.window.as_ref().is_none_or(|window| window.wants(key))
    }

    /// Keeps the splat of the Gaussian of that number in its chunk, if it is of use. Its colour
    /// comes later, if it was kept.
    #[inline(always)]
    fn push(&mut self, splat: Splat, key: u32, number: u32) {
        if let Some(window) = &mut self.window
            && !window.keeps(&splat, key, number, self.count)
        {
            return;
        }
        let slots = (self.splats.get_mut(self.count), self.keys.get_mut(self.count));
        if let (Some(words), Some(slot)) = slots {
            *words = splat.to_words();
            *slot = key;
            self.count += 1;
        }
    }
}

impl Projector {
    /// Prepares for a camera; numbers out of range are brought into it.
    #[inline(never)]
    pub fn new(mut camera: Camera, width: u16, height: u16) -> Self {
        camera.near = camera.near.max(1);
        camera.focal_shift = camera.focal_shift.min(FOCAL_SHIFT_MAX);
        camera.key_shift &= 31;
        // Slopes beyond 4 would not fit the Q12 vectors of the covariance's projection.
        camera.slope_limits = camera.slope_limits.map(|limit| limit.clamp(-4 << 12, 4 << 12));
        camera.center = camera.center.map(|center| center.clamp(-1 << 22, 1 << 22));
        let rounded = |bits: u32| {
            // Entries of more than 1 are not a camera's; they are held to what the format takes.
            let round = |m: i32| ((m >> (bits - 1)).wrapping_add(1) >> 1).clamp(-0x7FFF, 0x7FFF);
            camera.matrix.map(|row| row.map(|m| round(m) as i16))
        };
        Self {
            camera,
            matrix: rounded(16),
            coarse_matrix: rounded(18),
            size: [i32::from(width), i32::from(height)],
            pixel_shift: 19 - camera.focal_shift,
        }
    }

    /// Projects one chunk. `harmonics` holds [`harmonics_words`] words a Gaussian.
    ///
    /// First come all shapes, then the colours of what the sink has kept: that needs fewer
    /// registers.
    #[inline(never)]
    pub fn chunk(
        &self,
        degree: u8,
        header: &[u32; CHUNK_WORDS],
        gaussians: &[[u32; GAUSSIAN_WORDS]],
        harmonics: &[u32],
        sink: &mut Sink<'_>,
    ) {
        let Some(place) = self.visible_place(header) else { return };
        let before = sink.count;
        for (number, words) in (0..).zip(gaussians) {
            self.gaussian(&place, words, number, sink);
        }
        let fresh = sink.splats.get_mut(before..sink.count).unwrap_or_default();
        let shade = match degree {
            // The third degree does for all: what a Gaussian has no coefficients of adds nothing.
            _ if SMALL => shade::<3>,
            0 => shade::<0>,
            1 => shade::<1>,
            2 => shade::<2>,
            _ => shade::<3>,
        };
        shade(&place, gaussians, (harmonics, harmonics_words(degree)), fresh);
    }

    /// The place of a chunk, unless every centre of it is hidden.
    fn visible_place(&self, header: &[u32; CHUNK_WORDS]) -> Option<Place> {
        let chunk = Chunk::from_words(header);
        let place = self.place(&chunk);
        (!self.is_hidden(&place, chunk.radius)).then_some(place)
    }

    fn place(&self, chunk: &Chunk) -> Place {
        let camera = &self.camera;
        let mut view = camera.translation;
        for (v, row) in view.iter_mut().zip(&camera.matrix) {
            let mut sum = 0i64;
            for (m, x) in row.iter().zip(chunk.origin) {
                // A product of i32s is at most 2^62: shifting first keeps the sum of three in
                // range.
                sum += (i64::from(*m) * i64::from(x)) >> 2;
            }
            *v = v.wrapping_add((sum >> 28) as i32);
        }
        let mut offset = chunk.origin;
        for (o, position) in offset.iter_mut().zip(camera.position) {
            *o = o.wrapping_sub(position);
        }
        let position_shift = u32::from(chunk.position_shift).min(14);
        // Beyond these a variance is zero or too large whatever the depth.
        let exponent_bias = chunk.exponent_bias.clamp(-256, 256);
        Place {
            view,
            offset,
            shift: 14 - position_shift,
            position_shift,
            variance_shift: 60 - 2 * camera.focal_shift as i32 - exponent_bias,
            harmonics_scale: ((chunk.harmonics_scale & 0x7F_FFFF) << 6) as i32,
        }
    }

    /// Whether every centre of a chunk lies nearer than the near plane or beyond the far one.
    fn is_hidden(&self, place: &Place, radius: i32) -> bool {
        let z = i64::from(place.view[2]);
        let radius = i64::from(radius);
        z + radius < i64::from(self.camera.near) || z - radius > i64::from(FAR)
    }

    #[inline(always)]
    fn gaussian(&self, place: &Place, w: &[u32; GAUSSIAN_WORDS], number: u32, sink: &mut Sink<'_>) {
        let p = [low(w[0]), high(w[0]), low(w[1])];
        let view =
            |axis: usize| place.view[axis].wrapping_add(dot(self.matrix[axis], p) >> place.shift);
        let z = view(2);
        if z < self.camera.near || z >= FAR {
            return;
        }
        let key = (z as u32) >> self.camera.key_shift;
        if !sink.wants(key) {
            return;
        }
        let (x, y) = (view(0), view(1));
        // Slopes of 4 and more lie far outside any frame, and would leave the fixed-point range.
        if x.unsigned_abs() >> 2 >= z as u32 || y.unsigned_abs() >> 2 >= z as u32 {
            return;
        }
        let depth = Normal::new(z as u32);
        let inverse = depth.reciprocal();
        // z < 2^28, so the shift is at least 4; |x| < 4z keeps x << (shift - 3) in range.
        let scale = depth.shift - 3;
        let slope = [mul_hi(x << scale, inverse), mul_hi(y << scale, inverse)]; // Q27

        let exponent = (w[1] >> 16 & 0x3F) as i32;
        let shift = place.variance_shift - 2 * depth.shift as i32 - exponent;
        let covariance = self.covariance(w, slope, inverse, shift);
        let opacity = (w[1] >> 24) as u8;
        let Some(mut splat) = self.splat(slope, covariance, opacity) else { return };
        // Until the splat is coloured, it says there whose it is.
        splat.color[0] = number as u16;
        sink.push(splat, key, number);
    }

    /// Screen covariance `[a, b, c]` in px^2, Q8, dilated.
    #[inline(always)]
    fn covariance(
        &self,
        w: &[u32; GAUSSIAN_WORDS],
        slope: [i32; 2],
        inverse: i32,
        shift: i32,
    ) -> [i32; 3] {
        let limits = &self.camera.slope_limits;
        let hold = |slope: i32, axis: usize| {
            (slope >> 15).max(limits[2 * axis]).min(limits[2 * axis + 1]) as i16
        };
        let (ux, uy) = (hold(slope[0], 0), hold(slope[1], 1));
        // Rows of the projection's derivative times z, Q12: magnitudes below 2^14.4.
        let [mx, my, mz] = &self.coarse_matrix;
        let derivative = |m: &[i16; 3], u: i16| {
            [0, 1, 2].map(|j| (i32::from(m[j]) - (mul(u, mz[j]) >> 12)) as i16)
        };
        let (t0, t1) = (derivative(mx, ux), derivative(my, uy));
        let (xx, xy) = (low(w[2]), high(w[2]));
        let (xz, yy) = (low(w[3]), high(w[3]));
        let (yz, zz) = (low(w[4]), high(w[4]));
        let transform =
            |t: [i16; 3]| [dot([xx, xy, xz], t), dot([xy, yy, yz], t), dot([xz, yz, zz], t)];
        let (s0, s1) = (transform(t0), transform(t1));
        // Mantissas times 2^8.
        let quadratic = |s: &[i32; 3], t: &[i16; 3]| {
            mul_half(s[0], t[0])
                .wrapping_add(mul_half(s[1], t[1]))
                .wrapping_add(mul_half(s[2], t[2]))
        };
        let per_area = mul_hi_u(inverse as u32, inverse as u32) as i32; // 2^(92 - 2 depth.shift) / z^2
        let [a, b, c] = [quadratic(&s0, &t0), quadratic(&s0, &t1), quadratic(&s1, &t1)]
            .map(|v| mul_hi(v, per_area));
        let [a, b, c] = if shift > 0 {
            let down = shift.min(31) as u32;
            let half = 1 << (down - 1);
            [a, b, c].map(|v| v.wrapping_add(half) >> down)
        } else {
            // Very near or very large: up to the largest variance, keeping the shape.
            let room = (a.max(c).max(1) as u32).leading_zeros().saturating_sub(4);
            let up = shift.unsigned_abs().min(room);
            [a, b, c].map(|v| v.wrapping_shl(up))
        };
        [a.clamp(0, VARIANCE_MAX) + DILATION, b, c.clamp(0, VARIANCE_MAX) + DILATION]
    }

    /// The splat of a covariance, if any of it is visible; its colour is left for later.
    #[inline(always)]
    fn splat(&self, slope: [i32; 2], [a, b, c]: [i32; 3], opacity: u8) -> Option<Splat> {
        let room = EXPONENT_LIMIT - OPACITY_EXPONENT[usize::from(opacity)]; // Q27
        if room >> 12 == 0 {
            return None;
        }
        let pixel = |axis: usize| {
            let half = 1 << (self.pixel_shift - 1);
            self.camera.center[axis].wrapping_add((slope[axis] + half) >> self.pixel_shift)
        };
        let center = [pixel(0), pixel(1)];

        let height = Normal::new(c as u32);
        let inverse_c = height.reciprocal();
        // m = b / c in Q16. c >= 2^6, so height.shift <= 25 and |m| <= 2^11.
        let m = match height.shift.checked_sub(14) {
            Some(left) => mul_hi(b.wrapping_shl(left), inverse_c),
            None => mul_hi(b >> (14 - height.shift), inverse_c),
        };
        let v = a.wrapping_sub(mul_shift::<16>(m, b)).clamp(VARIANCE_MIN, VARIANCE_MAX);
        let width = Normal::new(v as u32);

        // Half extents sqrt(2 room c) and sqrt(2 room v): twice the room in Q28 is below 2^32.
        let half_rows = half_extent(height, room << 2);
        let half_width = half_extent(width, room << 2);
        let half_columns = half_width as i32 + (mul_shift::<16>(m, half_rows as i32)).abs() + 1;
        let rows = span(center[1], half_rows as i32, self.size[1])?;
        let columns = span(center[0], half_columns, self.size[0])?;
        Some(Splat {
            center,
            slope: m,
            inverse_row_variance: (width.reciprocal_estimate() >> (27 - width.shift.min(27)))
                as u32,
            inverse_variance_y: (inverse_c >> (27 - height.shift.min(27))) as u32,
            half_width,
            rows,
            columns,
            color: [0; 3],
            opacity,
        })
    }
}

/// `sqrt(twice_room * variance)` in px, Q8, rounded up; `twice_room` in Q28, the variance in Q8.
#[inline(always)]
fn half_extent(variance: Normal, twice_room: u32) -> u32 {
    let product = mul_hi_u(variance.mantissa, twice_room); // times 2^(shift + 4)
    let odd = variance.shift & 1;
    sqrt_upper_q8(product >> odd, (variance.shift + 4 - odd) / 2)
}

/// Pixels whose centres lie within `half` of `center` (Q8), cut to `0..size`; none if that is
/// empty.
#[inline(always)]
fn span(center: i32, half: i32, size: i32) -> Option<[u16; 2]> {
    let first = (center.wrapping_sub(half).wrapping_add(127) >> 8).max(0);
    let end = (center.wrapping_add(half).wrapping_add(128) >> 8).min(size);
    (first < end).then_some([first as u16, end as u16])
}

/// Colours splats that say in place of a colour which Gaussian they are of.
#[inline(never)]
fn shade<const DEGREE: u8>(
    place: &Place,
    gaussians: &[[u32; GAUSSIAN_WORDS]],
    (harmonics, stride): (&[u32], usize),
    splats: &mut [[u32; SPLAT_WORDS]],
) {
    for splat in splats {
        let number = (splat[8] & 0xFFFF) as usize;
        let Some(words) = gaussians.get(number) else { continue };
        let coefficients = harmonics.get(number * stride..(number + 1) * stride);
        let coefficients = bytemuck::cast_slice(coefficients.unwrap_or_default());
        let [r, g, b] = color::<DEGREE>(place, words, coefficients).map(u32::from);
        splat[8] = r | g << 16;
        splat[9] |= b;
    }
}

/// Colour seen from the camera, Q12.
#[inline(always)]
fn color<const DEGREE: u8>(
    place: &Place,
    w: &[u32; GAUSSIAN_WORDS],
    coefficients: &[u8],
) -> [u16; 3] {
    let word = w[5];
    let mut color = [
        ((word & 0x7FF) << 3) as i32 - 4096,
        ((word >> 11 & 0x7FF) << 3) as i32 - 4096,
        ((word >> 22) << 4) as i32 - 4096,
    ];
    if DEGREE > 0 {
        let p = [low(w[0]), high(w[0]), low(w[1])];
        let along = |axis: usize| {
            place.offset[axis].wrapping_add(i32::from(p[axis]) << place.position_shift)
        };
        let direction = harmonics::direction([along(0), along(1), along(2)]);
        let sum = harmonics::evaluate::<DEGREE>(direction, coefficients);
        let scale = place.harmonics_scale >> (w[1] >> 22 & 3);
        for (channel, s) in color.iter_mut().zip(sum) {
            *channel = channel.wrapping_add(mul_hi(s, scale));
        }
    }
    color.map(|channel| channel.clamp(0, 0x7FFF) as u16)
}
