//! Counts the bytes that go over a device's link.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::transport::Transport;

/// Bytes that went over a link, in both directions, frames and all.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Arc<[AtomicU64; 2]>);

impl Meter {
    /// Bytes sent and received so far.
    pub fn bytes(&self) -> [u64; 2] {
        [0, 1].map(|way| self.0[way].load(Ordering::Relaxed))
    }
}

/// A transport whose bytes are counted.
pub(super) struct Metered {
    inner: Box<dyn Transport>,
    meter: Meter,
}

impl Metered {
    pub fn new(inner: Box<dyn Transport>, meter: Meter) -> Self {
        Self { inner, meter }
    }
}

impl Transport for Metered {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let count = self.inner.read(buffer, timeout)?;
        self.meter.0[1].fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write(bytes)?;
        self.meter.0[0].fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn now(&self) -> Duration {
        self.inner.now()
    }

    fn unique(&mut self) -> u32 {
        self.inner.unique()
    }
}
