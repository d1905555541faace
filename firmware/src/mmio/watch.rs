//! Notices that an accelerator no longer gets on.

/// How long it may stand still, in milliseconds. It must count up once in 2^20 clocks, so that one
/// of 1 MHz does so every second.
const PATIENCE: u64 = 2000;

/// What is known of its progress.
#[derive(Default)]
pub struct Watch {
    /// The count that was seen last, and when it was new.
    last: Option<(u32, u64)>,
}

impl Watch {
    /// It has got on, or need not.
    pub fn forgive(&mut self) {
        self.last = None;
    }

    /// Looks at its count. Returns the time by which that must have changed; none if that has
    /// passed.
    pub fn look(&mut self, progress: u32, now: u64) -> Option<u64> {
        let (_, since) = *self
            .last
            .insert(self.last.filter(|&(count, _)| count == progress).unwrap_or((progress, now)));
        let end = since + PATIENCE;
        (now < end).then_some(end)
    }
}
