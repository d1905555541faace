//! How long an answer takes: RFC 6298 in milliseconds, with the time on the line kept apart.
//!
//! Frames differ in length by a factor of a hundred, and a line of 115 200 baud takes 180 ms for a
//! long one. So a round trip is taken for a time of its own and a time for every byte that was on
//! its way: `trip = base + bytes * byte_time`. Every trip measured bounds the time of a byte from
//! above, and the lowest bound counts. What is left goes into RFC 6298. A short frame over a long
//! way looks like a very slow line; so none is believed to be slower than 115 200 baud, and what a
//! slower one takes longer goes into the base.

/// Base before anything was measured, in milliseconds. RFC 6298 says 1 s; a cable is shorter, and
/// what happens too early costs a probe of a few bytes.
const INITIAL_MS: u32 = 100;

/// Nanoseconds a byte at most, and before anything was measured: 8N1 at 115 200 baud.
const INITIAL_BYTE_NS: u32 = 86_806;

/// Round-trip time, smoothed, and the timeout that follows from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    floor_ms: u32,
    ceiling_ms: u32,
    /// Smoothed base in 1/8 ms.
    base8: Option<u32>,
    /// Smoothed deviation in 1/4 ms.
    var4: u32,
    byte_ns: u32,
    /// Times that the timeout has been doubled since an answer came.
    backoff: u8,
}

impl Pace {
    pub const fn new(floor_ms: u32, ceiling_ms: u32) -> Self {
        Self { floor_ms, ceiling_ms, base8: None, var4: 0, byte_ns: INITIAL_BYTE_NS, backoff: 0 }
    }

    /// Takes in the round trip of a frame behind which `bytes`, itself included, were on their way.
    pub fn sample(&mut self, trip_ms: u32, bytes: u32) {
        let trip = trip_ms.min(self.ceiling_ms);
        // The clock may have ticked just after.
        let bound = (trip + 1).saturating_mul(1_000_000) / bytes.max(1);
        self.byte_ns = self.byte_ns.min(bound);
        let base = trip.saturating_sub(self.line_ms(bytes));
        match self.base8 {
            None => {
                self.base8 = Some(base << 3);
                self.var4 = base << 1;
            }
            Some(base8) => {
                let deviation = base.abs_diff(base8 >> 3);
                self.var4 = self.var4 - (self.var4 >> 2) + deviation;
                self.base8 = Some(base8 - (base8 >> 3) + base);
            }
        }
    }

    /// When to ask what became of `bytes` on their way, in milliseconds from now.
    pub fn timeout_ms(&self, bytes: u32) -> u32 {
        let base = match self.base8 {
            None => INITIAL_MS,
            Some(base8) => (base8 >> 3) + self.var4.max(1),
        };
        let doubled = base.max(self.floor_ms).saturating_mul(1 << self.backoff.min(8));
        doubled.min(self.ceiling_ms).saturating_add(self.line_ms(bytes))
    }

    /// Milliseconds that `bytes` take on the line, at most.
    fn line_ms(&self, bytes: u32) -> u32 {
        let nanoseconds = u64::from(self.byte_ns) * u64::from(bytes);
        // A division of 64 bits takes 900 bytes of flash. Of 32 bits it is as exact, up to 274 s.
        u32::try_from(nanoseconds >> 6).unwrap_or(u32::MAX) / (1_000_000 >> 6)
    }

    /// No answer came in time: doubles the timeout.
    pub fn back_off(&mut self) {
        self.backoff = self.backoff.saturating_add(1);
    }

    /// Times that the timeout has been doubled since an answer came.
    pub fn doublings(&self) -> u8 {
        self.backoff
    }

    /// An answer came: takes the doublings back.
    pub fn progress(&mut self) {
        self.backoff = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_round_trip_settles_above_itself() {
        let mut pace = Pace::new(1, 10_000);
        for _ in 0..100 {
            pace.sample(100, 30);
        }
        assert!((100..=110).contains(&pace.timeout_ms(30)), "{}", pace.timeout_ms(30));
    }

    #[test]
    fn long_frames_get_the_time_that_they_take() {
        // 921 600 baud and 10 ms: short frames first, then the line full.
        let mut pace = Pace::new(25, 2_000);
        assert!(pace.timeout_ms(2_000) > 180);
        for _ in 0..20 {
            pace.sample(10, 30);
        }
        for _ in 0..20 {
            pace.sample(10 + 65, 6_000);
        }
        for (bytes, trip) in [(30, 10), (2_000, 32), (6_000, 75)] {
            let timeout = pace.timeout_ms(bytes);
            assert!((trip + 10..=trip + 60).contains(&timeout), "{bytes}: {timeout}");
        }
    }

    #[test]
    fn a_long_way_is_not_taken_for_a_slow_line() {
        let mut pace = Pace::new(25, 2_000);
        pace.sample(50, 28);
        // Of which 115 200 baud would take 695 ms.
        assert!((745..900).contains(&pace.timeout_ms(8_000)), "{}", pace.timeout_ms(8_000));
        // 9 600 baud: what it takes longer is a part of the base.
        for _ in 0..20 {
            pace.sample(2_000, 2_048);
        }
        assert!((2_000..2_700).contains(&pace.timeout_ms(2_048)), "{}", pace.timeout_ms(2_048));
    }

    #[test]
    fn doubling_stops_at_the_ceiling_and_ends_with_progress() {
        let mut pace = Pace::new(50, 2_000);
        pace.sample(1, 1_000_000);
        assert_eq!(pace.timeout_ms(1), 50);
        pace.back_off();
        assert_eq!(pace.timeout_ms(1), 100);
        for _ in 0..300 {
            pace.back_off();
        }
        assert_eq!(pace.timeout_ms(1), 2_000);
        pace.progress();
        assert_eq!(pace.timeout_ms(1), 50);
    }

    #[test]
    fn no_sample_overflows() {
        let mut pace = Pace::new(25, u32::MAX / 16);
        for (trip, bytes) in [(0, 0), (u32::MAX, 0), (u32::MAX, u32::MAX), (0, u32::MAX)] {
            pace.sample(trip, bytes);
            assert!(pace.timeout_ms(u32::MAX) >= 25);
        }
    }
}
