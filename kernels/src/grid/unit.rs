//! Units: the features that are looked up at a time, and their weighted sums.

use bytemuck::Pod;

/// A few features side by side.
pub trait Unit: Pod {
    /// How many they are.
    const FEATURES: usize;
    /// Weighted sums of the features.
    type Sums: Default;

    /// Adds a unit times a weight, Q16.
    fn add(self, sums: &mut Self::Sums, weight: u32);

    /// The sums, Q16; of features that are `zero` less than what is stored.
    fn sums(sums: Self::Sums, zero: i32) -> impl Iterator<Item = i32>;
}

/// Four bytes: on RV32, where a wide product takes two multiplications, each by itself.
#[cfg(not(target_arch = "riscv32"))]
pub type FourBytes = u32;
/// Four bytes, each by itself.
#[cfg(target_arch = "riscv32")]
pub type FourBytes = [u8; 4];

/// The bytes of four that are multiplied at once.
pub const APART: u32 = 0xFF00_00FF;

/// Four bytes. The first and the last one are multiplied at once, and so are the other two: they
/// lie 24 bits apart, and as weights sum to one, no sum has more.
impl Unit for u32 {
    const FEATURES: usize = 4;
    type Sums = [u64; 2];

    #[inline(always)]
    fn add(self, sums: &mut [u64; 2], weight: u32) {
        sums[0] += u64::from(self & APART) * u64::from(weight);
        sums[1] += u64::from(self.rotate_right(16) & APART) * u64::from(weight);
    }

    #[inline(always)]
    fn sums([outer, inner]: [u64; 2], zero: i32) -> impl Iterator<Item = i32> {
        let low = |sum: u64| (sum & 0xFF_FFFF) as i32;
        let high = |sum: u64| (sum >> 24) as i32;
        let sums = [low(outer), high(inner), low(inner), high(outer)];
        sums.into_iter().map(move |sum| sum.wrapping_sub(zero << 16))
    }
}

/// Bytes or halves.
impl<T: Pod + Into<i32>, const N: usize> Unit for [T; N]
where
    [T; N]: Pod,
    [i32; N]: Default,
{
    const FEATURES: usize = N;
    type Sums = [i32; N];

    #[inline(always)]
    fn add(self, sums: &mut [i32; N], weight: u32) {
        for (sum, feature) in sums.iter_mut().zip(self) {
            // As weights sum to one, sums of halves fit.
            *sum = sum.wrapping_add(feature.into().wrapping_mul(weight as i32));
        }
    }

    #[inline(always)]
    fn sums(sums: [i32; N], zero: i32) -> impl Iterator<Item = i32> {
        sums.into_iter().map(move |sum| sum.wrapping_sub(zero << 16))
    }
}
