//! A bad cable on purpose: any transport with faults injected in both directions.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use quintet_protocol::fault::{FaultInjector, Faults};

use super::Transport;

/// Bytes taken from the pipe at a time.
const PIECE: usize = 4 << 10;

/// A transport whose bytes suffer [`Faults`]. What is held up by a stall arrives later, without
/// anybody waiting for it. A reset breaks the pipe: this end cannot reboot the other, but what the
/// driver has to do is the same.
pub struct Faulty {
    inner: Box<dyn Transport>,
    /// Towards the device, from it.
    injectors: [FaultInjector; 2],
    outgoing: Held,
    incoming: Held,
    broken: bool,
}

/// Bytes that may not pass before a time, oldest first.
#[derive(Default)]
struct Held(VecDeque<(Duration, Vec<u8>)>);

impl Held {
    /// Takes the oldest piece if its time has come.
    fn take_due(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.0.pop_front_if(|(not_before, _)| *not_before <= now).map(|(_, piece)| piece)
    }

    /// How long until the oldest piece may pass.
    fn wait(&self, now: Duration) -> Option<Duration> {
        self.0.front().map(|(not_before, _)| not_before.saturating_sub(now))
    }
}

impl Faulty {
    /// Injects `faults` into what passes `inner`. `attempt` counts the pipes opened before, each of
    /// which has faults at other places.
    pub fn new(inner: Box<dyn Transport>, faults: Faults, attempt: u64) -> Self {
        let injectors = [0, 1].map(|way| FaultInjector::new(faults, attempt * 2 + way));
        let (outgoing, incoming) = (Held::default(), Held::default());
        Self { inner, injectors, outgoing, incoming, broken: false }
    }

    fn check(&self) -> io::Result<()> {
        if self.broken { Err(broken()) } else { Ok(()) }
    }

    /// Hands on what was held up on its way to the device.
    fn send_due(&mut self) -> io::Result<()> {
        while let Some(piece) = self.outgoing.take_due(self.inner.now()) {
            self.inner.write(&piece)?;
        }
        Ok(())
    }

    fn receive(&mut self, timeout: Duration) -> io::Result<()> {
        let mut piece = [0; PIECE];
        let count = self.inner.read(&mut piece, timeout)?;
        let now = self.inner.now();
        let [_, injector] = &mut self.injectors;
        let Self { incoming, broken, .. } = self;
        *broken |= injector.pass(&piece[..count], now, |not_before, piece| {
            incoming.0.push_back((not_before, piece.to_vec()));
        });
        Ok(())
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "an injected reset broke the connection")
}

impl Transport for Faulty {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let deadline = self.now().saturating_add(timeout);
        loop {
            self.send_due()?;
            let now = self.now();
            if let Some(mut piece) = self.incoming.take_due(now) {
                let count = piece.len().min(buffer.len());
                buffer[..count].copy_from_slice(&piece[..count]);
                if count < piece.len() {
                    self.incoming.0.push_front((now, piece.split_off(count)));
                }
                return Ok(count);
            }
            self.check()?;
            if now >= deadline {
                return Ok(0);
            }
            let held = [self.incoming.wait(now), self.outgoing.wait(now), Some(deadline - now)];
            self.receive(held.into_iter().flatten().min().unwrap_or_default())?;
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.check()?;
        let now = self.now();
        let [injector, _] = &mut self.injectors;
        let Self { outgoing, broken, .. } = self;
        *broken |= injector.pass(bytes, now, |not_before, piece| {
            outgoing.0.push_back((not_before, piece.to_vec()));
        });
        self.send_due()?;
        self.check()
    }

    fn now(&self) -> Duration {
        self.inner.now()
    }

    fn unique(&mut self) -> u32 {
        self.inner.unique()
    }
}

#[cfg(test)]
mod tests {
    use quintet_firmware::Port;

    use super::*;
    use crate::transport::memory;

    const LONG: Duration = Duration::from_secs(5);

    fn faulty(faults: &str) -> (Faulty, memory::MemoryPort) {
        let (transport, port) = memory::pair();
        (Faulty::new(Box::new(transport), faults.parse().unwrap(), 0), port)
    }

    #[test]
    fn without_faults_every_byte_passes() {
        let (mut transport, mut port) = faulty("seed=1");
        let mut buffer = [0; 4];
        transport.write(b"down").unwrap();
        assert_eq!(port.read(&mut buffer), 4);
        port.write(b"upwards");
        assert_eq!(transport.read(&mut buffer, LONG).unwrap(), 4);
        assert_eq!(transport.read(&mut buffer, LONG).unwrap(), 3);
        assert_eq!(&buffer[..3], b"rds");
        assert_eq!(transport.read(&mut buffer, Duration::ZERO).unwrap(), 0);
    }

    #[test]
    fn both_directions_suffer() {
        let (mut transport, mut port) = faulty("drop=1");
        let mut buffer = [0; 4];
        transport.write(b"down").unwrap();
        assert_eq!(port.read(&mut buffer), 0);
        port.write(b"up");
        assert_eq!(transport.read(&mut buffer, Duration::from_millis(1)).unwrap(), 0);
    }

    #[test]
    fn stalled_bytes_come_late_and_nobody_waits_for_them() {
        let (mut transport, mut port) = faulty("stall=1:20ms");
        let mut buffer = [0; 4];
        let started = transport.now();
        transport.write(b"x").unwrap();
        assert!(transport.now() - started < Duration::from_millis(20));
        assert_eq!(port.read(&mut buffer), 0);
        assert_eq!(transport.read(&mut buffer, Duration::from_millis(30)).unwrap(), 0);
        assert_eq!(port.read(&mut buffer), 1);
    }

    #[test]
    fn a_reset_breaks_the_pipe_for_good() {
        let (mut transport, _port) = faulty("reset=1");
        assert!(transport.write(b"x").is_err());
        assert!(transport.read(&mut [0], Duration::ZERO).is_err());
    }
}
