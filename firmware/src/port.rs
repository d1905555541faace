//! What a board supplies: a byte pipe to the driver and a clock.

use quintet_protocol::message::Ticks;

/// A byte pipe to the driver: a UART, USB CDC, or an emulator's FIFO. Neither call ever blocks.
pub trait Port {
    /// Takes up to `buffer.len()` received bytes; returns how many, zero when there are none.
    fn read(&mut self, buffer: &mut [u8]) -> usize;

    /// Queues up to `bytes.len()` bytes for sending; returns how many were taken.
    fn write(&mut self, bytes: &[u8]) -> usize;

    /// Times that bytes were lost because there was no room for them, since the board started; zero
    /// where the port cannot tell.
    fn overruns(&self) -> u32 {
        0
    }
}

impl<P: Port + ?Sized> Port for &mut P {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        (**self).read(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        (**self).write(bytes)
    }

    fn overruns(&self) -> u32 {
        (**self).overruns()
    }
}

/// Time, as the board knows it. Both counts start anywhere, never go back, and do not wrap.
pub trait Clock {
    /// Milliseconds, for deadlines and retransmission.
    fn millis(&mut self) -> u64;

    /// Cost counter in units of [`Clock::unit`].
    fn ticks(&mut self) -> u64;

    /// What [`Clock::ticks`] counts.
    fn unit(&self) -> Ticks;
}
