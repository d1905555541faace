//! Batch normalisation with the activation behind it (Ioffe and Szegedy 2015), and activations.
//!
//! Rows are pixels of channels. An activation with slope `a` is `a z + (1 - a) clip(z)`: at `a = 1`
//! it is linear, which is how NetBooster takes activations away.

use multiversion::multiversion;

/// Numbers that are computed in a row at least, for which those of the channels are repeated: many
/// channels or few, inner loops are long, and sums are not needed again at once.
const STRIP: usize = 128;

/// An activation: what is below `low` and above `high` is clipped, but for `slope` of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clip {
    /// Least value.
    pub low: f32,
    /// Greatest value.
    pub high: f32,
    /// In 0..=1.
    pub slope: f32,
}

impl Clip {
    /// Leaves everything as it is.
    pub const NONE: Self = Self { low: f32::NEG_INFINITY, high: f32::INFINITY, slope: 0.0 };

    #[inline(always)]
    fn apply(self, z: f32) -> f32 {
        let clipped = if z < self.low { self.low } else { z };
        let clipped = if clipped > self.high { self.high } else { clipped };
        if self.slope == 0.0 { clipped } else { self.slope * z + (1.0 - self.slope) * clipped }
    }

    #[inline(always)]
    fn derivative(self, z: f32) -> f32 {
        if z > self.low && z < self.high { 1.0 } else { self.slope }
    }
}

/// Adds each channel's sum and sum of squares to `sums`: channels of the one, then of the other.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn moments(x: &[f32], channels: usize, sums: &mut [f32]) {
    let length = strip(channels);
    let (mut first, mut second) = (vec![0.0f32; length], vec![0.0f32; length]);
    // Two strips at a time halve the traffic of sums.
    let mut pairs = x.chunks_exact(2 * length);
    for pair in &mut pairs {
        let (one, other) = pair.split_at(length);
        for (((first, second), one), other) in first.iter_mut().zip(&mut second).zip(one).zip(other)
        {
            *first += one + other;
            *second = other.mul_add(*other, one.mul_add(*one, *second));
        }
    }
    for x in pairs.remainder().chunks(length) {
        for ((first, second), x) in first.iter_mut().zip(&mut second).zip(x) {
            *first += x;
            *second = x.mul_add(*x, *second);
        }
    }
    let (sums, squares) = sums.split_at_mut(channels);
    fold(&first, sums);
    fold(&second, squares);
}

/// `y = clip(x * scale + shift)`, a scale and a shift for each channel.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn apply(x: &[f32], scale: &[f32], shift: &[f32], clip: Clip, y: &mut [f32]) {
    let length = strip(scale.len());
    let [scale, shift] = [repeat(scale), repeat(shift)];
    for (x, y) in x.chunks(length).zip(y.chunks_mut(length)) {
        for (((y, x), scale), shift) in y.iter_mut().zip(x).zip(&scale).zip(&shift) {
            *y = clip.apply(x.mul_add(*scale, *shift));
        }
    }
}

/// Adds to `sums` each channel's sum of `dz` and of `dz * x`, where `dz` is `dy` taken back through
/// the activation behind `x * scale + shift`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn backward_sums(
    x: &[f32],
    scale: &[f32],
    shift: &[f32],
    clip: Clip,
    dy: &[f32],
    sums: &mut [f32],
) {
    let channels = scale.len();
    let length = strip(channels);
    let [scale, shift] = [repeat(scale), repeat(shift)];
    let (mut first, mut second) = (vec![0.0f32; length], vec![0.0f32; length]);
    for (x, dy) in x.chunks(length).zip(dy.chunks(length)) {
        let sums = first.iter_mut().zip(&mut second);
        let factors = scale.iter().zip(&shift);
        for (((sums, factors), x), dy) in sums.zip(factors).zip(x).zip(dy) {
            let ((first, second), (scale, shift)) = (sums, factors);
            let dz = dy * clip.derivative(x.mul_add(*scale, *shift));
            *first += dz;
            *second = dz.mul_add(*x, *second);
        }
    }
    let (sums, products) = sums.split_at_mut(channels);
    fold(&first, sums);
    fold(&second, products);
}

/// `dx = dz * scale + x * a + b` in place of `dy`, with `dz` as in [`backward_sums`]: what the
/// derivative of a normalisation by the batch's own moments comes down to. `a` and `b` are of each
/// channel.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn backward_apply(
    x: &[f32],
    [scale, shift]: [&[f32]; 2],
    clip: Clip,
    [a, b]: [&[f32]; 2],
    dy: &mut [f32],
) {
    let length = strip(scale.len());
    let [scale, shift, a, b] = [scale, shift, a, b].map(repeat);
    for (x, dy) in x.chunks(length).zip(dy.chunks_mut(length)) {
        let factors = scale.iter().zip(&shift).zip(a.iter().zip(&b));
        for ((dy, x), ((scale, shift), (a, b))) in dy.iter_mut().zip(x).zip(factors) {
            let dz = *dy * clip.derivative(x.mul_add(*scale, *shift));
            *dy = dz.mul_add(*scale, x.mul_add(*a, *b));
        }
    }
}

/// `y = clip(x)`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn activate(x: &[f32], clip: Clip, y: &mut [f32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = clip.apply(x);
    }
}

/// Takes `dy` back through an activation of `x`, in place.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn activate_backward(x: &[f32], clip: Clip, dy: &mut [f32]) {
    for (dy, &x) in dy.iter_mut().zip(x) {
        *dy *= clip.derivative(x);
    }
}

/// Numbers of a strip: a multiple of the channels.
fn strip(channels: usize) -> usize {
    STRIP.div_ceil(channels) * channels
}

/// The channels' numbers over a strip.
fn repeat(values: &[f32]) -> Vec<f32> {
    values.repeat(STRIP.div_ceil(values.len()))
}

/// Adds the sums of a strip to those of its channels.
fn fold(strip: &[f32], sums: &mut [f32]) {
    for part in strip.chunks_exact(sums.len()) {
        for (sum, part) in sums.iter_mut().zip(part) {
            *sum += part;
        }
    }
}
