//! Rounding to int8 as training sees it: forward as the device does it, backward as if it were not
//! there (straight-through, Bengio et al. 2013), but for what is out of range.

/// Scale and zero point of int8 numbers that cover `range`; zero is one of them.
#[must_use]
pub fn affine([low, high]: [f32; 2]) -> (f32, i32) {
    let (low, high) = (low.min(0.0), high.max(0.0));
    let scale = ((high - low) / 255.0).max(f32::MIN_POSITIVE);
    let zero = libm::rintf(-128.0 - low / scale);
    (scale, (zero as i32).clamp(-128, 127))
}

/// Rounds numbers to those that int8 has in a range.
pub fn apply(x: &[f32], range: [f32; 2], y: &mut [f32]) {
    let (scale, zero) = affine(range);
    for (y, &x) in y.iter_mut().zip(x) {
        let step = libm::rintf(x / scale) + zero as f32;
        *y = (step.clamp(-128.0, 127.0) - zero as f32) * scale;
    }
}

/// Takes a gradient back through [`apply`], in place.
pub fn backward(x: &[f32], range: [f32; 2], dy: &mut [f32]) {
    let (scale, zero) = affine(range);
    let (low, high) = ((-128.5 - zero as f32) * scale, (127.5 - zero as f32) * scale);
    for (dy, &x) in dy.iter_mut().zip(x) {
        if x < low || x > high {
            *dy = 0.0;
        }
    }
}
