//! The power spectrum of real numbers, with the same bits on every machine: a Fourier transform of
//! radix 2 (Cooley and Tukey 1965).

/// A complex number: real and imaginary part.
type Complex = [f64; 2];

/// A transform of one length.
#[derive(Clone, Debug)]
pub struct Fft {
    /// exp(-2 pi i k / length) for k in 0..length / 2.
    turns: Vec<Complex>,
}

impl Fft {
    /// A transform of `length` numbers.
    ///
    /// # Panics
    /// When `length` is no power of two, or 1.
    #[must_use]
    pub fn new(length: usize) -> Self {
        assert!(length > 1 && length.is_power_of_two(), "{length} is no power of two above 1");
        let turn = |k: usize| {
            let angle = -std::f64::consts::TAU * k as f64 / length as f64;
            [libm::cos(angle), libm::sin(angle)]
        };
        Self { turns: (0..length / 2).map(turn).collect() }
    }

    /// How many numbers it takes.
    #[must_use]
    pub fn length(&self) -> usize {
        2 * self.turns.len()
    }

    /// Squared magnitudes of the frequencies 0..=length / 2, in units of the rate by the length.
    /// Numbers that are missing are zeros, those past the length are left out.
    #[must_use]
    pub fn power(&self, numbers: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let length = self.length();
        let mut values = vec![[0.0, 0.0]; length];
        let shift = usize::BITS - length.trailing_zeros();
        for (place, number) in numbers.into_iter().take(length).enumerate() {
            values[place.reverse_bits() >> shift] = [number, 0.0];
        }
        let mut half = 1;
        while half < length {
            for block in values.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                let turns = self.turns.iter().step_by(length / 2 / half);
                for ((low, high), turn) in low.iter_mut().zip(high).zip(turns) {
                    let [re, im] = *high;
                    let turned = [re * turn[0] - im * turn[1], re * turn[1] + im * turn[0]];
                    *high = [low[0] - turned[0], low[1] - turned[1]];
                    *low = [low[0] + turned[0], low[1] + turned[1]];
                }
            }
            half *= 2;
        }
        values[..=length / 2].iter().map(|[re, im]| re * re + im * im).collect()
    }
}
