//! Amdahl's law, and its like for two machines that work at the same time.

/// By how much a whole becomes faster when its share `share` becomes `factor` times faster and the
/// two machines take turns: `1 / (1 - s + s / k)`.
pub fn serial(share: f64, factor: f64) -> f64 {
    1.0 / (1.0 - share + share / factor)
}

/// The same when one machine does the share while the other does the rest of another frame:
/// `1 / max(1 - s, s / k)`.
pub fn overlapped(share: f64, factor: f64) -> f64 {
    1.0 / (1.0 - share).max(share / factor)
}

/// The share that makes [`serial`] that of a stated whole and factor.
pub fn share_of_serial(whole: f64, factor: f64) -> f64 {
    (1.0 - 1.0 / whole) / (1.0 - 1.0 / factor)
}

/// The share that makes [`overlapped`] that of a stated whole, if the factor is not what limits it.
pub fn share_of_overlapped(whole: f64) -> f64 {
    1.0 - 1.0 / whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taking_turns_is_never_faster_and_nothing_passes_the_rest() {
        for share in [0.0, 0.1, 0.5, 0.723_7, 0.9, 0.99] {
            for factor in [1.0, 8.0, 23.0, 64.0, 1e9] {
                let [turns, both] = [serial(share, factor), overlapped(share, factor)];
                assert!(turns <= both * (1.0 + 1e-12), "{share} {factor}");
                assert!(both <= 1.0 / (1.0 - share) * (1.0 + 1e-12), "{share} {factor}");
            }
        }
    }

    #[test]
    fn a_share_is_found_again_from_what_it_makes() {
        let share = share_of_serial(serial(0.8, 23.0), 23.0);
        assert!((share - 0.8).abs() < 1e-12);
        assert!((share_of_overlapped(overlapped(0.8, 23.0)) - 0.8).abs() < 1e-12);
    }
}
