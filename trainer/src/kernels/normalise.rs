//! Batch normalisation with the activation behind it (Ioffe and Szegedy 2015), and activations.
//!
//! Rows are pixels of channels. An activation with slope `a` is `a z + (1 - a) clip(z)`: at `a = 1`
//! it is linear, which is how NetBooster takes activations away.

use multiversion::multiversion;

/// Channels that are computed together where there are so many.
const WIDE: usize = 16;
const NARROW: usize = 8;

macro_rules! blocks {
    ($channels:expr, $body:ident($($argument:expr),*)) => {{
        let mut channel = 0;
        while channel < $channels {
            let left = $channels - channel;
            if left >= WIDE {
                $body::<WIDE>(channel, $channels, $($argument),*);
                channel += WIDE;
            } else if left >= NARROW {
                $body::<NARROW>(channel, $channels, $($argument),*);
                channel += NARROW;
            } else {
                $body::<1>(channel, $channels, $($argument),*);
                channel += 1;
            }
        }
    }};
}

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
    blocks!(channels, moments_of(x, sums));
}

#[inline(always)]
fn moments_of<const W: usize>(channel: usize, channels: usize, x: &[f32], sums: &mut [f32]) {
    let mut first = [0.0f32; W];
    let mut second = [0.0f32; W];
    for row in x.chunks_exact(channels) {
        let x: [f32; W] = lanes(row, channel);
        for lane in 0..W {
            first[lane] += x[lane];
            second[lane] = x[lane].mul_add(x[lane], second[lane]);
        }
    }
    for lane in 0..W {
        sums[channel + lane] += first[lane];
        sums[channels + channel + lane] += second[lane];
    }
}

/// `y = clip(x * scale + shift)`, a scale and a shift for each channel.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn apply(x: &[f32], scale: &[f32], shift: &[f32], clip: Clip, y: &mut [f32]) {
    let channels = scale.len();
    blocks!(channels, apply_to(x, scale, shift, clip, y));
}

#[inline(always)]
fn apply_to<const W: usize>(
    channel: usize,
    channels: usize,
    x: &[f32],
    scale: &[f32],
    shift: &[f32],
    clip: Clip,
    y: &mut [f32],
) {
    let (scale, shift): ([f32; W], [f32; W]) = (lanes(scale, channel), lanes(shift, channel));
    for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
        let x: [f32; W] = lanes(x, channel);
        let mut z = [0.0; W];
        for lane in 0..W {
            z[lane] = clip.apply(x[lane].mul_add(scale[lane], shift[lane]));
        }
        y[channel..channel + W].copy_from_slice(&z);
    }
}

/// Takes `dy` back through the activation behind `x * scale + shift`, and adds to `sums` the sums
/// of `dz` and of `dz * x` of each channel.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn backward_sums(
    x: &[f32],
    scale: &[f32],
    shift: &[f32],
    clip: Clip,
    dy: &mut [f32],
    sums: &mut [f32],
) {
    let channels = scale.len();
    blocks!(channels, backward_sums_of(x, scale, shift, clip, dy, sums));
}

#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a loop body with a name")]
fn backward_sums_of<const W: usize>(
    channel: usize,
    channels: usize,
    x: &[f32],
    scale: &[f32],
    shift: &[f32],
    clip: Clip,
    dy: &mut [f32],
    sums: &mut [f32],
) {
    let (scale, shift): ([f32; W], [f32; W]) = (lanes(scale, channel), lanes(shift, channel));
    let mut first = [0.0f32; W];
    let mut second = [0.0f32; W];
    for (x, dy) in x.chunks_exact(channels).zip(dy.chunks_exact_mut(channels)) {
        let x: [f32; W] = lanes(x, channel);
        let mut dz: [f32; W] = lanes(dy, channel);
        for lane in 0..W {
            dz[lane] *= clip.derivative(x[lane].mul_add(scale[lane], shift[lane]));
            first[lane] += dz[lane];
            second[lane] = dz[lane].mul_add(x[lane], second[lane]);
        }
        dy[channel..channel + W].copy_from_slice(&dz);
    }
    for lane in 0..W {
        sums[channel + lane] += first[lane];
        sums[channels + channel + lane] += second[lane];
    }
}

/// `dx = dz * scale + x * a + b` in place of `dz`, with three numbers for each channel: what the
/// derivative of a normalisation by the batch's own moments comes down to.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn backward_apply(x: &[f32], scale: &[f32], a: &[f32], b: &[f32], dz: &mut [f32]) {
    let channels = scale.len();
    blocks!(channels, backward_apply_to(x, scale, a, b, dz));
}

#[inline(always)]
fn backward_apply_to<const W: usize>(
    channel: usize,
    channels: usize,
    x: &[f32],
    scale: &[f32],
    a: &[f32],
    b: &[f32],
    dz: &mut [f32],
) {
    let (scale, a, b): ([f32; W], [f32; W], [f32; W]) =
        (lanes(scale, channel), lanes(a, channel), lanes(b, channel));
    for (x, dz) in x.chunks_exact(channels).zip(dz.chunks_exact_mut(channels)) {
        let x: [f32; W] = lanes(x, channel);
        let mut dx: [f32; W] = lanes(dz, channel);
        for lane in 0..W {
            dx[lane] = dx[lane].mul_add(scale[lane], x[lane].mul_add(a[lane], b[lane]));
        }
        dz[channel..channel + W].copy_from_slice(&dx);
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

#[inline(always)]
fn lanes<const W: usize>(values: &[f32], at: usize) -> [f32; W] {
    values[at..at + W].try_into().expect("a slice of that length")
}
