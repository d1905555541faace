//! A pipe inside the process: the driver's end blocks, the device's end is a [`Port`].
//!
//! ```
//! use std::time::Duration;
//! use quintet_driver::transport::{Transport, memory};
//! use quintet_firmware::Port;
//!
//! let (mut transport, mut port) = memory::pair();
//! let device = std::thread::spawn(move || {
//!     let mut byte = [0];
//!     // Ends when the transport is dropped.
//!     while port.wait(Duration::from_secs(1)) {
//!         while port.read(&mut byte) > 0 {
//!             port.write(&[byte[0] + 1]);
//!         }
//!     }
//! });
//! transport.write(&[41])?;
//! let mut answer = [0];
//! assert_eq!(transport.read(&mut answer, Duration::from_secs(5))?, 1);
//! assert_eq!(answer, [42]);
//! drop(transport);
//! device.join().unwrap();
//! # std::io::Result::Ok(())
//! ```

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quintet_firmware::Port;

use super::{Transport, WRITE_TIMEOUT, closed};

/// Bytes that each direction holds, about what an operating system's pipe does.
const CAPACITY: usize = 64 << 10;

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: VecDeque<u8>,
    /// One end was dropped.
    closed: bool,
}

impl Lane {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves plain bytes, which are as good as ever.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while `idle` says so, at most `timeout`.
    fn wait(&self, timeout: Duration, idle: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let wait = self.changed.wait_timeout_while(self.lock(), timeout, |state| idle(state));
        wait.unwrap_or_else(PoisonError::into_inner).0
    }

    fn take(&self, mut state: MutexGuard<'_, State>, buffer: &mut [u8]) -> usize {
        let count = buffer.len().min(state.bytes.len());
        for (to, byte) in buffer.iter_mut().zip(state.bytes.drain(..count)) {
            *to = byte;
        }
        if count > 0 {
            self.changed.notify_all();
        }
        count
    }

    fn put(&self, mut state: MutexGuard<'_, State>, bytes: &[u8]) -> usize {
        let count = bytes.len().min(CAPACITY - state.bytes.len());
        state.bytes.extend(&bytes[..count]);
        if count > 0 {
            self.changed.notify_all();
        }
        count
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

/// Both directions, closed when either end is dropped.
#[derive(Debug)]
struct Ends {
    outgoing: Arc<Lane>,
    incoming: Arc<Lane>,
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.outgoing.close();
        self.incoming.close();
    }
}

/// The driver's end.
#[derive(Debug)]
pub struct MemoryTransport(Ends);

/// The device's end.
#[derive(Debug)]
pub struct MemoryPort(Ends);

/// A pipe; what is written to one end is read from the other.
pub fn pair() -> (MemoryTransport, MemoryPort) {
    let (down, up) = (Arc::<Lane>::default(), Arc::<Lane>::default());
    let driver = Ends { outgoing: down.clone(), incoming: up.clone() };
    (MemoryTransport(driver), MemoryPort(Ends { outgoing: up, incoming: down }))
}

impl Transport for MemoryTransport {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let lane = &self.0.incoming;
        let state = lane.wait(timeout, |state| state.bytes.is_empty() && !state.closed);
        if state.bytes.is_empty() && state.closed {
            return Err(closed());
        }
        Ok(lane.take(state, buffer))
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let lane = &self.0.outgoing;
        while !bytes.is_empty() {
            let full = |state: &State| state.bytes.len() >= CAPACITY && !state.closed;
            let state = lane.wait(WRITE_TIMEOUT, full);
            if state.closed {
                return Err(closed());
            }
            match lane.put(state, bytes) {
                0 => return Err(io::ErrorKind::TimedOut.into()),
                count => bytes = &bytes[count..],
            }
        }
        Ok(())
    }
}

impl MemoryPort {
    /// Sleeps until there is something to read, at most `timeout`; returns false once the driver's
    /// end is gone and everything it sent has been read.
    pub fn wait(&self, timeout: Duration) -> bool {
        let idle = |state: &State| state.bytes.is_empty() && !state.closed;
        let state = self.0.incoming.wait(timeout, idle);
        !(state.closed && state.bytes.is_empty())
    }
}

impl Port for MemoryPort {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let lane = &self.0.incoming;
        lane.take(lane.lock(), buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let lane = &self.0.outgoing;
        lane.put(lane.lock(), bytes)
    }
}
