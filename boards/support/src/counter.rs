//! A 32-bit counter of the hardware's as one that does not wrap.

/// The 64-bit count. It has to see the counter more often than that wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Widened(u64);

impl Widened {
    /// The count, now that the hardware's counter shows this.
    pub fn see(&mut self, counter: u32) -> u64 {
        let passed = counter.wrapping_sub(self.0 as u32);
        self.0 += u64::from(passed);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Widened;

    #[test]
    fn goes_on_where_the_counter_wraps() {
        let mut count = Widened::default();
        assert_eq!(count.see(5), 5);
        assert_eq!(count.see(u32::MAX), u64::from(u32::MAX));
        assert_eq!(count.see(0), 1 << 32);
        assert_eq!(count.see(7), (1 << 32) + 7);
    }
}
