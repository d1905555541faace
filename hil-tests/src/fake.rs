//! Devices that do something wrong, behind a socket: what the suite itself is tested with.
//!
//! Each is the virtual device with somebody between it and the driver.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use quintet_driver::transport::Transport;
use quintet_driver::virtual_device::VirtualDevice;
use quintet_protocol::frame::{Decoded, Decoder, Encoder, max_wire_len};
use serde::Deserialize;

/// Bytes of arena of the virtual device behind it.
const ARENA_BYTES: u32 = 1 << 20;
/// Bytes from the device that are as they should be, where the trouble comes later: some answers'.
const GOOD_BYTES: usize = 600;
/// How long one direction is waited for before the other is looked at.
const TURN: Duration = Duration::from_millis(1);
/// Bodies as long as this carry data; shorter ones are requests and acknowledgements.
const DATA_BYTES: usize = 96;

/// What a fake device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Misbehaviour {
    /// Nothing wrong: the virtual device's bytes pass.
    Nothing,
    /// Takes connections and bytes, and says nothing.
    Silent,
    /// Answers for a while; then never again, on no connection.
    Hangs,
    /// Answers for a while, then closes the connection and forgets everything; again and again.
    Resets,
    /// Flips a bit of every eighth byte.
    Garbles,
    /// Says the first half of whatever it has to say.
    Halves,
    /// Sends noise without end.
    Babbles,
    /// Changes data and gets their checksum right.
    Lies,
}

/// A fake device at a socket. It ends when this is dropped.
#[derive(Debug)]
pub struct Fake {
    path: PathBuf,
    ended: Arc<AtomicBool>,
}

impl Fake {
    /// Starts it.
    ///
    /// # Errors
    /// When there can be no socket.
    pub fn start(does: Misbehaviour) -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("quintet-fake-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let listener = UnixListener::bind(&path)?;
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        thread::spawn(move || serve(&listener, does, &end));
        Ok(Self { path, ended })
    }

    /// Where its socket is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it has ended.
        let _ = UnixStream::connect(&self.path);
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Serves one connection after another.
fn serve(listener: &UnixListener, does: Misbehaviour, ended: &AtomicBool) {
    let mut device = VirtualDevice::start(ARENA_BYTES, None);
    let said = AtomicUsize::new(0);
    for socket in listener.incoming() {
        if ended.load(Ordering::Relaxed) {
            return;
        }
        let Ok(socket) = socket else { return };
        if does == Misbehaviour::Resets {
            device = VirtualDevice::start(ARENA_BYTES, None);
            said.store(0, Ordering::Relaxed);
        }
        let between = Between { does, said: &said, liar: Liar::new(), noise: 0x9e37_79b9 };
        // However a connection ends, the next one is waited for.
        let _ = between.pass(socket, &device, ended);
    }
}

/// Who is between the device and the driver.
struct Between<'a> {
    does: Misbehaviour,
    /// Bytes that the device has said so far, on all connections.
    said: &'a AtomicUsize,
    liar: Liar,
    noise: u32,
}

impl Between<'_> {
    /// Passes bytes on both ways until the driver goes.
    fn pass(
        mut self,
        mut socket: UnixStream,
        device: &VirtualDevice,
        ended: &AtomicBool,
    ) -> io::Result<()> {
        let mut pipe = device.connect();
        let mut buffer = [0; 4096];
        socket.set_read_timeout(Some(TURN))?;
        socket.set_write_timeout(Some(Duration::from_millis(50)))?;
        while !ended.load(Ordering::Relaxed) {
            match socket.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => pipe.write(&buffer[..count])?,
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(error),
            }
            let count = pipe.read(&mut buffer, TURN)?;
            let before = self.said.fetch_add(count, Ordering::Relaxed);
            let spoilt = self.spoil(&buffer[..count], before);
            match spoilt.map(|bytes| socket.write_all(&bytes)) {
                // A driver that reads nothing has noise to read already.
                Some(Err(error)) if !is_timeout(&error) => return Err(error),
                Some(_) => {}
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// What becomes of bytes after so many others; `None` for the end of the connection.
    fn spoil(&mut self, bytes: &[u8], before: usize) -> Option<Vec<u8>> {
        let is_late = before + bytes.len() > GOOD_BYTES;
        Some(match self.does {
            Misbehaviour::Nothing => bytes.to_vec(),
            Misbehaviour::Silent => Vec::new(),
            Misbehaviour::Hangs if is_late => Vec::new(),
            Misbehaviour::Resets if is_late => return None,
            Misbehaviour::Hangs | Misbehaviour::Resets => bytes.to_vec(),
            Misbehaviour::Garbles => {
                let flip = |(place, byte): (usize, &u8)| {
                    byte ^ u8::from((before + place).is_multiple_of(8))
                };
                bytes.iter().enumerate().map(flip).collect()
            }
            Misbehaviour::Halves => bytes[..bytes.len() / 2].to_vec(),
            Misbehaviour::Babbles => (0..1024).map(|_| self.random()).collect(),
            Misbehaviour::Lies => self.liar.tell(bytes),
        })
    }

    /// Noise (xorshift32).
    fn random(&mut self) -> u8 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 17;
        self.noise ^= self.noise << 5;
        self.noise as u8
    }
}

/// Whether an error only says that nothing happened in time.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Changes the last byte of whatever is long, and frames it anew.
struct Liar(Decoder<Vec<u8>>);

impl Liar {
    fn new() -> Self {
        Self(Decoder::new(vec![0; 8192]))
    }

    fn tell(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let mut told = Vec::new();
        while !bytes.is_empty() {
            let (taken, decoded) = self.0.push(bytes);
            bytes = &bytes[taken..];
            let Decoded::Frame(body) = decoded else { continue };
            let mut body = body.to_vec();
            let is_data = body.len() >= DATA_BYTES;
            if let Some(last) = body.last_mut().filter(|_| is_data) {
                *last ^= 1;
            }
            let mut wire = vec![0; max_wire_len(body.len())];
            let mut encoder = Encoder::new(&mut wire);
            encoder.push(&body);
            let length = encoder.finish().unwrap_or(0);
            told.extend_from_slice(&wire[..length]);
        }
        told
    }
}
