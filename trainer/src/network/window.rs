//! Where the kernel of a convolution or a pool lies for each output pixel.

use std::ops::Range;

/// How pictures are continued beyond their edges, as TFLite has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Zeros around: as many outputs as inputs, divided by the stride and rounded up. Where the
    /// zeros cannot be the same on both sides, there is one more after the picture.
    Same,
    /// None: outputs only where the kernel lies inside.
    Valid,
}

/// A kernel that is moved over a picture; all pairs are height, width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Pixels of the picture.
    pub input: [usize; 2],
    /// Pixels of the result.
    pub output: [usize; 2],
    /// Pixels of the kernel.
    pub kernel: [usize; 2],
    /// Pixels from one place of the kernel to the next.
    pub stride: [usize; 2],
    /// How it was padded.
    pub padding: Padding,
    /// Zeros above and to the left.
    pub before: [usize; 2],
}

impl Window {
    /// A kernel over a picture of `input` pixels.
    ///
    /// # Panics
    /// When the kernel or the stride is empty, or a kernel without padding larger than the picture.
    #[must_use]
    pub fn new(
        input: [usize; 2],
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: Padding,
    ) -> Self {
        let axis = |axis: usize| {
            let (input, kernel, stride) = (input[axis], kernel[axis], stride[axis]);
            match padding {
                Padding::Same => {
                    let output = input.div_ceil(stride);
                    let reach = (output - 1) * stride + kernel;
                    (output, reach.saturating_sub(input) / 2)
                }
                Padding::Valid => ((input - kernel) / stride + 1, 0),
            }
        };
        let [(height, above), (width, left)] = [axis(0), axis(1)];
        let (output, before) = ([height, width], [above, left]);
        Self { input, output, kernel, stride, padding, before }
    }

    /// The whole picture at once.
    #[must_use]
    pub fn whole(input: [usize; 2]) -> Self {
        Self::new(input, input, input, Padding::Valid)
    }

    /// Whether each output pixel is made of the input pixel at its place.
    #[must_use]
    pub fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1]
    }

    /// Pixels of the result.
    #[must_use]
    pub fn pixels(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Where the kernel's first tap lies on an axis for an output; before the picture if negative.
    #[inline(always)]
    pub(crate) fn origin(&self, axis: usize, output: usize) -> isize {
        (output * self.stride[axis]) as isize - self.before[axis] as isize
    }

    /// The taps that lie inside the picture for an output.
    #[inline(always)]
    pub(crate) fn taps(&self, axis: usize, output: usize) -> Range<usize> {
        let origin = self.origin(axis, output);
        let first = (-origin).max(0) as usize;
        let end = (self.input[axis] as isize - origin).max(0) as usize;
        first.min(self.kernel[axis])..end.min(self.kernel[axis])
    }
}
