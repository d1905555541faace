//! The virtual device: the firmware library in a thread of this process.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use quintet_accelerator::{InProcess, Instance};
use quintet_firmware::mmio::{Mmio, Shared};
use quintet_firmware::{Activity, BuildId, Clock, Device, Identity, Memory, Port, Ticks};

use crate::transport::memory::{self, MemoryPort, MemoryTransport};

/// Bytes of arena if the user does not say. Pages that a scene does not touch cost nothing.
pub const ARENA_BYTES: u32 = 256 << 20;
/// Longest sleep of an idle device.
const NAP: Duration = Duration::from_millis(10);
/// Wire bytes under way; the pipe holds more. As few as fill it, since a device keeps only one
/// packet that comes behind a lost one.
const WINDOW: u32 = 12 << 10;

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

/// A running virtual device. It ends when this is dropped and so is its last transport.
#[derive(Debug)]
pub struct VirtualDevice {
    plugs: Sender<MemoryPort>,
}

impl VirtualDevice {
    /// Starts a device with an arena of so many bytes, and an accelerator if there is one.
    pub fn start(arena_bytes: u32, accelerator: Option<Instance>) -> Self {
        let (plugs, socket) = mpsc::channel();
        thread::spawn(move || run(Socket { plugs: socket, port: None }, arena_bytes, accelerator));
        Self { plugs }
    }

    /// Plugs a new pipe in, in place of the one before. The device keeps what it holds.
    pub fn connect(&self) -> MemoryTransport {
        let (transport, port) = memory::pair();
        // A device that is gone leaves a transport that is closed.
        let _ = self.plugs.send(port);
        transport
    }
}

/// Where pipes are plugged in.
struct Socket {
    plugs: Receiver<MemoryPort>,
    port: Option<MemoryPort>,
}

impl Socket {
    /// Sleeps for a nap, or until bytes come; without a pipe until one is plugged in. Returns false
    /// when none will be.
    fn wait(&mut self) -> bool {
        if self.port.as_ref().is_some_and(|port| port.wait(NAP)) {
            return true;
        }
        self.port = self.plugs.recv().ok();
        self.port.is_some()
    }
}

impl Port for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        if let Some(port) = self.plugs.try_iter().last() {
            self.port = Some(port);
        }
        self.port.as_mut().map_or(0, |port| port.read(buffer))
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        self.port.as_mut().map_or(bytes.len(), |port| port.write(bytes))
    }
}

fn run(socket: Socket, arena_bytes: u32, accelerator: Option<Instance>) {
    let mut arena = vec![0u32; arena_bytes as usize / 4];
    let mut link_memory = Box::new(Memory::new());
    let (target, build) = (std::env::consts::ARCH, BuildId::UNKNOWN);
    let identity = Identity { board: "virtual", target, window: WINDOW, nonce: 0, build };
    let clock = HostClock(Instant::now());
    let shared = Arc::new(Shared::new());
    let accelerator = accelerator.map(|instance| InProcess::new(instance, Arc::clone(&shared)));
    let backend = Mmio::new(accelerator, &shared);
    let mut device = Device::new(identity, &mut link_memory, &mut arena, socket, clock, backend);
    loop {
        // While its accelerator works, which it does within the device's own steps, it goes on at
        // once.
        if let Activity::Idle(_) = device.poll()
            && !device.port().wait()
        {
            return;
        }
    }
}
