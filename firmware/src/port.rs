//! What a board supplies: a byte pipe to the driver and a clock.

/// A byte pipe to the driver: a UART, USB CDC, or an emulator's FIFO. Neither call ever blocks.
pub trait Port {
    /// Takes up to `buffer.len()` received bytes; returns how many, zero when there are none.
    fn read(&mut self, buffer: &mut [u8]) -> usize;

    /// Queues up to `bytes.len()` bytes for sending; returns how many were taken.
    fn write(&mut self, bytes: &[u8]) -> usize;
}

impl<P: Port + ?Sized> Port for &mut P {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        (**self).read(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        (**self).write(bytes)
    }
}

/// What a [`Clock::ticks`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TickUnit {
    /// Executed instructions (an emulator's exact count).
    Instructions,
    /// Core clock cycles.
    Cycles,
    /// Nanoseconds of wall-clock time (the virtual device).
    Nanoseconds,
    /// Nothing: this board has no counter, ticks read zero.
    None,
}

/// Time, as the board knows it. Both counts start anywhere, never go back, and do not wrap.
pub trait Clock {
    /// Milliseconds, for deadlines and retransmission.
    fn millis(&mut self) -> u64;

    /// Cost counter in units of [`Clock::tick_unit`].
    fn ticks(&mut self) -> u64;

    /// What [`Clock::ticks`] counts.
    fn tick_unit(&self) -> TickUnit;
}
