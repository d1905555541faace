//! The virtual device: the firmware library in a thread of this process.

use std::thread;
use std::time::{Duration, Instant};

use quintet_firmware::software::Software;
use quintet_firmware::{Activity, BuildId, Clock, Device, Identity, Memory, Ticks};

use crate::transport::memory::{self, MemoryPort, MemoryTransport};

/// Bytes of arena if the user does not say. Pages that a scene does not touch cost nothing.
pub const ARENA_BYTES: u32 = 256 << 20;
/// Longest sleep of an idle device.
const NAP: Duration = Duration::from_millis(10);
/// Wire bytes under way; the pipe holds as many.
const WINDOW: u32 = 48 << 10;

/// This process's clock: costs are wall-clock time, the only thing a host can count.
struct HostClock(Instant);

impl Clock for HostClock {
    fn millis(&mut self) -> u64 {
        self.0.elapsed().as_millis() as u64
    }

    fn ticks(&mut self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }

    fn unit(&self) -> Ticks {
        Ticks::Nanoseconds
    }
}

/// Starts a virtual device; it ends when the transport is dropped.
pub fn start(arena_bytes: u32) -> MemoryTransport {
    let (transport, port) = memory::pair();
    thread::spawn(move || run(port, arena_bytes));
    transport
}

fn run(port: MemoryPort, arena_bytes: u32) {
    let mut arena = vec![0u32; arena_bytes as usize / 4];
    let mut link_memory = Box::new(Memory::new());
    let (target, build) = (std::env::consts::ARCH, BuildId::UNKNOWN);
    let identity = Identity { board: "virtual", target, window: WINDOW, nonce: 0, build };
    let clock = HostClock(Instant::now());
    let backend = Software::default();
    let mut device = Device::new(identity, &mut link_memory, &mut arena, port, clock, backend);
    loop {
        if let Activity::Idle(_) = device.poll()
            && !device.port().wait(NAP)
        {
            return;
        }
    }
}
