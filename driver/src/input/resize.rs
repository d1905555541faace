//! Pictures of another size: bilinear.
//!
//! A pixel of the result is a weighted mean over a triangle around its centre, two source pixels
//! wide when the picture grows and as much wider as the picture shrinks, so that nothing between is
//! missed. This is Pillow's `BILINEAR`; the picture is stretched to the shape, not cut.

use std::ops::Range;

use crate::picture::Picture;

/// The picture with `width` x `height` pixels, neither of them zero.
pub fn resized(picture: &Picture, width: usize, height: usize) -> Picture {
    if (picture.width, picture.height) == (width, height) {
        return picture.clone();
    }
    let source: Vec<f32> = picture.rgb.iter().map(|&sample| sample.into()).collect();
    let across = taps(picture.width, width);
    let mut wide = Vec::with_capacity(picture.height * width * 3);
    for row in source.chunks_exact(picture.width * 3) {
        for tap in &across {
            wide.extend([0, 1, 2].map(|channel| tap.sum(|x| row[x * 3 + channel])));
        }
    }
    let mut rgb = Vec::with_capacity(width * height * 3);
    for tap in taps(picture.height, height) {
        let row = (0..width * 3).map(|at| tap.sum(|y| wide[y * width * 3 + at]));
        rgb.extend(row.map(|sample| sample.round() as u8));
    }
    Picture { width, height, rgb }
}

/// What an output pixel takes along one axis.
struct Tap {
    from: Range<usize>,
    /// One for each of `from`; their sum is 1.
    weights: Vec<f32>,
}

impl Tap {
    fn sum(&self, sample: impl Fn(usize) -> f32) -> f32 {
        self.from.clone().zip(&self.weights).map(|(at, weight)| sample(at) * weight).sum()
    }
}

fn taps(from: usize, to: usize) -> Vec<Tap> {
    let step = from as f64 / to as f64;
    let reach = step.max(1.0);
    let tap = |at: usize| {
        let centre = (at as f64 + 0.5) * step;
        let first = (centre - reach + 0.5).max(0.0) as usize;
        let end = ((centre + reach + 0.5) as usize).min(from);
        let weight = |at| (1.0 - ((at as f64 + 0.5 - centre) / reach).abs()).max(0.0);
        let sum: f64 = (first..end).map(weight).sum();
        let weights = (first..end).map(|at| (weight(at) / sum) as f32).collect();
        Tap { from: first..end, weights }
    };
    (0..to).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: usize, height: usize, samples: &[u8]) -> Picture {
        Picture { width, height, rgb: samples.iter().flat_map(|&sample| [sample; 3]).collect() }
    }

    #[test]
    fn two_pixels_become_four_as_in_pillow() {
        // Image.fromarray(numpy.array([[0, 100]], 'u1')).resize((4, 1), Image.BILINEAR)
        let wide = resized(&grey(2, 1, &[0, 100]), 4, 1);
        assert_eq!(wide, grey(4, 1, &[0, 25, 75, 100]));
        assert_eq!(resized(&grey(1, 2, &[0, 100]), 1, 4), grey(1, 4, &[0, 25, 75, 100]));
    }

    #[test]
    fn a_smaller_picture_is_a_mean_of_the_larger() {
        let row: Vec<u8> = (0..64).map(|x| if x % 2 == 0 { 0 } else { 200 }).collect();
        let small = resized(&grey(64, 1, &row), 4, 1);
        assert!(small.rgb.iter().all(|sample| sample.abs_diff(100) <= 2), "{:?}", small.rgb);
    }

    #[test]
    fn one_colour_stays_that_colour() {
        for (width, height) in [(1, 1), (3, 200), (97, 5)] {
            let picture = resized(&grey(13, 7, &[213; 91]), width, height);
            assert_eq!(picture, grey(width, height, &vec![213; width * height]));
        }
    }
}
