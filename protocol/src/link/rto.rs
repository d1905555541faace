//! When to give a frame up for lost: RFC 6298 in whole milliseconds.

/// Before anything was measured, in milliseconds. RFC 6298 says 1 s; a cable is shorter.
const INITIAL_MS: u32 = 500;

/// Round-trip time, smoothed, and the timeout that follows from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rto {
    floor_ms: u32,
    ceiling_ms: u32,
    /// Smoothed round-trip time in 1/8 ms.
    srtt8: Option<u32>,
    /// Smoothed deviation in 1/4 ms.
    var4: u32,
    /// Times that the timeout has been doubled since an answer came.
    backoff: u8,
}

impl Rto {
    pub const fn new(floor_ms: u32, ceiling_ms: u32) -> Self {
        Self { floor_ms, ceiling_ms, srtt8: None, var4: 0, backoff: 0 }
    }

    /// Takes in one round trip of a frame that was sent once only (Karn's rule).
    pub fn sample(&mut self, rtt_ms: u32) {
        let rtt = rtt_ms.min(self.ceiling_ms);
        match self.srtt8 {
            None => {
                self.srtt8 = Some(rtt << 3);
                self.var4 = rtt << 1;
            }
            Some(srtt8) => {
                let deviation = rtt.abs_diff(srtt8 >> 3);
                self.var4 = self.var4 - (self.var4 >> 2) + deviation;
                self.srtt8 = Some(srtt8 - (srtt8 >> 3) + rtt);
            }
        }
    }

    /// The timeout now, in milliseconds.
    pub fn timeout_ms(&self) -> u32 {
        let base = match self.srtt8 {
            None => INITIAL_MS,
            Some(srtt8) => (srtt8 >> 3) + self.var4.max(1),
        };
        let doubled = base.max(self.floor_ms) << self.backoff.min(8);
        doubled.min(self.ceiling_ms)
    }

    /// No answer came in time: doubles the timeout.
    pub fn back_off(&mut self) {
        self.backoff = self.backoff.saturating_add(1);
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
        let mut rto = Rto::new(1, 10_000);
        for _ in 0..100 {
            rto.sample(100);
        }
        assert!((100..=110).contains(&rto.timeout_ms()), "{}", rto.timeout_ms());
    }

    #[test]
    fn doubling_stops_at_the_ceiling_and_ends_with_progress() {
        let mut rto = Rto::new(50, 2_000);
        rto.sample(1);
        assert_eq!(rto.timeout_ms(), 50);
        rto.back_off();
        assert_eq!(rto.timeout_ms(), 100);
        for _ in 0..300 {
            rto.back_off();
        }
        assert_eq!(rto.timeout_ms(), 2_000);
        rto.progress();
        assert_eq!(rto.timeout_ms(), 50);
    }
}
